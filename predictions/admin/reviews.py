"""Still open: somebody looked, and says when to look again; of one question, or of several."""

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from predictions import services
from predictions.admin.acts import Act, QuestionAct, url_of
from predictions.forms import inputs
from predictions.forms.base import ActForm
from predictions.models import Question
from predictions.services.reviews import Look
from predictions.when import display, end_of

_DAYS = 90
# What most reviews say; whoever looked may say more.
NOTE = "Looked at: nothing settles it yet."
# At a time; what is due beyond that is on the next page of the list.
MOST = 50


@dataclass(frozen=True)
class Due:
    """A question that waits, for how long it has, and when to look again if it stays open."""

    question: Question
    overdue: str
    next_on: dt.date

    @property
    def looked_at(self) -> str:
        """What a form sends of it: which question, and which due version was seen."""
        return f"{self.question.pk}:{self.question.due_version}"


def due_row(question: Question, now: dt.datetime) -> Due:
    passed = now - (question.review_at or now)
    return Due(question, how_long(passed), next_review(question, now.date()))


def how_long(passed: dt.timedelta) -> str:
    """`today`, `1 day`, `61 days`; nothing of what is still to come."""
    if passed < dt.timedelta(0):
        return ""
    if passed.days < 1:
        return "today"
    return "1 day" if passed.days == 1 else f"{passed.days:,} days"


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


class RecordReviews(Act):
    """The same for several: `question` names each, with the due version that was looked at."""

    permission = "predictions.add_review"
    doing = "Recording a review"
    title = "Still open"
    template = "admin/question/reviews.html"

    def begin(self, **kwargs: Any) -> HttpResponse | None:
        posted = self.request.method == "POST"
        given = self.request.POST if posted else self.request.GET
        self.seen = dict(filter(None, map(_seen, given.getlist("question")[:MOST])))
        questions = Question.objects.select_related("reviewer").filter(pk__in=self.seen)
        if not posted:
            questions = questions.open()
        now = timezone.now()
        self.rows = [due_row(question, now) for question in questions.order_by("review_at", "key")]
        if self.rows:
            return None
        messages.warning(self.request, "No open question was chosen; tick those you looked at.")
        return HttpResponseRedirect(reverse("admin:index"))

    def form(self, data: Any = None) -> ActForm:
        return ReviewsForm(data, initial={"note": NOTE})

    def do(self, form: ActForm) -> HttpResponse:
        on = form.cleaned_data["next_on"]
        reviews = services.reviews_record(
            looks=[
                Look(row.question, end_of(on or row.next_on), self.seen[row.question.pk])
                for row in self.rows
            ],
            note=form.cleaned_data["note"],
            by=self.person,
            now=timezone.now(),
        )
        said = ", ".join(f"{row.question.key} ({display(row.next_at)})" for row in reviews)
        return self.done(f"Still open, with the next review: {said}.", reverse("admin:index"))

    def context(self) -> dict[str, Any]:
        return {"rows": self.rows}


def _seen(given: str) -> tuple[UUID, int | None] | None:
    """`<id>:<due version>` or `<id>` alone; nothing of what is neither."""
    key, _, version = given.partition(":")
    try:
        return UUID(key), int(version) if version else None
    except ValueError:
        return None


def next_review(question: Question, today: dt.date) -> dt.date:
    """One review interval from today, but not past the day the question closes."""
    suggested = today + dt.timedelta(days=question.review_every_days or _DAYS)
    closes = question.due_at.astimezone(dt.UTC).date() if question.due_at else suggested
    return min(suggested, closes) if closes > today else suggested
