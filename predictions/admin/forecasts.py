"""Predictions, and the forecast-like statements that have no question."""

from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import display

from ledger.filtering import between, one_of
from predictions.admin.base import FactAdmin, link, moment, quotes, range_of
from predictions.admin.filters import keyed
from predictions.admin.searching import MOST
from predictions.models import (
    Article,
    Forecaster,
    Outlet,
    Prediction,
    Question,
    Score,
    Statement,
)
from predictions.models.choices import Basis, StatementKind, UnscorableReason
from predictions.scoring.written import MOST_OPTIONS
from predictions.templatetags.figures import percent, said

STATES = {"scored": "success", "open": "info", "void": "warning", "late": "default"}


def _in_state(predictions: Any, state: str) -> QuerySet[Prediction]:
    """Of few questions by their ids, of which the planner knows how much is said on each."""
    found: QuerySet[Prediction] = predictions.in_state(state)
    if state in ("open", "void"):
        questions = Question.objects.open() if state == "open" else Question.objects.void()
        ids = list(questions.order_by().values_list("pk", flat=True)[: MOST + 1])
        return predictions.filter(question__in=ids) if len(ids) <= MOST else found
    return found


def shown_range(low: Decimal | None, p: Decimal | None, high: Decimal | None) -> str:
    """`65 % (40 % to 80 %)`."""
    if low is None or low == high:
        return percent(p)
    return f"{percent(p)} ({percent(low)} to {percent(high)})"


@admin.register(Prediction)
class PredictionAdmin(FactAdmin):
    list_display = ["of_question", "forecaster", "made", "chance", "state", "hedge", "reference"]
    list_filter = [
        one_of("State", "state", [(state, state.capitalize()) for state in STATES], _in_state),
        keyed("Question", "question", Question),
        keyed("Forecaster", "forecaster", Forecaster),
        keyed("Outlet", "article__outlet", Outlet),
        keyed("Article", "article", Article),
        one_of("Basis", "basis", Basis.choices),
        between("Made", "made_at", "time"),
        between("Probability", "probability", "share"),
    ]
    list_select_related = ["question", "forecaster"]
    search_fields = ["reference", "hedge"]
    search_through = ("question", "forecaster")
    ordering = ["-made_at", "-id"]
    sortable_by = ["made", "chance"]
    readonly_fields = ["chance", "made", "recorded", "state", "shown_passages", "postings"]
    made = moment("made_at", "Made")
    recorded = moment("recorded_at", "Recorded")
    fieldsets = [
        (None, {"fields": ["question", "forecaster", "made", "chance", "state", "postings"]}),
        ("In its source", {"fields": ["article", "reference", "shown_passages", "hedge", "side"]}),
        (
            "How it is read",
            {"fields": ["basis", "phrase", "basis_note", "horizon_note", "note", "revision"]},
        ),
        ("Record", {"fields": ["recorded", "recorded_by"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Prediction]:
        predictions: Any = super().get_queryset(request)
        return predictions.with_state()  # type: ignore[no-any-return]

    def get_object(self, request: HttpRequest, *args: Any, **given: Any) -> Prediction | None:
        prediction: Any = super().get_object(request, *args, **given)
        if prediction is not None:
            # At once, as its page asks for them several times over.
            prediction.posted = prediction.postings()
        return prediction  # type: ignore[no-any-return]

    def export_rows(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.with_scores()  # type: ignore[attr-defined, no-any-return]

    @display(description="Question", ordering="question__key")
    def of_question(self, prediction: Prediction) -> str:
        return prediction.question.key

    @display(description="Said", ordering="probability")
    def chance(self, prediction: Prediction) -> str:
        if prediction.probability is None:
            return said(prediction, MOST_OPTIONS)
        return shown_range(prediction.low, prediction.probability, prediction.high)

    @display(description="State", ordering="state", label=STATES)
    def state(self, prediction: Any) -> str:
        return prediction.state  # type: ignore[no-any-return]

    @display(description="Passages")
    def shown_passages(self, prediction: Prediction) -> SafeString:
        return quotes(prediction.passages)

    @display(description="Scores")
    def postings(self, prediction: Any) -> SafeString | str:
        rows = prediction.posted
        lines = ((link(row, row.get_rule_display()), _posting(row)) for row in rows)
        return format_html_join("", "<div>{}: {}</div>", lines) or "none"


def _posting(row: Score) -> str:
    shown = range_of(row.best, row.value, row.worst)
    if row.reverses_id:
        return f"{shown}, a reversal"
    return f"{shown}, reversed" if hasattr(row, "reversal") else shown


@admin.register(Statement)
class StatementAdmin(FactAdmin):
    list_display = ["reference", "article", "forecaster", "kind", "reason", "hedge"]
    list_filter = [
        one_of("Kind", "kind", StatementKind.choices),
        one_of("Reason", "reason", UnscorableReason.choices),
        keyed("Forecaster", "forecaster", Forecaster),
        keyed("Article", "article", Article),
    ]
    list_select_related = ["article", "forecaster"]
    search_fields = ["reference", "hedge", "note"]
    search_through = ("article", "forecaster")
    ordering = ["-recorded_at", "-id"]
    sortable_by: list[str] = []
    readonly_fields = ["shown_passages", "recorded"]
    recorded = moment("recorded_at", "Recorded")
    fields = [
        "article",
        "forecaster",
        "reference",
        "shown_passages",
        "hedge",
        "kind",
        "reason",
        "note",
        "recorded",
    ]

    @display(description="Passages")
    def shown_passages(self, statement: Statement) -> SafeString:
        return quotes(statement.passages)
