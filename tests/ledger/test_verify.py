"""The verdict on a ledger that nobody touched, and the command."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from ledger import checkpoints, guards, journal, replay
from ledger.errors import CannotResume, NotSnapshot
from predictions import audit
from predictions.models import FACTS
from seeds.loader import load
from tests.conftest import NOW
from tests.ledger import logs
from tests.ledger.attacks import define, findings, finds, one_of_each, rewrite
from tests.ledger.logs import tamper
from tests.making import Maker

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def _rows(make: Maker) -> None:
    one_of_each(make)


@pytest.fixture(autouse=True)
def _remembered(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path


def sign() -> None:
    checkpoints.key_introduce()
    checkpoints.checkpoint_make()


def run(*arguments: str) -> tuple[int, str]:
    out = io.StringIO()
    try:
        call_command("verify_ledger", *arguments, stdout=out)
    except SystemExit as ended:
        return int(str(ended.code)), out.getvalue()
    return 0, out.getvalue()


def test_an_untouched_ledger_is_intact() -> None:
    load(now=NOW)
    result = replay.verify()
    assert result.intact
    assert result.size > 100
    assert result.rows == sum(model._default_manager.count() for model in FACTS)


def test_an_empty_ledger_is_intact() -> None:
    assert replay.verify().intact


def test_functions_and_tables_are_those_whose_digests_stand_in_the_code() -> None:
    assert guards.digests() == guards.FUNCTIONS | audit.FUNCTIONS
    expected = guards.TABLES | audit.TABLES
    assert {table: guards.table_digest(table) for table in expected} == expected


def test_every_finding_is_listed() -> None:
    load(now=NOW)
    tamper("UPDATE predictions_question SET text = 'Will it rain?'")
    tamper("UPDATE predictions_event SET title = 'It rained'")
    found = findings()
    assert sum("'Will it rain?'" in finding for finding in found) == 18
    assert sum("'It rained'" in finding for finding in found) == 12


@pytest.mark.usefixtures("_rows")
def test_a_forged_column_beside_the_body_is_found() -> None:
    for column, value in (
        ("uuid", "gen_random_uuid()"),
        ("kind", "'topic.forged'"),
        ("actor", "'user:7'"),
        ("subject", "'question:Q1'"),
        ("time", "'2020'"),
    ):
        tamper(f"UPDATE ledger_entry SET {column} = {value} WHERE sequence = 3")
        assert f"entry 3: its column {column} is not what it says" in findings()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE predictions_event SET happened_on = 'infinity'",
        "UPDATE predictions_prediction SET made_at = '-infinity'",
    ],
)
@pytest.mark.usefixtures("_rows")
def test_what_cannot_even_be_read_is_a_finding_and_no_crash(statement: str) -> None:
    tamper(statement)
    assert finds("cannot be read")


@pytest.mark.usefixtures("_rows")
def test_a_score_that_belongs_to_nothing_and_one_that_is_missing_are_found() -> None:
    tamper(
        "DELETE FROM predictions_score WHERE reverses_id IS NULL AND NOT EXISTS"
        " (SELECT FROM predictions_score r WHERE r.reverses_id = predictions_score.id)"
    )
    assert finds("has no brier score")


def test_durability_that_was_switched_off_is_found() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
        try:
            assert finds("database: synchronous_commit is off")
        finally:
            cursor.execute("RESET synchronous_commit")


def test_verification_refuses_to_run_inside_a_transaction() -> None:
    with pytest.raises(NotSnapshot), transaction.atomic():
        replay.verify()


# -- the command ----------------------------------------------------------------------------------


@pytest.mark.usefixtures("_rows")
def test_the_command_says_intact_and_exits_0() -> None:
    code, said = run()
    assert (code, said.partition(":")[0]) == (0, "intact")


@pytest.mark.usefixtures("_rows")
def test_the_command_names_the_place_and_exits_1() -> None:
    tamper("UPDATE predictions_question SET text = 'Will it rain?'")
    code, said = run("--json")
    told = json.loads(said)
    assert (code, told["intact"]) == (1, False)
    assert told["findings"][0]["place"].startswith("question ")
    assert "text: the ledger says" in told["findings"][0]["problem"]


def test_a_terminal_sees_how_far_it_has_come() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    logs.write_log(4_001)
    terminal = Terminal()
    call_command("verify_ledger", stdout=io.StringIO(), stderr=terminal)
    assert "2,000 of 4,001 entries" in terminal.getvalue()
    assert "4,000 of 4,001 entries" in terminal.getvalue()


# -- going on from a checkpoint -------------------------------------------------------------------


@pytest.mark.usefixtures("_rows")
def test_it_goes_on_from_the_last_verified_checkpoint(make: Maker) -> None:
    logs.write_log(300)
    sign()
    assert run()[0] == 0
    newest = checkpoints.latest()
    assert newest
    make.forecaster(key="late")
    code, said = run("--since", "last")
    assert (code, said.partition(":")[0]) == (0, f"intact after entry {newest.size}")
    assert "1 rows replayed" in said
    assert run("--since", str(newest.size))[0] == 0


@pytest.mark.usefixtures("_rows")
def test_what_was_changed_since_is_found(make: Maker) -> None:
    logs.write_log(300)
    sign()
    run()
    late = make.forecaster(key="late")
    logs.write_log(300)
    tamper("UPDATE predictions_forecaster SET kind = 'model' WHERE key = 'late'")
    rewrite(journal.head().size - 1, "test.made", "test.fake")
    code, said = run("--since", "last")
    assert code == 1
    assert f"forecaster {late.pk}: kind: the ledger says" in said
    assert "head: root" in said


@pytest.mark.usefixtures("_rows")
def test_it_does_not_go_on_from_what_was_never_verified() -> None:
    for asked, problem in (
        ("last", "nothing was verified here before"),
        ("7", "nothing was verified here before"),
        ("some", "nothing was verified"),
    ):
        with pytest.raises(CommandError, match=problem) as refused:
            run("--since", asked)
        assert refused.value.returncode == 2
    sign()
    run()
    for asked in ("7", "some", "-1"):
        with pytest.raises(CommandError, match="--since: "):
            run("--since", asked)


def test_it_does_not_go_on_over_stored_subtrees_that_were_changed() -> None:
    logs.write_log(600)
    sign()
    run()
    tamper("UPDATE ledger_node SET root = sha256('x'), hashes = sha256('x') || substr(hashes, 33)")
    with pytest.raises(CommandError, match="verify everything"):
        run("--since", "last")


@pytest.mark.usefixtures("_rows")
def test_a_ledger_that_was_not_intact_is_not_remembered() -> None:
    sign()
    define("ALTER TABLE predictions_topic DISABLE TRIGGER topic_stays")
    try:
        assert run()[0] == 1
    finally:
        define("ALTER TABLE predictions_topic ENABLE ALWAYS TRIGGER topic_stays")
    with pytest.raises(CommandError, match="nothing was verified"):
        run("--since", "last")


def test_resuming_needs_the_root_that_was_verified() -> None:
    logs.write_log(10)
    with pytest.raises(CannotResume):
        replay.verify(since=journal.TreeHead(size=5, root="ab" * 32))
