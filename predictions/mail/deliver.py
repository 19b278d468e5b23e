"""Delivery: claim a row, hand the message to the mail server, mark the row. SMTP in no transaction.

Whoever dies between claim and mark leaves a lease that runs out, and the message is tried again.
Only a death between the server's acceptance and the mark can send a copy, with the same Message-ID.
"""

import datetime as dt
import logging
import random
import smtplib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.mime.text import MIMEText

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection as database
from django.db import transaction

from predictions.models import Message
from predictions.models.choices import MessageState

logger = logging.getLogger(__name__)

# Whoever takes longer than a task may last (`config.celery`) is killed with a message in hand.
_LONGEST_PASS = dt.timedelta(minutes=10)
_FAILURES_IN_A_ROW = 2
_CLOSING = 421  # RFC 5321, 3.8: the service closes, whatever it was asked
_LONGEST_PAUSE = dt.timedelta(hours=4)
Clock = Callable[[], dt.datetime]


@dataclass
class Delivered:
    """What one pass did: messages accepted by the server, put off, and given up."""

    sent: int = 0
    put_off: int = 0
    dead: int = 0


def deliver(*, clock: Clock) -> Delivered:
    """Try every message that is due now, each on its own: a bad address stops nobody behind it.

    One pass runs at a time; another returns at once. It ends early when the server itself fails
    twice in a row, or after ten minutes: the rest is for the next pass, and nobody waits for a
    server that is away.
    """
    done = Delivered()
    with _alone() as alone:
        if alone:
            _deliver_all(clock, done)
    return done


def _deliver_all(clock: Clock, done: Delivered) -> None:
    began, failures = clock(), 0
    connection = get_connection()
    try:
        while failures < _FAILURES_IN_A_ROW and clock() - began < _LONGEST_PASS:
            if (message := _claim(began, clock())) is None:
                break
            try:
                _hand_over(connection, message)
            except (OSError, ValueError) as error:  # smtplib's errors are OSErrors
                _close(connection)
                _mark_failed(message, error, clock(), done)
                failures = failures + 1 if _is_the_servers(error) else 0
            else:
                _mark_sent(message, clock())
                done.sent, failures = done.sent + 1, 0
    finally:
        _close(connection)


@contextmanager
def _alone() -> Iterator[bool]:
    """Whether nobody else delivers. Held by the session: no transaction stays open for SMTP."""
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtext('deliver'))")
        [alone] = cursor.fetchone()
    try:
        yield alone
    finally:
        if alone:
            with database.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtext('deliver'))")


@transaction.atomic
def _claim(began: dt.datetime, now: dt.datetime) -> Message | None:
    """Take the next message that was due when the pass began, for the length of a lease."""
    waiting = Message.objects.deliverable(began).select_for_update(skip_locked=True)
    message: Message | None = waiting.first()
    if message is None:
        return None
    lease = dt.timedelta(seconds=settings.MAIL_LEASE_SECONDS)
    message.state = MessageState.CLAIMED
    # A message that takes its worker down with it comes round ever more rarely.
    message.due_at = now + max(lease, pause_after(message.attempts))
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
    for attachment in message.attachments:
        mail.attach(_part(attachment))
    connection.open()
    connection.send_messages([mail])


def _part(attachment: dict[str, str]) -> MIMEText:
    """UTF-8 in base64, so that no server on the way rewrites a byte of it, or its line ends."""
    kind, _, subtype = attachment["type"].partition("/")
    if kind != "text":
        raise ValueError(f"attachment {attachment['name']}: only text is attached, not {kind}")
    part = MIMEText(attachment["text"], subtype, "utf-8")
    part.add_header("Content-Disposition", "attachment", filename=attachment["name"])
    return part


def _mark_sent(message: Message, now: dt.datetime) -> None:
    """The server said yes: that stands, whoever may have claimed the message since."""
    unsent = Message.objects.filter(pk=message.pk).exclude(state=MessageState.SENT)
    unsent.update(state=MessageState.SENT, sent_at=now, last_error="")


def _mark_failed(message: Message, error: Exception, now: dt.datetime, done: Delivered) -> None:
    logger.warning("message %s to the mail server failed: %s", message.pk, error)
    old = now - message.created_at > dt.timedelta(hours=settings.MAIL_GIVE_UP_HOURS)
    if is_permanent(error) or old:
        fields: dict[str, object] = {"state": MessageState.DEAD}
        done.dead += 1
    else:
        fields = {"state": MessageState.WAITING, "due_at": now + pause_after(message.attempts)}
        done.put_off += 1
    # Not if the lease ran out meanwhile and somebody else holds the message.
    held = Message.objects.filter(
        pk=message.pk, state=MessageState.CLAIMED, attempts=message.attempts
    )
    held.update(last_error=str(error), **fields)


def message_retry(*, message: Message, now: dt.datetime) -> None:
    """Have a message that was given up tried again, as if it were new."""
    given_up = Message.objects.filter(pk=message.pk, state=MessageState.DEAD)
    given_up.update(state=MessageState.WAITING, due_at=now, created_at=now, attempts=0)


def _is_the_servers(error: Exception) -> bool:
    """Whether the server is away, hangs or turns us away, and not one message or address at fault.

    It turns us away by refusing the greeting, the log-in or the sender, and by a 421 to anything.
    """
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code == _CLOSING for code, _ in error.recipients.values())
    if isinstance(error, smtplib.SMTPDataError):
        return error.smtp_code == _CLOSING
    return isinstance(error, OSError)


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
    """Time until the next attempt: doubling up to 4 h, a quarter of it left to chance."""
    first = dt.timedelta(seconds=settings.MAIL_FIRST_PAUSE_SECONDS)
    pause: dt.timedelta = min(first * 2 ** min(attempts - 1, 20), _LONGEST_PAUSE)
    return pause * random.uniform(0.75, 1.0)  # noqa: S311 -- spreads load, guards nothing


def _close(connection: BaseEmailBackend) -> None:
    """Close, whatever state a failed attempt left the connection in."""
    try:
        connection.close()
    except OSError as error:
        logger.info("closing the connection to the mail server: %s", error)
