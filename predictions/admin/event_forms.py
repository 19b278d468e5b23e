"""The form of an event: the fields, its sources a line each, and what it bears on."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from predictions.forms import inputs
from predictions.forms.base import ActForm, suggested_key
from predictions.models import Question
from predictions.models.choices import Weight
from predictions.services.events import Bears

_KEY_LENGTH = 100
# Beside these, an event can be linked from the page of any question.
BEARINGS = 4
QUESTIONS_LIST = "open-questions"


class SourcesField(forms.CharField):
    """Sources as people paste them: a name and an address a line."""

    def clean(self, value: Any) -> list[dict[str, str]]:
        lines = enumerate(super().clean(value).splitlines(), start=1)
        return [_source(number, line.strip()) for number, line in lines if line.strip()]


def _source(number: int, line: str) -> dict[str, str]:
    name, _, url = line.rpartition(" ")
    if not name.strip() or not url.startswith(("https://", "http://")):
        raise ValidationError(
            f"Line {number}, “{line}”, needs a name and then an address, "
            "such as: Reuters https://www.reuters.com/…"
        )
    return {"name": name.strip(" :|\t"), "url": url}


class EventForm(ActForm):
    title = inputs.text("Title", max_length=300, help_text="What happened, in a short line.")
    happened_on = inputs.day(
        "Happened on", help_text="The day it happened; for a finding, the day it was published."
    )
    text = inputs.paragraph("Text", required=False, help_text="One or two sentences.")
    sources = SourcesField(
        error_messages={"required": "Is missing; name at least one source with its address."},
        help_text="One a line: the name, a space, the address (https://…).",
        widget=inputs.paragraph("Sources", rows=3).widget,
    )
    key = inputs.text(
        "Key",
        required=False,
        max_length=_KEY_LENGTH,
        help_text="How files and addresses name it, for ever. Leave it empty for the date and the "
        "title: 2026-09-01-ministry-publishes-the-harvest.",
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if not given.get("key") and given.get("title") and given.get("happened_on"):
            given["key"] = suggested_key(f"{given['happened_on']} {given['title']}")
        return given


class BearingForm(ActForm):
    """What an event says about one question."""

    question = inputs.text("Question", list=QUESTIONS_LIST, placeholder="Key, such as Q16")
    bearing = inputs.choice("Bearing", [("", "How does it bear on it?"), *Weight.choices])
    note = inputs.text("Note", required=False)

    def clean_question(self) -> Question:
        key = self.cleaned_data["question"].strip()
        question: Question | None = Question.objects.filter(key__iexact=key).first()
        if question is None:
            raise ValidationError(f"There is no question with the key “{key}”.")
        return question

    @property
    def bears(self) -> Bears:
        given = self.cleaned_data
        return Bears(given["question"], given["bearing"], given["note"])


class BearingRows(forms.BaseFormSet):
    def clean(self) -> None:
        questions = [form.cleaned_data.get("question") for form in self.filled]
        twice = {
            question.key for question in questions if question and questions.count(question) > 1
        }
        if twice:
            raise ValidationError(f"Name each question once; {', '.join(sorted(twice))} is twice.")

    @property
    def filled(self) -> list[BearingForm]:
        return [form for form in self.forms if form.has_changed() and hasattr(form, "cleaned_data")]

    @property
    def bears_on(self) -> list[Bears]:
        return [form.bears for form in self.filled]


BearingFormSet = forms.formset_factory(
    BearingForm, formset=BearingRows, extra=BEARINGS, max_num=BEARINGS
)
