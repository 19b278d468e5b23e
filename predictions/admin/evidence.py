"""What was decided and why: bearings, outcomes, reviews, scores."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import display

from predictions.admin.base import FactAdmin, link, link_to_list, moment, range_of
from predictions.models import Bearing, Outcome, Review, Score
from predictions.templatetags.figures import score

_EXACT = 9


@admin.register(Bearing)
class BearingAdmin(FactAdmin):
    list_display = ["event", "bearing", "of_question", "note"]
    list_filter = ["bearing"]
    list_select_related = ["event", "question"]
    search_fields = ["event__key", "event__title", "question__key", "note"]
    ordering = ["-event__happened_on"]
    fields = ["event", "bearing", "question", "note"]

    @display(description="Question", ordering="question__key")
    def of_question(self, bearing: Bearing) -> Any:
        return link(bearing.question, bearing.question.key)


@admin.register(Outcome)
class OutcomeAdmin(FactAdmin):
    list_display = ["of_question", "shown_answer", "settled", "entered", "entered_by", "standing"]
    list_filter = ["answer", "void_reason", "reopens", "entered_by"]
    list_select_related = ["question", "entered_by", "correction"]
    search_fields = ["question__key", "question__text", "rationale", "correction_reason"]
    date_hierarchy = "settled_at"
    ordering = ["-entered_at", "question__key"]
    fields = [
        "question",
        "shown_answer",
        "settled",
        "rationale",
        "shown_evidence",
        "standing",
        "corrects",
        "correction_reason",
        "follows",
        "entered",
        "entered_by",
        "postings",
    ]
    readonly_fields = fields
    settled = moment("settled_at", "Settled")
    entered = moment("entered_at", "Entered")

    @display(description="Question", ordering="question__key")
    def of_question(self, outcome: Outcome) -> str:
        return outcome.question.key

    @display(description="Answer", ordering="answer")
    def shown_answer(self, outcome: Outcome) -> str:
        return outcome.verdict

    @display(description="Stands", boolean=True)
    def standing(self, outcome: Outcome) -> bool:
        return outcome.stands

    @display(description="Evidence")
    def shown_evidence(self, outcome: Outcome) -> SafeString | str:
        events = ((link(event),) for event in outcome.evidence.all())
        return format_html_join("", "<div>{}</div>", events) or "no event is named"

    @display(description="Scores")
    def postings(self, outcome: Outcome) -> Any:
        return link_to_list(Score, outcome.scores.count(), outcome__id__exact=outcome.pk)


@admin.register(Review)
class ReviewAdmin(FactAdmin):
    list_display = ["of_question", "recorded", "recorded_by", "note", "next_review"]
    list_filter = ["recorded_by"]
    list_select_related = ["question", "recorded_by"]
    search_fields = ["question__key", "note"]
    date_hierarchy = "recorded_at"
    ordering = ["-recorded_at"]
    fields = ["question", "note", "next_review", "due_version", "recorded", "recorded_by"]
    readonly_fields = fields
    next_review = moment("next_at", "Next review")
    recorded = moment("recorded_at", "Recorded")

    @display(description="Question", ordering="question__key")
    def of_question(self, review: Review) -> str:
        return review.question.key


class StandingFilter(admin.SimpleListFilter):
    title = "posting"
    parameter_name = "posting"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("counts", "counts"), ("reversed", "reversed"), ("reversal", "a reversal")]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet[Score]:
        match self.value():
            case "counts":
                return queryset.standing()  # type: ignore[no-any-return]
            case "reversed":
                return queryset.filter(reversal__isnull=False)  # type: ignore[no-any-return]
            case "reversal":
                return queryset.filter(reverses__isnull=False)  # type: ignore[no-any-return]
        return queryset  # type: ignore[no-any-return]


@admin.register(Score)
class ScoreAdmin(FactAdmin):
    list_display = ["of_question", "forecaster", "rule", "shown", "posting", "posted"]
    list_filter = ["rule", StandingFilter, "prediction__forecaster"]
    search_fields = ["prediction__question__key", "prediction__reference"]
    ordering = ["-posted_at", "prediction__question__key", "rule"]
    fields = [
        "prediction",
        "outcome",
        "rule",
        "exact_value",
        "exact_best",
        "exact_worst",
        "posting",
        "reverses",
        "posted",
    ]
    readonly_fields = fields
    posted = moment("posted_at", "Posted")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Score]:
        scores: QuerySet[Score] = super().get_queryset(request)
        return scores.select_related(
            "prediction__question", "prediction__forecaster", "outcome__question", "reversal"
        )

    @display(description="Question", ordering="prediction__question__key")
    def of_question(self, row: Score) -> str:
        return row.prediction.question.key

    @display(description="Forecaster", ordering="prediction__forecaster__name")
    def forecaster(self, row: Score) -> str:
        return row.prediction.forecaster.name

    @display(description="Value (best to worst)", ordering="value")
    def shown(self, row: Score) -> str:
        return range_of(row.best, row.value, row.worst)

    @display(
        description="Posting",
        label={"counts": "success", "reversed": "warning", "reversal": "default"},
    )
    def posting(self, row: Score) -> str:
        if row.reverses_id:
            return "reversal"
        return "reversed" if hasattr(row, "reversal") else "counts"

    @display(description="Value")
    def exact_value(self, row: Score) -> str:
        return score(row.value, _EXACT)

    @display(description="At the best end of the range")
    def exact_best(self, row: Score) -> str:
        return score(row.best, _EXACT)

    @display(description="At the worst end of the range")
    def exact_worst(self, row: Score) -> str:
        return score(row.worst, _EXACT)
