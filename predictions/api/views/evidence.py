"""What happened, what became of the questions, and who looked in between."""

import datetime as dt
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema, extend_schema_view

from predictions import services
from predictions.api.bodies import EventBody, OutcomeBody, ReviewBody
from predictions.api.examples import OUTCOMES
from predictions.api.filtersets import EventFilters, OutcomeFilters, ReviewFilters
from predictions.api.serializers import (
    EventSerializer,
    OutcomeScoredSerializer,
    OutcomeSerializer,
    ReviewSerializer,
)
from predictions.api.views.base import KeyedReading, Recording
from predictions.errors import Invalid
from predictions.models import Event, Outcome, Question, Review, User
from predictions.models.choices import Scope
from predictions.services.events import Bears
from predictions.services.outcomes import Verdict


@extend_schema_view(create=extend_schema(request=EventBody, summary="Record an event"))
class EventViewSet(KeyedReading, Recording):
    """Things that happened on a date, with their sources, and the questions they bear on."""

    queryset = Event.objects.prefetch_related("bearings__question")
    serializer_class = EventSerializer
    filterset_class = EventFilters
    orderings = {"key": "key", "happened_on": "happened_on", "recorded_at": "recorded_at"}
    ordering = "happened_on"
    scope = Scope.RECORD
    body_class = EventBody

    def record(self, asked: dict[str, Any], by: User, now: dt.datetime) -> Event:
        bears_on = [Bears(**bearing) for bearing in asked.pop("bearings", [])]
        return services.event_record(**asked, bears_on=bears_on, by=by, now=now)


@extend_schema_view(
    create=extend_schema(
        request=OutcomeBody,
        responses={201: OutcomeScoredSerializer},
        examples=OUTCOMES,
        summary="Enter an outcome, correct one, or withdraw one",
    )
)
class OutcomeViewSet(Recording):
    """Answers to questions. Never edited: a later outcome corrects an earlier one.

    One that reopens takes back what it corrects: the question is open again. One that follows
    another came by itself: the question is conditional on the other one's.
    """

    queryset = Outcome.objects.select_related(
        "question", "entered_by", "correction"
    ).prefetch_related("evidence")
    serializer_class = OutcomeSerializer
    filterset_class = OutcomeFilters
    orderings = {
        "settled_at": "settled_at",
        "entered_at": "entered_at",
        "question": "question__key",
    }
    ordering = "entered_at"
    scope = Scope.ADJUDICATE
    body_class = OutcomeBody
    answer_class = OutcomeScoredSerializer

    def record(self, asked: dict[str, Any], by: User, now: dt.datetime) -> Outcome:
        question: Question = asked.pop("question")
        corrects: UUID | None = asked.pop("corrects", None)
        reason: str = asked.pop("correction_reason", "")
        reopens: bool = asked.pop("reopens", False)
        earlier = _outcome_of(question, corrects) if corrects is not None else None
        if earlier is None:
            if reason:
                raise Invalid("corrects", "is missing; name the outcome that this one corrects")
            verdict = _verdict(asked)
            return services.outcome_enter(question=question, verdict=verdict, by=by, now=now)
        if reopens:
            return services.outcome_withdraw(outcome=earlier, reason=reason, by=by, now=now)
        return services.outcome_correct(
            outcome=earlier, verdict=_verdict(asked), reason=reason, by=by, now=now
        )


def _verdict(asked: dict[str, Any]) -> Verdict:
    return Verdict(**{"answer": None, **asked})


def _outcome_of(question: Question, pk: UUID) -> Outcome:
    found = question.outcomes.filter(pk=pk).first()
    if found is None:
        raise Invalid("corrects", f"{question.key} has no outcome {pk}")
    return found


@extend_schema_view(
    create=extend_schema(request=ReviewBody, summary="Keep that a question is still open")
)
class ReviewViewSet(Recording):
    """Somebody looked, and the question was still open."""

    queryset = Review.objects.select_related("question", "recorded_by")
    serializer_class = ReviewSerializer
    filterset_class = ReviewFilters
    orderings = {
        "recorded_at": "recorded_at",
        "next_at": "next_at",
        "question": "question__key",
    }
    ordering = "-recorded_at"
    scope = Scope.RECORD
    body_class = ReviewBody

    def record(self, asked: dict[str, Any], by: User, now: dt.datetime) -> Review:
        return services.review_record(**asked, by=by, now=now)
