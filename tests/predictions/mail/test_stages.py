import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from predictions.mail.stages import Known, Policy, Today, stage_now, today_in
from predictions.when import day_in, display_in, end_of, zone_called

POLICY = Policy(before=(7, 1), every=7, escalate_after=10)
DUE = dt.date(2026, 10, 31)


def on(days: int, *, awake: bool = True) -> Today:
    """So many days after the due day, after the reminder hour or before it."""
    day = DUE + dt.timedelta(days=days)
    return Today(dt.UTC, day, day if awake else day - dt.timedelta(days=1))


def known(**given: Any) -> Known:
    return replace(Known(due=DUE, overdue=False), **given)


@pytest.mark.parametrize(
    ("days", "stage"),
    [(-8, None), (-7, -7), (-2, -7), (-1, -1), (0, 0), (6, 0), (7, 7), (20, 14), (99_999, 32_767)],
)
def test_of_the_stages_that_have_come_the_last_counts(days: int, stage: int | None) -> None:
    assert POLICY.latest(days) == stage


@pytest.mark.parametrize(("days", "stage"), [(-7, None), (9, None), (10, 10), (13, 10), (14, 14)])
def test_adjudicators_begin_at_their_own_stage_and_go_on_with_the_others(
    days: int, stage: int | None
) -> None:
    assert POLICY.latest_escalated(days) == stage


def test_a_policy_may_leave_out_what_it_likes() -> None:
    sparse = Policy(before=(), every=None, escalate_after=None)
    assert [sparse.latest(days) for days in (-1, 0, 70)] == [None, 0, 0]
    assert sparse.latest_escalated(700) is None


def test_what_was_told_is_told_again_at_a_later_stage_alone() -> None:
    assert stage_now(POLICY, on(7), known(told=0, overdue=True)) == 7
    assert stage_now(POLICY, on(7), known(told=7, overdue=True)) is None
    assert stage_now(POLICY, on(7), known(told=10, overdue=True)) is None


def test_a_stage_waits_for_the_morning() -> None:
    assert stage_now(POLICY, on(-7, awake=False), known()) is None
    assert stage_now(POLICY, on(7, awake=False), known(told=0, overdue=True)) is None


def test_what_is_overdue_and_was_never_told_is_told_at_once_as_of_this_day() -> None:
    assert stage_now(POLICY, on(7, awake=False), known(overdue=True)) == 7
    assert stage_now(POLICY, on(7), known(overdue=True, told=7)) is None


def test_an_adjudicator_is_never_woken_at_night() -> None:
    escalated = known(overdue=True, escalated=True)
    assert stage_now(POLICY, on(10, awake=False), escalated) is None
    assert stage_now(POLICY, on(10), escalated) == 10


def test_who_has_snoozed_is_told_on_that_morning_and_at_every_later_stage() -> None:
    until = known(overdue=True, told=7, until=DUE + dt.timedelta(days=9))
    assert stage_now(POLICY, on(9, awake=False), until) is None
    assert stage_now(POLICY, on(9), until) == 9
    assert stage_now(POLICY, on(9), replace(until, told=9)) is None
    assert stage_now(POLICY, on(14), replace(until, told=9)) == 14


def test_a_snooze_of_what_was_never_told_holds_as_well() -> None:
    until = known(overdue=True, until=DUE + dt.timedelta(days=3))
    assert stage_now(POLICY, on(2), until) is None
    assert stage_now(POLICY, on(3, awake=False), until) is None
    assert stage_now(POLICY, on(3), until) == 3


def test_a_stage_that_had_come_when_a_review_set_the_date_is_not_told() -> None:
    looked = known(looked=DUE - dt.timedelta(days=5))
    assert stage_now(POLICY, on(-5), looked) is None
    assert stage_now(POLICY, on(-1), looked) == -1
    assert stage_now(POLICY, on(0), looked) == 0


@pytest.mark.parametrize(
    ("zone", "now", "day", "awake"),
    [
        # The clocks went back an hour on that day, half an hour on the other.
        ("America/New_York", "2026-11-01T12:59Z", 1, False),
        ("America/New_York", "2026-11-01T13:00Z", 1, True),
        ("America/New_York", "2026-10-31T12:00Z", 31, True),
        ("Australia/Lord_Howe", "2026-04-03T20:59Z", 4, False),
        ("Australia/Lord_Howe", "2026-04-03T21:00Z", 4, True),
        ("Australia/Lord_Howe", "2026-04-04T21:29Z", 5, False),
        ("Australia/Lord_Howe", "2026-04-04T21:30Z", 5, True),
        ("Atlantis", "2026-11-01T08:00Z", 1, True),
        ("", "2026-11-01T07:59Z", 1, False),
        ("America", "2026-11-01T08:00Z", 1, True),
    ],
)
def test_the_hour_is_that_of_the_place(zone: str, now: str, day: int, awake: bool) -> None:
    today = today_in(zone_called(zone), 8, dt.datetime.fromisoformat(now))
    assert (today.day.day, today.morning == today.day) == (day, awake)


def test_an_hour_that_the_clocks_skip_comes_when_they_were_put_on() -> None:
    zone = zone_called("America/New_York")
    began = dt.datetime(2026, 3, 8, 7, 0, tzinfo=dt.UTC)  # 02:00 there, which is 03:00 at once
    before = today_in(zone, 2, began - dt.timedelta(minutes=1))
    after = today_in(zone, 2, began)
    assert (before.morning.day, after.morning.day) == (7, 8)


def test_the_ends_of_the_calendar_are_days_in_every_zone() -> None:
    zone = zone_called("America/New_York")
    first = dt.datetime(1, 1, 1, tzinfo=dt.UTC)
    assert day_in(zone, first) == dt.date(1, 1, 1)
    assert display_in(zone, first).endswith("01-01 00:00 UTC")


def test_a_date_is_told_with_its_hour_where_it_ends_on_another_day() -> None:
    moment = end_of(DUE)
    assert display_in(zone_called("America/New_York"), moment) == "2026-10-31"
    east = display_in(zone_called("Australia/Lord_Howe"), moment)
    assert east == "2026-10-31 (2026-11-01 10:59 Australia/Lord_Howe)"
    noon = dt.datetime(2026, 10, 31, 12, tzinfo=dt.UTC)
    assert display_in(zone_called("Atlantis"), noon) == "2026-10-31 12:00 UTC"
