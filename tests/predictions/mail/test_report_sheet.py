"""The table that travels with a report."""

import csv
import io
from typing import Any

import pytest

from ledger import journal
from predictions.mail.reporting import Stretch
from predictions.mail.reporting.sheet import Sheet, sheet_of
from predictions.scorecards import Scope
from predictions.services.packing import unpacked
from predictions.when import end_of
from tests.making import DAY, Maker
from tests.settled import settle

pytestmark = pytest.mark.django_db(transaction=True)


def sheet(after: int = 0) -> Sheet | None:
    return sheet_of(Stretch(Scope(), after=after, until=journal.head().size))


def rows(found: Sheet | None) -> list[dict[str, str]]:
    assert found
    return list(csv.DictReader(io.StringIO(found.attachment["text"], newline="")))


def test_a_row_says_who_said_what_where_and_what_it_earned(make: Maker) -> None:
    article = make.article(url="https://example.org/almanac")
    passages = [{"offset": 4, "quote": "harvest will fail"}, {"offset": 36, "quote": "almost"}]
    ada = make.forecaster(name="Ada, the first")
    said = make.prediction("0.7", forecaster=ada, article=article, passages=passages)
    make.outcome(said.question, "yes")
    assert rows(sheet()) == [
        {
            "question": said.question.key,
            "forecaster": "Ada, the first",
            "article": "https://example.org/almanac",
            "made_at": "2026-01-31T23:59:59.999999Z",
            "probability": "0.700000",
            "said": "",
            "outcome": "yes",
            "settled_at": "2026-09-01T23:59:59.999999Z",
            "state": "scored",
            "rule": "brier",
            "score": "0.090000000",
            "best": "0.090000000",
            "worst": "0.090000000",
            "log": "0.356674944",
            "quote": "harvest will fail … almost",
        }
    ]


def test_every_prediction_is_there_scored_or_not_and_of_any_kind(make: Maker) -> None:
    late = make.prediction(made_at=end_of(DAY.replace(month=10)))
    make.prediction("0.2", question=late.question)
    make.outcome(late.question, "yes")
    make.outcome(make.prediction().question, None, void_reason="ambiguous")
    crop, yields = make.choice("wheat", "rye"), make.numeric(unit="tonnes")
    make.spread(crop, "0.6", "0.4")
    make.range(yields, {"0.25": "8", "0.75": "10.5"})
    make.outcome(crop, "rye")
    make.outcome(yields, "12.5")
    make.prediction()  # on a question that is open
    told = [(row["state"], row["rule"], row["said"]) for row in rows(sheet())]
    assert sorted(told) == [
        ("late", "", ""),
        ("scored", "brier", ""),
        ("scored", "brier", "wheat: 0.600000; rye: 0.400000"),
        ("scored", "crps", "0.250000: 8.000000; 0.750000: 10.500000 tonnes"),
        ("void", "", ""),
    ]


@pytest.mark.parametrize("text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1"])
def test_what_a_spreadsheet_would_calculate_stays_text(text: str) -> None:
    settle(questions=1, text=text)
    [row] = rows(sheet())
    assert row["quote"] == f"'{text}"


def test_a_name_is_no_formula_either(make: Maker) -> None:
    make.outcome(make.prediction(forecaster=make.forecaster(name="=Ada")).question, "yes")
    [row] = rows(sheet())
    assert row["forecaster"] == "'=Ada"


def test_a_number_is_left_a_number(make: Maker) -> None:
    question = make.numeric()
    make.range(question, {"0.25": "-8", "0.75": "10.5"})
    make.outcome(question, "-12.5")
    [row] = rows(sheet())
    assert float(row["outcome"]) == -12.5


def test_a_correction_and_a_withdrawal_show_what_stands_now(make: Maker) -> None:
    corrected, withdrawn = (make.outcome(make.prediction().question, "no") for _ in range(2))
    size = journal.head().size
    make.correct(corrected, "yes")
    make.withdraw(withdrawn)
    found = {row["question"]: row for row in rows(sheet(after=size))}
    told = [found[one.question.key] for one in (corrected, withdrawn)]
    assert [(row["outcome"], row["state"], row["score"]) for row in told] == [
        ("yes", "scored", "0.090000000"),
        ("open again", "open", ""),
    ]


def test_where_nothing_was_predicted_there_is_no_table(make: Maker) -> None:
    make.outcome(make.question(), "yes")
    assert sheet() is None


def test_a_long_one_is_packed_and_the_same_rows_give_the_same_bytes() -> None:
    settle(questions=600, text="Will it rain? " * 150)
    first, second = sheet(), sheet()
    assert first
    assert first == second
    assert (first.name, first.attachment["type"]) == ("scores.csv.zip", "application/zip")
    name, text = unpacked(first.attachment["base64"])
    found: list[Any] = list(csv.reader(io.StringIO(text)))
    assert name == "scores.csv"
    assert len(found) == 1 + first.rows == 1 + first.of == 601
