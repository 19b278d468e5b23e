"""Still open: somebody looked, and says when to look again."""

import datetime as dt
from typing import Any

from django import forms
from django.http import HttpResponse
from django.utils import timezone

from predictions import services
from predictions.admin import inputs
from predictions.admin.acts import ActForm, QuestionAct, url_of
from predictions.models import Question
from predictions.when import display, end_of

_DAYS = 90


class ReviewForm(ActForm):
    NAMES = {"next_at": "next_on"}

    note = inputs.paragraph(
        "Note", help_text="What you looked at, and why the criteria do not decide it yet."
    )
    next_on = inputs.day(
        "Look again on", help_text="At the end of this day (UTC) its reviewer is reminded."
    )
    # What the reviewer looked at: a second click, or a second reviewer, is told.
    due_version = forms.IntegerField(widget=forms.HiddenInput)


class RecordReview(QuestionAct):
    permission = "predictions.add_review"
    doing = "Recording a review"
    title = "Still open"
    template = "admin/question/review.html"

    def form(self, data: Any = None) -> ActForm:
        suggested = next_review(self.question, timezone.now().date())
        initial = {"next_on": suggested, "due_version": self.question.due_version}
        return ReviewForm(data, initial=initial)

    def do(self, form: ActForm) -> HttpResponse:
        review = services.review_record(
            question=self.question,
            note=form.cleaned_data["note"],
            next_at=end_of(form.cleaned_data["next_on"]),
            by=self.person,
            now=timezone.now(),
            due_version=form.cleaned_data["due_version"],
        )
        text = f"{self.question.key} stays open; its next review is due {display(review.next_at)}."
        return self.done(text, url_of(self.question))


def next_review(question: Question, today: dt.date) -> dt.date:
    """One review interval from today, but not past the day the question closes."""
    suggested = today + dt.timedelta(days=question.review_every_days or _DAYS)
    closes = question.due_at.astimezone(dt.UTC).date() if question.due_at else suggested
    return min(suggested, closes) if closes > today else suggested
