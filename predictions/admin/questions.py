"""Questions: the list, and the page where an adjudicator works."""

import datetime as dt
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Length
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.text import Truncator
from unfold.decorators import action, display

from ledger.filtering import between, one_of, yes_or_no
from ledger.listing import shown_count
from predictions.admin.acts import question_found
from predictions.admin.amending import ExtendQuestion, ReassignQuestion
from predictions.admin.base import NUMBERED, KeyedAdmin, needs
from predictions.admin.chosen import MOST
from predictions.admin.counting import counted
from predictions.admin.events import LinkEvent
from predictions.admin.filters import keyed, person
from predictions.admin.history import history_context
from predictions.admin.proposals import DeclineProposal, ProposeOutcome
from predictions.admin.question_page import gather
from predictions.admin.recording.pages import AddQuestion, Predict
from predictions.admin.rescheduling import ExtendQuestions, ReassignQuestions, SnoozeQuestions
from predictions.admin.reviews import RecordReview, RecordReviews
from predictions.admin.several import EnterOutcomes
from predictions.admin.verdicts import CorrectOutcome, EnterOutcome, WithdrawOutcome
from predictions.models import Outcome, Prediction, Question, Topic
from predictions.models.choices import HorizonBasis, QuestionKind
from predictions.templatetags.figures import when

_WORDS = 120


STATES = [
    ("due", "Due for review"),
    ("week", "Due within a week"),
    ("open", "Open"),
    ("settled", "Has an outcome"),
    ("void", "Void"),
]
_PREDICTIONS = Prediction.objects.filter(question=OuterRef("pk"))


# Among so many, those of the highest numbers, it is looked for what nobody has predicted.
_LAST = 1_000
_PREDICTED = [("yes", "Yes"), ("no", f"No, of the last {_LAST:,}")]


def _predicted(questions: Any, answer: str) -> QuerySet[Question]:
    found: QuerySet[Question]
    if answer == "yes":
        found = questions.filter(Exists(_PREDICTIONS))
    else:
        last = Question.objects.order_by(Length("key").desc(), "-key")[:_LAST]
        found = questions.filter(~Exists(_PREDICTIONS), pk__in=last.values("pk"))
    return found


def _in_state(questions: Any, state: str) -> QuerySet[Question]:
    found: QuerySet[Question]
    match state:
        case "due":
            found = questions.due(timezone.now())
        case "week":
            soon = timezone.now() + dt.timedelta(days=7)
            found = questions.due_next(timezone.now()).filter(review_at__lte=soon)
        case "open":
            found = questions.open()
        case "settled":
            found = questions.settled()
        case _:
            found = questions.void()
    return found


@admin.register(Question)
class QuestionAdmin(KeyedAdmin):
    list_display = ["key", "short", "answer", "forecasts", "closes", "next_review", "topic"]
    list_display_links = ["key", "short"]
    list_filter = [
        one_of("State", "state", STATES, _in_state),
        keyed("Topic", "topic", Topic),
        person("Reviewer", "reviewer"),
        one_of("Kind", "kind", QuestionKind.choices),
        one_of("Horizon", "horizon_basis", HorizonBasis.choices),
        yes_or_no("Conditional", "conditional", Q(condition_question__isnull=False)),
        one_of("Has predictions", "predicted", _PREDICTED, _predicted),
        between("Closes", "due_at", "time"),
        between("Next review", "review_at", "time"),
    ]
    search_fields = ["key", "text", "criteria", "condition", "notes"]
    ordering = NUMBERED
    sortable_by = ["key", "closes", "next_review"]
    actions = ["still_open", "snooze", "extend", "reassign", "enter_outcomes"]

    has_review_permission = needs(RecordReviews.permission)
    has_snooze_permission = needs(SnoozeQuestions.permission)
    has_reschedule_permission = needs(ExtendQuestions.permission)
    has_decide_permission = needs(EnterOutcomes.permission)

    @action(description=f"Still open: look again later (up to {MOST})", permissions=["review"])
    def still_open(
        self, request: HttpRequest, queryset: QuerySet[Question]
    ) -> HttpResponseRedirect:
        return _chosen("reviews", queryset)

    @action(description=f"Snooze, for myself (up to {MOST})", permissions=["snooze"])
    def snooze(self, request: HttpRequest, queryset: QuerySet[Question]) -> HttpResponseRedirect:
        return _chosen("snooze", queryset)

    @action(description=f"Extend (up to {MOST})", permissions=["reschedule"])
    def extend(self, request: HttpRequest, queryset: QuerySet[Question]) -> HttpResponseRedirect:
        return _chosen("extend_several", queryset)

    @action(description=f"Reassign (up to {MOST})", permissions=["reschedule"])
    def reassign(self, request: HttpRequest, queryset: QuerySet[Question]) -> HttpResponseRedirect:
        return _chosen("reassign_several", queryset)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Question]:
        standing = Prefetch("outcomes", Outcome.objects.current(), to_attr="standing")
        questions: QuerySet[Question] = super().get_queryset(request)
        related = questions.select_related("topic", "reviewer", "condition_question")
        return related.prefetch_related(standing).annotate(forecasts=counted(_PREDICTIONS))

    def export_rows(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        outcome = Outcome.objects.current().filter(question=OuterRef("pk"))
        told: QuerySet[Any] = rows.annotate(
            outcome_answer=Subquery(outcome.values("answer")[:1]),
            outcome_void=Subquery(outcome.values("void_reason")[:1]),
            outcome_settled_at=Subquery(outcome.values("settled_at")[:1]),
        )
        return told

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
            "reviews": ("still-open/", RecordReviews),
            "snooze": ("snooze/", SnoozeQuestions),
            "extend_several": ("extend/", ExtendQuestions),
            "reassign_several": ("reassign/", ReassignQuestions),
            "extend": ("<uuid:pk>/extend/", ExtendQuestion),
            "reassign": ("<uuid:pk>/reassign/", ReassignQuestion),
            "link": ("<uuid:pk>/link/", LinkEvent),
            "predict": ("<uuid:pk>/predict/", Predict),
        }
        acts = [
            path(where, view(act.as_view()), name=f"predictions_question_{name}")
            for name, (where, act) in pages.items()
        ]
        return [*acts, *super().get_urls()]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(AddQuestion.permission)

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return AddQuestion.as_view()(request)

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

    def change_view(
        self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        question = question_found(pk) if (pk := _uuid(object_id)) else None
        if question is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[no-any-return]
        if not self.has_view_permission(request, question):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            **gather(question, request),
            "title": question.key,
        }
        return TemplateResponse(request, "admin/question/page.html", context)

    def history_view(self, request: HttpRequest, object_id: str, *_: Any) -> HttpResponse:
        """On a page of its own, which the question's page fetches: both stay quick."""
        question = self.get_object(request, object_id)
        if question is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[no-any-return]
        if not self.has_view_permission(request, question):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            **history_context(request, question),
            "question": question,
            "title": f"History of {question.key}",
        }
        return TemplateResponse(request, "admin/question/history.html", context)

    @display(description="Question")
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

    @display(description="Predictions")
    def forecasts(self, question: Any) -> str:
        return shown_count(question.forecasts)

    @display(description="Closes", ordering="due_at")
    def closes(self, question: Question) -> str:
        return when(question.due_at) if question.due_at else "by a rule"

    @display(description="Next review", ordering="review_at")
    def next_review(self, question: Any) -> str:
        return "–" if question.standing else when(question.review_at)


def _chosen(page: str, questions: QuerySet[Question]) -> HttpResponseRedirect:
    """The way to a page that acts on those chosen."""
    chosen = [str(pk) for pk in questions.values_list("pk", flat=True)[:MOST]]
    url = reverse(f"admin:predictions_question_{page}", query={"question": chosen})
    return HttpResponseRedirect(url)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
