"""Questions, the predictions on them, and statements that have none."""

import datetime as dt
from typing import Any

from django.db.models import Prefetch
from drf_spectacular.utils import extend_schema, extend_schema_view

from predictions import services
from predictions.api.bodies import PredictionBody, QuestionBody
from predictions.api.examples import PREDICTIONS, QUESTIONS
from predictions.api.filtersets import PredictionFilters, QuestionFilters, StatementFilters
from predictions.api.serializers import (
    PredictionSerializer,
    QuestionSerializer,
    StatementSerializer,
)
from predictions.api.views.base import KeyedReading, Reading, Recording
from predictions.models import Outcome, Prediction, Question, Statement, User
from predictions.models.choices import Scope

_STANDING = Prefetch(
    "outcomes",
    queryset=Outcome.objects.current()
    .select_related("entered_by", "correction")
    .prefetch_related("evidence"),
    to_attr="standing",
)


@extend_schema_view(
    create=extend_schema(request=QuestionBody, summary="Open a question", examples=QUESTIONS)
)
class QuestionViewSet(KeyedReading, Recording):
    """Propositions with their criteria, and the outcome that stands."""

    queryset = Question.objects.select_related(
        "topic", "condition_question", "reviewer"
    ).prefetch_related(_STANDING)
    serializer_class = QuestionSerializer
    filterset_class = QuestionFilters
    orderings = {
        "key": "key",
        "opened_at": "opened_at",
        "due_at": "due_at",
        "review_at": "review_at",
    }
    ordering = "key"
    scope = Scope.RECORD
    body_class = QuestionBody

    def record(self, asked: dict[str, Any], by: User, now: dt.datetime) -> Question:
        return services.question_open(**asked, by=by, now=now)


@extend_schema_view(
    create=extend_schema(
        request=PredictionBody, summary="Record a prediction", examples=PREDICTIONS
    )
)
class PredictionViewSet(Recording):
    """Who said what, when, and how probable they held it."""

    queryset = Prediction.objects.with_state().select_related(
        "question", "forecaster", "article", "phrase", "recorded_by"
    )
    serializer_class = PredictionSerializer
    filterset_class = PredictionFilters
    orderings = {
        "made_at": "made_at",
        "recorded_at": "recorded_at",
        "probability": "probability",
        "question": "question__key",
        "forecaster": "forecaster__key",
        "reference": "reference",
    }
    ordering = "made_at"
    scope = Scope.RECORD
    body_class = PredictionBody

    def record(self, asked: dict[str, Any], by: User, now: dt.datetime) -> Prediction:
        return services.prediction_record(**asked, by=by, now=now)


class StatementViewSet(Reading):
    """Forecast-like statements that have no question, counted so that vagueness wins nothing."""

    queryset = Statement.objects.select_related("article", "forecaster")
    serializer_class = StatementSerializer
    filterset_class = StatementFilters
    orderings = {
        "article": "article__key",
        "reference": "reference",
        "recorded_at": "recorded_at",
    }
    ordering = "article"
