"""A year of reminders, with all that moves in it, against what a plain reading of the rules says.

The oracle knows no table of ours but what questions say of themselves. It lists the moments at
which stages come, one by one, and remembers in sets what everybody was told.
"""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import Group
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from predictions import services
from predictions.mail.reminders import reminders_queue
from predictions.models import Message, Question, Reminder, User
from predictions.models.choices import MessageState
from predictions.services.snoozes import question_snooze
from tests.making import Maker

pytestmark = pytest.mark.django_db
NEW_YEAR = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
ZONES = {
    "nora": "America/New_York",
    "lou": "Australia/Lord_Howe",
    "ada": "Europe/Zurich",
    "root": "UTC",
}
# A few now; more were tried when it was written.
EXAMPLES = 5
# As the settings are.
STAGES = [-7, *range(0, 800, 7)]
ESCALATED = range(14, 800, 7)

# What happens before a pass: how long it is quiet, to which question what is done, with which days,
# to whom; and whether the mail server is there afterwards.
DEEDS = ["nothing", "amend", "review", "decide", "reopen", "reassign", "snooze", "leave"]
STEPS = st.tuples(
    st.sampled_from([1, 5, 13, 24, 40, 24 * 4, 24 * 9, 24 * 30]),
    st.integers(0, 2),
    st.sampled_from(DEEDS),
    st.integers(-3, 40),
    st.sampled_from(["nora", "lou", "ada", None]),
    st.booleans(),
)
Told = set[tuple[str, int, int]]


def moment(name: str, day: dt.date) -> dt.datetime:
    """Eight in the morning, where they live."""
    return dt.datetime.combine(day, dt.time(8), ZoneInfo(ZONES[name])).astimezone(dt.UTC)


def after(day: dt.date, days: int) -> dt.date:
    return day + dt.timedelta(days=days)


@dataclass
class Oracle:
    """What each person was told, what of it has not gone out yet, and whom not to disturb."""

    sent: dict[str, Told] = field(default_factory=lambda: {name: set() for name in ZONES})
    waiting: dict[str, Told] = field(default_factory=lambda: {name: set() for name in ZONES})
    snoozed: dict[tuple[str, str, int], dt.date] = field(default_factory=dict)
    looked: dict[tuple[str, int], dt.datetime] = field(default_factory=dict)
    away: set[str] = field(default_factory=set)

    def expects(self, questions: list[Question], now: dt.datetime) -> dict[str, Told]:
        """The messages of a pass, by person; notes that they wait."""
        messages: dict[str, Told] = {}
        for name in ZONES:
            theirs = [
                (question, escalated)
                for question in questions
                if (escalated := self.role(name, question, now)) is not None
                and not self.sleeps(name, question, now)
            ]
            holding = {(question.key, question.due_version) for question, _ in theirs}
            kept = {told for told in self.waiting[name] if told[:2] in holding}
            new = {
                (question.key, question.due_version, stage)
                for question, escalated in theirs
                if (stage := self.stage(name, question, escalated, now)) is not None
            }
            if new or kept != self.waiting[name]:
                self.waiting[name] = kept | new
                if kept | new:
                    messages[name] = kept | new
        return messages

    def goes_out(self) -> None:
        for name, told in self.waiting.items():
            self.sent[name] |= told
            told.clear()

    def role(self, name: str, question: Question, now: dt.datetime) -> bool | None:
        """False for who is told as the first, True for who is as an adjudicator, None for none."""
        if question.review_at is None or question.outcome is not None or name in self.away:
            return None
        reviewer = question.reviewer.username if question.reviewer else "root"
        if name == (reviewer if reviewer not in self.away else "root"):
            return False
        due = self.due_day(name, question)
        if name == "ada" and moment(name, after(due, 14)) <= now:
            return True
        return None

    def sleeps(self, name: str, question: Question, now: dt.datetime) -> bool:
        until = self.snoozed.get((name, question.key, question.due_version))
        return until is not None and now < moment(name, until)

    def stage(self, name: str, question: Question, escalated: bool, now: dt.datetime) -> int | None:
        pair = (question.key, question.due_version)
        told = [row[2] for row in self.sent[name] | self.waiting[name] if row[:2] == pair]
        due, today = self.due_day(name, question), now.astimezone(ZoneInfo(ZONES[name])).date()
        stages: list[int] = [*(ESCALATED if escalated else STAGES)]
        if until := self.snoozed.get((name, *pair)):
            stages.append((until - due).days)
        came = [stage for stage in stages if moment(name, after(due, stage)) <= now]
        assert question.review_at
        if not told and not escalated and question.review_at <= now:
            came = [stage for stage in stages if after(due, stage) <= today]
        if not came or (told and max(told) >= max(came)):
            return None
        looked = self.looked.get(pair)
        if max(came) < 0 and looked and moment(name, after(due, max(came))) <= looked:
            return None
        return max(came)

    @staticmethod
    def due_day(name: str, question: Question) -> dt.date:
        assert question.review_at
        return question.review_at.astimezone(ZoneInfo(ZONES[name])).date()


@dataclass
class Year:
    """The real thing, beside its oracle."""

    make: Maker
    people: dict[str, User]
    keys: list[str]
    now: dt.datetime = NEW_YEAR
    oracle: Oracle = field(default_factory=Oracle)

    def questions(self) -> list[Question]:
        return list(Question.objects.filter(key__in=self.keys).select_related("reviewer"))

    def step(self, hours: int, which: int, deed: str, days: int, who: str | None) -> None:
        self.now += dt.timedelta(hours=hours)
        self.make.now = self.now
        question = Question.objects.get(key=self.keys[which])
        getattr(self, f"_{deed}")(question, days, who)

    def passes(self) -> None:
        """A pass tells what it should, one message a person; a second one tells nothing."""
        before = set(Message.objects.values_list("pk", flat=True))
        expected = self.oracle.expects(self.questions(), self.now)
        assert reminders_queue(now=self.now) == len(expected)
        new = Message.objects.exclude(pk__in=before)
        told = {message.recipient.partition("@")[0]: rows_of(message) for message in new}
        assert told == expected
        assert new.count() == len(told)
        assert reminders_queue(now=self.now) == 0

    def mail_goes_out(self) -> None:
        waiting = Message.objects.filter(state=MessageState.WAITING)
        people = list(waiting.values_list("recipient", flat=True))
        assert len(people) == len(set(people))
        waiting.update(state=MessageState.SENT, sent_at=self.now)
        self.oracle.goes_out()

    def _nothing(self, question: Question, days: int, who: str | None) -> None:
        pass

    def _amend(self, question: Question, days: int, who: str | None) -> None:
        due_at = self.now + dt.timedelta(days=days, minutes=1)
        if due_at != question.due_at and due_at >= question.opened_at:
            self._amended(question, {"due_at": due_at})

    def _reassign(self, question: Question, days: int, who: str | None) -> None:
        person = self.people[who] if who else None
        if person != question.reviewer and who not in self.oracle.away:
            self._amended(question, {"reviewer": person})

    def _amended(self, question: Question, changes: dict[str, Any]) -> None:
        # Nobody amends a question without naming somebody for who has left.
        if question.reviewer and question.reviewer.username in self.oracle.away:
            changes = {"reviewer": None, **changes}
        services.question_amend(
            question=question, changes=changes, reason="Moved.", by=None, now=self.now
        )

    def _review(self, question: Question, days: int, who: str | None) -> None:
        if question.outcome is None and days > 0:
            next_at = self.now + dt.timedelta(days=days)
            services.review_record(
                question=question, note="Open.", next_at=next_at, by=None, now=self.now
            )
            self.oracle.looked[question.key, question.due_version + 1] = self.now

    def _decide(self, question: Question, days: int, who: str | None) -> None:
        if question.outcome is None:
            self.make.outcome(question, settled_at=self.now)

    def _reopen(self, question: Question, days: int, who: str | None) -> None:
        if outcome := question.outcome:
            self.make.withdraw(outcome)

    def _snooze(self, question: Question, days: int, who: str | None) -> None:
        name = who or "root"
        if question.outcome is None and days > 0:
            today = self.now.astimezone(ZoneInfo(ZONES[name])).date()
            until, version = after(today, days), question.due_version
            question_snooze(
                question=question,
                person=self.people[name],
                due_version=version,
                until=until,
                now=self.now,
            )
            self.oracle.snoozed[name, question.key, version] = until

    def _leave(self, question: Question, days: int, who: str | None) -> None:
        """Or come back. Somebody decides all the while."""
        if who in ("nora", "lou"):
            self.oracle.away ^= {who}
            User.objects.filter(username=who).update(is_active=who not in self.oracle.away)


def rows_of(message: Message) -> Told:
    rows = Reminder.objects.filter(message=message)
    return set(rows.values_list("question__key", "due_version", "stage"))


@pytest.fixture
def people(db: None) -> dict[str, User]:
    found = {
        name: User.objects.create_user(name, f"{name}@example.org", time_zone=zone)
        for name, zone in ZONES.items()
    }
    found["ada"].groups.set(Group.objects.filter(name="adjudicator"))
    User.objects.filter(username="root").update(is_superuser=True)
    return found


def run(people: dict[str, User], steps: list[Any]) -> None:
    make = Maker(NEW_YEAR)
    questions = [
        make.question(
            reviewer=people.get(name),
            opened_at=NEW_YEAR,
            due_at=NEW_YEAR + dt.timedelta(days=12, hours=hours),
        )
        for name, hours in (("nora", 3), ("lou", 23), ("nobody", 11))
    ]
    year = Year(make, people, [question.key for question in questions])
    for *step, goes_out in steps:
        year.step(*step)
        year.passes()
        if goes_out:
            year.mail_goes_out()


@settings(
    max_examples=EXAMPLES,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    deadline=None,
)
@given(steps=st.lists(STEPS, min_size=1, max_size=14))
def test_everybody_is_told_what_they_should_be_and_nothing_else(
    people: dict[str, User], steps: list[Any]
) -> None:
    with transaction.atomic():
        run(people, steps)
        transaction.set_rollback(True)
