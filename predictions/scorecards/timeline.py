"""Scores over time."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True)
class Period:
    """What was settled in a month: [start, end), and the mean Brier score of it.

    `interval` is 95 %, clustered by question; None with fewer than two questions.
    """

    start: dt.date
    end: dt.date
    scored: int
    mean_brier: float
    interval: tuple[float, float] | None
