"""Dates and times of the domain, pure.

A bare date means its end in UTC: what was said or happened "on" a day is over when the day is.
"""

import datetime as dt
import zoneinfo

_END_OF_DAY = dt.time(23, 59, 59, 999_999, tzinfo=dt.UTC)


def end_of(day: dt.date) -> dt.datetime:
    """The last microsecond of a day in UTC."""
    return dt.datetime.combine(day, _END_OF_DAY)


def instant(value: dt.date | dt.datetime | str) -> dt.datetime:
    """An aware UTC time from a time with a zone, a date, or either written in ISO 8601.

    Raises ValueError with the fix in its message.
    """
    if isinstance(value, str):
        value = _parse(value.strip())
    if not isinstance(value, dt.datetime):
        return end_of(value)
    if value.tzinfo is None:
        raise ValueError(f"{value.isoformat()} has no zone; write {value.isoformat()}Z for UTC")
    try:
        return value.astimezone(dt.UTC)
    except OverflowError:
        raise ValueError(f"{value.isoformat()} is outside the years 1 to 9999 in UTC") from None


def is_bare_date(moment: dt.datetime) -> bool:
    """Whether only the day of a moment is known."""
    return moment.astimezone(dt.UTC).timetz() == _END_OF_DAY


def display(moment: dt.datetime | None) -> str:
    """`2023-06-25` for a bare date, else `2023-06-25 14:30 UTC`; empty for none."""
    if moment is None:
        return ""
    moment = moment.astimezone(dt.UTC)
    return moment.strftime("%Y-%m-%d" if is_bare_date(moment) else "%Y-%m-%d %H:%M UTC")


def day_in(zone: str, moment: dt.datetime) -> dt.date:
    """The day that a moment falls on in a time zone; in UTC, if there is no zone of that name."""
    try:
        return moment.astimezone(zoneinfo.ZoneInfo(zone)).date()
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return moment.astimezone(dt.UTC).date()


def _parse(text: str) -> dt.date | dt.datetime:
    try:
        if len(text) == len("2023-06-25"):
            return dt.date.fromisoformat(text)
        return dt.datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(
            f"{text!r} is not a date or time; write 2023-06-25 or 2023-06-25T14:30:00Z"
        ) from None
