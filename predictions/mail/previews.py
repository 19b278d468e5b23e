"""A message as it would be sent now. Writes nothing; a test goes to whoever asks for it alone."""

import datetime as dt
from dataclasses import replace

from ledger import checkpoints
from ledger.errors import NoteError
from predictions.errors import Conflict, Invalid
from predictions.mail.archived import without_links
from predictions.mail.drafts import Draft, message_queue
from predictions.mail.reminders import reminder
from predictions.mail.report_content import report
from predictions.mail.reports import report_content
from predictions.models import Message, Question, Reminder, Subscription, User
from predictions.models.choices import MessageKind


def report_preview(*, subscription: Subscription, now: dt.datetime) -> Draft:
    """The next report of a subscription, were its period over, up to the newest checkpoint.

    Its reader's own links are void. Raises Conflict before the first checkpoint.
    """
    checkpoint = checkpoints.latest()
    if checkpoint is None:
        raise Conflict("no checkpoint is signed yet; the worker signs one within some minutes")
    last = subscription.reports.order_by("-period_end").first()
    try:
        content = report_content(last=last, checkpoint=checkpoint, now=now)
    except NoteError as error:
        raise Conflict(f"the newest checkpoint cannot be shown: {error}") from error
    return _harmless(report(recipient=subscription.recipient, content=content))


def reminder_preview(*, person: User, now: dt.datetime) -> Draft | None:
    """What a person would be told now, as their reviews stand; None if there is nothing to tell."""
    told = Reminder.objects.filter(recipient=person).values_list("question_id", "due_version")
    already = set(told)
    due = Question.objects.due(now).filter(reviewer=person)
    questions = [one for one in due if (one.pk, one.due_version) not in already]
    if not questions:
        return None
    return _harmless(reminder(recipient=person.email, questions=questions, now=now))


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
