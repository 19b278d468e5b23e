"""When the periods of reports end, by the clocks of where a subscriber lives.

Weeks begin on Monday.
"""

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from predictions.models.choices import Period


def zone_of(name: str) -> ZoneInfo:
    """A time zone by its name; UTC for one that this machine does not know (any more)."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # the last for the name of a folder
        return ZoneInfo("UTC")


def last_boundary(period: str, now: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
    """The latest end of a weekly, monthly or quarterly period that is not after `now`; in UTC.

    That is a midnight there. Where clocks skip it, the first moment of the day; where they show it
    twice, the first time.
    """
    today = now.astimezone(zone).date()
    match Period(period):
        case Period.WEEKLY:
            day = today - dt.timedelta(days=today.weekday())
        case Period.MONTHLY:
            day = today.replace(day=1)
        case Period.QUARTERLY:
            day = today.replace(month=today.month - (today.month - 1) % 3, day=1)
    return dt.datetime.combine(day, dt.time(), zone).astimezone(dt.UTC)


@dataclass(frozen=True)
class Span:
    """A period of a report; without a start, everything up to its end."""

    start: dt.datetime | None
    end: dt.datetime
