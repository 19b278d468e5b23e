"""Until when somebody is left alone about a question."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, ClassVar, cast

from django import forms

from predictions.forms import inputs
from predictions.forms.base import ActForm

_SPANS = {"A day": 1, "Three days": 3, "A week": 7, "A month": 30}
_WEEK = 7
_OTHER = "other"


class SnoozeForm(ActForm):
    """Days are chosen as dates: what was seen before midnight is meant after it."""

    NAMES: ClassVar[dict[str, str]] = {"until": "day"}

    until = inputs.one_of("Until when", [], help_text="You are reminded again on that morning.")
    day = inputs.day("The other day", required=False, help_text="At most a year from now.")

    def __init__(self, today: dt.date, data: Mapping[str, Any] | None = None) -> None:
        days = {label: today + dt.timedelta(days=span) for label, span in _SPANS.items()}
        week = today + dt.timedelta(days=_WEEK)
        super().__init__(data, initial={"until": week.isoformat()})
        cast(forms.ChoiceField, self.fields["until"]).choices = [
            *((day.isoformat(), f"{label}, until {day:%A}, {day}") for label, day in days.items()),
            (_OTHER, "Until another day:"),
        ]

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        chosen, day = given.get("until"), given.get("day")
        if chosen == _OTHER and not day and "day" not in self.errors:
            self.add_error("day", "Is missing; give a date.")
        if chosen not in (None, _OTHER) and day:
            self.add_error("day", "Goes with “another day” alone; choose that, or empty this.")
        return given

    @property
    def chosen(self) -> dt.date:
        given = self.cleaned_data
        day: dt.date = given["day"] or dt.date.fromisoformat(given["until"])
        return day
