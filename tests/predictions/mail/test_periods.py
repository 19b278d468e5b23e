import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from predictions.mail.periods import last_boundary, zone_of
from predictions.mail.reporting import Calendar
from predictions.when import end_of

WEDNESDAY = dt.datetime(2026, 11, 25, 12, tzinfo=dt.UTC)
ENDS = [("weekly", "2026-11-23"), ("monthly", "2026-11-01"), ("quarterly", "2026-10-01")]
# Clocks that change at midnight, by a whole day, by half an hour, and to the far ends of the world.
ZONES = (
    *("UTC", "Europe/Berlin", "America/Sao_Paulo", "Asia/Beirut", "America/Havana"),
    *("Pacific/Apia", "Australia/Lord_Howe", "Pacific/Kiritimati", "Pacific/Niue"),
)


@pytest.mark.parametrize(("period", "boundary"), ENDS)
@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/New_York", "Pacific/Auckland"])
def test_the_last_boundary_is_the_latest_midnight_there_that_has_passed(
    period: str, boundary: str, zone: str
) -> None:
    there = ZoneInfo(zone)
    expected = dt.datetime.fromisoformat(boundary).replace(tzinfo=there)
    assert last_boundary(period, WEDNESDAY, there) == expected
    assert last_boundary(period, expected, there) == expected
    assert last_boundary(period, expected - dt.timedelta(microseconds=1), there) < expected


def test_a_week_in_which_clocks_change_is_an_hour_longer_or_shorter() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    for day, hours in ((dt.date(2026, 3, 31), 167), (dt.date(2026, 10, 27), 169)):
        end = last_boundary("weekly", dt.datetime.combine(day, dt.time(12), dt.UTC), berlin)
        start = last_boundary("weekly", end - dt.timedelta(seconds=1), berlin)
        assert end - start == dt.timedelta(hours=hours)
        assert end.astimezone(berlin).time() == start.astimezone(berlin).time() == dt.time()


@given(
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    period=st.sampled_from([period for period, _ in ENDS]),
    now=st.integers(631_152_000, 2_208_988_800).map(
        lambda at: dt.datetime.fromtimestamp(at, dt.UTC)
    ),
)
def test_whatever_clocks_do_a_boundary_has_passed_and_is_its_own(
    zone: ZoneInfo, period: str, now: dt.datetime
) -> None:
    boundary = last_boundary(period, now, zone)
    assert boundary <= now
    assert last_boundary(period, boundary, zone) == boundary
    assert now - boundary < dt.timedelta(days=8 if period == "weekly" else 93)


@pytest.mark.parametrize("name", ["", "Nowhere/City", "Europe", "../../etc/passwd", "a\0b"])
def test_a_zone_that_is_not_known_is_utc(name: str) -> None:
    assert zone_of(name).key == "UTC"


@pytest.mark.parametrize(
    ("language", "written"),
    [
        ("en", "1 March 2026"),
        ("de", "1. März 2026"),
        ("fr", "1 mars 2026"),
        ("pl", "1 marca 2026"),
        ("pt", "1 de Março de 2026"),
        ("xx", "1 March 2026"),
    ],
)
def test_a_date_is_written_as_the_reader_does(language: str, written: str) -> None:
    calendar = Calendar.of(language=language, time_zone="UTC")
    assert calendar.day(dt.datetime(2026, 3, 1, 9, tzinfo=dt.UTC)).lower() == written.lower()


def test_a_moment_is_of_the_readers_day_and_a_bare_date_of_its_own() -> None:
    auckland = Calendar.of(language="en", time_zone="Pacific/Auckland")
    assert auckland.day(dt.datetime(2026, 11, 25, 12, tzinfo=dt.UTC)) == "26 November 2026"
    assert auckland.day(end_of(dt.date(2026, 11, 25))) == "25 November 2026"
    assert auckland.day(None) == "–"
