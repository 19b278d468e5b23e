"""Verification of what was amended: here, offline, and when somebody tampers with it."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection

from ledger import journal, replay
from predictions import services
from predictions.errors import Conflict
from predictions.models import Fact
from predictions.services.erasure import forecaster_erase
from predictions.when import end_of
from tests.ledger.exports import verify
from tests.ledger.logs import tamper
from tests.making import Maker
from tests.predictions.services.test_amending import CHANGES, REASON, amend, rows

__all__ = ["rows"]  # the fixture

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def amended(make: Maker, rows: dict[str, Fact], now: dt.datetime) -> dict[str, Fact]:
    """Everything was amended, a prediction after its question was settled, and again to be late."""
    make.outcome(rows["question"])  # type: ignore[arg-type]
    late = make.prediction(question=rows["question"], article=rows["article"])
    amend(late, now, made_at=end_of(dt.date(2026, 10, 1)))
    return {name: amend(rows[name], now, **changes) for name, changes in CHANGES.items()}


def test_after_every_amendment_the_ledger_is_intact_here_and_offline(
    amended: dict[str, Fact], now: dt.datetime, tmp_path: Path
) -> None:
    assert replay.verify().findings == []
    _assert_export_is_intact(tmp_path / "before")
    forecaster_erase(forecaster=amended["forecaster"], reason="request", by=None, now=now)  # type: ignore[arg-type]
    assert replay.verify().findings == []
    _assert_export_is_intact(tmp_path / "after")


def _assert_export_is_intact(path: Path) -> None:
    call_command("export_ledger", "--output", str(path), verbosity=0)
    told = verify(path)
    assert (told.code, told.findings) == (5, [])  # intact, as far as an unsigned one can be


@pytest.mark.usefixtures("amended")
@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("topic", "name", "Other"),
        ("forecaster", "name", "Other"),
        ("question", "criteria", "Other."),
        ("prediction", "hedge", "maybe"),
        ("statement", "reason", "maxim"),
        ("bearing", "note", "Other."),
    ],
)
def test_an_amended_row_that_is_changed_behind_the_ledger_is_found(
    table: str, column: str, value: str
) -> None:
    amendment = f"SELECT uuid FROM ledger_entry WHERE kind = '{table}.amended'"
    tamper(
        f"UPDATE predictions_{table} SET {column} = %s WHERE entry IN ({amendment})",
        value,
    )
    assert column in " ".join(finding.problem for finding in replay.verify().findings)


@pytest.mark.usefixtures("amended")
def test_a_reason_that_is_changed_is_found_whether_it_is_in_clear_or_a_part() -> None:
    tamper("UPDATE ledger_part SET part = 'Because.' WHERE field = 'reason'")
    assert "one was changed" in " ".join(one.problem for one in replay.verify().findings)
    tamper(
        "UPDATE ledger_entry SET body = convert_to(replace(convert_from(body, 'UTF8'),"
        " 'written down wrongly', 'written down rightly'), 'UTF8') WHERE kind = 'topic.amended'"
    )
    assert "is not that of the entries" in " ".join(one.problem for one in replay.verify().findings)


def test_old_and_new_values_are_both_derived_from_the_ledger(make: Maker, now: dt.datetime) -> None:
    prediction = make.prediction("0.7")
    for probability in ("0.6", "0.5"):
        amend(prediction, now, probability=Decimal(probability))
    prediction.refresh_from_db()
    entries = journal.lineage({prediction.pk: prediction.entry}, most=200)
    said = [journal.body_of(entry)["facts"]["prediction"][0]["probability"] for entry in entries]
    assert said == ["0.700000", "0.600000", "0.500000"]


def test_of_two_who_amend_at_once_one_wins_and_the_other_is_told(
    make: Maker, now: dt.datetime
) -> None:
    question = make.question()

    def amend_it(note: str) -> str:
        try:
            services.question_amend(
                question=question,
                changes={"notes": note},
                reason=REASON,
                by=None,
                now=now,
                shown=question.entry,
            )
        except Conflict as conflict:
            return str(conflict)
        finally:
            connection.close()
        return "won"

    with ThreadPoolExecutor(2) as pool:
        told = sorted(pool.map(amend_it, ["One.", "Two."]))
    assert told[0] != "won"
    assert "changed meanwhile by the service" in told[0]
    assert told[1] == "won"
