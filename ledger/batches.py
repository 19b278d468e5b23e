"""Many entries at once.

The owner of the log COPYs them into it: stamped and hashed here while the database stores, and the
database function that closes the batch has the last word on sequence, time and form
(`ledger_close_batch` in the migrations). The service's role may not write to the log: it stages
them, and the database stamps and hashes each.
"""

import datetime as dt
import hashlib
import struct
import uuid as uuids
from collections.abc import Iterator, Sequence

from django.db import IntegrityError, connection, transaction

from ledger.drafts import Draft
from ledger.errors import DifferentEntry
from ledger.models import Entry, Head

# Takes what is staged into the log now, instead of at the commit.
FLUSH = "SET CONSTRAINTS ledger_append IMMEDIATE; SET CONSTRAINTS ledger_append DEFERRED"
_MAY_COPY = "SELECT has_function_privilege('ledger_open_batch()', 'EXECUTE')"
_STAGE = "COPY ledger_staged (uuid, kind, subject, actor, body) FROM STDIN (FORMAT BINARY)"
_COPY = (
    "COPY ledger_entry (sequence, body, uuid, kind, subject, actor, time)"
    " FROM STDIN (FORMAT BINARY)"
)
# PostgreSQL's binary COPY format: signature, flags, no header extension; -1 ends it.
_BEGIN, _END = b"PGCOPY\n\xff\r\n\0" + b"\0" * 8, b"\xff\xff"
_MICROSECOND = dt.timedelta(microseconds=1)
_ROWS_A_WRITE = 256


def append(drafts: Sequence[Draft]) -> list[int]:
    """The sequence of each draft; those that the log held already keep theirs."""
    write = _copy if _may_copy() else _stage
    _flush()  # what was appended before in this transaction comes before
    try:
        with transaction.atomic():
            return list(write(drafts))
    except IntegrityError:
        # Some are in the log. That is found out only now, since it is rare and costs a look each.
        if len({draft.uuid for draft in drafts}) < len(drafts):
            raise DifferentEntry("the batch names a uuid twice; give each entry its own") from None
        held = standing(drafts)
        if not held:
            raise
        new = [draft for draft in drafts if draft.uuid not in held]
        sequences = held | dict(zip((draft.uuid for draft in new), write(new), strict=True))
        return [sequences[draft.uuid] for draft in drafts]


def standing(drafts: Sequence[Draft]) -> dict[uuids.UUID, int]:
    """The sequences of those drafts that the log holds. Raises DifferentEntry."""
    by_uuid = {draft.uuid: draft for draft in drafts}
    found = Entry.objects.filter(uuid__in=by_uuid).values_list("sequence", "uuid", "body")
    sequences = {}
    for sequence, uuid, body in found.iterator():
        if not by_uuid[uuid].says(bytes(body)):
            raise DifferentEntry(
                f"entry {sequence} has the uuid {uuid} and says something else; use another uuid"
            )
        sequences[uuid] = sequence
    return sequences


def _may_copy() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_MAY_COPY)
        [may] = cursor.fetchone()
    return bool(may)


def _flush() -> None:
    with connection.cursor() as cursor:
        cursor.execute(FLUSH)


def stage(drafts: Sequence[Draft]) -> None:
    """Have the database append these when the transaction commits."""
    # Django makes the driver's errors its own everywhere but in a COPY.
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.copy(_STAGE) as copy,
    ):
        copy.set_types(("uuid", "text", "text", "text", "bytea"))
        for draft in drafts:
            copy.write_row((draft.uuid, draft.kind, draft.subject, draft.actor, draft.body))


def _stage(drafts: Sequence[Draft]) -> range:
    stage(drafts)
    _flush()
    size = Head.objects.get(pk=1).size
    return range(size + 1 - len(drafts), size + 1)


def _copy(drafts: Sequence[Draft]) -> range:
    with connection.cursor() as cursor:
        cursor.execute("SELECT size, first_time FROM ledger_open_batch()")
        size, first_time = cursor.fetchone()
        leaves: list[bytes] = []
        with connection.wrap_database_errors, cursor.copy(_COPY) as copy:
            copy.write(_BEGIN)
            for rows in _rows(drafts, size + 1, first_time, leaves):
                copy.write(rows)
            copy.write(_END)
        cursor.execute("SELECT ledger_close_batch(%s)", [b"".join(leaves)])
    return range(size + 1, size + 1 + len(drafts))


def _rows(
    drafts: Sequence[Draft], sequence: int, time: dt.datetime, leaves: list[bytes]
) -> Iterator[bytes]:
    """Rows of the binary format, some hundred at a time; collects the leaf hashes."""
    begin, length = struct.Struct(">hiqi").pack, struct.Struct(">i").pack
    parts: list[bytes] = []
    for place, (draft, stamp) in enumerate(zip(drafts, _stamps(time), strict=False)):
        body = draft.at(stamp)
        # Written out, since this is the hot path; the same as merkle.leaf_hash.
        leaves.append(hashlib.sha256(b"\x00" + body).digest())
        parts += (begin(7, 8, sequence + place, len(body)), body, length(16), draft.uuid.bytes)
        for text in (draft.kind.encode(), draft.subject.encode(), draft.actor.encode(), stamp):
            parts += (length(len(text)), text)
        if place % _ROWS_A_WRITE == _ROWS_A_WRITE - 1:
            yield b"".join(parts)
            parts.clear()
    yield b"".join(parts)


def _stamps(time: dt.datetime) -> Iterator[bytes]:
    """A microsecond apart, as entries write them; most of a stamp is that of its second."""
    time = time.astimezone(dt.UTC)
    while True:
        second = time.replace(tzinfo=None).isoformat(timespec="seconds").encode()
        for microsecond in range(time.microsecond, 1_000_000):
            yield b"%s.%06dZ" % (second, microsecond)
        time += (1_000_000 - time.microsecond) * _MICROSECOND
