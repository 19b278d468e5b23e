import datetime as dt

import pytest

from predictions.importing import Asked, Folded, fold, read
from predictions.when import display, end_of
from tests.conftest import NOW

HEADER = (
    "question,forecaster,made_at,probability,text,criteria,opened_at,due_at,outcome,resolved_at"
)


def folded(*lines: str) -> Folded:
    found = read("\n".join([HEADER, *lines]).encode())
    return fold(found.rows, now=NOW, spoiled=found.spoiled)


def asked(*lines: str) -> Asked:
    found = folded(*lines)
    assert not found.problems
    [one] = found.questions
    return one


def warnings(*lines: str) -> list[str]:
    return [str(warning) for warning in folded(*lines).warnings]


def problems(*lines: str) -> list[str]:
    return [str(problem) for problem in folded(*lines).problems]


def test_what_no_row_says_of_a_question_is_made_up_for() -> None:
    one = asked("Q1,x,2026-02-01,0.5,,,,,,", "Q1,x,2026-01-15,0.4,,,,,,")
    assert (one.text, one.criteria) == ("Q1", "as in the source")
    assert one.opened_at == end_of(dt.date(2026, 1, 15))
    assert one.due_at is None
    assert one.settled_at is None


def test_a_missing_due_date_is_the_day_of_the_outcome() -> None:
    one = asked("Q1,x,2026-02-01,0.5,,,,,yes,2026-05-01")
    assert one.due_at == one.settled_at == end_of(dt.date(2026, 5, 1))


def test_a_missing_day_of_the_outcome_is_the_due_date() -> None:
    one = asked("Q1,x,2026-02-01,0.5,,,,2026-04-01,no,")
    assert one.settled_at == end_of(dt.date(2026, 4, 1))


def test_an_outcome_without_any_time_is_a_problem() -> None:
    [problem] = problems("Q1,x,2026-02-01,0.5,,,,,no,")
    assert problem == (
        "line 2, resolved_at: is empty, and so is due_at; say when the outcome came about"
    )


def test_the_row_made_last_counts_wherever_it_stands_and_it_is_said() -> None:
    lines = ("Q1,x,2026-02-03,0.5,,,,2026-06-01,,", "Q1,x,2026-02-01,0.5,,,,2026-04-01,,")
    for written in (lines, lines[::-1]):
        one = asked(*written)
        assert display(one.due_at) == "2026-06-01"
        line = written.index(lines[0]) + 2
        assert warnings(*written) == [
            f"line {line}, due_at: rows of Q1 differ; that of the latest made_at counts: 2026-06-01"
        ]


def test_of_rows_made_at_one_moment_the_lower_counts() -> None:
    one = asked("Q1,x,2026-02-01,0.5,Now?,,,,,", "Q1,y,2026-02-01,0.5,Then?,,,,,")
    assert one.text == "Then?"


def test_an_empty_cell_says_nothing_against_a_filled_one() -> None:
    lines = ("Q1,x,2026-02-01,0.5,Rain?,,,,yes,2026-03-01", "Q1,x,2026-02-09,0.5,,,,,,")
    one = asked(*lines)
    assert (one.text, one.given("outcome")) == ("Rain?", "yes")
    assert warnings(*lines) == []


def test_two_outcomes_of_a_question_are_a_problem_at_each_row_that_differs() -> None:
    rows = [
        f"Q1,x,2026-02-0{day},0.5,,,,,{out},2026-03-01"
        for day, out in enumerate(("yes", "no", "", "yes", "void"), 1)
    ]
    assert problems(*rows) == [
        "line 3, outcome: no for Q1, and yes in line 2; a question has one outcome",
        "line 6, outcome: void for Q1, and yes in line 2; a question has one outcome",
    ]


def test_a_prediction_from_the_future_is_a_problem_and_one_of_today_is_not() -> None:
    today, tomorrow = NOW.date(), NOW.date() + dt.timedelta(days=1)
    [problem] = problems(f"Q1,x,{today},0.5,,,,,,", f"Q1,x,{tomorrow},0.5,,,,,,")
    assert problem == (
        f"line 3, made_at: {tomorrow} is in the future; give today or an earlier day"
    )


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        (
            "2026-05-01,2026-04-01,,",
            ["line 2, due_at: 2026-04-01 is before Q1 opened, on 2026-05-01; kept as it is"],
        ),
        (
            ",,yes,2914-01-01",
            ["line 2, resolved_at: Q1 is settled on 2914-01-01, still to come; kept as it is"],
        ),
        (
            "2026-05-01,2026-06-01,yes,2026-04-01",
            [
                "line 2, resolved_at: Q1 was settled on 2026-04-01, before Q1 opened, on "
                "2026-05-01; kept as it is"
            ],
        ),
        (
            ",2026-06-01,,2026-06-01",
            ["line 2, resolved_at: Q1 has no outcome; its question is left open"],
        ),
        ("2026-01-01,2026-06-01,yes,2026-05-01", []),
    ],
)
def test_each_oddity_is_kept_with_a_warning(cells: str, told: list[str]) -> None:
    assert warnings(f"Q1,x,2026-02-01,0.5,,,{cells}") == told


def test_a_question_with_a_row_that_cannot_be_read_is_not_judged() -> None:
    found = folded("Q1,x,2026-02-01,0.5,,,,,yes,2026-03-01", "Q1,x,2026-02-01,0.5,,,,,no,soon")
    assert found == Folded([], [], [])
