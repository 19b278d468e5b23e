"""When somebody is reminded of a question, in days from the day on which it falls due. Pure.

A stage is such a distance: -7 a week before, 0 on the day itself, 14 two weeks after. It has come
once it is the reminder hour of its day, where whoever is told lives.
"""

import datetime as dt
from dataclasses import dataclass

from predictions.when import day_in

_DAY = dt.timedelta(days=1)
# What a stage can be; nobody is reminded for longer than ninety years.
_LAST = 32_767


@dataclass(frozen=True)
class Policy:
    """How long before and how often after the due day, and from when on adjudicators are told.

    `every` and `escalate_after` may be None: never.
    """

    before: tuple[int, ...]
    every: int | None
    escalate_after: int | None

    def latest(self, days: int) -> int | None:
        """The last stage that has come so many days after the due day; None before the first."""
        if days < 0:
            return max((-before for before in self.before if -before <= days), default=None)
        days = min(days, _LAST)
        return days - days % self.every if self.every else 0

    def latest_escalated(self, days: int) -> int | None:
        """The same for adjudicators, whose first stage is that from which on they are told."""
        if self.escalate_after is None or days < self.escalate_after:
            return None
        return max(self.escalate_after, self.latest(days) or 0)

    @property
    def reach(self) -> int:
        """The most days before the due day at which anybody is told."""
        return max(self.before, default=0)


@dataclass(frozen=True)
class Today:
    """A moment where somebody lives: the day it is, and the last day whose reminder hour came."""

    zone: dt.tzinfo
    day: dt.date
    morning: dt.date

    def days_since(self, due: dt.date) -> int:
        return (self.day - due).days


def today_in(zone: dt.tzinfo, hour: int, now: dt.datetime) -> Today:
    """What day it is in a zone. An hour that the clocks skip comes when they have been put on."""
    day = day_in(zone, now)
    comes = dt.datetime.combine(day, dt.time(hour), zone).astimezone(dt.UTC)
    return Today(zone, day, day if comes <= now else day - _DAY)


@dataclass(frozen=True)
class Known:
    """What is known of one person and one due version of a question.

    `told` is the last stage at which they were told, `until` the day until which they want to be
    left alone, `looked` the morning of their last review, which set the date.
    """

    due: dt.date
    overdue: bool
    escalated: bool = False
    told: int | None = None
    until: dt.date | None = None
    looked: dt.date | None = None


def is_snoozed(today: Today, until: dt.date | None) -> bool:
    return until is not None and today.morning < until


def stage_now(policy: Policy, today: Today, known: Known) -> int | None:
    """The stage at which somebody is to be told now; None if there is nothing to tell.

    Of stages that have come only the last counts, and only once. What is overdue and was never
    told is told at once, as of this day; but adjudicators wait for their stage.
    """
    if is_snoozed(today, known.until):
        return None
    at_once = known.told is None and known.overdue and not known.escalated
    days = ((today.day if at_once else today.morning) - known.due).days
    stage = policy.latest_escalated(days) if known.escalated else policy.latest(days)
    if known.until is not None:
        woken = min((known.until - known.due).days, _LAST)
        stage = woken if stage is None else max(stage, woken)
    if stage is None or (known.told is not None and stage <= known.told):
        return None
    return None if _set_meanwhile(stage, known) else stage


def _set_meanwhile(stage: int, known: Known) -> bool:
    """Whether the stage had come when a review set the date: it was seen then."""
    if stage >= 0 or known.looked is None:
        return False
    return known.due + stage * _DAY <= known.looked
