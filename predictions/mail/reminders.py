"""Reminders of what is due for review: one message a person a pass, whatever was missed.

Each pass holds an advisory lock, so that two beats, or a beat and a person at the command line,
take turns; the unique constraints of the tables are the last word.
"""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, field
from uuid import UUID

from django.db import transaction

from predictions.mail.drafts import message_queue
from predictions.mail.duties import Agenda, agendas
from predictions.mail.reminder_mail import Listing, details, listing_of, reminder, written_out
from predictions.models import Message, Reminder
from predictions.models.choices import MessageKind, MessageState
from predictions.services.sweeps import take_turns

_ROWS_A_STATEMENT = 5_000


@dataclass
class _Unsent:
    """Reminders of one message that has not gone out: those that still hold, and those that do
    not."""

    person: int
    hold: dict[UUID, list[int]] = field(default_factory=dict)
    gone: list[int] = field(default_factory=list)


@transaction.atomic
def reminders_queue(*, now: dt.datetime) -> int:
    """Queue one message a person with everything that is due at a new stage; returns how many.

    A message that has not gone out yet gives way: to a newer one of the same person, which takes
    over what still holds, or to none, if nothing of it does.
    """
    take_turns("reminders")
    everybody = agendas(now)
    carried = _withdraw(everybody)
    listings = {
        key: listing
        for key, agenda in everybody.items()
        if (listing := listing_of(agenda, carried.get(key, {}).keys()))
    }
    found = details(written_out(listings.values()))
    for key, listing in listings.items():
        message = message_queue(reminder(listing=listing, details=found), now=now)
        _attach(message, listing, carried.get(key, {}))
    return len(listings)


def _withdraw(everybody: dict[int, Agenda]) -> dict[int, dict[UUID, list[int]]]:
    """Take back what a newer message replaces, or what holds no more.

    Returns, by person and question, the reminders that still hold and need a message.
    """
    outdated = {
        key: unsent
        for key, unsent in _unsent(everybody).items()
        if unsent.gone or _has_news(everybody.get(unsent.person))
    }
    taken = _taken_back(outdated)
    carried: dict[int, dict[UUID, list[int]]] = {}
    for key in taken:
        for question, rows in outdated[key].hold.items():
            theirs = carried.setdefault(outdated[key].person, {})
            theirs.setdefault(question, []).extend(rows)
    # What never went out and holds no more was never told.
    gone = [row for key in taken for row in outdated[key].gone]
    Reminder.objects.filter(pk__in=gone).delete()
    return carried


def _has_news(agenda: Agenda | None) -> bool:
    return agenda is not None and any(duty.stage is not None for duty in agenda.duties.values())


def _unsent(everybody: dict[int, Agenda]) -> dict[int, _Unsent]:
    """Messages that wait, and that no server may have accepted already; by message."""
    waiting = Reminder.objects.filter(
        message__kind=MessageKind.REMINDER,
        message__state=MessageState.WAITING,
        message__doubtful=False,
    )
    found: dict[int, _Unsent] = {}
    columns = ("pk", "message_id", "recipient_id", "question_id", "due_version")
    for row, message, person, question, version in waiting.values_list(*columns):
        unsent = found.setdefault(message, _Unsent(person))
        agenda = everybody.get(person)
        duty = agenda.duties.get(question) if agenda else None
        if duty is not None and duty.due.version == version:
            unsent.hold.setdefault(question, []).append(row)
        else:
            unsent.gone.append(row)
    return found


def _taken_back(messages: Collection[int]) -> list[int]:
    """Of these, those that nobody has begun to send; held and withdrawn."""
    waiting = Message.objects.filter(
        pk__in=messages, state=MessageState.WAITING, doubtful=False
    ).select_for_update(skip_locked=True)
    taken = [message.pk for message in waiting.only("pk")]
    Message.objects.filter(pk__in=taken).update(state=MessageState.WITHDRAWN)
    return taken


def _attach(message: Message, listing: Listing, carried: dict[UUID, list[int]]) -> None:
    """The reminders that a message tells, new ones and those that it takes over."""
    rows = [row for theirs in carried.values() for row in theirs]
    Reminder.objects.filter(pk__in=rows).update(message=message)
    new = (
        Reminder(
            question_id=duty.due.question,
            recipient=listing.person,
            due_version=duty.due.version,
            stage=duty.stage,
            message=message,
        )
        for duty in listing.anew
        if duty.stage is not None
    )
    Reminder.objects.bulk_create(new, batch_size=_ROWS_A_STATEMENT)
