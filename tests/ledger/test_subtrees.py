"""Roots and proofs from stored subtrees, against the definition over all entries."""

import random

import pytest
from django.db import connection, transaction

from ledger import journal, merkle, proofs, subtrees
from ledger.models import Entry
from tests.ledger.logs import leaves_of, write_log

pytestmark = pytest.mark.django_db(transaction=True)


def test_roots_and_frontiers_are_those_of_the_entries_at_every_size() -> None:
    write_log(600)
    leaves = leaves_of(Entry.objects.all())
    frontier = merkle.Frontier()
    for size, leaf in enumerate(leaves, 1):
        frontier.add(leaf)
        if size % 7 == 0 or size in (1, 255, 256, 257, 511, 512, 513, 600):
            assert subtrees.root_at(size) == frontier.root()
            assert subtrees.frontier_at(size) == frontier.nodes
    assert subtrees.root_at(0) == merkle.EMPTY_ROOT
    assert subtrees.frontier_at(0) == []


def test_every_proof_is_accepted_across_the_edges_of_tiles() -> None:
    write_log(600)
    leaves = leaves_of(Entry.objects.all())
    roots = {size: merkle.root_of(leaves[:size]) for size in (1, 2, 255, 256, 257, 300, 512, 600)}
    for size, root in roots.items():
        for sequence in {1, size, (size + 1) // 2, min(size, 256), min(size, 257)}:
            assert proofs.verify_inclusion(
                leaf=leaves[sequence - 1],
                index=sequence - 1,
                size=size,
                root=root,
                proof=subtrees.inclusion(sequence=sequence, size=size),
            )
        for first in [first for first in roots if first <= size]:
            assert proofs.verify_consistency(
                first=first,
                second=size,
                first_root=roots[first],
                second_root=root,
                proof=subtrees.consistency(first=first, second=size),
            )


def test_a_large_log_needs_few_queries(django_assert_max_num_queries: object) -> None:
    write_log(70_000)  # two tiers of complete tiles, and an edge of each
    leaves = leaves_of(Entry.objects.all())
    root = bytes.fromhex(journal.head().root)
    assert root == merkle.root_of(leaves)
    chosen = random.Random(1).sample(range(1, 70_001), 20)
    for sequence in (1, 65_536, 65_537, 69_888, 70_000, *chosen):
        with django_assert_max_num_queries(3):  # type: ignore[operator]
            proof = subtrees.inclusion(sequence=sequence, size=70_000)
        assert proofs.verify_inclusion(
            leaf=leaves[sequence - 1], index=sequence - 1, size=70_000, root=root, proof=proof
        )
    with connection.cursor() as cursor:
        cursor.execute("SELECT level, count(*) FROM ledger_node GROUP BY level ORDER BY level")
        assert cursor.fetchall() == [(0, 273), (1, 1)]


@pytest.mark.parametrize(("sequence", "size"), [(0, 5), (6, 5), (-1, 5), (1, 0)])
def test_what_is_not_in_the_log_has_no_proof(sequence: int, size: int) -> None:
    with pytest.raises(ValueError, match="no leaf"):
        subtrees.inclusion(sequence=sequence, size=size)


def test_stored_subtrees_are_the_same_however_the_entries_came() -> None:
    with transaction.atomic():
        journal.append_many([])
    for count in (1, 254, 3, 600, 1, 30):
        write_log(count)
    for size in (255, 256, 258, 512, 768, 858, 889):
        with transaction.atomic():
            expected = merkle.root_of(leaves_of(Entry.objects.filter(sequence__lte=size)))
        assert subtrees.root_at(size) == expected
