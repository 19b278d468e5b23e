"""One pass over the log: hashes, tree and stored subtrees. It holds no more than a few tiles."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection

from ledger import merkle, subtrees
from ledger.merkle import Frontier
from ledger.subtrees import HASH, TILE

_CHUNK = 2_000
_TILES_A_QUERY = 32

# Called now and then with the number of entries that are done.
Progress = Callable[[int], None]


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be: where, what, and the entry it concerns (if any)."""

    place: str
    problem: str
    sequence: int | None = None


def entries(columns: str = "sequence, body", *, after: int = 0) -> Iterator[tuple[Any, ...]]:
    """Rows in their order, through a cursor on the server: memory does not grow with the log."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(
            f"SELECT {columns} FROM ledger_entry"  # noqa: S608 -- our own words
            " WHERE sequence > %s ORDER BY sequence",
            [after],
        )
        while rows := cursor.fetchmany(_CHUNK):
            yield from rows


class Tree:
    """Takes leaf hashes, tile by tile, and holds the stored subtrees against them.

    Begins after `start` entries, a multiple of 256, whose stored subtrees it believes. `roots` are
    the roots at those of the `wanted` sizes that lie after that.
    """

    def __init__(self, *, wanted: Collection[int] = (), start: int = 0) -> None:
        self.roots: dict[int, bytes] = {}
        self.findings: list[Finding] = []
        self._wanted = sorted({size for size in wanted if size > start}, reverse=True)
        self._edge: list[bytes] = []  # of the tile in hand
        self._tiles = Frontier.resumed(start // TILE, subtrees.frontier_at(start))
        self._tiers = subtrees.pending_roots(start)
        self._unchecked: list[tuple[int, int, bytes, bytes]] = []

    @property
    def size(self) -> int:
        return self._tiles.size * TILE + len(self._edge)

    def add(self, leaf: bytes) -> None:
        self._edge.append(leaf)
        if len(self._edge) == TILE:
            self._end_tile()

    def frontier(self) -> list[bytes]:
        """The roots of the complete subtrees, largest first."""
        edge = Frontier()
        for leaf in self._edge:
            edge.add(leaf)
        return [*self._tiles.nodes, *edge.nodes]

    def finish(self) -> None:
        """What is left to do at the end of the log."""
        self._note_roots()
        self._check_tiles()
        for tier, place in subtrees.tiles_beyond(self.size):
            self._find(tier, place, "is there, and its entries are not")

    def _end_tile(self) -> None:
        self._note_roots()
        root = merkle.root_of(self._edge)
        self._complete(0, self._edge, root)
        self._tiles.add(root)
        self._edge = []
        if len(self._unchecked) >= _TILES_A_QUERY:
            self._check_tiles()

    def _complete(self, tier: int, nodes: list[bytes], root: bytes) -> None:
        """Note what must be stored of a tile; with it, one of the tier above may be complete."""
        self._unchecked.append((tier, self._tiles.size // TILE**tier, b"".join(nodes), root))
        if len(self._tiers) == tier:
            self._tiers.append([])
        self._tiers[tier].append(root)
        if len(self._tiers[tier]) == TILE:
            above, self._tiers[tier] = self._tiers[tier], []
            self._complete(tier + 1, above, merkle.root_of(above))

    def _check_tiles(self) -> None:
        held = subtrees.stored_tiles((tier, place) for tier, place, _, _ in self._unchecked)
        for tier, place, hashes, root in self._unchecked:
            found = held.get((tier, place))
            if found is None:
                self._find(tier, place, "is missing")
            elif found != (hashes, root):
                self._find(tier, place, "is not that of the entries")
                if tier == 0:
                    self._name_entries(place, hashes, found[0])
        self._unchecked.clear()

    def _name_entries(self, place: int, hashes: bytes, kept: bytes) -> None:
        """Where hashes were kept, they tell which of the entries, or of the hashes, was changed."""
        for index in range(TILE):
            at = slice(index * HASH, (index + 1) * HASH)
            if hashes[at] != kept[at]:
                sequence = place * TILE + index + 1
                problem = "its bytes do not give the hash that is stored: one of them was changed"
                self.findings.append(Finding(f"entry {sequence}", problem, sequence))

    def _find(self, tier: int, place: int, problem: str) -> None:
        first = place * TILE ** (tier + 1) + 1
        where = f"stored subtree {tier}/{place}, from entry {first} on"
        self.findings.append(Finding(where, problem, first))

    def _note_roots(self) -> None:
        """The roots at the wanted sizes within the tile in hand."""
        edge, first = Frontier(), self._tiles.size * TILE
        while self._wanted and self._wanted[-1] <= self.size:
            size = self._wanted.pop()
            for leaf in self._edge[edge.size : size - first]:
                edge.add(leaf)
            self.roots[size] = merkle.fold([*self._tiles.nodes, *edge.nodes])


def hash_log(*, progress: Progress = lambda done: None) -> Tree:
    """Hashes, order of sequences, and tree of the whole log, without a look at what it says."""
    tree = Tree()
    for sequence, body in entries():
        if sequence != tree.size + 1:
            problem = f"expected sequence {tree.size + 1}: an entry was removed"
            tree.findings.append(Finding(f"entry {sequence}", problem, sequence))
        tree.add(merkle.leaf_hash(body))
        if sequence % _CHUNK == 0:
            progress(sequence)
    tree.finish()
    return tree
