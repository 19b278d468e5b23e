"""Roots and proofs of the log at any size, from its stored subtrees, in three queries.

The tree is cut into tiles of 256 nodes, as in https://c2sp.org/tlog-tiles: a tile of tier 0 holds
256 leaf hashes, one of tier 1 the roots of 256 tiles of tier 0, and so on. Complete tiles are
stored; what lies in a tile that is not complete yet is computed from the bodies, or taken from the
roots of the tiles below.

Stored subtrees are a copy of what the bodies say. Whoever serves a proof made of them holds it
against a signed root first.
"""

import hashlib
from collections.abc import Callable, Iterable
from typing import TypeVar

from django.db import connection

from ledger import merkle, proofs

TILE = 256
_TIER = 8  # levels a tile: 2^8 nodes
HASH = 32

# A node of the tree by its level (0: leaves) and its place from the left.
Node = tuple[int, int]
_NOTHING = bytes(HASH)
T = TypeVar("T")


def root_at(size: int) -> bytes:
    """Root hash of the first `size` entries (32 bytes)."""
    return read(lambda node: proofs.root(size, node))


def inclusion(*, sequence: int, size: int) -> list[bytes]:
    """The proof that entry `sequence` (from 1) is among the first `size`. Raises ValueError."""
    return read(lambda node: proofs.inclusion_proof(sequence - 1, size, node))


def consistency(*, first: int, second: int) -> list[bytes]:
    """The proof that the log of `second` entries begins with that of `first`. Raises ValueError."""
    return read(lambda node: proofs.consistency_proof(first, second, node))


def read(make: Callable[[proofs.Node], T]) -> T:
    """Whatever `make` makes of the tree's nodes: several proofs for the queries of one.

    It is called twice; the first time to learn which nodes it asks for, so these must not depend on
    what the nodes hold. Raises KeyError where the log has no such nodes, be it that they are gone.
    """
    wanted: set[Node] = set()
    make(_collector(wanted))
    return make(_stored(wanted))


def frontier_at(size: int) -> list[bytes]:
    """The roots of the complete subtrees of the first `size` entries, largest first."""
    nodes = []
    start = 0
    for level in reversed(range(size.bit_length())):
        if size >> level & 1:
            nodes.append((level, start >> level))
            start += 1 << level
    node = _stored(nodes)
    return [node(level, place) for level, place in nodes]


def stored_tiles(wanted: Iterable[Node]) -> dict[Node, tuple[bytes, bytes]]:
    """Those of these tiles, by tier and place, that are stored: their hashes, and their root."""
    wanted = set(wanted)
    hashes, roots = _read("hashes", wanted), _read("root", wanted)
    return {tile: (hashes[tile], roots[tile]) for tile in hashes}


def tiles_beyond(size: int) -> list[Node]:
    """The stored tiles, by tier and place, that a log of `size` entries does not complete."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT level, place FROM ledger_node"
            " WHERE (place + 1)::numeric * 256::numeric ^ (level + 1) > %s ORDER BY level, place",
            [size],
        )
        return list(cursor.fetchall())


def pending_roots(start: int) -> list[list[bytes]]:
    """By tier, the roots of the tiles that lie in no complete tile above; of `start` entries."""
    pending = []
    tier, count = 0, start // TILE
    while count:
        places = range(count // TILE * TILE, count)
        roots = _read("root", {(tier, place) for place in places})
        pending.append([roots[tier, place] for place in places])
        tier, count = tier + 1, count // TILE
    return pending


def _collector(wanted: set[Node]) -> proofs.Node:
    """Stands in for the tree in a dry run, to learn which nodes are needed: one read for all."""

    def node(level: int, place: int) -> bytes:
        wanted.add((level, place))
        return _NOTHING

    return node


def _stored(wanted: Iterable[Node]) -> proofs.Node:
    spans = {node: _span(*node) for node in wanted}
    tiles = _tiles({(tier, first // TILE) for tier, first, _ in spans.values()})
    # Not in a complete tile: from the bodies, or from the roots of the tiles one tier below.
    loose = [span for span in spans.values() if (span[0], span[1] // TILE) not in tiles]
    leaves = _leaves([span for span in loose if span[0] == 0])
    roots = _roots([span for span in loose if span[0] > 0])

    def node(level: int, place: int) -> bytes:
        tier, first, count = spans[level, place]
        tile = tiles.get((tier, first // TILE))
        if tile is not None:
            at = first % TILE * HASH
            return _over(tile[at : at + HASH * count])
        if tier == 0:
            return _over(b"".join(leaves[index] for index in range(first, first + count)))
        return _over(b"".join(roots[tier - 1, index] for index in range(first, first + count)))

    return node


def _over(hashes: bytes) -> bytes:
    """The root over a complete subtree's hashes, level by level: the quick way to it."""
    while len(hashes) > HASH:
        hashes = b"".join(
            hashlib.sha256(b"\x01" + hashes[at : at + 2 * HASH]).digest()
            for at in range(0, len(hashes), 2 * HASH)
        )
    return hashes


def _span(level: int, place: int) -> tuple[int, int, int]:
    """Tier, first node of its lowest level and number of them: a node lies within one tile."""
    tier, above = divmod(level, _TIER)
    return tier, place << above, 1 << above


def _tiles(wanted: set[Node]) -> dict[Node, bytes]:
    """The hashes in those of the tiles that are complete, and so stored."""
    return _read("hashes", wanted)


def _roots(spans: list[tuple[int, int, int]]) -> dict[Node, bytes]:
    """The roots of the tiles below these spans."""
    if not spans:
        return {}
    tiers, firsts, counts = zip(*spans, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT level, place, root FROM ledger_node"
            " JOIN unnest(%s::smallint[], %s::bigint[], %s::integer[]) AS span (tier, first, count)"
            " ON level = tier - 1 AND place >= first AND place < first + count",
            [list(tiers), list(firsts), list(counts)],
        )
        return {(tier, place): root for tier, place, root in cursor.fetchall()}


def _leaves(spans: list[tuple[int, int, int]]) -> dict[int, bytes]:
    """By index. The spans lie in one tile, the last: between them are fewer than 256 entries."""
    if not spans:
        return {}
    first = min(first for _, first, _ in spans)
    end = max(first + count for _, first, count in spans)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sequence, body FROM ledger_entry WHERE sequence > %s AND sequence <= %s",
            [first, end],
        )
        return {sequence - 1: merkle.leaf_hash(body) for sequence, body in cursor.fetchall()}


def _read(column: str, wanted: set[Node]) -> dict[Node, bytes]:
    if not wanted:
        return {}
    tiers, places = zip(*wanted, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT level, place, {column} FROM ledger_node"  # noqa: S608 -- one of our two words
            " JOIN unnest(%s::smallint[], %s::bigint[]) AS wanted (level, place)"
            " USING (level, place)",
            [list(tiers), list(places)],
        )
        return {(tier, place): value for tier, place, value in cursor.fetchall()}
