"""Verifying the ledger because somebody asked: one at a time, and the result is kept."""

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from ledger import replay
from ledger.errors import SignerBusy
from predictions.errors import Conflict
from predictions.models import User, Verification
from predictions.services.sweeps import take_turns
from predictions.when import display

# One that takes its worker along, for want of memory, is not begun for ever.
_ATTEMPTS = 3
# A log that somebody has rewritten has a finding an entry: the first ones tell enough.
_FINDINGS = 100
_LOCK = "hashtext('verify ledger')"


@transaction.atomic
def verification_ask(*, by: User, now: dt.datetime) -> Verification:
    """Ask for a verification, which a pass begins soon. Raises Conflict while another runs."""
    take_turns("verifications")
    other = Verification.objects.filter(ended_at=None).select_related("asked_by").first()
    if other is not None:
        raise Conflict(
            f"a verification that {other.asked_by} asked for at {display(other.asked_at)} has not "
            "ended yet; wait for its result"
        )
    return Verification.objects.create(asked_by=by, asked_at=now)


def verification_run(*, clock: Callable[[], dt.datetime]) -> None:
    """Run the verification that was asked for, if there is one and nobody runs it.

    One whose worker was lost is begun anew. Reads the whole ledger, so it may take long; calls
    outside of any transaction.
    """
    with _alone() as alone:
        asked = Verification.objects.filter(ended_at=None).first() if alone else None
        if asked is not None:
            _run(asked, clock)


def _run(asked: Verification, clock: Callable[[], dt.datetime]) -> None:
    if asked.attempts >= _ATTEMPTS:
        asked.error = f"It was begun {_ATTEMPTS} times and never ended: see the worker's log."
    else:
        asked.began_at, asked.attempts = clock(), asked.attempts + 1
        asked.save()
        _verify(asked)
    asked.ended_at = clock()
    asked.save()


def _verify(asked: Verification) -> None:
    try:
        result = replay.verify()
    except SignerBusy as error:
        asked.error = str(error)
        return
    asked.size, asked.root, asked.rows = result.size, result.root, result.rows
    first = result.findings[:_FINDINGS]
    asked.findings = [{"place": found.place, "problem": found.problem} for found in first]
    asked.findings_count, asked.notes = len(result.findings), result.notes


@contextmanager
def _alone() -> Iterator[bool]:
    """Whether nobody else verifies; the lock is the session's, and ends with a lost worker's."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_try_advisory_lock({_LOCK})")
        [alone] = cursor.fetchone()
    try:
        yield alone
    finally:
        if alone:
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT pg_advisory_unlock({_LOCK})")
