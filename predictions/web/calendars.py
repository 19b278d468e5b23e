"""What falls due as a calendar to subscribe to (RFC 5545, with what RFC 7986 added).

A day's event a question, which blocks nobody's time. It keeps its UID, and each move of its date is
a higher SEQUENCE, so programs move it; what is settled leaves, and what is open again comes back.
"""

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import QuerySet

from ledger import journal
from predictions.models import Question
from predictions.web.files import plain

if TYPE_CHECKING:
    from icalendar import Event

MOST = 1_000
# What is overdue for longer than this nobody looks for in a calendar.
_OVERDUE = dt.timedelta(days=90)
# How often programs are asked to look again; most take it for a wish.
_EVERY = dt.timedelta(hours=6)


def due_soon(questions: QuerySet[Question], now: dt.datetime) -> list[Question]:
    """Of these the open ones that fall due for review next, or did so not long ago."""
    soon = questions.filter(while_open__review_at__gte=now - _OVERDUE)
    return list(soon.select_related("topic").order_by("while_open__review_at", "key")[:MOST])


def calendar(
    name: str, questions: list[Question], *, page: Callable[[Question], str], now: dt.datetime
) -> bytes:
    """Such a calendar of `questions`; `page` gives the address at which one is looked at."""
    from icalendar import Calendar  # slow to import, and of use to the web alone

    made = Calendar()
    made.add("PRODID", "-//Prediction Ledger//EN")
    made.add("VERSION", "2.0")
    made.add("METHOD", "PUBLISH")
    made.add("NAME", name)
    made.add("X-WR-CALNAME", name)
    made.add("REFRESH-INTERVAL", _EVERY, parameters={"VALUE": "DURATION"})
    made.add("X-PUBLISHED-TTL", f"PT{_EVERY // dt.timedelta(hours=1)}H")
    changed = _changed(questions)
    for question in questions:
        made.add_component(_event(question, page(question), changed.get(question.entry, now)))
    written: bytes = made.to_ical()
    return written


def _event(question: Question, page: str, changed: dt.datetime) -> "Event":
    from icalendar import Event  # as above

    assert question.review_at  # noqa: S101 -- for the type checker: it was found by its date
    day = question.review_at.date()
    event = Event()
    event.add("UID", str(question.pk))
    event.add("SEQUENCE", question.due_version)
    event.add("DTSTAMP", changed)
    event.add("LAST-MODIFIED", changed)
    event.add("DTSTART", day)
    event.add("DTEND", day + dt.timedelta(days=1))
    event.add("TRANSP", "TRANSPARENT")
    event.add("SUMMARY", plain(f"{question.key} due for review: {question.text}"))
    event.add("DESCRIPTION", plain(f"{question.text}\n\n{question.criteria}\n\n{page}"))
    event.add("URL", page)
    if question.topic:
        event.add("CATEGORIES", [plain(question.topic.name)])
    return event


def _changed(questions: list[Question]) -> dict[UUID, dt.datetime]:
    """When the ledger last said something of each, by the uuid of the entry that did."""
    entries = journal.said_by(question.entry for question in questions)
    return {
        uuid: dt.datetime.fromisoformat(time) for uuid, time in entries.values_list("uuid", "time")
    }
