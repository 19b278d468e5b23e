"""What was decided and why: bearings, outcomes, reviews, scores."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import display

from ledger.filtering import between, one_of, text, yes_or_no
from predictions.admin.base import FactAdmin, link, link_to_list, moment, once, range_of
from predictions.admin.filters import keyed, person
from predictions.models import Bearing, Event, Forecaster, Outcome, Question, Review, Score
from predictions.models.choices import Rule, VoidReason, Weight
from predictions.templatetags.figures import score

_EXACT = 9


@admin.register(Bearing)
class BearingAdmin(FactAdmin):
    list_display = ["event", "bearing", "of_question", "note"]
    list_filter = [
        one_of("Bearing", "bearing", Weight.choices),
        keyed("Event", "event", Event),
        keyed("Question", "question", Question),
        between("Happened", "event__happened_on", "day"),
    ]
    list_select_related = ["event", "question"]
    search_fields = ["event", "question"]
    search_through = ("event", "question")
    ordering = ["-event__happened_on", "-event_id", "-id"]
    sortable_by: list[str] = []
    fields = ["event", "bearing", "question", "note"]

    @display(description="Question", ordering="question__key")
    def of_question(self, bearing: Bearing) -> Any:
        return link(bearing.question, bearing.question.key)


STANDINGS = [("stands", "Stands"), ("corrected", "Was corrected"), ("reopens", "Open again")]


def _standing(outcomes: Any, standing: str) -> QuerySet[Outcome]:
    found: QuerySet[Outcome]
    match standing:
        case "stands":
            found = outcomes.current()
        case "corrected":
            found = outcomes.filter(correction__isnull=False)
        case _:
            found = outcomes.filter(reopens=True)
    return found


@admin.register(Outcome)
class OutcomeAdmin(FactAdmin):
    list_display = ["of_question", "shown_answer", "settled", "entered", "entered_by", "standing"]
    list_filter = [
        text("Answer", "answer"),
        one_of("Void", "void_reason", VoidReason.choices),
        one_of("Standing", "standing", STANDINGS, _standing),
        yes_or_no("Follows a condition", "follows", Q(follows__isnull=False)),
        keyed("Question", "question", Question),
        person("Entered by", "entered_by"),
        between("Entered", "entered_at", "time"),
        between("Settled", "settled_at", "time"),
    ]
    search_fields = ["rationale", "correction_reason"]
    search_through = ("question",)
    ordering = ["-entered_at", "-id"]
    sortable_by = ["settled", "entered"]
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

    def get_queryset(self, request: HttpRequest) -> QuerySet[Outcome]:
        outcomes: QuerySet[Outcome] = super().get_queryset(request)
        return outcomes.select_related(
            "question", "entered_by", "correction", "corrects__question", "follows__question"
        )

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
    @once
    def shown_evidence(self, outcome: Outcome) -> SafeString | str:
        events = ((link(event),) for event in outcome.evidence.all())
        return format_html_join("", "<div>{}</div>", events) or "no event is named"

    @display(description="Scores")
    @once
    def postings(self, outcome: Outcome) -> Any:
        return link_to_list(Score, outcome.scores.count(), outcome__id__exact=outcome.pk)


@admin.register(Review)
class ReviewAdmin(FactAdmin):
    list_display = ["of_question", "recorded", "recorded_by", "note", "next_review"]
    list_filter = [
        person("Recorded by", "recorded_by"),
        keyed("Question", "question", Question),
        between("Recorded", "recorded_at", "time"),
        between("Next review", "next_at", "time"),
    ]
    list_select_related = ["question", "recorded_by"]
    search_fields = ["note"]
    search_through = ("question",)
    ordering = ["-recorded_at", "-id"]
    sortable_by = ["recorded"]
    fields = ["question", "note", "next_review", "due_version", "recorded", "recorded_by"]
    readonly_fields = fields
    next_review = moment("next_at", "Next review")
    recorded = moment("recorded_at", "Recorded")

    @display(description="Question", ordering="question__key")
    def of_question(self, review: Review) -> str:
        return review.question.key


POSTINGS = [("counts", "Counts"), ("reversed", "Reversed"), ("reversal", "A reversal")]


def _posting(scores: Any, posting: str) -> QuerySet[Score]:
    found: QuerySet[Score]
    match posting:
        case "counts":
            found = scores.standing()
        case "reversed":
            found = scores.filter(reversal__isnull=False)
        case _:
            found = scores.filter(reverses__isnull=False)
    return found


@admin.register(Score)
class ScoreAdmin(FactAdmin):
    list_display = ["of_question", "forecaster", "rule", "shown", "posting", "posted"]
    list_filter = [
        one_of("Rule", "rule", Rule.choices),
        one_of("Posting", "posting", POSTINGS, _posting),
        keyed("Question", "outcome__question", Question),
        keyed("Forecaster", "prediction__forecaster", Forecaster),
        between("Posted", "posted_at", "time"),
    ]
    search_fields: list[str] = []
    ordering = ["-posted_at", "-id"]
    sortable_by = ["posted"]
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
