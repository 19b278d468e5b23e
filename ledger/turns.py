"""Signers take turns, and nobody waits for good for one that only holds the place."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection

from ledger.errors import SignerBusy
from ledger.retries import LOCK_NOT_AVAILABLE

_LOCK = "hashtext('ledger checkpoint')"
_WAIT = "20s"
_PATIENCE = "SELECT set_config('lock_timeout', %s, false)"
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
    or as long as the connection itself waits for a lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('lock_timeout')")
        [before] = cursor.fetchone()
        cursor.execute(_PATIENCE, [_WAIT if before == "0" else before])
        try:
            cursor.execute(f"SELECT {lock}({_LOCK})")
        except OperationalError as error:
            if not connection.in_atomic_block:  # else it is rolled back with the transaction
                cursor.execute(_PATIENCE, [before])
            if getattr(error.__cause__, "sqlstate", None) == LOCK_NOT_AVAILABLE:
                raise SignerBusy(_BUSY) from error
            raise
        cursor.execute(_PATIENCE, [before])
