"""What each list can be narrowed to."""

from typing import Any

import django_filters
from django.db.models import Exists, OuterRef, Q

from predictions.api.filters import After, ById, DayAfter, DayUntil, Keyed, Until, Whether
from predictions.models import (
    Article,
    Event,
    Forecaster,
    Outcome,
    Outlet,
    Prediction,
    Question,
    Topic,
)
from predictions.models.choices import (
    Basis,
    ForecasterKind,
    Rule,
    StatementKind,
    UnscorableReason,
    VoidReason,
)

PREDICTION_STATES = ("open", "void", "late", "scored")
QUESTION_STATES = ("open", "void", "settled")


def _named(*names: str) -> list[tuple[str, str]]:
    return [(name, name) for name in names]


class ArticleFilters(django_filters.FilterSet):
    outlet = Keyed("outlet", Outlet.objects.all())
    published_after = DayAfter("published_on")
    published_until = DayUntil("published_on")


class ForecasterFilters(django_filters.FilterSet):
    kind = django_filters.ChoiceFilter(choices=ForecasterKind.choices)


class QuestionFilters(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(choices=_named(*QUESTION_STATES), method="in_state")
    topic = Keyed("topic", Topic.objects.all())
    condition_question = Keyed("condition_question", Question.objects.all())
    opened_after = After("opened_at")
    opened_until = Until("opened_at")
    due_after = After("due_at")
    due_until = Until("due_at")
    review_after = After("review_at")
    review_until = Until("review_at")

    def in_state(self, questions: Any, name: str, state: str) -> Any:
        if state == "open":
            return questions.open()
        standing = Outcome.objects.current().filter(question=OuterRef("pk"))
        return questions.filter(Exists(standing.filter(answer__isnull=state == "void")))


class PredictionFilters(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(choices=_named(*PREDICTION_STATES), field_name="state")
    question = Keyed("question", Question.objects.all())
    forecaster = Keyed("forecaster", Forecaster.objects.all())
    article = Keyed("article", Article.objects.all())
    outlet = Keyed("article__outlet", Outlet.objects.all())
    topic = Keyed("question__topic", Topic.objects.all())
    basis = django_filters.ChoiceFilter(choices=Basis.choices)
    made_after = After("made_at")
    made_until = Until("made_at")


class StatementFilters(django_filters.FilterSet):
    article = Keyed("article", Article.objects.all())
    forecaster = Keyed("forecaster", Forecaster.objects.all())
    kind = django_filters.ChoiceFilter(choices=StatementKind.choices)
    reason = django_filters.ChoiceFilter(choices=UnscorableReason.choices)


class EventFilters(django_filters.FilterSet):
    question = Keyed("questions", Question.objects.all())
    happened_after = DayAfter("happened_on")
    happened_until = DayUntil("happened_on")


class OutcomeFilters(django_filters.FilterSet):
    question = Keyed("question", Question.objects.all())
    answer = django_filters.ChoiceFilter(choices=_named("yes", "no"))
    void_reason = django_filters.ChoiceFilter(choices=VoidReason.choices)
    is_current = Whether(Q(correction__isnull=True, reopens=False))
    reopens = Whether(Q(reopens=True))
    event = Keyed("evidence", Event.objects.all())
    settled_after = After("settled_at")
    settled_until = Until("settled_at")
    entered_after = After("entered_at")
    entered_until = Until("entered_at")


class ScoreFilters(django_filters.FilterSet):
    prediction = ById("prediction", Prediction.objects.all())
    question = Keyed("prediction__question", Question.objects.all())
    forecaster = Keyed("prediction__forecaster", Forecaster.objects.all())
    outcome = ById("outcome", Outcome.objects.all())
    rule = django_filters.ChoiceFilter(choices=Rule.choices)
    stands = Whether(Q(reverses__isnull=True, reversal__isnull=True))
    posted_after = After("posted_at")
    posted_until = Until("posted_at")


class ReviewFilters(django_filters.FilterSet):
    question = Keyed("question", Question.objects.all())
    recorded_after = After("recorded_at")
    recorded_until = Until("recorded_at")
    next_after = After("next_at")
    next_until = Until("next_at")
