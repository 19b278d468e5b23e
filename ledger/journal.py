"""The sole writer of entries, and how to read them back."""

import uuid as uuids
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from ledger import encoding, merkle
from ledger.errors import OutsideTransaction
from ledger.models import Entry, Head

# Stands where the database writes its own time when the transaction commits.
_NO_TIME = "0000-00-00T00:00:00.000000Z"


@dataclass(frozen=True)
class TreeHead:
    """What a recipient keeps as a witness: number of entries, root hash (64 hex digits)."""

    size: int
    root: str


def append(
    *,
    kind: str,
    subject: str,
    actor: str,
    facts: dict[str, Any],
    uuid: uuids.UUID | None = None,
) -> uuids.UUID:
    """Append one entry when the surrounding transaction commits; returns its uuid.

    `kind` is what happened (`outcome.entered`), `subject` to what (`question:Q9`), `actor` a
    pseudonymous id (`user:1`, `system`), `facts` a canonical object. The entry gets the next
    sequence, and the log's time, at commit; if the transaction rolls back it never was.

    Raises OutsideTransaction, and EncodingError for facts without a canonical encoding.
    """
    if not connection.in_atomic_block:
        raise OutsideTransaction(
            "append() must run inside the transaction of the rows it describes"
        )
    uuid = uuid or uuids.uuid4()
    body = encoding.canonical_bytes(
        {
            "actor": actor,
            "facts": facts,
            "kind": kind,
            "subject": subject,
            "time": _NO_TIME,
            "uuid": str(uuid),
        }
    )
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO ledger_staged (uuid, body) VALUES (%s, %s)", [uuid, body])
    return uuid


def flush() -> None:
    """Append what this transaction has staged now instead of at its commit.

    For a transaction that must read its own entries; it holds the head from here to its end.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SET CONSTRAINTS ledger_append IMMEDIATE; SET CONSTRAINTS ledger_append DEFERRED"
        )


def head() -> TreeHead:
    """Size and root of the log as this transaction sees it."""
    row = Head.objects.get(pk=1)
    return TreeHead(size=row.size, root=bytes(row.root).hex())


def about(subject: str) -> QuerySet[Entry]:
    """The entries about one subject, such as `question:Q9`, in their order."""
    return Entry.objects.filter(subject=subject).order_by("sequence")


def staged() -> int:
    """How many entries wait to be appended, as this transaction sees it; between two, none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM ledger_staged")
        [count] = cursor.fetchone()
    return int(count)


def appended(*, after: int, until: int) -> QuerySet[Entry]:
    """The entries with sequences in (after, until]."""
    return Entry.objects.filter(sequence__gt=after, sequence__lte=until)


def body_of(entry: Entry) -> dict[str, Any]:
    """What an entry says. Raises EncodingError if its bytes are not canonical."""
    body: dict[str, Any] = encoding.parse(bytes(entry.body))
    return body


def leaf_hash_of(entry: Entry) -> str:
    """The entry's leaf hash computed from its bytes, never read from the stored column (hex)."""
    return merkle.leaf_hash(bytes(entry.body)).hex()
