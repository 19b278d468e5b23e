"""A message as it would be sent now. Writes nothing; a test goes to whoever asks for it alone."""

import datetime as dt
from dataclasses import replace

from ledger import checkpoints
from ledger.errors import NoteError
from predictions.errors import Conflict, Invalid
from predictions.mail.archived import without_links
from predictions.mail.drafts import Draft, message_queue
from predictions.mail.duties import agendas
from predictions.mail.reminder_mail import details, listing_of, reminder, written_out
from predictions.mail.reports import next_report
from predictions.models import Message, Subscription, User
from predictions.models.choices import MessageKind


def report_preview(*, subscription: Subscription, now: dt.datetime) -> Draft:
    """The next report of a subscription, were its period over, up to the newest checkpoint.

    Its reader's own links are void. Raises Conflict before the first checkpoint.
    """
    checkpoint = checkpoints.latest()
    if checkpoint is None:
        raise Conflict("no checkpoint is signed yet; the worker signs one within some minutes")
    try:
        draft = next_report(subscription=subscription, checkpoint=checkpoint, now=now)
    except NoteError as error:
        raise Conflict(f"the newest checkpoint cannot be shown: {error}") from error
    return _harmless(draft)


def reminder_preview(*, person: User, now: dt.datetime) -> Draft | None:
    """What a person would be told now, as their reviews stand; None if there is nothing to tell."""
    agenda = agendas(now).get(person.pk)
    listing = listing_of(agenda, ()) if agenda else None
    if listing is None:
        return None
    return _harmless(reminder(listing=listing, details=details(written_out([listing]))))


def preview_send(*, draft: Draft, person: User, now: dt.datetime) -> Message:
    """Send a preview to whoever asks for it. Raises Invalid if they have no address."""
    if not person.email:
        raise Invalid("email", "your account has no address; give it one on its page")
    test = replace(
        draft,
        kind=MessageKind.TEST,
        recipient=person.email,
        subject=f"Test: {draft.subject}"[:300],
        headers={},  # of the reader, such as how to end the subscription
    )
    return message_queue(test, now=now)


def _harmless(draft: Draft) -> Draft:
    return replace(draft, text=without_links(draft.text), html=without_links(draft.html))
