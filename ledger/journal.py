"""The sole writer of entries, and how to read them back."""

import uuid as uuids
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from django.db import connection
from django.db.models import QuerySet

from ledger import batches, encoding, merkle
from ledger.drafts import Draft, draft
from ledger.errors import DoesNotHold, OutsideTransaction
from ledger.models import Entry, Head

__all__ = [
    "Appended",
    "Draft",
    "TreeHead",
    "about",
    "acted_on",
    "append",
    "append_later",
    "append_many",
    "appended",
    "body_of",
    "draft",
    "flush",
    "head",
    "leaf_hash_of",
    "lineage",
    "said_by",
    "waiting",
]

_STAGE = (
    "INSERT INTO ledger_staged (uuid, kind, subject, actor, body)"
    " SELECT %s::uuid, %s, %s, %s, %s::bytea"
)
# Every body is JSON, or its generated columns could not be.
_LINEAGE = """
    WITH RECURSIVE lineage AS (
        SELECT sequence, uuid, body FROM ledger_entry WHERE uuid = ANY(%s)
        UNION
        SELECT entry.sequence, entry.uuid, entry.body FROM lineage
        CROSS JOIN LATERAL jsonb_array_elements(
            convert_from(lineage.body, 'UTF8')::jsonb #> '{facts,before}') AS before
        JOIN ledger_entry entry ON entry.uuid = (before ->> 'entry')::uuid
        WHERE before ->> 'id' = ANY(%s)
    )
    SELECT entry.* FROM lineage JOIN ledger_entry entry USING (sequence)
    ORDER BY sequence DESC LIMIT %s"""
_UNLESS_THERE = " WHERE NOT EXISTS (SELECT FROM ledger_entry WHERE uuid = %s)"


@dataclass(frozen=True)
class TreeHead:
    """What a recipient keeps as a witness: number of entries, root hash (64 hex digits)."""

    size: int
    root: str


@dataclass(frozen=True)
class Appended:
    """What became of a draft. `sequence` is None until the transaction commits, which gives it."""

    uuid: uuids.UUID
    sequence: int | None


def append(
    *,
    kind: str,
    subject: str,
    actor: str,
    facts: dict[str, Any],
    uuid: uuids.UUID | None = None,
) -> Appended:
    """Append one entry when the surrounding transaction commits. Arguments as for `draft`.

    The entry gets the next sequence, and the log's time, at commit; if the transaction rolls back
    it never was. An entry that is sent again under its own `uuid` is not written again: the answer
    holds the sequence of the first.

    Raises OutsideTransaction, EncodingError, and DifferentEntry if the log holds an entry with
    this uuid that says something else.
    """
    _require_transaction()
    made = draft(kind=kind, subject=subject, actor=actor, facts=facts, uuid=uuid)
    statement = _STAGE
    values: list[Any] = [made.uuid, kind, subject, actor, made.body]
    if uuid:
        # One round trip for both: hardly ever is the entry there.
        statement, values = _STAGE + _UNLESS_THERE, [*values, uuid]
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        if cursor.rowcount:
            return Appended(made.uuid, None)
    return Appended(made.uuid, batches.standing([made])[made.uuid])


def append_later(drafts: Sequence[Draft]) -> None:
    """`append` for many new entries in one statement: the commit gives each its sequence.

    Unlike after `append_many` others may append until then. Raises OutsideTransaction. An entry
    that is there already is refused by the database (IntegrityError), at the commit at the latest.
    """
    _require_transaction()
    batches.stage(drafts)


def append_many(drafts: Sequence[Draft]) -> list[int]:
    """Append a batch at once; returns the sequence of each draft.

    By COPY where the log's owner calls it (`roles.as_owner`); a few times slower where the service
    does. From here to the end of the transaction no other writer can append:
    call it last. Drafts that the log holds already are not written again, as with `append`. Raises
    OutsideTransaction, and DifferentEntry: nothing is then written.
    """
    _require_transaction()
    return batches.append(drafts)


def flush() -> None:
    """Append what this transaction has staged now instead of at its commit.

    For a transaction that must read its own entries; it holds the head from here to its end.
    """
    with connection.cursor() as cursor:
        cursor.execute(batches.FLUSH)


def head() -> TreeHead:
    """Size and root of the log as this transaction sees it. Raises DoesNotHold if it is gone."""
    row = Head.objects.filter(pk=1).first()
    if row is None:
        raise DoesNotHold("The head of the log is gone; run manage.py verify_ledger.")
    return TreeHead(size=row.size, root=bytes(row.root).hex())


def about(subject: str) -> QuerySet[Entry]:
    """The entries about one subject, such as `question:Q9`, in their order."""
    return Entry.objects.filter(subject=subject).order_by("sequence")


def acted_on(*, actor: str, kind: str, subjects: Collection[str]) -> set[str]:
    """Of these subjects those about which there is an entry of this kind by this actor."""
    entries = Entry.objects.filter(subject__in=list(subjects), kind=kind, actor=actor)
    return set(entries.order_by().values_list("subject", flat=True).distinct())


def said_by(entries: Iterable[uuids.UUID | str]) -> QuerySet[Entry]:
    """The entries of these uuids, in their order; what waits for the commit is not there yet."""
    return Entry.objects.filter(uuid__in=list(entries)).order_by("sequence")


def lineage(rows: Mapping[uuids.UUID, uuids.UUID], *, most: int) -> list[Entry]:
    """The entries that have said some rows, of which each id is given with its last entry.

    The newest `most`, in their order. They are walked back by the facts' `before`, in which an
    entry names who said a row until then, so the cost is that of what is found.
    """
    keys = [str(key) for key in rows]
    found = Entry.objects.raw(_LINEAGE, [list(rows.values()), keys, most])
    return list(found)[::-1]


def waiting(table: Literal["ledger_staged", "ledger_batch"]) -> int:
    """How many rows this transaction sees on their way into the log; between two, none."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608 -- one of two words
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
    """The entry's leaf hash, computed from its bytes (hex)."""
    return merkle.leaf_hash(bytes(entry.body)).hex()


def _require_transaction() -> None:
    if not connection.in_atomic_block:
        raise OutsideTransaction(
            "append() must run inside the transaction of the rows it describes"
        )
