"""What a reminder says. Builds; sends nothing, writes nothing."""

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db.models import Count, F, Window
from django.db.models.functions import RowNumber
from django.urls import reverse

from predictions.mail import links
from predictions.mail.drafts import Draft, drafted
from predictions.mail.duties import Agenda, Duty, by_urgency
from predictions.mail.stages import Today
from predictions.models import Bearing, Question, Reminder, Review, User
from predictions.models.choices import MessageKind, MessageState
from predictions.when import day_in, display_in

# So many questions are written out at most, and fewer where they would not fit: mail programs cut
# a longer page short.
MOST = 50
MOST_BYTES = 100_000
_EVENTS = 3
_KEYS = 6


@dataclass(frozen=True)
class Listing:
    """What one message tells: `anew` what was not told yet, `before` what else is still due."""

    person: User
    today: Today
    anew: tuple[Duty, ...]
    before: tuple[Duty, ...]

    def written(self, most: int = MOST) -> tuple[tuple[Duty, ...], tuple[Duty, ...]]:
        """Of both, what is written out: what is new goes first."""
        anew = self.anew[:most]
        return anew, self.before[: most - len(anew)]


def listing_of(agenda: Agenda, carried: Collection[UUID]) -> Listing | None:
    """What a person is to be told now; `carried` has not gone out yet. None for nothing."""
    anew = [d for d in agenda.duties.values() if d.stage is not None or d.due.question in carried]
    if not anew:
        return None
    told = {duty.due.question for duty in anew}
    before = (d for d in agenda.duties.values() if d.is_due and d.due.question not in told)
    return Listing(agenda.person, agenda.today, _in_order(anew), _in_order(before))


def _in_order(duties: Iterable[Duty]) -> tuple[Duty, ...]:
    """The longest overdue first; by that, what is only coming up is last."""
    return tuple(by_urgency(duties))


# -- what is known of the questions that are written out ------------------------------------------


@dataclass(frozen=True)
class Detail:
    """A question, its last review, the newest events since, and how often who was told of it."""

    question: Question
    review: Review | None
    bearings: tuple[Bearing, ...]
    told: tuple[tuple[int, str, int], ...]


def written_out(listings: Iterable[Listing]) -> set[UUID]:
    return {
        duty.due.question for listing in listings for part in listing.written() for duty in part
    }


def details(questions: set[UUID]) -> dict[UUID, Detail]:
    """Of all questions at once: a query each, however many they are."""
    reviews = _last_reviews(questions)
    bearings = _bearings(questions, reviews)
    told = _told(questions)
    return {
        row.pk: Detail(
            row, reviews.get(row.pk), tuple(bearings.get(row.pk, ())), tuple(told.get(row.pk, ()))
        )
        for row in Question.objects.filter(pk__in=questions)
    }


def _last_reviews(questions: set[UUID]) -> dict[UUID, Review]:
    last = Review.objects.filter(question__in=questions).select_related("recorded_by")
    last = last.order_by("question_id", "-due_version").distinct("question_id")
    return {review.question_id: review for review in last}


def _bearings(questions: set[UUID], reviews: dict[UUID, Review]) -> dict[UUID, list[Bearing]]:
    """A few events of each that were recorded since its last review, the newest first."""
    place = Window(
        RowNumber(),
        partition_by=F("question"),
        order_by=[F("event__recorded_at").desc(), F("event__key").asc()],
    )
    newest = Bearing.objects.filter(question__in=questions).annotate(place=place)
    found: dict[UUID, list[Bearing]] = {}
    for row in newest.filter(place__lte=_EVENTS).select_related("event").order_by("place"):
        review = reviews.get(row.question_id)
        if review is None or row.event.recorded_at > review.recorded_at:
            found.setdefault(row.question_id, []).append(row)
    return found


def _told(questions: set[UUID]) -> dict[UUID, list[tuple[int, str, int]]]:
    """Whom messages about the current due version have reached, and how many."""
    sent = Reminder.objects.filter(
        question__in=questions,
        due_version=F("question__due_version"),
        message__state=MessageState.SENT,
    )
    times = sent.values_list("question", "recipient", "recipient__username")
    found: dict[UUID, list[tuple[int, str, int]]] = {}
    for question, person, name, count in times.annotate(
        times=Count("message", distinct=True)
    ).order_by("recipient__username"):
        found.setdefault(question, []).append((person, name, count))
    return found


# -- the message ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """A question as it stands in a message; what is long is cut short."""

    key: str
    text: str
    due: str
    closes: str
    criteria: str
    looked: str
    note: str
    events: tuple[str, ...]
    told: str
    open_url: str
    propose_url: str
    snooze_url: str


def reminder(*, listing: Listing, details: dict[UUID, Detail]) -> Draft:
    """One message that lists everything a person has to review, in less than `MOST_BYTES`."""
    most = MOST
    while True:
        draft = _drafted(listing, details, most)
        if len(draft.html.encode()) < MOST_BYTES or most == 1:
            return draft
        most //= 2


def _drafted(listing: Listing, details: dict[UUID, Detail], most: int) -> Draft:
    anew, before = listing.written(most)
    lines = {duty.due.question: _line(duty, details, listing) for duty in (*anew, *before)}
    due = [duty for duty in anew if duty.is_due and not duty.escalated]
    context = {
        "due": [lines[duty.due.question] for duty in due],
        "left": [lines[duty.due.question] for duty in anew if duty.escalated],
        "soon": [lines[duty.due.question] for duty in anew if not duty.is_due],
        "before": [lines[duty.due.question] for duty in before],
        "more": len(listing.anew) + len(listing.before) - len(anew) - len(before),
        "desk_url": f"{settings.SITE_URL}{reverse('admin:index')}?whose=mine",
    }
    return drafted(MessageKind.REMINDER, listing.person.email, _subject(listing), context)


def _subject(listing: Listing) -> str:
    """`2 questions are due for review, 1 falls due in 7 days: Q1, Q2, Q9`."""
    due = [duty for duty in listing.anew if duty.is_due and not duty.escalated]
    late = [duty for duty in listing.anew if duty.escalated]
    soon = [duty for duty in listing.anew if not duty.is_due]
    said: list[str] = []
    for duties, one, several in (
        (due, "is due for review", "are due for review"),
        (late, "has no answer yet", "have no answer yet"),
        (soon, f"falls due {_in(soon)}", f"fall due {_in(soon)}"),
    ):
        if duties:
            said.append(_counted(len(duties), one, several, noun=not said))
    keys = [duty.due.key for duty in (*due, *late, *soon)]
    more = f" and {len(keys) - _KEYS:,} more" if len(keys) > _KEYS else ""
    return f"{', '.join(said)}: {', '.join(keys[:_KEYS])}{more}"


def _counted(count: int, one: str, several: str, *, noun: bool) -> str:
    if count == 1:
        return f"1 question {one}" if noun else f"1 {one}"
    return f"{count:,} questions {several}" if noun else f"{count:,} {several}"


def _in(duties: list[Duty]) -> str:
    """`tomorrow`, `in 7 days`, or `soon` where they differ."""
    days = {-duty.days for duty in duties}
    return _in_days(days.pop()) if len(days) == 1 else "soon"


def _in_days(days: int) -> str:
    return "tomorrow" if days == 1 else f"in {days:,} days"


def _line(duty: Duty, details: dict[UUID, Detail], listing: Listing) -> Line:
    detail, zone = details[duty.due.question], listing.today.zone
    question, review = detail.question, detail.review
    what: dict[str, str | int] = {
        "question": str(question.pk),
        "person": listing.person.pk,
        "version": duty.due.version,
    }
    return Line(
        key=question.key,
        text=_short(question.text, 280),
        due=_due(duty, listing.today),
        closes=_closes(question.due_at, listing.today) if question.due_at else "",
        criteria=_short(question.criteria, 240),
        looked=_looked(review, zone),
        note=_short(review.note, 200) if review else "",
        events=tuple(map(_event, detail.bearings)),
        told=_told_before(detail, listing.person) if duty.escalated else "",
        open_url=f"{settings.SITE_URL}{_page(question)}",
        propose_url=links.address("propose", what),
        snooze_url=links.address("snooze", what),
    )


def _due(duty: Duty, today: Today) -> str:
    """`Due on 2026-11-30, in 7 days`, `Due today`, `Due since 2026-10-31, 23 days ago`."""
    said = display_in(today.zone, duty.due.review_at)
    if duty.days < 0:
        return f"Due on {said}, {_in_days(-duty.days)}"
    if duty.days == 0:
        return f"Due today, {said}"
    return f"Due since {said}, {duty.days:,} day{'' if duty.days == 1 else 's'} ago"


def _closes(due_at: dt.datetime, today: Today) -> str:
    verb = "closed" if day_in(today.zone, due_at) < today.day else "closes"
    return f"{verb} on {display_in(today.zone, due_at)}"


def _looked(review: Review | None, zone: dt.tzinfo) -> str:
    if review is None:
        return ""
    by = f" by {review.recorded_by}" if review.recorded_by else ""
    return f"{display_in(zone, review.recorded_at)}{by}"


def _event(bearing: Bearing) -> str:
    event = bearing.event
    return f"{event.happened_on}: {_short(event.title, 120)} ({bearing.get_bearing_display()})"


def _told_before(detail: Detail, person: User) -> str:
    """`rita 3 times, bo once`; empty if messages have reached nobody else."""
    others = [(name, times) for who, name, times in detail.told if who != person.pk]
    return _short(", ".join(f"{name} {_times(times)}" for name, times in others), 300)


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _short(text: str, most: int) -> str:
    """In one line, and no longer than that."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


def _page(question: Question) -> str:
    return reverse("admin:predictions_question_change", args=[question.pk])
