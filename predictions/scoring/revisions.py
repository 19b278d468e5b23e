"""A forecaster's series of predictions on a question: which count, and for how long.

Predictions are flat arrays of one length, sorted by `series` (an index into `opened` and `closed`),
then by when they were `made`, then by revision. Times are of any one unit. ValueError names the
argument that is wrong.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from predictions.scoring.checks import finite, floats, indices, same_shape

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class OverTime:
    """One value a series: the mean score over the time that a prediction stood, in the score's
    units, and the share of the time from opening to close in which one did, in (0, 1].

    Where not `valid`, as no prediction stood for any time, both are 0 and count for nothing.
    """

    score: Floats
    coverage: Floats
    valid: Mask


def time_weighted(
    series: Indices, made: Floats, score: Floats, *, opened: Floats, closed: Floats
) -> OverTime:
    """Scores weighed by how long each stood: Σ score · stood / Σ stood, over `coverage`.

    A prediction stands from when it was made (from the opening, if older) until the next one of its
    series or the close. Of two made at the same moment the later stands, the earlier stood for no
    time. What was made at the close or later does not count.
    """
    score, opened = floats(score), floats(opened)
    series, made, closed = _checked(series, made, closed)
    same_shape(made=made, score=score)
    same_shape(closed=closed, opened=opened)
    finite("opened", opened)
    start = np.clip(made, opened[series], np.maximum(opened, closed)[series])
    end = np.append(start[1:], 0.0)
    last = _last_of_each(series)
    end[last] = np.maximum(opened, closed)[series[last]]
    stood = end - start
    total = np.bincount(series, weights=stood, minlength=opened.size)
    weighed = np.bincount(series, weights=stood * score, minlength=opened.size)
    valid = total > 0
    length = np.where(valid, closed - opened, 1.0)
    return OverTime(weighed / np.where(valid, total, 1.0), total / length, valid)


def last_before_close(series: Indices, made: Floats, *, closed: Floats) -> Mask:
    """Which predictions are the last of their series that were made before the close."""
    series, made, closed = _checked(series, made, closed)
    before = np.flatnonzero(made < closed[series])
    last = np.zeros(made.shape, dtype=np.bool_)
    last[before[_last_of_each(series[before])]] = True
    return last


def each_once(series: Indices, score: Floats, *, count: int) -> tuple[Floats, Mask]:
    """The plain mean of each of `count` series, and which have any; 0 where none. In any order."""
    score = floats(score)
    series = indices("series", series, of=count, like=score)
    many = np.bincount(series, minlength=count)
    valid = many > 0
    return np.bincount(series, weights=score, minlength=count) / np.where(valid, many, 1), valid


def _last_of_each(series: Indices) -> Indices:
    """Where the last of each series stands, in sorted ones."""
    return np.flatnonzero(np.diff(series, append=-1))


def _checked(series: Indices, made: Floats, closed: Floats) -> tuple[Indices, Floats, Floats]:
    made, closed = floats(made), floats(closed)
    finite("made", made)
    finite("closed", closed)
    series = indices("series", series, of=closed.size, like=made)
    if (np.diff(series) < 0).any() or (np.diff(made)[np.diff(series) == 0] < 0).any():
        raise ValueError("series and made must be sorted: by series, then by when each was made")
    return series, made, closed
