"""The forms of an outcome: what came out, when that was settled, on what evidence, and why."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.http import QueryDict

from predictions.admin import answers, inputs
from predictions.admin.acts import ActForm
from predictions.admin.event_forms import EventForm
from predictions.errors import Invalid
from predictions.models import Bearing, Event, Outcome, Proposal, Question
from predictions.models.choices import Weight
from predictions.services.events import Bears
from predictions.services.outcomes import Verdict
from predictions.when import end_of, is_bare_date

# The latest; an outcome rests on few.
_EVENTS = 100
# Of so many of the latest events the day is suggested.
_DAYS = 3


class VerdictForm(ActForm):
    NAMES = {"void_reason": "answer", "settled_at": "settled_on"}

    evidence = inputs.any_of(
        "Evidence", help_text="The events linked to this question; check those that decide it."
    )
    settled_on = inputs.day(
        "Settled on",
        help_text="When the world decided, not when you enter it: the day of the event, "
        "or the day the question closed.",
    )
    settled_time = inputs.time_of_day(
        "Settled at (UTC)",
        help_text="Only if the hour is known and matters; otherwise the end of the day counts.",
    )
    rationale = inputs.paragraph(
        "Rationale", help_text="Why the criteria lead to this answer, so that a stranger agrees."
    )

    def __init__(self, question: Question, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        asked = answers.fields_of(question)
        self.fields.update(asked)
        self.order_fields(["correction_reason", "evidence", *asked])
        linked = question.bearings.select_related("event").order_by("-event__happened_on")
        self.bearings: list[Bearing] = list(linked[:_EVENTS])[::-1]
        self.events: dict[str, Event] = {str(row.event_id): row.event for row in self.bearings}
        if not self.bearings:
            self.fields["evidence"].help_text = "No event is linked to this question yet."
        self.fields["evidence"].choices = [  # type: ignore[attr-defined]
            (str(row.event_id), f"{row.event} ({row.get_bearing_display()})")
            for row in self.bearings
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
            settled_at=settled_at(given["settled_on"], given["settled_time"]),
            rationale=given["rationale"],
            evidence=[self.events[key] for key in given["evidence"]],
        )

    @property
    def settling(self) -> list[str]:
        """The events that are linked as settling the question."""
        return [str(row.event_id) for row in self.bearings if row.bearing == Weight.SETTLES]


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


def settled_at(day: dt.date, time: dt.time | None) -> dt.datetime:
    return dt.datetime.combine(day, time, dt.UTC) if time else end_of(day)


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
