"""Acts on several questions that somebody has chosen, on the desk or in the list."""

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from predictions.admin.acts import Act, url_of
from predictions.models import Question

_DAYS = 90
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
        """What a form sends of it: which question, its due version, and the entry that said it."""
        return f"{self.question.pk}:{self.question.due_version}:{self.question.entry}"


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


@dataclass(frozen=True)
class Seen:
    """How a question stood when it was looked at, as far as that is known."""

    due_version: int | None
    entry: UUID | None


class OnChosen(Act):
    """`question` names each: by its id, or with what was seen of it (`Due.looked_at`)."""

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

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """On the desk they are chosen by a form of its own, which leads here."""
        if "choose" in request.POST:
            return self.page(self.form())
        return super().post(request, **kwargs)

    def context(self) -> dict[str, Any]:
        return {"rows": self.rows, "back": self.back()}

    def back(self) -> str:
        """Where to go after it: to the one question, or to the desk."""
        one = self.rows[0].question if len(self.rows) == 1 else None
        return url_of(one) if one else reverse("admin:index")


def _seen(given: str) -> tuple[UUID, Seen] | None:
    """`<id>:<due version>:<entry>`, or less from the end; nothing of what is neither."""
    key, version, entry, *_ = [*given.split(":"), "", ""]
    try:
        seen = Seen(int(version) if version else None, UUID(entry) if entry else None)
        return UUID(key), seen
    except ValueError:
        return None


def next_review(question: Question, today: dt.date) -> dt.date:
    """One review interval from today, but not past the day the question closes."""
    suggested = today + dt.timedelta(days=question.review_every_days or _DAYS)
    closes = question.due_at.astimezone(dt.UTC).date() if question.due_at else suggested
    return min(suggested, closes) if closes > today else suggested
