"""Dates and times of the domain, pure.

A bare date means its end in UTC: what was said or happened "on" a day is over when the day is.
"""

import datetime as dt
import functools
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


@functools.lru_cache
def zone_called(name: str) -> dt.tzinfo:
    """A time zone by its name, such as `Europe/Zurich`; UTC for what is none."""
    try:
        return zoneinfo.ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown; no name at all; the folder of a continent
        return dt.UTC


def local(zone: dt.tzinfo, moment: dt.datetime) -> dt.datetime:
    """A moment by the clocks of a zone; in UTC where that would leave the calendar."""
    try:
        return moment.astimezone(zone)
    except OverflowError:
        return moment.astimezone(dt.UTC)


def day_in(zone: dt.tzinfo, moment: dt.datetime) -> dt.date:
    """The day on which a moment falls in a zone."""
    return local(zone, moment).date()


def display_in(zone: dt.tzinfo, moment: dt.datetime) -> str:
    """Like `display`, by the clocks of a zone; of a bare date, when its end comes there if that
    is on another day."""
    there = local(zone, moment)
    clock = f"{there:%Y-%m-%d %H:%M} {'UTC' if there.tzname() == 'UTC' else zone}"
    if not is_bare_date(moment):
        return clock
    return display(moment) if there.date() == moment.date() else f"{display(moment)} ({clock})"


def display(moment: dt.datetime | None) -> str:
    """`2023-06-25` for a bare date, else `2023-06-25 14:30 UTC`; empty for none."""
    if moment is None:
        return ""
    moment = moment.astimezone(dt.UTC)
    return moment.strftime("%Y-%m-%d" if is_bare_date(moment) else "%Y-%m-%d %H:%M UTC")


def _parse(text: str) -> dt.date | dt.datetime:
    try:
        if len(text) == len("2023-06-25"):
            return dt.date.fromisoformat(text)
        return dt.datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(
            f"{text!r} is not a date or time; write 2023-06-25 or 2023-06-25T14:30:00Z"
        ) from None
