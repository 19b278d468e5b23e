"""Posting what predictions earned, reversing what they did not, and keeping the totals up.

Called within the transaction of what it follows from, with the questions locked.
"""

import datetime as dt
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ledger import journal
from ledger.encoding import timestamp
from predictions import copying, reckoning
from predictions.models import Question, Score, User
from predictions.reckoning import HELD, RULES, Selection
from predictions.services.posting import actor
from predictions.services.totals import totals_replace

# An entry's body holds at most 65,535 bytes; a score takes some 370 of them.
_ROWS_AN_ENTRY = 150
# From here on, one batch is quicker than entries one by one.
_MANY_ENTRIES = 20
_NONE = b"\0" * 16
# A row of the table of scores: a posting, or the reversal of one.
_ROW = np.dtype([*HELD.descr[:-1], ("reverses", "V16"), ("entry", "V16")])
_FIGURES = ("value", "best", "worst")


@dataclass(frozen=True)
class Settled:
    """How many scores were posted and how many reversed."""

    posted: int
    reversed: int


def scores_settle(
    *,
    questions: Sequence[uuid.UUID],
    by: User | None,
    now: dt.datetime,
    forecaster: uuid.UUID | None = None,
) -> Settled:
    """Have what stands on these questions be what is earned, and the totals what it comes to.

    Of everybody, or of one forecaster. What stands rightly is left alone, so that a second call
    does nothing.
    """
    selection = Selection(questions, forecaster)
    lines = reckoning.read_lines(selection)
    earned = reckoning.earned(lines)
    reversals, postings = _changes(earned, reckoning.held(selection))
    # Before the entries: whoever has everybody's total waits for no one but the log.
    totals_replace(selection=selection, series=reckoning.series_of(lines, earned))
    for kind, rows in (("scores.reversed", reversals), ("scores.posted", postings)):
        _post(rows, kind, by, now)
    return Settled(posted=len(postings), reversed=len(reversals))


def _changes(
    earned: NDArray[np.void], held: NDArray[np.void]
) -> tuple[NDArray[np.void], NDArray[np.void]]:
    """Rows (`_ROW`) that cancel what stands wrongly, and that post what is missing."""
    if not len(held):
        return np.empty(0, _ROW), _postings(earned, np.ones(len(earned), np.int64))
    rounds: dict[bytes, int] = {}
    standing: dict[bytes, int] = {}
    for place, (key, posted) in enumerate(zip(_keys(held), held, strict=True)):
        rounds[key] = max(rounds.get(key, 0), int(posted["round"]))
        if not posted["reversed"]:
            standing[key] = place
    missing, in_round = [], []
    for place, key in enumerate(_keys(earned)):
        at = standing.get(key)
        if at is not None and _same(held[at], earned[place]):
            del standing[key]
        else:
            missing.append(place)
            in_round.append(rounds.get(key, 0) + 1)
    wrong = held[sorted(standing.values())]
    return _reversals(wrong), _postings(earned[missing], np.array(in_round, np.int64))


def _keys(rows: NDArray[np.void]) -> Iterator[bytes]:
    """Prediction, outcome and rule, for each."""
    fields = ("prediction", "outcome", "rule")
    return (b"".join(row[name].tobytes() for name in fields) for row in rows)


def _same(one: np.void, other: np.void) -> bool:
    return all(one[name] == other[name] for name in _FIGURES)


def _postings(earned: NDArray[np.void], in_round: NDArray[np.int64]) -> NDArray[np.void]:
    rows = _new_rows(earned)
    for name in _FIGURES:
        rows[name] = earned[name]
    rows["round"] = in_round
    return rows


def _reversals(wrong: NDArray[np.void]) -> NDArray[np.void]:
    """What cancels these postings: their figures negated."""
    rows = _new_rows(wrong)
    for name in _FIGURES:
        rows[name] = -wrong[name]
    rows["round"], rows["reverses"] = wrong["round"], wrong["id"]
    return rows


def _new_rows(like: NDArray[np.void]) -> NDArray[np.void]:
    """Rows about the same predictions, outcomes and rules, with ids of their own."""
    rows = np.zeros(len(like), _ROW)
    rows["id"] = _fresh_ids(len(like))
    for name in ("prediction", "outcome", "rule"):
        rows[name] = like[name]
    return rows


def _fresh_ids(count: int) -> NDArray[np.void]:
    """Random uuids (RFC 9562, version 4), many at once."""
    data = np.frombuffer(bytearray(np.random.default_rng().bytes(16 * count)), np.uint8)
    data = data.reshape(count, 16)
    data[:, 6] = data[:, 6] & 0x0F | 0x40
    data[:, 8] = data[:, 8] & 0x3F | 0x80
    return data.view("V16").reshape(count)


# -- rows and entries -----------------------------------------------------------------------------


def _post(rows: NDArray[np.void], kind: str, by: User | None, now: dt.datetime) -> None:
    """Add rows of one kind, after the entries that say so: of each outcome, so many at a time."""
    rows = rows[np.argsort(rows["outcome"].copy().view("S16"), kind="stable")]
    parts = list(_parts(rows))
    subjects = _subjects({_uuid(part["outcome"][0]) for part in parts})
    entries: list[dict[str, Any]] = [
        {
            "kind": kind,
            "subject": subjects[_uuid(part["outcome"][0])],
            "actor": actor(by),
            "facts": {"of_outcome": str(_uuid(part["outcome"][0])), "score": _said(part, now)},
            "uuid": _uuid(part["entry"][0]),
        }
        for part in parts
    ]
    if len(entries) < _MANY_ENTRIES:
        for entry in entries:
            journal.append(**entry)
    else:
        journal.append_many([journal.draft(**entry) for entry in entries])
    _store(rows, now)


def _parts(rows: NDArray[np.void]) -> Iterator[NDArray[np.void]]:
    """Views of the rows of one entry each, which is named in them."""
    ends = np.flatnonzero(rows["outcome"][1:] != rows["outcome"][:-1]) + 1
    for of_outcome in np.split(rows, ends) if len(rows) else ():
        for start in range(0, len(of_outcome), _ROWS_AN_ENTRY):
            part = of_outcome[start : start + _ROWS_AN_ENTRY]
            part["entry"] = np.void(uuid.uuid4().bytes)
            yield part


def _subjects(outcomes: set[uuid.UUID]) -> dict[uuid.UUID, str]:
    questions = Question.objects.filter(outcomes__in=outcomes)
    return {outcome: f"question:{key}" for outcome, key in questions.values_list("outcomes", "key")}


def _said(part: NDArray[np.void], now: dt.datetime) -> list[dict[str, Any]]:
    """The rows as entries say them; the same as `Score.facts` of each."""
    posted_at = timestamp(now)
    ids = {name: _uuid_texts(part[name]) for name in ("id", "prediction", "outcome", "reverses")}
    figures = {name: list(map(_decimal_text, part[name].tolist())) for name in _FIGURES}
    is_reversal = (part["reverses"] != np.void(_NONE)).tolist()
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


def _store(rows: NDArray[np.void], now: dt.datetime) -> None:
    columns = [str(field.column) for field in Score._meta.concrete_fields]
    copying.write(Score._meta.db_table, columns, (_packed(part, now) for part in _alike(rows)))


def _alike(rows: NDArray[np.void]) -> Iterator[NDArray[np.void]]:
    """The rows of each rule, reversals apart: their texts and nulls are the same."""
    is_reversal = rows["reverses"] != np.void(_NONE)
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
        **{name: copying.decimals(rows[name]) for name in _FIGURES},
        "round": copying.numbers(rows["round"], ">i2"),
        "reverses": copying.uuids(reverses) if reverses[0] != np.void(_NONE) else copying.NULL,
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
