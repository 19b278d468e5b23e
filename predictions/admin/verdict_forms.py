"""The forms of an outcome: what came out, when that was settled, on what evidence, and why."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.http import QueryDict

from predictions.admin.event_forms import EventForm
from predictions.forms import answers, inputs
from predictions.forms.base import ActForm
from predictions.forms.verdicts import VerdictForm
from predictions.models import Event, Outcome, Proposal, Question
from predictions.models.choices import Weight
from predictions.services.events import Bears
from predictions.when import is_bare_date

# Of so many of the latest events the day is suggested.
_DAYS = 3


class CorrectionForm(VerdictForm):
    """A verdict in place of an earlier one, with what was wrong with that."""

    correction_reason = inputs.paragraph(
        "What was wrong", help_text="Both outcomes stay on record, with this reason.", rows=2
    )


class WithdrawalForm(ActForm):
    """Why an outcome is taken back."""

    correction_reason = inputs.paragraph(
        "Why it is withdrawn", help_text="The outcome stays on record, with this reason."
    )


class NewEventForm(EventForm):
    """An event that is found while its question is decided; its key is made of date and title."""

    prefix = "event"
    field_order = ["title", "happened_on", "sources", "bearing", "note", "text"]
    key = None  # type: ignore[assignment]
    bearing = inputs.choice("How it bears on the question", Weight.choices)
    note = inputs.text("What it says about the question", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["bearing"].initial = Weight.SETTLES

    @property
    def is_begun(self) -> bool:
        return bool({"title", "happened_on", "sources", "note", "text"} & set(self.changed_data))

    def bears(self, question: Question) -> Bears:
        return Bears(question, self.cleaned_data["bearing"], self.cleaned_data["note"])

    def facts(self) -> dict[str, Any]:
        """What is said of the event itself."""
        apart = ("bearing", "note")
        return {name: value for name, value in self.cleaned_data.items() if name not in apart}


def typed(form: forms.Form, data: QueryDict) -> dict[str, Any]:
    """What was typed into a form so far, right or wrong, to begin another with."""
    return {
        name: field.widget.value_from_datadict(data, {}, form.add_prefix(name))
        for name, field in form.fields.items()
    }


def initial_of(said: Outcome | Proposal, evidence: Iterable[Event]) -> dict[str, Any]:
    """What the fields hold for an outcome that was entered, or proposed."""
    settled = said.settled_at.astimezone(dt.UTC)
    return {
        **answers.initial_of(said),
        "settled_on": settled.date(),
        "settled_time": None if is_bare_date(settled) else settled.time(),
        "evidence": [str(event.pk) for event in evidence],
        "rationale": said.rationale,
    }


def days_suggested(
    question: Question, events: Sequence[Event], today: dt.date
) -> list[tuple[dt.date, str]]:
    """Days on which the question may have been settled, and why: its latest events', its end."""
    days = [(event.happened_on, event.title) for event in events[-_DAYS:]]
    if question.due_at:
        days.append((question.due_at.astimezone(dt.UTC).date(), "the question closed"))
    return [(day, why) for day, why in days if day <= today]
