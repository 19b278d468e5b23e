"""Entries to append, and what must be so of a log whatever was appended, or refused."""

import uuid

from django.db import connection

from ledger import journal, merkle, subtrees
from ledger.models import Entry, Head
from tests.ledger.logs import leaves_of
from tests.ledger.others import run


def draft(number: int = 0, *, uuid: uuid.UUID | None = None) -> journal.Draft:
    return journal.draft(
        kind="test.made",
        subject=f"test:{number}",
        actor="system",
        facts={"number": number},
        uuid=uuid,
    )


def assert_sound(size: int) -> None:
    """Sequences, times, head, frontier, and nothing left behind."""
    entries = list(Entry.objects.all())
    frontier = merkle.Frontier()
    for leaf in leaves_of(entries):
        frontier.add(leaf)
    head = Head.objects.get()
    assert [entry.sequence for entry in entries] == list(range(1, size + 1))
    assert head.size == size
    assert bytes(head.root) == frontier.root() == subtrees.root_at(size)
    assert [bytes(node) for node in head.frontier] == frontier.nodes == subtrees.frontier_at(size)
    times = [entry.time for entry in entries]
    assert times == sorted(set(times))
    assert run(connection, "SELECT 1 FROM ledger_batch UNION ALL SELECT 1 FROM ledger_staged") == []
