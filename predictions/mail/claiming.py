"""Which messages a pass may try, and what became of them: claims, marks and releases."""

import datetime as dt
import logging
import random
import select
import time
from collections.abc import Sequence
from typing import Any

import psycopg
from django.conf import settings
from django.db import OperationalError, connection, transaction
from psycopg.pq import ExecStatus

from predictions.mail.handover import NotSent
from predictions.models import Message
from predictions.models.choices import MessageState
from predictions.querysets import suspended

logger = logging.getLogger(__name__)

_LONGEST_PAUSE = dt.timedelta(hours=4)
# A claim and what is read for it are shared by so many; no more are kept waiting by a dead worker.
BATCH = 200

_CLAIM = f"""
WITH next AS (
    SELECT id, due_at AS was_due, state = 'claimed' AS broke_off
    FROM predictions_message
    WHERE state IN ('waiting', 'claimed') AND due_at <= %(began)s
    ORDER BY due_at, id
    LIMIT {BATCH}
    FOR UPDATE SKIP LOCKED
)
UPDATE predictions_message AS message
SET state = 'claimed',
    attempts = attempts + 1,
    -- Whoever held it may have been heard by the server all the same.
    doubtful = doubtful OR broke_off,
    -- A message that takes its worker down with it comes round ever more rarely.
    due_at = %(now)s + greatest(
        %(lease)s, least(%(first)s * power(2, least(attempts - 1, 20)), %(longest)s)
    )
FROM next
WHERE message.id = next.id
RETURNING message.*, was_due
"""  # noqa: S608 -- its only part is a constant

_RELEASE = """
UPDATE predictions_message AS message
SET state = 'waiting', attempts = attempts - 1, due_at = was_due
FROM unnest(%s::bigint[], %s::timestamptz[]) AS held (id, was_due)
WHERE message.id = held.id AND state = 'claimed'
"""

# The server said yes: that stands, whoever may have claimed the message since.
_MARK = b"""
UPDATE predictions_message SET state = 'sent', sent_at = $1::timestamptz, last_error = ''
WHERE id = $2::bigint AND state <> 'sent'
"""


def lease() -> dt.timedelta:
    return dt.timedelta(seconds=settings.MAIL_LEASE_SECONDS)


def _first_pause() -> dt.timedelta:
    return dt.timedelta(seconds=settings.MAIL_FIRST_PAUSE_SECONDS)


def claim(*, began: dt.datetime, now: dt.datetime) -> list[Message]:
    """Take the next messages that were due when the pass began, for the length of a lease.

    One statement, committed before anything is sent. Those whose lease ran out are among them.
    """
    spans = {"lease": lease(), "first": _first_pause(), "longest": _LONGEST_PAUSE}
    claimed = list(Message.objects.raw(_CLAIM, {"began": began, "now": now, **spans}))
    return sorted(claimed, key=lambda message: (_was_due(message), message.pk))


def release(messages: Sequence[Message]) -> None:
    """Give back what was claimed and not tried, as it was."""
    if messages:
        with connection.cursor() as cursor:
            cursor.execute(_RELEASE, [[m.pk for m in messages], list(map(_was_due, messages))])


def _was_due(message: Message) -> dt.datetime:
    was_due: dt.datetime = message.was_due  # type: ignore[attr-defined]  # the claim adds it
    return was_due


def give_up_suspended(*, began: dt.datetime) -> int:
    """Give up what is due to addresses that nothing is sent to; returns how many messages."""
    return (
        Message.objects.deliverable(began)
        .order_by()
        .filter(suspended("recipient"))
        .update(
            state=MessageState.DEAD,
            last_error="not handed over: the address is suspended; lift that, then try again",
        )
    )


class Marks:
    """Marks accepted messages: one is on its way to the disk while the next is being offered.

    `settle` returns once it is there, and is called before the next message's last word. So at
    most one message is out and not marked, whenever the process dies.
    """

    def __init__(self) -> None:
        self._pending: tuple[Message, dt.datetime] | None = None

    def begin(self, message: Message, now: dt.datetime) -> None:
        self._pending = message, now
        try:
            _connection().send_query_params(_MARK, _parameters(message, now))
        except psycopg.Error:
            logger.info("the database went away; message %s is marked once it is back", message.pk)

    def settle(self) -> None:
        """Raises OperationalError if the database went away: the mark was made since, or the
        database stayed away for longer than the lease."""
        if self._pending is None:
            return
        (message, now), self._pending = self._pending, None
        try:
            _finish(_connection())
        except (psycopg.Error, OSError) as error:
            connection.close()
            _mark_again(message, now)
            raise OperationalError("the database went away while mail was delivered") from error


def _connection() -> Any:
    connection.ensure_connection()
    return connection.connection.pgconn


def _parameters(message: Message, now: dt.datetime) -> list[bytes]:
    return [now.isoformat().encode(), str(message.pk).encode()]


def _finish(libpq: Any) -> None:
    """Wait for the answer; other threads run meanwhile."""
    libpq.consume_input()
    while libpq.is_busy():
        select.select([libpq.socket], [], [])
        libpq.consume_input()
    marked, problem = False, "no answer"
    while (result := libpq.get_result()) is not None:
        marked = result.status == ExecStatus.COMMAND_OK
        problem = result.error_message.decode("utf-8", "replace")
    if not marked:
        raise psycopg.OperationalError(problem)


def _mark_again(message: Message, now: dt.datetime) -> None:
    """What the server has said is not forgotten for want of a database."""
    for _ in range(int(settings.MAIL_LEASE_SECONDS)):
        try:
            unsent = Message.objects.filter(pk=message.pk).exclude(state=MessageState.SENT)
            unsent.update(state=MessageState.SENT, sent_at=now, last_error="")
        except OperationalError:
            connection.close()
            time.sleep(1)
        else:
            return
    logger.error("message %s is out, but could not be marked", message.pk)


def mark_failed(message: Message, error: NotSent, now: dt.datetime) -> bool:
    """Put a message off, or give it up; returns whether it was given up."""
    logger.warning("message %s was not sent: %s", message.pk, error)
    old = now - message.created_at > dt.timedelta(hours=settings.MAIL_GIVE_UP_HOURS)
    fields: dict[str, object] = {"last_error": str(error)}
    if error.doubtful:
        fields["doubtful"] = True
    if error.final or old:
        fields["state"] = MessageState.DEAD
    else:
        fields |= {"state": MessageState.WAITING, "due_at": now + pause_after(message.attempts)}
    # Not if the lease ran out meanwhile and somebody else holds the message.
    held = Message.objects.filter(
        pk=message.pk, state=MessageState.CLAIMED, attempts=message.attempts
    )
    held.update(**fields)
    return error.final or old


@transaction.atomic
def message_retry(*, message: Message, now: dt.datetime) -> None:
    """Have a message that was given up tried again, as if it were new."""
    given_up = Message.objects.filter(pk=message.pk, state=MessageState.DEAD)
    given_up.update(state=MessageState.WAITING, due_at=now, created_at=now, attempts=0)


def pause_after(attempts: int) -> dt.timedelta:
    """Time until the next attempt: doubling up to 4 h, a quarter of it left to chance."""
    pause: dt.timedelta = min(_first_pause() * 2 ** min(attempts - 1, 20), _LONGEST_PAUSE)
    return pause * random.uniform(0.75, 1.0)  # noqa: S311 -- spreads load, guards nothing
