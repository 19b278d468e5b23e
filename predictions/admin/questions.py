"""Questions: the list, and the page where an adjudicator works."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import SimpleListFilter
from django.contrib.admin.utils import unquote
from django.db.models import Count, Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.text import Truncator
from unfold.decorators import display

from predictions.admin.base import NUMBERED, FactAdmin
from predictions.admin.events import LinkEvent
from predictions.admin.proposals import DeclineProposal, ProposeOutcome
from predictions.admin.question_page import gather
from predictions.admin.reviews import RecordReview
from predictions.admin.several import MOST, EnterOutcomes
from predictions.admin.verdicts import CorrectOutcome, EnterOutcome, WithdrawOutcome
from predictions.models import Outcome, Question
from predictions.templatetags.figures import when

_WORDS = 120


class StateFilter(SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("due", "due for review"), ("open", "open"), ("settled", "has an outcome")]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet[Question]:
        match self.value():
            case "due":
                return queryset.due(timezone.now())  # type: ignore[no-any-return]
            case "open":
                return queryset.open()  # type: ignore[no-any-return]
            case "settled":
                settled = Outcome.objects.current().values("question")
                return queryset.filter(pk__in=settled)  # type: ignore[no-any-return]
        return queryset  # type: ignore[no-any-return]


@admin.register(Question)
class QuestionAdmin(FactAdmin):
    list_display = ["key", "short", "answer", "forecasts", "closes", "next_review", "topic"]
    list_display_links = ["key", "short"]
    list_filter = [StateFilter, "topic", "reviewer", "horizon_basis"]
    list_select_related = ["topic"]
    search_fields = ["key", "text", "criteria", "condition", "notes"]
    ordering = NUMBERED
    actions = ["enter_outcomes"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Question]:
        standing = Prefetch("outcomes", Outcome.objects.current(), to_attr="standing")
        questions: QuerySet[Question] = super().get_queryset(request)
        return questions.prefetch_related(standing).annotate(forecasts=Count("predictions"))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        pages = {
            "outcome": ("<uuid:pk>/outcome/", EnterOutcome),
            "correct": ("<uuid:pk>/outcome/<uuid:outcome>/correct/", CorrectOutcome),
            "withdraw": ("<uuid:pk>/outcome/<uuid:outcome>/withdraw/", WithdrawOutcome),
            "propose": ("<uuid:pk>/propose/", ProposeOutcome),
            "decline": ("<uuid:pk>/proposal/<int:proposal>/decline/", DeclineProposal),
            "outcomes": ("outcomes/", EnterOutcomes),
            "review": ("<uuid:pk>/review/", RecordReview),
            "link": ("<uuid:pk>/link/", LinkEvent),
        }
        acts = [
            path(where, view(act.as_view()), name=f"predictions_question_{name}")
            for name, (where, act) in pages.items()
        ]
        return [*acts, *super().get_urls()]

    @admin.action(description="Enter outcomes…", permissions=["decide"])
    def enter_outcomes(
        self, request: HttpRequest, questions: QuerySet[Question]
    ) -> HttpResponse | None:
        """Go to the page of several outcomes."""
        keys = list(questions.order_by("key").values_list("key", flat=True)[: MOST + 1])
        if len(keys) > MOST:
            text = f"Choose {MOST} questions at most: each is to be read, and answered by itself."
            self.message_user(request, text, messages.WARNING)
            return None
        url = reverse("admin:predictions_question_outcomes", query={"question": keys})
        return HttpResponseRedirect(url)

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("predictions.add_outcome")

    def change_view(
        self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        question = self.get_object(request, unquote(object_id))
        if question is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[no-any-return]
        context = {
            **self.admin_site.each_context(request),
            **gather(question, request),
            "title": question.key,
        }
        return TemplateResponse(request, "admin/question/page.html", context)

    @display(description="Question", ordering="text")
    def short(self, question: Question) -> str:
        return Truncator(question.text).chars(_WORDS)

    @display(
        description="Answer",
        label={"yes": "success", "no": "default", "void": "warning", "open": "info"},
    )
    def answer(self, question: Any) -> tuple[str, str]:
        if not question.standing:
            return "open", "open"
        outcome = question.standing[0]
        return ("void", outcome.verdict) if outcome.is_void else (outcome.answer, outcome.answer)

    @display(description="Predictions", ordering="forecasts")
    def forecasts(self, question: Any) -> int:
        return question.forecasts  # type: ignore[no-any-return]

    @display(description="Closes", ordering="due_at")
    def closes(self, question: Question) -> str:
        return when(question.due_at) if question.due_at else "by a rule"

    @display(description="Next review", ordering="review_at")
    def next_review(self, question: Any) -> str:
        return "–" if question.standing else when(question.review_at)
