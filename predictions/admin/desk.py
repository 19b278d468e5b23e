"""The first page after sign-in: what is due, what was decided, and whether all is well."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from ledger import journal
from predictions.models import Message, Outcome, Question, Sweep
from predictions.models.choices import MessageState
from predictions.scorecards import scoreboard

_ROWS = 6
# What is due is the work, so more of it; the rest is in the lists.
_MANY_ROWS = 20
# As in `/readyz`: a pass that has not ended for three of its periods is late.
_LATE_AFTER = 3


@dataclass(frozen=True)
class DueRow:
    """A question that waits for its reviewer, and for how long it has."""

    question: Question
    overdue: str


@dataclass(frozen=True)
class SweepRow:
    name: str
    ended_at: dt.datetime
    late: bool


def desk(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Adds what the desk shows to the context of the admin's index."""
    now = timezone.now()
    due = Question.objects.due(now).select_related("reviewer")
    board = scoreboard()
    outcomes = Outcome.objects.current().select_related("question", "entered_by")
    context.update(
        due=[DueRow(row, how_long(now - _review_at(row))) for row in due[:_MANY_ROWS]],
        due_count=due.count(),
        due_next=Question.objects.due_next(now).select_related("reviewer")[:_ROWS],
        outcomes=outcomes.order_by("-entered_at", "question__key")[:_ROWS],
        board=board,
        standings=board.forecasters[:_MANY_ROWS],
        head=journal.head(),
        given_up=Message.objects.filter(state=MessageState.DEAD).count(),
        sweeps=_sweeps(now),
        may_decide=request.user.has_perm("predictions.add_outcome"),
        may_review=request.user.has_perm("predictions.add_review"),
        may_read_mail=request.user.has_perm("predictions.view_message"),
    )
    return context


def how_long(passed: dt.timedelta) -> str:
    """`today`, `1 day`, `61 days`."""
    if passed.days < 1:
        return "today"
    return "1 day" if passed.days == 1 else f"{passed.days:,} days"


def _review_at(question: Question) -> dt.datetime:
    if question.review_at is None:
        raise ValueError(f"{question.key} is never due")
    return question.review_at


def _sweeps(now: dt.datetime) -> list[SweepRow]:
    periods = {"checkpoints": settings.CHECKPOINT_SECONDS}
    return [
        SweepRow(sweep.name, sweep.ended_at, now - sweep.ended_at > _LATE_AFTER * period)
        for sweep in Sweep.objects.order_by("name")
        for period in [dt.timedelta(seconds=periods.get(sweep.name, settings.SWEEP_SECONDS))]
    ]
