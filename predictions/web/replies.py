"""The pages that links in a reminder lead to: they ask, and do what is asked for on POST alone.

Whoever holds the link acts as the person that it was sent to, in this one matter, without signing
in. So it is for the reviewer of the question as it stood; and for who may decide it anyway, for
they are told too of what is left undone, or is nobody's.
"""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, ClassVar, cast
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views import View

from predictions import services
from predictions.errors import Conflict, Denied, Invalid
from predictions.forms.base import ActForm, NotDone, carried_out, sentence
from predictions.forms.snoozes import SnoozeForm
from predictions.mail import links
from predictions.models import Proposal, Question, User
from predictions.models.choices import Weight
from predictions.services.events import Bears
from predictions.web.quiet import quiet
from predictions.web.reply_forms import ProposeForm
from predictions.when import day_in, display, zone_called

_PREDICTIONS = 8
_PROPOSES, _DECIDES = "predictions.add_proposal", "predictions.add_outcome"


@dataclass(frozen=True)
class Asked:
    """What a link is about: the due version of a question, and who was told of it."""

    question: Question
    person: User
    due_version: int


@method_decorator(quiet, name="dispatch")
class Reply(View):
    """One thing that is done from a mail; subclasses say which, and what the page then says."""

    http_method_names = ["get", "head", "post"]
    purpose: ClassVar[str]
    template: ClassVar[str]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            self.asked = opened(self.purpose, kwargs["token"])
            self.check()
        except Invalid as error:
            return self.refused(error.problem, HTTPStatus.BAD_REQUEST)
        except Denied as error:
            return self.refused(str(error), HTTPStatus.FORBIDDEN)
        except Conflict as error:
            return self.refused(str(error), HTTPStatus.GONE)
        return super().dispatch(request, *args, **kwargs)

    def check(self) -> None:
        """Raises Denied or Conflict if there is nothing to ask."""

    def form(self, data: Any = None) -> ActForm:
        raise NotImplementedError

    def do(self, form: ActForm) -> dict[str, Any]:
        """Call the service; answers with what the page says that now holds."""
        raise NotImplementedError

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        return self.page(self.form())

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        form = self.form(request.POST)
        if not form.is_valid():
            return self.page(form)
        try:
            done = carried_out(form, lambda: self.do(form))
        except NotDone as refused:
            return self.page(form, status=refused.status)
        return render(request, "web/reply_done.html", {"asked": self.asked, **done})

    def page(self, form: ActForm, status: int = HTTPStatus.OK) -> HttpResponse:
        question = self.asked.question
        predictions = question.predictions.select_related("forecaster", "question")
        reviews = question.reviews.select_related("recorded_by")
        context = {
            "asked": self.asked,
            "question": question,
            "form": form,
            "predictions": predictions.order_by("-made_at", "-id")[:_PREDICTIONS],
            "review": reviews.order_by("-recorded_at").first(),
            **self.context(),
        }
        return render(self.request, self.template, context, status=status)

    def context(self) -> dict[str, Any]:
        return {}

    def refused(self, problem: str, status: HTTPStatus) -> HttpResponse:
        context = {"problem": sentence(problem), "asked": getattr(self, "asked", None)}
        return render(self.request, "web/reply_refused.html", context, status=status)


class SnoozeReply(Reply):
    purpose = "snooze"
    template = "web/reply_snooze.html"

    def form(self, data: Any = None) -> ActForm:
        return SnoozeForm(day_in(zone_called(self.asked.person.time_zone), timezone.now()), data)

    def do(self, form: ActForm) -> dict[str, Any]:
        snooze = services.question_snooze(
            question=self.asked.question,
            person=self.asked.person,
            due_version=self.asked.due_version,
            until=cast(SnoozeForm, form).chosen,
            now=timezone.now(),
        )
        return {"snooze": snooze}


class ProposeReply(Reply):
    purpose = "propose"
    template = "web/reply_propose.html"

    def check(self) -> None:
        if not self.asked.person.has_perm(_PROPOSES):
            raise Denied(
                "role",
                f"{self.asked.person} may not propose outcomes: it takes a role that an "
                "administrator gives, such as editor",
            )

    def form(self, data: Any = None) -> ActForm:
        may_add = self.asked.person.has_perm("predictions.add_event")
        return ProposeForm(self.asked.question, data, may_add=may_add)

    @transaction.atomic
    def do(self, form: ActForm) -> dict[str, Any]:
        given, now = cast(ProposeForm, form), timezone.now()
        question, by = self.asked.question, self.asked.person
        event = None
        if given.found:
            bears = [Bears(question, Weight.SETTLES)]
            event = services.event_record(**given.found, bears_on=bears, by=by, now=now)
        verdict = given.verdict_on(event)
        return {
            "proposal": services.proposal_make(question=question, verdict=verdict, by=by, now=now)
        }

    def context(self) -> dict[str, Any]:
        waiting: Proposal | None = (
            self.asked.question.proposals.waiting().select_related("proposed_by").first()
        )
        return {"waiting": waiting}


def opened(purpose: str, token: str) -> Asked:
    """What a link is about. Raises Invalid for the link, and Conflict if that is over."""
    said = links.opened(purpose, token)
    related = Question.objects.select_related("reviewer", "condition_question")
    question = related.filter(pk=UUID(said["question"])).first()
    person = User.objects.filter(pk=said["person"]).first()
    if question is None or person is None or not person.is_active:
        raise Conflict("the account that this link was sent to is closed; nothing was done")
    asked = Asked(question, person, int(said["version"]))
    _refuse_over(asked)
    return asked


def _refuse_over(asked: Asked) -> None:
    question = asked.question
    if (outcome := question.outcome) is not None:
        raise Conflict(
            f"{question.key} has an outcome already: {outcome.verdict}, settled "
            f"{display(outcome.settled_at)}; nothing is left to be done here"
        )
    if question.due_version != asked.due_version:
        raise Conflict(
            f"{question.key} was reviewed or moved since this mail was sent: its next review is "
            f"due {display(question.review_at)}, and a mail of that day will have a link of its own"
        )
    if question.reviewer != asked.person and not asked.person.has_perm(_DECIDES):
        raise Conflict(
            f"{asked.person} does not review {question.key} any more: its reviewer is "
            f"{question.reviewer or 'nobody'} now, and nothing was done"
        )
