"""Logs for the tests, made quickly."""

from collections.abc import Iterable

from django.db import transaction

from ledger import journal, merkle
from ledger.models import Entry


def write_log(count: int, *, kind: str = "test.made") -> list[int]:
    """Append so many entries in one batch; returns their sequences."""
    drafts = [
        journal.draft(kind=kind, subject=f"test:{number}", actor="system", facts={"number": number})
        for number in range(count)
    ]
    with transaction.atomic():
        return journal.append_many(drafts)


def leaves_of(entries: Iterable[Entry]) -> list[bytes]:
    """Leaf hashes, from the bytes."""
    return [merkle.leaf_hash(bytes(entry.body)) for entry in entries]
