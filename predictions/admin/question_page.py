"""What the page of a question shows: everything that is recorded about it, in few queries."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from ledger.listing import shown_count
from predictions.admin.chosen import how_long
from predictions.admin.passages import Said, said_of
from predictions.models import (
    Bearing,
    Event,
    Outcome,
    Prediction,
    Proposal,
    Question,
    Score,
    Snooze,
)
from predictions.when import day_in, zone_called

# A question of an import may have thousands of predictions; all of them are in the lists.
_PREDICTIONS = _ROWS = 100


@dataclass(frozen=True)
class Forecast:
    """A prediction with its state and its postings: those that count, and those taken back."""

    said: Said
    standing: tuple[Score, ...]
    reversed: tuple[Score, ...]


@dataclass(frozen=True)
class Decision:
    """An outcome of the chain; only the last one counts, if it is not that it is open again."""

    outcome: Outcome
    number: int
    stands: bool
    past: bool
    evidence: tuple[Event, ...]


def gather(question: Any, request: HttpRequest) -> dict[str, Any]:
    """The context of the page, beside what every page has."""
    now, user = timezone.now(), request.user
    bearings = _bearings(question)
    decisions = _decisions(question, {row.event_id: row.event for row in bearings})
    standing = next((row.outcome for row in decisions if row.stands), None)
    is_due = standing is None and question.review_at is not None and question.review_at <= now
    return {
        "question": question,
        "decisions": decisions,
        "outcome": standing,
        "overdue": how_long(now - question.review_at) if is_due and question.review_at else "",
        "forecasts": _forecasts(question, user),
        "predictions_count": shown_count(question.predictions_count),
        "more": question.predictions_count > _PREDICTIONS,
        "bearings": bearings,
        "most": _ROWS,
        "reviews": question.reviews.select_related("recorded_by").order_by("-recorded_at")[:_ROWS],
        "conditionals": question.conditionals.order_by("key")[:_ROWS],
        "proposal": None if standing else _proposal(question),
        "snooze": None if standing else _snooze(question, user, now),
        "may": _may(user),
    }


def _bearings(question: Question) -> list[Bearing]:
    """The latest, the oldest of them first."""
    rows = question.bearings.select_related("event").order_by("-event__happened_on")
    return list(rows[:_ROWS])[::-1]


def _may(user: Any) -> dict[str, bool]:
    return {
        "decide": user.has_perm("predictions.add_outcome"),
        "correct": user.has_perm("predictions.change_outcome"),
        "propose": user.has_perm("predictions.add_proposal"),
        "review": user.has_perm("predictions.add_review"),
        "amend": user.has_perm("predictions.change_question"),
        "snooze": user.has_perm("predictions.add_snooze"),
        "predict": user.has_perm("predictions.add_prediction"),
        "add_event": user.has_perm("predictions.add_event"),
    }


def _proposal(question: Question) -> Proposal | None:
    return question.proposals.waiting().select_related("proposed_by").first()


def _snooze(question: Question, user: Any, now: dt.datetime) -> Snooze | None:
    """Whoever looks is left alone about the question for now."""
    mine = question.snoozes.filter(person=user.pk, due_version=question.due_version)
    return mine.filter(until__gt=day_in(zone_called(user.time_zone), now)).first()


def _forecasts(question: Question, user: Any) -> list[Forecast]:
    predictions: QuerySet[Prediction] = (
        question.predictions.with_state()
        .select_related("forecaster", "article", "phrase", "recorded_by")
        .prefetch_related(Prefetch("scores", _postings()))
        .order_by("-made_at", "-id")[:_PREDICTIONS]
    )
    return [_forecast(said, said.prediction.scores.all()) for said in said_of(predictions, user)]


def _postings() -> QuerySet[Score]:
    return (
        Score.objects.filter(reverses__isnull=True)
        .select_related("reversal")
        .order_by("posted_at", "rule")
    )


def _forecast(said: Said, postings: Iterable[Score]) -> Forecast:
    rows = tuple(postings)
    taken_back = tuple(score for score in rows if hasattr(score, "reversal"))
    return Forecast(
        said=said,
        standing=tuple(score for score in rows if score not in taken_back),
        reversed=taken_back,
    )


def _decisions(question: Question, linked: Mapping[UUID, Event]) -> list[Decision]:
    """The chain of outcomes, the newest first. What an outcome rests on is linked to its question.

    Of the latest events, that is: what is no longer among them is left to the outcome's own page.
    """
    chain: QuerySet[Any] = (
        question.outcomes.select_related(
            "entered_by", "correction", "corrects", "follows__question"
        )
        .annotate(rests_on=ArrayAgg("evidence", filter=Q(evidence__isnull=False), default=[]))
        .order_by("entered_at")
    )
    decisions = [
        Decision(
            outcome=outcome,
            number=number,
            stands=outcome.stands,
            past=hasattr(outcome, "correction"),
            evidence=tuple(linked[event] for event in outcome.rests_on if event in linked),
        )
        for number, outcome in enumerate(chain, start=1)
    ]
    return decisions[::-1]
