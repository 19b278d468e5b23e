"""Who is to be told of what: everything that is due, read in bulk, and decided by stages.

A pass costs what is due and what falls due soon, not what exists: it begins at the list that is
kept of open questions, and reads nothing a question or a person at a time.
"""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import F, Max, Q, QuerySet

from predictions.mail.drafts import reachable
from predictions.mail.stages import Known, Policy, Today, is_snoozed, stage_now, today_in
from predictions.models import OpenQuestion, Reminder, ReminderPolicy, Review, Snooze, User
from predictions.when import day_in, zone_called

# Enough for every zone: somewhere it is a day earlier or later than in UTC.
_SLACK = dt.timedelta(days=2)
# Whoever may do this decides what became of a question.
_ADJUDICATES = "predictions.add_outcome"


@dataclass(frozen=True)
class Due:
    """A due version of an open question that is due, or soon will be."""

    question: UUID
    key: str
    version: int
    review_at: dt.datetime
    reviewer: int | None
    topic: UUID | None


@dataclass(frozen=True)
class Duty:
    """A question as one person has to do with it: `days` since it fell due, below zero before.

    `stage` is the one at which they are to be told now, `told` the last at which they were.
    """

    due: Due
    days: int
    escalated: bool
    told: int | None
    stage: int | None

    @property
    def is_due(self) -> bool:
        return self.days >= 0


@dataclass(frozen=True)
class Agenda:
    """All that one person has to do with, by question; without what they have snoozed."""

    person: User
    today: Today
    duties: dict[UUID, Duty] = field(default_factory=dict)


def agendas(now: dt.datetime) -> dict[int, Agenda]:
    """What everybody who can be written to has to do with now, by person."""
    read = _Read(now)
    found: dict[int, Agenda] = {}
    for due in read.dues:
        for person, escalated in read.recipients(due):
            agenda = found.get(person.pk)
            if agenda is None:
                agenda = found[person.pk] = Agenda(person, read.todays[person.pk])
            if duty := read.duty(due, agenda, escalated):
                agenda.duties[due.question] = duty
    return found


class _Read:
    """All that a pass has to know, in a query each."""

    def __init__(self, now: dt.datetime) -> None:
        self.now = now
        self.policy = _policy()
        self.policies = {row.topic_id: _policy_of(row) for row in ReminderPolicy.objects.all()}
        reach = max(policy.reach for policy in (self.policy, *self.policies.values()))
        self.until = now + dt.timedelta(days=reach) + _SLACK
        self.dues = list(_dues(self.until))
        self._read_people()
        self.told = self._told()
        self.snoozes = self._snoozes()
        self.looked = self._looked()

    def _read_people(self) -> None:
        reviewers = {due.reviewer for due in self.dues if due.reviewer is not None}
        self.administrators = list(reachable().filter(is_superuser=True).order_by("pk"))
        # Where nobody adjudicates, whoever may do everything is told.
        self.adjudicators = list(_adjudicators()) or self.administrators
        self.reviewers = {row.pk: row for row in reachable().filter(pk__in=reviewers)}
        people = (*self.administrators, *self.adjudicators, *self.reviewers.values())
        self.todays = {person.pk: today_of(person, self.now) for person in people}

    def _told(self) -> dict[tuple[UUID, int], int]:
        last = (
            Reminder.objects.filter(**self._current())
            .values_list("question", "recipient")
            .annotate(last=Max("stage"))
            .order_by()
        )
        return {(question, person): stage for question, person, stage in last}

    def _snoozes(self) -> dict[tuple[UUID, int], dt.date]:
        rows = Snooze.objects.filter(**self._current())
        return {
            (question, person): until
            for question, person, until in rows.values_list("question", "person", "until")
        }

    def _looked(self) -> dict[UUID, dt.datetime]:
        """When a review set the date of what is not due yet."""
        set_by = Review.objects.filter(
            question__while_open__review_at__gt=self.now,
            question__while_open__review_at__lte=self.until,
            due_version=F("question__due_version") - 1,
        )
        return dict(set_by.values_list("question", "recorded_at"))

    def _current(self) -> dict[str, Any]:
        """Rows about the due version at which a question is now."""
        due = {"question__while_open__review_at__lte": self.until}
        return {**due, "due_version": F("question__due_version")}

    def policy_of(self, due: Due) -> Policy:
        return self.policies.get(due.topic, self.policy) if due.topic else self.policy

    def recipients(self, due: Due) -> Iterator[tuple[User, bool]]:
        """Who is told of a question, nobody twice, and whether because it was left undone.

        A question that nobody reviews is told to every administrator, so that nothing falls due in
        silence.
        """
        reviewer = self.reviewers.get(due.reviewer) if due.reviewer is not None else None
        first = [reviewer] if reviewer else self.administrators
        for person in first:
            yield person, False
        after = self.policy_of(due).escalate_after
        if after is None or due.review_at > self.now:
            return
        for person in self.adjudicators:
            today = self.todays[person.pk]
            passed = (today.morning - day_in(today.zone, due.review_at)).days
            if passed >= after and person not in first:
                yield person, True

    def duty(self, due: Due, agenda: Agenda, escalated: bool) -> Duty | None:
        """None while the person has snoozed it."""
        pair, today = (due.question, agenda.person.pk), agenda.today
        until, told = self.snoozes.get(pair), self.told.get(pair)
        if is_snoozed(today, until):
            return None
        day = day_in(today.zone, due.review_at)
        known = Known(
            due=day,
            overdue=due.review_at <= self.now,
            escalated=escalated,
            told=told,
            until=until,
            looked=self._looked_on(due, today),
        )
        stage = stage_now(self.policy_of(due), today, known)
        return Duty(due, today.days_since(day), escalated, told, stage)

    def _looked_on(self, due: Due, today: Today) -> dt.date | None:
        at = self.looked.get(due.question)
        return today_in(today.zone, settings.REMINDER_HOUR, at).morning if at else None


def today_of(person: User, now: dt.datetime) -> Today:
    return today_in(zone_called(person.time_zone), settings.REMINDER_HOUR, now)


def _policy() -> Policy:
    """What holds where a topic has no policy of its own."""
    return Policy(
        tuple(settings.REMIND_BEFORE),
        settings.REMIND_EVERY or None,
        settings.ESCALATE_AFTER or None,
    )


def _policy_of(row: ReminderPolicy) -> Policy:
    return Policy(tuple(row.before), row.every, row.escalate_after)


def _dues(until: dt.datetime) -> Iterator[Due]:
    rows = OpenQuestion.objects.filter(review_at__lte=until).order_by("review_at", "question")
    columns = ("key", "due_version", "topic")
    read = rows.values_list(
        "question_id", "review_at", "reviewer_id", *(f"question__{name}" for name in columns)
    )
    for question, review_at, reviewer, key, version, topic in read:
        yield Due(question, key, version, review_at, reviewer, topic)


def _adjudicators() -> QuerySet[User]:
    """Active members of the groups that may, and whoever may by themselves."""
    app, _, codename = _ADJUDICATES.partition(".")
    held = {"content_type__app_label": app, "codename": codename}
    of_group = Q(**{f"groups__permissions__{name}": value for name, value in held.items()})
    own = Q(**{f"user_permissions__{name}": value for name, value in held.items()})
    may = User.objects.filter(of_group | own).values("pk")
    return reachable().filter(pk__in=may).order_by("pk")


def by_urgency(duties: Iterable[Duty]) -> list[Duty]:
    """The longest overdue first."""
    return sorted(duties, key=lambda duty: (duty.due.review_at, duty.due.key))
