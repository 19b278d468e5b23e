"""Delivery: claim rows, hand their messages to the mail server, mark them. SMTP in no transaction.

Rows are claimed by the batch, and each is marked, on disk, before the next message is handed over.
Whoever dies in between leaves leases that run out, and what they held is tried again. Only a death
between the server's acceptance and the mark can send a copy: of one message, with its Message-ID.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

from django.db import connection as database

from predictions.mail import claiming
from predictions.mail.claiming import message_retry, pause_after
from predictions.mail.handover import Carrier, NotSent, carrier
from predictions.models import Message
from predictions.services.suspensions import address_bounced

__all__ = ["Delivered", "deliver", "message_retry", "pause_after"]

_FAILURES_IN_A_ROW = 2
# The next pass goes on where one ends; a worker that is stopped for taking too long would not.
_LONGEST_PASS = dt.timedelta(minutes=10)
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
    twice in a row: the rest is for the next pass, and nobody waits for a server that is away.
    """
    with _alone() as alone:
        return _Pass(clock).run() if alone else Delivered()


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


class _Pass:
    """One pass over what is due."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._began = clock, clock()
        self._marks, self._done = claiming.Marks(), Delivered()
        self._failures = 0

    def run(self) -> Delivered:
        with closing(carrier()) as server:
            while self._goes_on() and (batch := self._claim()):
                self._deliver(server, batch)
        return self._done

    def _goes_on(self) -> bool:
        in_time = self._clock() - self._began < _LONGEST_PASS
        return in_time and self._failures < _FAILURES_IN_A_ROW

    def _claim(self) -> list[Message]:
        self._done.dead += claiming.give_up_suspended(began=self._began)
        return claiming.claim(began=self._began, now=self._clock())

    def _deliver(self, server: Carrier, batch: list[Message]) -> None:
        """Those that are reached while there is enough of the lease for a slow server's answers;
        the others go back."""
        until = self._clock() + claiming.lease() / 2
        reached = 0
        try:
            for message in batch:
                if self._failures >= _FAILURES_IN_A_ROW or self._clock() > until:
                    break
                reached += 1
                self._try(server, message)
        finally:
            self._marks.settle()
            claiming.release(batch[reached:])

    def _try(self, server: Carrier, message: Message) -> None:
        try:
            server.offer(message)
            self._settle(server)
            server.confirm()
        except NotSent as error:
            self._settle(server)
            self._failed(message, error)
        else:
            self._marks.begin(message, self._clock())
            self._done.sent, self._failures = self._done.sent + 1, 0

    def _settle(self, server: Carrier) -> None:
        try:
            self._marks.settle()
        except BaseException:
            server.abandon()  # what is offered is not claimed by anybody who can mark it
            raise

    def _failed(self, message: Message, error: NotSent) -> None:
        now = self._clock()
        if claiming.mark_failed(message, error, now):
            self._done.dead += 1
        else:
            self._done.put_off += 1
        if error.of_recipient:
            address_bounced(message=message, said=str(error), now=now)
        self._failures = self._failures + 1 if error.of_server else 0
