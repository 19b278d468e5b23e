"""Delivery: claim a row, hand the message to the mail server, mark the row. SMTP in no transaction.

Whoever dies between claim and mark leaves a lease that runs out, and the message is tried again.
Only a death between the server's acceptance and the mark can send a copy, with the same Message-ID.
"""

import datetime as dt
import logging
import random
import smtplib
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction

from predictions.models import Message
from predictions.models.choices import MessageState

logger = logging.getLogger(__name__)

_FIRST_PAUSE = dt.timedelta(seconds=30)
_LONGEST_PAUSE = dt.timedelta(hours=4)
Clock = Callable[[], dt.datetime]


@dataclass
class Delivered:
    """What one pass did: messages accepted by the server, put off, and given up."""

    sent: int = 0
    put_off: int = 0
    dead: int = 0


def deliver(*, clock: Clock) -> Delivered:
    """Try every message that is due now, each on its own: a bad address stops nobody behind it."""
    began, done = clock(), Delivered()
    connection = get_connection()
    try:
        while message := _claim(began, clock()):
            try:
                _hand_over(connection, message)
            except (OSError, ValueError) as error:  # smtplib's errors are OSErrors
                _close(connection)
                _mark_failed(message, error, clock(), done)
            else:
                _mark(message, state=MessageState.SENT, sent_at=clock(), last_error="")
                done.sent += 1
    finally:
        _close(connection)
    return done


@transaction.atomic
def _claim(began: dt.datetime, now: dt.datetime) -> Message | None:
    """Take the next message that was due when the pass began, for the length of a lease."""
    waiting = Message.objects.deliverable(began).select_for_update(skip_locked=True)
    message: Message | None = waiting.first()
    if message is None:
        return None
    message.state = MessageState.CLAIMED
    message.due_at = now + dt.timedelta(seconds=settings.MAIL_LEASE_SECONDS)
    message.attempts += 1
    message.save(update_fields=["state", "due_at", "attempts"])
    return message


def _hand_over(connection: BaseEmailBackend, message: Message) -> None:
    mail = EmailMultiAlternatives(
        subject=message.subject,
        body=message.text,
        to=[message.recipient],
        connection=connection,
        headers={
            "Message-ID": message.message_id,
            "Auto-Submitted": "auto-generated",
            "Date": message.created_at.strftime("%a, %d %b %Y %H:%M:%S +0000"),
        },
    )
    mail.attach_alternative(message.html, "text/html")
    connection.open()
    connection.send_messages([mail])


def _mark_failed(message: Message, error: Exception, now: dt.datetime, done: Delivered) -> None:
    logger.warning("message %s to the mail server failed: %s", message.pk, error)
    if is_permanent(error) or message.attempts >= settings.MAIL_MAX_ATTEMPTS:
        _mark(message, state=MessageState.DEAD, last_error=str(error))
        done.dead += 1
    else:
        due_at = now + pause_after(message.attempts)
        _mark(message, state=MessageState.WAITING, due_at=due_at, last_error=str(error))
        done.put_off += 1


def _mark(message: Message, **fields: object) -> None:
    """Write the result, unless the lease ran out and somebody else has claimed the message."""
    held = Message.objects.filter(
        pk=message.pk, state=MessageState.CLAIMED, attempts=message.attempts
    )
    if not held.update(**fields):
        logger.warning("message %s outlived its lease and was claimed by another", message.pk)


def is_permanent(error: Exception) -> bool:
    """Whether this message can never go out: a 5xx to its recipient or content, or no mail at all.

    A refused log-in or sender is the service's own fault and may be mended, so it is tried again.
    """
    if isinstance(error, ValueError):  # an address or a header that cannot be written
        return True
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in error.recipients.values())
    return isinstance(error, smtplib.SMTPDataError) and error.smtp_code >= 500


def pause_after(attempts: int) -> dt.timedelta:
    """Time until the next attempt: doubling from 30 s to 4 h, a quarter of it left to chance."""
    pause: dt.timedelta = min(_FIRST_PAUSE * 2 ** (attempts - 1), _LONGEST_PAUSE)
    return pause * random.uniform(0.75, 1.0)  # noqa: S311 -- spreads load, guards nothing


def _close(connection: BaseEmailBackend) -> None:
    """Close, whatever state a failed attempt left the connection in."""
    try:
        connection.close()
    except OSError as error:
        logger.info("closing the connection to the mail server: %s", error)
