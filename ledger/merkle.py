"""The Merkle tree of RFC 6962, section 2.1: hashes, and the frontier that grows it.

Pure functions over bytes; the database function in the migrations does the same in SQL, and
verification holds the two against each other.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Self

EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(body: bytes) -> bytes:
    """Hash of one entry: SHA-256(0x00 ‖ body). 32 bytes."""
    return hashlib.sha256(b"\x00" + body).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node: SHA-256(0x01 ‖ left ‖ right). 32 bytes."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """The roots of the complete subtrees of a growing tree, largest first.

    One per set bit of `size`: a tree of a million leaves grows with at most 20 hashes in hand.
    """

    def __init__(self) -> None:
        self.size = 0
        self.nodes: list[bytes] = []

    @classmethod
    def resumed(cls, size: int, nodes: Sequence[bytes]) -> Self:
        """A frontier as it stood at `size`. ValueError where `nodes` cannot be that of any tree."""
        if size < 0 or len(nodes) != size.bit_count() or any(len(node) != 32 for node in nodes):
            raise ValueError(f"{len(nodes)} nodes are not the frontier of a tree of {size} leaves")
        frontier = cls()
        frontier.size, frontier.nodes = size, list(nodes)
        return frontier

    def add(self, leaf: bytes) -> None:
        """Append a leaf hash; merges as many complete pairs as `size` has trailing one bits."""
        bits = self.size
        while bits & 1:
            leaf = node_hash(self.nodes.pop(), leaf)
            bits >>= 1
        self.nodes.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """The tree's root hash; SHA-256 of nothing for an empty tree."""
        if not self.nodes:
            return EMPTY_ROOT
        accumulated = self.nodes[-1]
        for node in reversed(self.nodes[:-1]):
            accumulated = node_hash(node, accumulated)
        return accumulated


def root_of(leaves: Iterable[bytes]) -> bytes:
    """Root over leaf hashes, MTH(D[n]) of the RFC."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.add(leaf)
    return frontier.root()
