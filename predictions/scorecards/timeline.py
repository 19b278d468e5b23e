"""Scores over time."""

import datetime as dt
from dataclasses import dataclass

import numpy as np

from predictions.scorecards import lines, narrowing
from predictions.scorecards.scope import Scope
from predictions.scoring import summary

_LAST_DAY = np.datetime64(dt.date.max)
_LAST_SECOND = float((_LAST_DAY + 1).astype("datetime64[s]").astype(np.int64) - 1)


@dataclass(frozen=True)
class Period:
    """What was settled in a month: [start, end), and the mean Brier score of it.

    The last month that there is, December 9999, ends on its last day.

    `interval` is 95 %, clustered by question; None with fewer than two questions.
    """

    start: dt.date
    end: dt.date
    scored: int
    mean_brier: float
    interval: tuple[float, float] | None


def timeline(scope: Scope) -> tuple[Period, ...]:
    """The months (UTC) in which questions of yes or no were settled, in order; none without any.

    Of predictions in the scope, each counted once, in the month in which the world decided. Raises
    Invalid, naming the field of the scope.
    """
    scored = lines.read(scope, narrowing.whose(scope)).settled()
    # Of the year 9999 a float64 does not tell the last microsecond from the next year.
    seconds = np.minimum(np.floor(scored["settled"]), _LAST_SECOND)
    months = seconds.astype("datetime64[s]").astype("datetime64[M]")
    return tuple(_period(month, scored.where(months == month)) for month in np.unique(months))


def _period(month: np.datetime64, scored: lines.Lines) -> Period:
    score = scored["brier"]
    return Period(
        start=month.astype("datetime64[D]").item(),
        end=min((month + 1).astype("datetime64[D]"), _LAST_DAY).item(),
        scored=len(scored),
        mean_brier=float(score.mean()),
        interval=summary.clustered_interval(score, scored.question),
    )
