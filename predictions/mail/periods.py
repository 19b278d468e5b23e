"""When the periods of reports end. In UTC: weeks begin on Monday."""

import datetime as dt

from predictions.models.choices import Period


def last_boundary(period: str, now: dt.datetime) -> dt.datetime:
    """The latest end of a weekly, monthly or quarterly period that is not after `now`."""
    today = now.astimezone(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    match Period(period):
        case Period.WEEKLY:
            return today - dt.timedelta(days=today.weekday())
        case Period.MONTHLY:
            return today.replace(day=1)
        case Period.QUARTERLY:
            return today.replace(month=today.month - (today.month - 1) % 3, day=1)
