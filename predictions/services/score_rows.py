"""Scores as rows and as entries say them: many at once."""

import datetime as dt
import uuid
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ledger import journal
from ledger.encoding import timestamp
from predictions import copying
from predictions.models import Question, Score, User
from predictions.reckoning import FIGURES, RULES
from predictions.services.posting import actor

# An entry's body holds at most 65,535 bytes; a score takes some 370 of them.
_ROWS_AN_ENTRY = 150
_NONE = np.void(b"\0" * 16)


def entries_append(*, rows: NDArray[np.void], kind: str, by: User | None, now: dt.datetime) -> None:
    """Append the entries that say these rows (`reckoning.ROW`), which are of one kind.

    Each tells of one outcome and holds so many rows; in the rows it is named.
    """
    parts = list(_parts(rows))
    subjects = _subjects({_uuid(rows["outcome"][part[0]]) for part in parts})
    entries = [
        _entry(rows, part, subjects, now) | {"kind": kind, "actor": actor(by)} for part in parts
    ]
    journal.append_later([journal.draft(**entry) for entry in entries])


def rows_store(*, rows: NDArray[np.void], now: dt.datetime) -> None:
    """Add the rows to the table of scores, after their entries."""
    columns = [str(field.column) for field in Score._meta.concrete_fields]
    copying.write(Score._meta.db_table, columns, (_packed(part, now) for part in _alike(rows)))


def _entry(
    rows: NDArray[np.void],
    part: NDArray[np.int64],
    subjects: dict[uuid.UUID, str],
    now: dt.datetime,
) -> dict[str, Any]:
    entry, outcome = uuid.uuid4(), _uuid(rows["outcome"][part[0]])
    rows["entry"][part] = np.void(entry.bytes)
    facts = {"of_outcome": str(outcome), "score": _said(rows[part], now)}
    return {"uuid": entry, "subject": subjects[outcome], "facts": facts}


def _parts(rows: NDArray[np.void]) -> Iterator[NDArray[np.int64]]:
    """Where the rows of each entry are."""
    outcomes = rows["outcome"].copy().view("S16")
    order = np.argsort(outcomes, kind="stable")
    ends = np.flatnonzero(outcomes[order][1:] != outcomes[order][:-1]) + 1
    for of_outcome in np.split(order, ends):
        for start in range(0, len(of_outcome), _ROWS_AN_ENTRY):
            yield of_outcome[start : start + _ROWS_AN_ENTRY]


def _subjects(outcomes: set[uuid.UUID]) -> dict[uuid.UUID, str]:
    questions = Question.objects.filter(outcomes__in=outcomes)
    return {outcome: f"question:{key}" for outcome, key in questions.values_list("outcomes", "key")}


def _said(part: NDArray[np.void], now: dt.datetime) -> list[dict[str, Any]]:
    """The rows as entries say them; the same as `Score.facts` of each."""
    posted_at = timestamp(now)
    ids = {name: _uuid_texts(part[name]) for name in ("id", "prediction", "outcome", "reverses")}
    figures = {name: list(map(_decimal_text, part[name].tolist())) for name in FIGURES}
    is_reversal = (part["reverses"] != _NONE).tolist()
    return [
        {
            "id": ids["id"][row],
            "prediction_id": ids["prediction"][row],
            "outcome_id": ids["outcome"][row],
            "rule": RULES[rule],
            **{name: texts[row] for name, texts in figures.items()},
            "round": in_round,
            "reverses_id": ids["reverses"][row] if is_reversal[row] else None,
            "posted_at": posted_at,
        }
        for row, (rule, in_round) in enumerate(
            zip(part["rule"].tolist(), part["round"].tolist(), strict=True)
        )
    ]


def _alike(rows: NDArray[np.void]) -> Iterator[NDArray[np.void]]:
    """The rows of each rule, reversals apart: their texts and nulls are the same."""
    is_reversal = rows["reverses"] != _NONE
    for rule in range(len(RULES)):
        for kind in (~is_reversal, is_reversal):
            yield rows[kind & (rows["rule"] == rule)]


def _packed(rows: NDArray[np.void], now: dt.datetime) -> bytes:
    if not len(rows):
        return b""
    reverses = rows["reverses"]
    cells = {
        **{name: copying.uuids(rows[name]) for name in ("id", "entry", "prediction", "outcome")},
        "rule": copying.text(RULES[int(rows["rule"][0])]),
        **{name: copying.decimals(rows[name]) for name in FIGURES},
        "round": copying.numbers(rows["round"], ">i2"),
        "reverses": copying.uuids(reverses) if reverses[0] != _NONE else copying.NULL,
        "posted_at": copying.time(now),
    }
    return copying.rows(
        len(rows), [cells[str(field.name)] for field in Score._meta.concrete_fields]
    )


def _uuid(value: np.void) -> uuid.UUID:
    return uuid.UUID(bytes=value.tobytes())


def _uuid_texts(column: NDArray[np.void]) -> list[str]:
    digits = column.tobytes().hex()
    return [
        f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
        for text in (digits[start : start + 32] for start in range(0, len(digits), 32))
    ]


def _decimal_text(units: int) -> str:
    """Billionths as a decimal of nine places."""
    whole, fraction = divmod(abs(units), 10**9)
    return f"{'-' if units < 0 else ''}{whole}.{fraction:09d}"
