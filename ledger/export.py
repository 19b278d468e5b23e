"""The export: the whole log as lines of JSON, for `verifier.py` to verify anywhere.

    {"format":"prediction-ledger-export/1","origin":…,"root":"<hex>","size":n}
    <the exact bytes of entry 1>
    …
    <the exact bytes of entry n>
    {"checkpoints":["<signed note>",…],"keys":["<verifier key>",…]}

Canonical JSON never holds a newline, so an entry's line is its body, and its place its sequence.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import orjson

from ledger import checkpoints as signed_heads
from ledger import journal
from ledger.journal import TreeHead
from ledger.models import Entry

FORMAT = "prediction-ledger-export/1"

_CHUNK = 2_000


def export_lines(
    *,
    entries: Iterable[bytes],
    head: TreeHead,
    checkpoints: Sequence[str],
    keys: Sequence[str],
    origin: str | None,
) -> Iterator[bytes]:
    """An export of a log with this head. Says what it is given; judging is the verifier's.

    `checkpoints` are signed notes, oldest first; `keys` are the verifier keys that signed them
    (every signature by one of these); `origin` is the name they are signed under. An export without
    checkpoints has no origin: nothing would vouch for it.
    """
    named = origin if checkpoints else None
    yield _line({"format": FORMAT, "origin": named, "root": head.root, "size": head.size})
    yield from (body + b"\n" for body in entries)
    yield _line({"checkpoints": list(checkpoints), "keys": list(keys)})


def this_log() -> tuple[TreeHead, Iterator[bytes]]:
    """The head of this database's log, and its export. To be called, and read, in a snapshot."""
    head = journal.head()
    lines = export_lines(
        entries=bodies(),
        head=head,
        checkpoints=[signed.note for signed in signed_heads.all_checkpoints()],
        keys=[str(verifier) for verifier in signed_heads.verifier_keys()],
        origin=signed_heads.origin(),
    )
    return head, lines


def bodies() -> Iterator[bytes]:
    """Every entry's exact bytes in order, through a cursor on the server."""
    rows = Entry.objects.order_by("sequence").values_list("body", flat=True)
    return (bytes(body) for body in rows.iterator(chunk_size=_CHUNK))


def _line(value: dict[str, Any]) -> bytes:
    """Canonical, as `encoding` writes an entry, but of any length: years of checkpoints."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)
