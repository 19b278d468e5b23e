"""A page with a form that ends in one call of a service: shown on GET, done on POST alone."""

from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import OuterRef
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views import View

from ledger.listing import shown_count
from predictions.admin.access import refusal
from predictions.admin.counting import counted
from predictions.admin.passages import said_of
from predictions.forms.base import ActForm, NotDone, carried_out
from predictions.models import Outcome, Prediction, Question, User


class Done(HttpResponseRedirect):
    """The way on from what was done, and what to say of it: once, however often it was tried."""

    def __init__(self, text: str, url: str) -> None:
        super().__init__(url)
        self.said = text


class Act(View):
    """One act of one person; subclasses say which service it calls, and what the page shows."""

    permission: ClassVar[str]
    doing: ClassVar[str]  # "Entering an outcome"
    title: ClassVar[str]
    template: ClassVar[str]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return (
            self.turn_away() or self.begin(**kwargs) or super().dispatch(request, *args, **kwargs)
        )

    def turn_away(self) -> HttpResponse | None:
        """The 403 page for whoever may not act here."""
        return refusal(self.request, doing=self.doing, permission=self.permission)

    def begin(self, **kwargs: Any) -> HttpResponse | None:
        """Load what the act is about; an answer ends it here, as there is nothing to do."""
        return None

    def form(self, data: Any = None) -> ActForm:
        raise NotImplementedError

    def do(self, form: ActForm) -> HttpResponse:
        """Call the service with a valid form; raises what the service raises.

        In one transaction; done again where another's work was in its way.
        """
        raise NotImplementedError

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return self.page(self.form())

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        form = self.form(request.POST)
        if not form.is_valid():
            return self.page(form)
        try:
            answer = carried_out(form, lambda: self.do(form))
        except NotDone as refused:
            return self.page(form, status=refused.status)
        return self.told(answer)

    def told(self, answer: HttpResponse) -> HttpResponse:
        """The answer; what was done is said on the page that it leads to."""
        if isinstance(answer, Done):
            messages.success(self.request, answer.said)
        return answer

    def page(self, form: ActForm, status: int = 200) -> HttpResponse:
        context = {**admin.site.each_context(self.request), "title": self.title, "form": form}
        return TemplateResponse(
            self.request, self.template, {**context, **self.context()}, status=status
        )

    def context(self) -> dict[str, Any]:
        return {}

    def done(self, text: str, url: str) -> HttpResponse:
        return Done(text, url)

    @property
    def person(self) -> User:
        """Who acts; the site lets nobody in who has not signed in."""
        assert isinstance(self.request.user, User)  # noqa: S101 -- for the type checker
        return self.request.user


class QuestionAct(Act):
    """An act on a question that is still open."""

    def begin(self, **kwargs: Any) -> HttpResponse | None:
        self.question = load_question(kwargs["pk"])
        # On POST the service decides, with the question locked.
        if self.request.method != "POST" and (outcome := self.question.outcome):
            return self.settled(outcome)
        return None

    def settled(self, outcome: Outcome) -> HttpResponse:
        text = f"{self.question.key} has an outcome already: {outcome.verdict}."
        messages.warning(self.request, text)
        return HttpResponseRedirect(url_of(self.question))

    def context(self) -> dict[str, Any]:
        latest = self.question.predictions.select_related("forecaster", "article", "question")
        return {
            "question": self.question,
            "question_url": url_of(self.question),
            "said": said_of(latest.order_by("-made_at", "-id")[:PREDICTIONS_BESIDE], self.person),
            "predictions_count": shown_count(self.question.predictions_count),
            "more": self.question.predictions_count > PREDICTIONS_BESIDE,
        }


# More are a click away, in the list.
PREDICTIONS_BESIDE = 20


def question_found(pk: UUID) -> Any:
    """The question, and how many predictions it has (`counted`), in one query; None without one."""
    predictions = Prediction.objects.filter(question=OuterRef("pk"))
    related = Question.objects.select_related("topic", "reviewer", "condition_question")
    return related.annotate(predictions_count=counted(predictions)).filter(pk=pk).first()


def load_question(pk: UUID) -> Any:
    """The same, or a page that says that there is none."""
    if (question := question_found(pk)) is None:
        raise Http404("there is no such question")
    return question


def url_of(question: Question) -> str:
    return reverse("admin:predictions_question_change", args=[question.pk])
