"""What may be done with several open questions that wait, beside deciding them or looking later:
be left alone about them, have them close later, or hand them to another reviewer."""

from typing import Any, cast

from django import forms
from django.http import HttpResponse
from django.utils import timezone

from predictions import services
from predictions.admin.amend_fields import reviewer_field
from predictions.admin.chosen import OnChosen
from predictions.forms import inputs
from predictions.forms.base import ActForm
from predictions.forms.snoozes import SnoozeForm
from predictions.models import Question
from predictions.when import day_in, display, zone_called

_REASON = "Kept with each of them, in the ledger, for good and in clear: name no people in it."
_MONTH = 30


class SnoozeQuestions(OnChosen):
    """Only whoever acts is left alone; other people are reminded as ever."""

    permission = "predictions.add_snooze"
    doing = "Snoozing a question"
    title = "Snooze"
    template = "admin/question/snooze.html"

    def form(self, data: Any = None) -> ActForm:
        return SnoozeForm(day_in(zone_called(self.person.time_zone), timezone.now()), data)

    def do(self, form: ActForm) -> HttpResponse:
        until = cast(SnoozeForm, form).chosen
        services.questions_snooze(
            versions={row.question: self._version(row.question) for row in self.rows},
            person=self.person,
            until=until,
            now=timezone.now(),
        )
        keys = ", ".join(row.question.key for row in self.rows)
        return self.done(f"You are not reminded of {keys} before {until}.", self.back())

    def _version(self, question: Question) -> int:
        return self.seen[question.pk].due_version or question.due_version


class ExtendForm(ActForm):
    days = forms.IntegerField(
        label="Days later",
        initial=_MONTH,
        help_text="So many days after the day on which it closes now. Its next review moves along.",
        error_messages={
            "required": "Is missing; give a number of days.",
            "invalid": "Is not a whole number; write it as 30.",
        },
        widget=inputs.text("").widget,
    )
    reason = inputs.text("Reason", help_text=_REASON)


class ExtendQuestions(OnChosen):
    permission = "predictions.change_question"
    doing = "Extending questions"
    title = "Extend"
    template = "admin/question/extend.html"

    def form(self, data: Any = None) -> ActForm:
        return ExtendForm(data)

    def do(self, form: ActForm) -> HttpResponse:
        extended = services.questions_extend(
            shown={row.question: self.seen[row.question.pk].entry for row in self.rows},
            days=form.cleaned_data["days"],
            reason=form.cleaned_data["reason"],
            by=self.person,
            now=timezone.now(),
        )
        said = ", ".join(f"{row.key} ({display(row.due_at)})" for row in extended)
        return self.done(f"Extended, with the day each closes: {said}.", self.back())


class ReassignForm(ActForm):
    reviewer = reviewer_field(required=True)
    reason = inputs.text("Reason", help_text=_REASON)


class ReassignQuestions(OnChosen):
    permission = "predictions.change_question"
    doing = "Reassigning questions"
    title = "Reassign"
    template = "admin/question/reassign.html"

    def form(self, data: Any = None) -> ActForm:
        return ReassignForm(data)

    def do(self, form: ActForm) -> HttpResponse:
        reviewer = form.cleaned_data["reviewer"]
        services.questions_reassign(
            shown={row.question: self.seen[row.question.pk].entry for row in self.rows},
            reviewer=reviewer,
            reason=form.cleaned_data["reason"],
            by=self.person,
            now=timezone.now(),
        )
        keys = ", ".join(row.question.key for row in self.rows)
        return self.done(f"Handed over to {reviewer}: {keys}.", self.back())
