"""Signers take turns, and nobody waits for good for one that only holds the place."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection, transaction

from ledger.errors import SignerBusy
from ledger.retries import LOCK_NOT_AVAILABLE

_LOCK = "hashtext('ledger checkpoint')"
_PATIENCE = (
    "SELECT set_config('lock_timeout',"
    " coalesce(nullif(current_setting('lock_timeout'), '0'), '20s'), true)"
)
_BUSY = (
    "another session holds the signer's lock, pg_advisory_lock(hashtext('ledger checkpoint')): a "
    "long signing, which will end, or somebody who keeps it. Try again; if it stays, find the "
    "session in pg_locks (locktype advisory) and end it"
)


@contextmanager
def turn() -> Iterator[None]:
    """Keeps other signers waiting over several transactions; inside, one may sign.

    Raises SignerBusy.
    """
    with transaction.atomic():  # for the patience alone: the lock is the session's
        _take("pg_advisory_lock")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT pg_advisory_unlock({_LOCK})")


def take_turns() -> None:
    """Wait for other signers; held until the transaction ends. Raises SignerBusy."""
    _take("pg_advisory_xact_lock")


def _take(lock: str) -> None:
    """Take the signer's lock. Raises SignerBusy if somebody else holds it for long: for 20 seconds,
    or as long as the connection itself waits for a lock. So does the transaction from here on."""
    with connection.cursor() as cursor:
        try:
            cursor.execute(f"{_PATIENCE}; SELECT {lock}({_LOCK})")
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", None) == LOCK_NOT_AVAILABLE:
                raise SignerBusy(_BUSY) from error
            raise
