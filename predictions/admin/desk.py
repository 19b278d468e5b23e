"""The first page after sign-in: what waits for somebody, and whether all is well."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from predictions.admin.chosen import Due, due_row
from predictions.admin.reviews import NOTE
from predictions.mail.watch import running
from predictions.models import Event, OpenQuestion, Outcome, Proposal, Question
from predictions.scorecards import tally

_ROWS = 6
# What is due is the work, so more of it; the rest is in the lists.
_MANY_ROWS = 20
_WEEK = dt.timedelta(days=7)
# For so long a condition that came true is news.
_NEWS = dt.timedelta(days=30)
# Among so many of the newest events those that bear on nothing are looked for.
_NEWEST_EVENTS = 200
# Of so many open questions, those that fall due first, it is counted whose they are.
_COUNTED = 2_000
# Among so many of the latest outcomes those that met a condition are looked for.
_LATEST_OUTCOMES = 500
MINE = "mine"


@dataclass(frozen=True)
class Load:
    """The open questions of one reviewer, or of everybody: how many, how many due and when."""

    reviewer: str
    open: int
    due: int
    week: int


def desk(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Adds what the desk shows to the context of the admin's index."""
    now = timezone.now()
    mine = request.GET.get("whose") == MINE
    questions = Question.objects.select_related("reviewer")
    if mine:
        questions = questions.filter(while_open__reviewer=request.user.pk)
    waiting = OpenQuestion.objects.all()
    loads = _loads(waiting.filter(reviewer=request.user.pk) if mine else waiting, now)
    context.update(
        mine=mine,
        note=NOTE,
        loads=loads[:_ROWS],
        cut=sum(load.open for load in loads) > _COUNTED,
        most=_COUNTED,
        due_count=sum(load.due for load in loads),
        week_count=sum(load.week for load in loads),
        due=_rows(questions.due(now)[:_MANY_ROWS], now),
        due_next=_rows(questions.due_next(now)[: 2 * _ROWS], now),
        week_ends=now + _WEEK,
        proposals=_proposals(),
        conditions_met=_conditions_met(now),
        unlinked=Event.objects.unlinked(_NEWEST_EVENTS)[:_ROWS],
        outcomes=_latest_outcomes(),
        totals=tally(),
        running=running(now),
        may=_may(request),
    )
    return context


def _rows(questions: QuerySet[Question], now: dt.datetime) -> list[Due]:
    return [due_row(question, now) for question in questions]


def _loads(questions: QuerySet[OpenQuestion], now: dt.datetime) -> list[Load]:
    """Of each reviewer, who has most that is due first; no more are counted than `_COUNTED`."""
    soon = Q(review_at__gt=now, review_at__lte=now + _WEEK)
    first = questions.order_by("review_at", "question")[: _COUNTED + 1]
    rows = (
        OpenQuestion.objects.filter(pk__in=first.values("pk"))
        .order_by()
        .values_list("reviewer__username")
        .annotate(
            open=Count("pk"),
            due=Count("pk", filter=Q(review_at__lte=now)),
            week=Count("pk", filter=soon),
        )
    )
    loads = [Load(reviewer or "", *counts) for reviewer, *counts in rows]
    return sorted(loads, key=lambda load: (-load.due, -load.open, load.reviewer))


def _conditions_met(now: dt.datetime) -> QuerySet[Question]:
    met = Question.objects.condition_met(now - _NEWS, _LATEST_OUTCOMES)
    return met.select_related("condition_question")[:_ROWS]


def _proposals() -> QuerySet[Proposal]:
    """What waits for a second pair of eyes, the longest first."""
    related = Proposal.objects.waiting().select_related("question", "proposed_by")
    return related[:_ROWS]


def _latest_outcomes() -> QuerySet[Outcome]:
    outcomes = Outcome.objects.current().select_related("question", "entered_by")
    return outcomes.order_by("-entered_at", "-id")[:_ROWS]


def _may(request: HttpRequest) -> dict[str, bool]:
    permissions = {
        "decide": "add_outcome",
        "review": "add_review",
        "snooze": "add_snooze",
        "amend": "change_question",
        "record": "add_article",
        "add_event": "add_event",
        "read_mail": "view_message",
        "retry_mail": "change_message",
    }
    return {
        what: request.user.has_perm(f"predictions.{permission}")
        for what, permission in permissions.items()
    }
