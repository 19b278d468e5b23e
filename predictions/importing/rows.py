"""The columns of a file of predictions, and what may stand in their cells."""

import datetime as dt
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from predictions.checks import checked_key, checked_probability, clean_text
from predictions.errors import Invalid
from predictions.importing.findings import Finding
from predictions.when import instant

REQUIRED = ("question", "forecaster", "made_at", "probability")
# What stands in every row of a question, and is said of the question.
OF_QUESTION = (
    "text",
    "criteria",
    "topic",
    "opened_at",
    "due_at",
    "outcome",
    "resolved_at",
)
COLUMNS = (*REQUIRED, *OF_QUESTION, "quote", "article_url")
OUTCOMES = ("yes", "no", "void")
# The longest way to write a time is shorter, and a probability needs no more.
_LONGEST_FIGURE = 50


@dataclass(frozen=True, slots=True)
class Row:
    """A prediction, and what its row says of the question. Empty or None: the cell is empty."""

    line: int
    question: str
    forecaster: str
    made_at: dt.datetime
    probability: Decimal
    text: str
    criteria: str
    topic: str
    opened_at: dt.datetime | None
    due_at: dt.datetime | None
    outcome: str
    resolved_at: dt.datetime | None
    quote: str
    article_url: str


def row_of(line: int, cells: Mapping[str, str]) -> Row | list[Finding]:
    """The row that these cells, by their columns, make; or what is wrong with each bad one."""
    values: dict[str, object] = {}
    problems = []
    for column, value_of in _VALUES.items():
        try:
            text = clean_text(cells.get(column, ""), column)
            if not text and column in REQUIRED:
                raise Invalid(column, "is empty; every row needs it")  # noqa: TRY301
            values[column] = value_of(text, column)
        except Invalid as refusal:
            problems.append(Finding(line, column, refusal.problem))
    return problems or Row(line=line, **values)  # type: ignore[arg-type]


def _text(text: str, _: str) -> str:
    # The same words stand in every row of a question: kept once.
    return sys.intern(text)


def _key(text: str, column: str) -> str:
    return sys.intern(checked_key(text, column))


def _key_if_any(text: str, column: str) -> str:
    return _key(text, column) if text else ""


def _probability(text: str, column: str) -> Decimal:
    return checked_probability(_short(text, column), column)


def _time(text: str, column: str) -> dt.datetime | None:
    if not text:
        return None
    try:
        return instant(_short(text, column))
    except ValueError as error:
        raise Invalid(column, str(error)) from None


def _outcome(text: str, column: str) -> str:
    if text and text not in OUTCOMES:
        raise Invalid(column, f"{text!r} is no outcome: give {', '.join(OUTCOMES)} or nothing")
    return sys.intern(text)


def _short(text: str, column: str) -> str:
    if len(text) > _LONGEST_FIGURE:
        raise Invalid(column, f"is {len(text):,} characters long; give a single figure")
    return text


_VALUES: dict[str, Callable[[str, str], object]] = {
    "question": _key,
    "forecaster": _key,
    "made_at": _time,
    "probability": _probability,
    "text": _text,
    "criteria": _text,
    "topic": _key_if_any,
    "opened_at": _time,
    "due_at": _time,
    "outcome": _outcome,
    "resolved_at": _time,
    "quote": _text,
    "article_url": _text,
}
