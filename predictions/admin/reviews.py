"""Still open: somebody looked, and says when to look again; of one question, or of several."""

import datetime as dt
from typing import Any

from django import forms
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone

from predictions import services
from predictions.admin.acts import QuestionAct, url_of
from predictions.admin.chosen import Due, OnChosen, next_review
from predictions.forms import inputs
from predictions.forms.base import ActForm
from predictions.services.reviews import Look
from predictions.when import display, end_of

# What most reviews say; whoever looked may say more.
NOTE = "Looked at: nothing settles it yet."


class ReviewForm(ActForm):
    NAMES = {"next_at": "next_on"}

    note = inputs.paragraph(
        "Note", help_text="What you looked at, and why the criteria do not decide it yet.", rows=2
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
        initial = {
            "note": NOTE,
            "next_on": next_review(self.question, timezone.now().date()),
            "due_version": self.question.due_version,
        }
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


class ReviewsForm(ActForm):
    NAMES = {"next_at": "next_on"}

    note = inputs.text("Note", help_text="Kept with each of them.")
    next_on = inputs.day(
        "Look again on", help_text="Without a date, each on the day beside it.", required=False
    )


class RecordReviews(OnChosen):
    permission = "predictions.add_review"
    doing = "Recording a review"
    title = "Still open"
    template = "admin/question/reviews.html"

    def form(self, data: Any = None) -> ActForm:
        return ReviewsForm(data, initial={"note": NOTE})

    def do(self, form: ActForm) -> HttpResponse:
        on = form.cleaned_data["next_on"]
        reviews = services.reviews_record(
            looks=[self._look(row, on) for row in self.rows],
            note=form.cleaned_data["note"],
            by=self.person,
            now=timezone.now(),
        )
        said = ", ".join(f"{row.question.key} ({display(row.next_at)})" for row in reviews)
        return self.done(f"Still open, with the next review: {said}.", reverse("admin:index"))

    def _look(self, row: Due, on: dt.date | None) -> Look:
        question = row.question
        return Look(question, end_of(on or row.next_on), self.seen[question.pk].due_version)
