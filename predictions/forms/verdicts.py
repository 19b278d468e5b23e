"""The form of an outcome: what came out, when that was settled, on what evidence, and why."""

import datetime as dt
from typing import Any

from predictions.errors import Invalid
from predictions.forms import answers, inputs
from predictions.forms.base import ActForm
from predictions.models import Bearing, Event, Question
from predictions.models.choices import Weight
from predictions.services.outcomes import Verdict
from predictions.when import end_of

# The latest; an outcome rests on few.
_EVENTS = 100


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


def settled_at(day: dt.date, time: dt.time | None) -> dt.datetime:
    return dt.datetime.combine(day, time, dt.UTC) if time else end_of(day)
