"""What must be written, so that what stands is what is earned."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from predictions.reckoning.lines import Selection, read_lines
from predictions.reckoning.postings import earned, held
from predictions.reckoning.rows import HELD
from predictions.reckoning.series import series_of

FIGURES = ("value", "best", "worst")
# A new row of the table of scores: a posting, or the reversal of one (else 16 zeros). `entry` is
# for whoever writes it to say.
ROW = np.dtype(
    [
        *((name, HELD[name]) for name in ("id", "prediction", "outcome", "rule", *FIGURES)),
        *(("round", "i8"), ("reverses", "V16"), ("entry", "V16")),
    ]
)


@dataclass(frozen=True)
class Changes:
    """Rows (`ROW`) that cancel what stands wrongly and that post what is missing; the `series` as
    they then are (`SERIES`); of how many predictions."""

    predictions: int
    reversals: NDArray[np.void]
    postings: NDArray[np.void]
    series: NDArray[np.void]


def changes(selection: Selection) -> Changes:
    lines = read_lines(selection)
    due = earned(lines)
    reversals, postings = _compared(due, held(selection))
    return Changes(len(lines.id), reversals, postings, series_of(lines, due))


def reversals_of(prediction: UUID, selection: Selection) -> NDArray[np.void]:
    """Rows (`ROW`) that cancel all that stands of one prediction, among those of a selection."""
    posted = held(selection)
    theirs = posted["prediction"] == np.void(prediction.bytes)
    return _reversals(posted[theirs & ~posted["reversed"].astype(bool)])


def _compared(
    due: NDArray[np.void], posted: NDArray[np.void]
) -> tuple[NDArray[np.void], NDArray[np.void]]:
    """Rows (`ROW`) that cancel what stands wrongly, and that post what is missing."""
    if not len(posted):
        return np.empty(0, ROW), _postings(due, np.ones(len(due), np.int64))
    rounds: dict[bytes, int] = {}
    standing: dict[tuple[bytes, bytes], list[int]] = {}
    for place, (key, figures) in enumerate(_packed(posted)):
        rounds[key] = max(rounds.get(key, 0), int(posted["round"][place]))
        if not posted["reversed"][place]:
            standing.setdefault((key, figures), []).append(place)
    missing = []
    for place, (key, figures) in enumerate(_packed(due)):
        if rightly := standing.get((key, figures)):
            rightly.pop()
        else:
            missing.append((place, rounds.get(key, 0) + 1))
    wrong = sorted(chain.from_iterable(standing.values()))
    places, in_rounds = np.array(missing, np.int64).reshape(-1, 2).T
    return _reversals(posted[wrong]), _postings(due[places], in_rounds)


def _packed(rows: NDArray[np.void]) -> Iterator[tuple[bytes, bytes]]:
    """Of each row: prediction, outcome and rule; and its figures."""
    parts = []
    for names in (("prediction", "outcome", "rule"), FIGURES):
        kind = np.dtype([(name, rows.dtype[name]) for name in names])
        data, width = rows[list(names)].astype(kind).tobytes(), kind.itemsize
        parts.append([data[start : start + width] for start in range(0, len(data), width)])
    return zip(*parts, strict=True)


def _postings(earned: NDArray[np.void], in_round: NDArray[np.int64]) -> NDArray[np.void]:
    rows = _new_rows(earned)
    for name in FIGURES:
        rows[name] = earned[name]
    rows["round"] = in_round
    return rows


def _reversals(wrong: NDArray[np.void]) -> NDArray[np.void]:
    """What cancels these postings: their figures negated."""
    rows = _new_rows(wrong)
    for name in FIGURES:
        rows[name] = -wrong[name]
    rows["round"], rows["reverses"] = wrong["round"], wrong["id"]
    return rows


def _new_rows(like: NDArray[np.void]) -> NDArray[np.void]:
    """Rows about the same predictions, outcomes and rules, with ids of their own."""
    rows = np.zeros(len(like), ROW)
    rows["id"] = _fresh_ids(len(like))
    for name in ("prediction", "outcome", "rule"):
        rows[name] = like[name]
    return rows


def _fresh_ids(count: int) -> NDArray[np.void]:
    """Random uuids (RFC 9562, version 4), many at once."""
    data = np.frombuffer(bytearray(os.urandom(16 * count)), np.uint8).reshape(count, 16)
    data[:, 6] = data[:, 6] & 0x0F | 0x40
    data[:, 8] = data[:, 8] & 0x3F | 0x80
    return data.view("V16").reshape(count)
