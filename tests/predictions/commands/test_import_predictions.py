import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from ledger import journal
from ledger.checkpoints import checkpoint_make, verifier_keys
from predictions.models import Prediction, Question
from tests.ledger.exports import verify

pytestmark = pytest.mark.django_db(transaction=True)

HEADER = "question,forecaster,made_at,probability,opened_at,due_at,outcome,resolved_at\n"
HAPPENED = "Q1,almanac,2024-02-01,0.7,2024-01-31,2024-10-31,yes,2024-09-01\n"
LATE = "Q1,almanac,2024-09-02,0.2,2024-01-31,2024-10-31,yes,2024-09-01\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "predictions.csv"
    path.write_text(HEADER + HAPPENED + LATE)
    return path


def run(*arguments: object) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command("import_predictions", *map(str, arguments), stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def refused(*arguments: object) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    with pytest.raises(SystemExit) as end:
        call_command("import_predictions", *map(str, arguments), stdout=out, stderr=err)
    assert end.value.code == 1
    return out.getvalue(), err.getvalue()


def test_it_says_what_was_recorded_and_a_second_time_that_nothing_was(file: Path) -> None:
    told, warned = run(file)
    assert told == (
        "recorded 1 forecasters, 1 questions, 2 predictions, 1 outcomes\n"
        "1 of the predictions came after the fact: kept as late\n"
    )
    assert warned == ""
    before = journal.head()
    told, _ = run(file)
    assert told == "nothing new: 2 predictions were recorded already\n"
    assert journal.head() == before


def test_a_dry_run_says_it_and_writes_nothing(file: Path) -> None:
    told, _ = run(file, "--dry-run")
    assert told.startswith("would record 1 forecasters, 1 questions, 2 predictions, 1 outcomes\n")
    assert journal.head().size == 0
    assert not Question.objects.exists()


def test_warnings_go_beside_the_figures(file: Path) -> None:
    file.write_text(HEADER + HAPPENED.replace("2024-09-01", "2914-09-01"))
    told, warned = run(file, "--json")
    words = "Q1 is settled on 2914-09-01, still to come; kept as it is"
    assert warned == f"warning: line 2, resolved_at: {words}\n"
    assert json.loads(told) == {
        "dry_run": False,
        "topics": 0,
        "forecasters": 1,
        "questions": 1,
        "predictions": 1,
        "outcomes": 1,
        "late": 0,
        "early": 0,
        "known": 0,
        "warnings": [{"line": 2, "column": "resolved_at", "message": words}],
    }


def test_every_bad_cell_is_a_line_and_nothing_is_recorded(file: Path) -> None:
    file.write_text(HEADER + HAPPENED + HAPPENED.replace("0.7", "7").replace("yes", "maybe"))
    told, problems = refused(file)
    assert told == ""
    assert problems.splitlines() == [
        "line 3, outcome: 'maybe' is no outcome: give yes, no, void or nothing",
        "line 3, probability: 7 is not a probability: give 0 to 1, at most 6 places",
        "nothing was recorded: 2 problem(s)",
    ]
    told, _ = refused(file, "--json", "--dry-run")
    assert [(one["line"], one["column"]) for one in json.loads(told)["problems"]] == [
        (3, "outcome"),
        (3, "probability"),
    ]
    assert journal.head().size == 0


def test_what_a_service_refuses_is_said_in_one_line(file: Path) -> None:
    control = "\x01" * 6_990  # six bytes each, as JSON
    header = "question,forecaster,made_at,probability,text,criteria\n"
    file.write_text(f"{header}Q1,x,2024-02-01,0.5,{control}a,{control}a\n")
    with pytest.raises(CommandError, match=r"^nothing was recorded: .*question:Q1") as refusal:
        run(file)
    assert refusal.value.returncode == 1


@pytest.mark.parametrize("name", ["nowhere.csv", "."])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(CommandError, match=r" cannot be read: ") as refusal:
        run(tmp_path / name)
    assert refusal.value.returncode == 2


def test_on_a_terminal_a_bar_shows_how_far_it_is(file: Path) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    shown = Terminal()
    call_command("import_predictions", str(file), stdout=io.StringIO(), stderr=shown)
    assert f"\rrecording [{'#' * 30}] 100%  2 of 2 predictions\r\033[K" in shown.getvalue()


def test_afterwards_the_ledger_is_intact_here_and_anywhere(file: Path, tmp_path: Path) -> None:
    lines = [
        f"q-{number % 40},f-{number % 7},2024-02-01,0.{number:03},,2024-06-01,{outcome},\n"
        for number in range(200)
        for outcome in [("yes", "no", "void", "")[number % 40 % 4]]
    ]
    file.write_text(HEADER + "".join(lines))
    run(file)
    run(file)
    assert Prediction.objects.count() == 200
    out = io.StringIO()
    call_command("verify_ledger", "--json", stdout=out)
    found: dict[str, Any] = json.loads(out.getvalue())
    assert (found["intact"], found["findings"]) == (True, [])
    signed = checkpoint_make()
    assert signed
    export = tmp_path / "export.ndjson"
    call_command("export_ledger", "--output", str(export), stdout=io.StringIO())
    told = verify(export, "--key", verifier_keys()[0])
    assert (told.code, told.findings, told.signed) == (0, [], signed.size)
