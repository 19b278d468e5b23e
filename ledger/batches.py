"""Many entries at once: stamped and hashed here while the database stores them by COPY.

The database function that closes the batch has the last word on sequence, time and form; see
`ledger_close_batch` in the migrations.
"""

import datetime as dt
import hashlib
import struct
import uuid as uuids
from collections.abc import Iterator, Sequence

from django.db import IntegrityError, connection, transaction

from ledger.drafts import Draft
from ledger.errors import DifferentEntry
from ledger.models import Entry

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
    try:
        with transaction.atomic():
            return list(_copy(drafts))
    except IntegrityError:
        # Some are in the log. That is found out only now, since it is rare and costs a look each.
        if len({draft.uuid for draft in drafts}) < len(drafts):
            raise DifferentEntry("the batch names a uuid twice; give each entry its own") from None
        held = standing(drafts)
        if not held:
            raise
        new = [draft for draft in drafts if draft.uuid not in held]
        sequences = held | dict(zip((draft.uuid for draft in new), _copy(new), strict=True))
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


def _copy(drafts: Sequence[Draft]) -> range:
    with connection.cursor() as cursor:
        cursor.execute("SELECT size, first_time FROM ledger_open_batch()")
        size, first_time = cursor.fetchone()
        leaves: list[bytes] = []
        # Django makes the driver's errors its own everywhere but here.
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
