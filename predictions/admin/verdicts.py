"""Entering what became of a question, and correcting it: seen first, then confirmed."""

from collections.abc import Sequence
from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.utils import timezone

from ledger.retries import retried
from predictions import services
from predictions.admin.access import refusal
from predictions.admin.acts import QuestionAct, load_question, url_of
from predictions.admin.previewed import Previewed
from predictions.admin.verdict_forms import (
    CorrectionForm,
    NewEventForm,
    WithdrawalForm,
    days_suggested,
    initial_of,
    typed,
)
from predictions.errors import Invalid
from predictions.forms.base import ActForm
from predictions.forms.verdicts import VerdictForm
from predictions.models import Event, Outcome, Proposal, Question
from predictions.services.eyes import refuse_barred

_NOT_YET = "This event is not recorded yet: add it, or empty its fields."


class Deciding(Previewed, QuestionAct):
    """A page with the question and all that is known about it beside the form."""

    def refuse(self) -> None:
        """Before anybody writes a rationale in vain."""
        refuse_barred(questions=[self.question], by=self.person)

    def context(self) -> dict[str, Any]:
        return {**super().context(), "url": self.request.get_full_path()}


class EnterOutcome(Deciding):
    permission = "predictions.add_outcome"
    doing = "Entering an outcome"
    title = "Enter outcome"
    template = "admin/question/outcome.html"
    confirm = "Confirm outcome"
    form_class: type[VerdictForm] = VerdictForm

    new_event: NewEventForm | None = None
    added: Event | None = None

    def begin(self, **kwargs: Any) -> HttpResponse | None:
        ended = super().begin(**kwargs)
        self.refuse()
        wanted = self.request.GET.get("proposal", "")
        self.proposal: Proposal | None = None
        if wanted.isdecimal():
            proposals = self.question.proposals.select_related("proposed_by")
            self.proposal = get_object_or_404(proposals, pk=int(wanted))
        return ended

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Beside what every act does: add the event that was typed, or take a suggested day."""
        match request.POST.get("act", "").partition(":"):
            case ("event", _, _):
                return self.add_event()
            case ("day", _, day):
                self.new_event = NewEventForm(initial=typed(NewEventForm(), request.POST))
                return self.page(self.retyped(settled_on=day, settled_time=""))
        begun = NewEventForm(request.POST)
        self.new_event = begun if begun.is_begun else None
        return super().post(request, **kwargs)

    def form(self, data: Any = None) -> ActForm:
        if data is None:
            return self.form_class(self.question, initial=self.initial())
        form = self.form_class(self.question, data)
        if self.new_event:
            self.new_event.add_error("title", _NOT_YET)
            form.add_error(None, "See the event that you began, below.")
        return form

    def initial(self) -> dict[str, Any]:
        if self.proposal:
            return initial_of(self.proposal, self.proposal.evidence.all())
        return {"evidence": self.form_class(self.question).settling}

    def retyped(self, **changed: Any) -> VerdictForm:
        """The form as it was sent, but for what is changed, and not judged yet."""
        given = typed(self.form_class(self.question), self.request.POST)
        return self.form_class(self.question, initial={**given, **changed})

    def add_event(self) -> HttpResponse:
        """Record the event inline, and go on where the person was."""
        permission, doing = "predictions.add_event", "Adding an event"
        if refused := refusal(self.request, doing=doing, permission=permission):
            return refused
        self.new_event = NewEventForm(self.request.POST)
        if self.new_event.is_valid():
            try:
                self.added = retried(self.record_event)
            except Invalid as error:
                self.new_event.refuse(error)
        if self.added is None:
            return self.page(self.retyped())
        self.new_event = None
        given = self.request.POST
        day = given.get("settled_on") or self.added.happened_on
        checked = [*given.getlist("evidence"), str(self.added.pk)]
        return self.page(self.retyped(evidence=checked, settled_on=day))

    def record_event(self) -> Event:
        form = cast(NewEventForm, self.new_event)
        return services.event_record(
            **form.facts(),
            bears_on=[form.bears(self.question)],
            by=self.person,
            now=timezone.now(),
        )

    def decide(self, form: ActForm) -> Sequence[Outcome]:
        outcome = services.outcome_enter(
            question=self.question,
            verdict=cast(VerdictForm, form).verdict(),
            by=self.person,
            now=timezone.now(),
            proposal=self.proposal,
        )
        return [outcome]

    def finished(self, outcomes: Sequence[Outcome]) -> HttpResponse:
        [outcome] = outcomes
        text = f"The outcome of {self.question.key} is {outcome.verdict}. {scored(outcome)}"
        return self.done(text, url_of(self.question))

    def page(self, form: ActForm, status: int = 200) -> HttpResponse:
        events = list(cast(VerdictForm, form).events.values())
        self.suggested = days_suggested(self.question, events, timezone.now().date())
        return super().page(form, status)

    def context(self) -> dict[str, Any]:
        return {
            **super().context(),
            "suggested": self.suggested,
            "new_event": self.new_event or NewEventForm(),
            "added": self.added,
            "may_add_event": self.person.has_perm("predictions.add_event"),
            "proposal": self.proposal,
        }


class CorrectOutcome(EnterOutcome):
    permission = "predictions.change_outcome"
    doing = "Correcting an outcome"
    title = "Correct outcome"
    confirm = "Confirm correction"
    form_class = CorrectionForm

    def begin(self, **kwargs: Any) -> HttpResponse | None:
        self.proposal = None
        self.question, self.outcome = standing(kwargs)
        self.refuse()
        return not_standing(self.request, self.outcome)

    def initial(self) -> dict[str, Any]:
        return initial_of(self.outcome, self.outcome.evidence.all())

    def decide(self, form: ActForm) -> Sequence[Outcome]:
        corrected = services.outcome_correct(
            outcome=self.outcome,
            verdict=cast(VerdictForm, form).verdict(),
            reason=form.cleaned_data["correction_reason"],
            by=self.person,
            now=timezone.now(),
        )
        return [corrected]

    def finished(self, outcomes: Sequence[Outcome]) -> HttpResponse:
        [corrected] = outcomes
        text = (
            f"The outcome of {self.question.key} is now {corrected.verdict}; "
            f"it was {self.outcome.verdict}. {scored(corrected)}"
        )
        return self.done(text, url_of(self.question))

    def context(self) -> dict[str, Any]:
        return {**super().context(), "outcome": self.outcome}


class WithdrawOutcome(Deciding):
    permission = "predictions.change_outcome"
    doing = "Withdrawing an outcome"
    title = "Withdraw outcome"
    template = "admin/question/outcome.html"
    confirm = "Confirm withdrawal"

    def begin(self, **kwargs: Any) -> HttpResponse | None:
        self.question, self.outcome = standing(kwargs)
        self.refuse()
        return not_standing(self.request, self.outcome)

    def form(self, data: Any = None) -> ActForm:
        return WithdrawalForm(data)

    def decide(self, form: ActForm) -> Sequence[Outcome]:
        reopened = services.outcome_withdraw(
            outcome=self.outcome,
            reason=form.cleaned_data["correction_reason"],
            by=self.person,
            now=timezone.now(),
        )
        return [reopened]

    def finished(self, outcomes: Sequence[Outcome]) -> HttpResponse:
        text = f"{self.question.key} is open again, and due for review; it was "
        return self.done(f"{text}{self.outcome.verdict}.", url_of(self.question))

    def context(self) -> dict[str, Any]:
        return {**super().context(), "outcome": self.outcome, "withdraws": True}


def standing(kwargs: dict[str, Any]) -> tuple[Question, Outcome]:
    """The question and the outcome that an address names."""
    question = load_question(kwargs["pk"])
    outcomes = question.outcomes.select_related("entered_by", "correction")
    outcome: Outcome = get_object_or_404(outcomes, pk=kwargs["outcome"])
    return question, outcome


def not_standing(request: HttpRequest, outcome: Outcome) -> HttpResponse | None:
    """The way back from an outcome that does not stand. On POST the service decides."""
    if request.method == "POST" or outcome.stands:
        return None
    messages.warning(request, "That outcome does not stand any more.")
    return HttpResponseRedirect(url_of(outcome.question))


def scored(outcome: Outcome) -> str:
    """How many predictions an outcome has scored, in words."""
    if outcome.is_void:
        return "It is void, so no prediction was scored."
    count = outcome.scores.standing().values("prediction").distinct().count()
    late = outcome.question.predictions.count() - count
    said = "1 prediction was scored" if count == 1 else f"{count:,} predictions were scored"
    return f"{said}; {late:,} came too late." if late else f"{said}."
