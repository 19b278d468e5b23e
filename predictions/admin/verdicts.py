"""Entering what became of a question, and correcting it."""

import datetime as dt
from collections.abc import Sequence
from typing import Any, cast

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.utils import timezone

from predictions import services
from predictions.admin import answers, inputs
from predictions.admin.acts import ActForm, QuestionAct, load_question, url_of
from predictions.errors import Invalid
from predictions.models import Bearing, Event, Outcome, Question
from predictions.services.eyes import refuse_barred
from predictions.services.outcomes import Verdict
from predictions.when import end_of, is_bare_date


class VerdictForm(ActForm):
    """What came out, when was that settled, on what evidence, and why."""

    NAMES = {"void_reason": "answer", "settled_at": "settled_on"}
    field_order: Sequence[str] = ()

    settled_on = inputs.day(
        "Settled on",
        help_text="When the world decided, not when you enter it: the day of the event, "
        "or the day the question closed.",
    )
    settled_time = inputs.time_of_day(
        "Settled at (UTC)",
        help_text="Only if the hour is known and matters; otherwise the end of the day counts.",
    )
    evidence = inputs.any_of("Evidence", help_text="The events that are linked to this question.")
    rationale = inputs.paragraph(
        "Rationale", help_text="Why the criteria lead to this answer, so that a stranger agrees."
    )

    def __init__(self, question: Question, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        asked = answers.fields_of(question)
        self.fields.update(asked)
        self.order_fields([*self.field_order, *asked])
        bearings = question.bearings.select_related("event").order_by("event__happened_on")
        self.events: dict[str, Event] = {str(row.event_id): row.event for row in bearings}
        if not bearings:
            self.fields["evidence"].help_text = "No event is linked to this question."
        self.fields["evidence"].choices = [  # type: ignore[attr-defined]
            (str(row.event_id), _evidence_label(row)) for row in bearings
        ]

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if missing := answers.missing(given):
            self.add_error(*missing)
        return given

    def refuse(self, error: Invalid) -> None:
        """An answer in writing that is refused is shown at its own field."""
        if error.field == "answer" and (field := answers.WRITTEN.get(self.cleaned_data["answer"])):
            error = Invalid(field, error.problem)
        super().refuse(error)

    def verdict(self) -> Verdict:
        given = self.cleaned_data
        answer, reason = answers.answer_of(given)
        return Verdict(
            answer=answer,
            void_reason=reason,
            settled_at=_settled_at(given["settled_on"], given["settled_time"]),
            rationale=given["rationale"],
            evidence=[self.events[key] for key in given["evidence"]],
        )


class CorrectionForm(VerdictForm):
    """A verdict in place of an earlier one, with what was wrong with that."""

    correction_reason = inputs.paragraph(
        "What was wrong", help_text="Both outcomes stay on record, with this reason.", rows=2
    )
    field_order = ("correction_reason",)


class WithdrawalForm(ActForm):
    """Why an outcome is taken back."""

    correction_reason = inputs.paragraph(
        "Why it is withdrawn", help_text="The outcome stays on record, with this reason."
    )


class EnterOutcome(QuestionAct):
    permission = "predictions.add_outcome"
    doing = "Entering an outcome"
    title = "Enter outcome"
    template = "admin/question/verdict.html"

    def begin(self, **kwargs: Any) -> HttpResponse | None:
        answered = super().begin(**kwargs)
        # Before anybody writes a rationale in vain.
        refuse_barred(questions=[self.question], by=self.person)
        return answered

    def form(self, data: Any = None) -> ActForm:
        return VerdictForm(self.question, data)

    def do(self, form: ActForm) -> HttpResponse:
        outcome = services.outcome_enter(
            question=self.question,
            verdict=cast(VerdictForm, form).verdict(),
            by=self.person,
            now=timezone.now(),
        )
        text = f"The outcome of {self.question.key} is {outcome.verdict}. {scored(outcome)}"
        return self.done(text, url_of(self.question))

    def context(self) -> dict[str, Any]:
        return {**super().context(), "act": "Enter outcome"}


class CorrectOutcome(EnterOutcome):
    doing = "Correcting an outcome"
    title = "Correct outcome"

    def begin(self, **kwargs: Any) -> HttpResponse | None:
        self.question = load_question(kwargs["pk"])
        outcomes = self.question.outcomes.select_related("entered_by")
        self.outcome = get_object_or_404(outcomes, pk=kwargs["outcome"])
        refuse_barred(questions=[self.question], by=self.person)
        if self.request.method != "POST" and not self.outcome.stands:
            messages.warning(self.request, "That outcome does not stand any more.")
            return HttpResponseRedirect(url_of(self.question))
        return None

    def form(self, data: Any = None) -> ActForm:
        return CorrectionForm(self.question, data, initial=_initial(self.outcome))

    def do(self, form: ActForm) -> HttpResponse:
        corrected = services.outcome_correct(
            outcome=self.outcome,
            verdict=cast(VerdictForm, form).verdict(),
            reason=form.cleaned_data["correction_reason"],
            by=self.person,
            now=timezone.now(),
        )
        text = (
            f"The outcome of {self.question.key} is now {corrected.verdict}; "
            f"it was {self.outcome.verdict}. {scored(corrected)}"
        )
        return self.done(text, url_of(self.question))

    def context(self) -> dict[str, Any]:
        return {**super().context(), "act": "Correct outcome", "outcome": self.outcome}


class WithdrawOutcome(CorrectOutcome):
    doing = "Withdrawing an outcome"
    title = "Withdraw outcome"
    template = "admin/question/withdraw.html"

    def form(self, data: Any = None) -> ActForm:
        return WithdrawalForm(data)

    def do(self, form: ActForm) -> HttpResponse:
        services.outcome_withdraw(
            outcome=self.outcome,
            reason=form.cleaned_data["correction_reason"],
            by=self.person,
            now=timezone.now(),
        )
        text = f"{self.question.key} is open again, and due for review; it was "
        return self.done(f"{text}{self.outcome.verdict}.", url_of(self.question))


def scored(outcome: Outcome) -> str:
    """How many predictions an outcome has scored, in words."""
    if outcome.is_void:
        return "It is void, so no prediction was scored."
    count = outcome.scores.standing().values("prediction").distinct().count()
    late = outcome.question.predictions.count() - count
    said = "1 prediction was scored" if count == 1 else f"{count:,} predictions were scored"
    return f"{said}; {late:,} came too late." if late else f"{said}."


def _evidence_label(bearing: Bearing) -> str:
    return f"{bearing.event} ({bearing.get_bearing_display()})"


def _settled_at(day: dt.date, time: dt.time | None) -> dt.datetime:
    return dt.datetime.combine(day, time, dt.UTC) if time else end_of(day)


def _initial(outcome: Outcome) -> dict[str, Any]:
    settled = outcome.settled_at.astimezone(dt.UTC)
    return {
        **answers.initial_of(outcome),
        "settled_on": settled.date(),
        "settled_time": None if is_bare_date(settled) else settled.time(),
        "evidence": [str(pk) for pk in outcome.evidence.values_list("pk", flat=True)],
        "rationale": outcome.rationale,
    }
