"""Work that another's work got in the way of, done again."""

import random
import time
from collections.abc import Callable
from typing import Any, TypeVar

from django.db import DatabaseError, connection, transaction

T = TypeVar("T")

SERIALIZATION_FAILURE, DEADLOCK_DETECTED, LOCK_NOT_AVAILABLE = "40001", "40P01", "55P03"
UNIQUE_VIOLATION = "23505"
PASSING = (SERIALIZATION_FAILURE, DEADLOCK_DETECTED, LOCK_NOT_AVAILABLE)
_ONE_ENTRY_A_UUID = "ledger_entry_uuid_key"

_PAUSE = 0.02  # seconds before the second attempt at most; twice that before the third
# Waiting for the head of a busy log may take an attempt 20 seconds. Whoever asked has given up by
# the time that a second one would end, so none begins.
_PATIENCE = 10.0


def retried(work: Callable[[], T], *, attempts: int = 3) -> T:
    """What `work` returns, run in a transaction of its own; again, when another was in its way.

    That is: a failure to serialise, a deadlock, a lock that was not to be had, and of two senders
    of one entry at once the second, which then finds the first's. Everything else passes, and so
    does the last failure. A lost connection passes as well: nobody knows whether its work was done.

    `work` must begin anew each time. Inside a transaction it is merely called: what must be
    repeated there is the whole of it.
    """
    if attempts < 1:
        raise ValueError(f"attempts: {attempts} is not at least 1")
    if connection.in_atomic_block:
        return work()
    began = time.monotonic()
    for attempt in range(1, attempts):
        try:
            return _once(work)
        except DatabaseError as error:
            if not _passes(error) or time.monotonic() - began > _PATIENCE:
                raise
        # Of different lengths, or those who met would meet again.
        time.sleep(random.uniform(0, _PAUSE * attempt))  # noqa: S311 -- not a secret
    return _once(work)


def _once(work: Callable[[], T]) -> T:
    with transaction.atomic(durable=True):
        return work()


def _passes(error: DatabaseError) -> bool:
    cause: Any = error.__cause__
    state = getattr(cause, "sqlstate", None)
    if state == UNIQUE_VIOLATION:
        return bool(cause.diag.constraint_name == _ONE_ENTRY_A_UUID)
    return state in PASSING
