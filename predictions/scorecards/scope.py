"""What a scorecard is about: some of all predictions."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum


class Horizon(StrEnum):
    """How far ahead a prediction looks: from when it was made to when its question closes."""

    WEEK = "week"  # up to 7 days
    MONTH = "month"  # up to 31 days
    QUARTER = "quarter"  # up to 92 days
    YEAR = "year"  # up to 366 days
    LONGER = "longer"
    UNDATED = "undated"  # the question names no day


@dataclass(frozen=True)
class Scope:
    """Keys of what the predictions must have; empty leaves it open.

    The period is by the day (UTC) on which a prediction was made, both ends included: every
    prediction has such a day, and no outcome moves it.
    """

    forecaster: str = ""
    outlet: str = ""
    topic: str = ""
    horizon: Horizon | None = None
    since: dt.date | None = None
    until: dt.date | None = None
