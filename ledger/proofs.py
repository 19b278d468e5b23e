"""Proofs that an entry is in the log, and that a log has only grown (RFC 9162, section 2.1).

Pure functions. What makes a proof reads no more than a handful of hashes, through a function of
the caller's; what verifies one never raises. A proof does not say for which size it is (one
for 100 entries may also pass for 97 to 128): sizes and roots always come from signed checkpoints.

Index 0 is the first entry, the one with sequence 1.
"""

from collections.abc import Callable, Sequence

from ledger.merkle import EMPTY_ROOT, node_hash

# node(level, index): the hash over the 2^level leaves from leaf index · 2^level. Only ever asked
# for complete subtrees, which never change; the ragged right edge is computed from them.
Node = Callable[[int, int], bytes]


def root(size: int, node: Node) -> bytes:
    """Root of the first `size` leaves, MTH(D[size])."""
    return _subtree(0, size, node) if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, node: Node) -> list[bytes]:
    """PATH(index, D[size]) of RFC 9162, section 2.1.3.1: sibling hashes, from the leaf upward.

    Raises ValueError unless 0 ≤ index < size.
    """
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    path = []
    start, end = 0, size
    while end - start > 1:
        split = _split(start, end)
        if index < split:
            path.append(_subtree(split, end, node))
            end = split
        else:
            path.append(_subtree(start, split, node))
            start = split
    return path[::-1]


def consistency_proof(first: int, second: int, node: Node) -> list[bytes]:
    """PROOF(first, D[second]) of RFC 9162, section 2.1.4.1; empty where there is nothing to show.

    That is for equal sizes, and for a log that was empty. Raises ValueError unless
    0 ≤ first ≤ second.
    """
    if not 0 <= first <= second:
        raise ValueError(f"a tree of {second} does not extend one of {first}")
    if first == 0:
        return []
    path = []
    start, end = 0, second
    while end != first:
        split = _split(start, end)
        if first <= split:
            path.append(_subtree(split, end, node))
            end = split
        else:
            path.append(_subtree(start, split, node))
            start = split
    if start:  # else the verifier holds this hash: it is the first root
        path.append(_subtree(start, end, node))
    return path[::-1]


def verify_inclusion(
    *, leaf: bytes, index: int, size: int, root: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether the leaf hash stands at `index` in the tree of this size and root.

    RFC 9162, section 2.1.3.2.
    """
    if not 0 <= index < size or not _are_hashes([leaf, root, *proof]):
        return False
    roots = _climb(index, size - 1, leaf, proof)
    return roots is not None and roots[1] == root


def verify_consistency(
    *, first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether the tree of `second` leaves begins with the tree of `first` leaves.

    RFC 9162, section 2.1.4.2; an empty log is the beginning of every other.
    """
    if not 0 <= first <= second or not _are_hashes([first_root, second_root, *proof]):
        return False
    if first == second:
        return first_root == second_root and not proof
    if first == 0:
        return first_root == EMPTY_ROOT and not proof
    # A complete first tree is itself a node of the second: the proof leaves it out.
    nodes = [first_root, *proof] if first & (first - 1) == 0 else list(proof)
    place, last = first - 1, second - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    return bool(nodes) and _climb(place, last, nodes[0], nodes[1:]) == (first_root, second_root)


def _climb(
    place: int, last: int, node: bytes, proof: Sequence[bytes]
) -> tuple[bytes, bytes] | None:
    """Step 4 (inclusion) and 6 (consistency) of the RFC, which differ in what they keep.

    From the node at `place` of its level, whose last place is `last`, up to two roots: of the tree
    that ends with this node, and of the whole. None for a proof that is too short or too long.
    """
    old = new = node
    for sibling in proof:
        if last == 0:
            return None
        if place & 1 or place == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while place and not place & 1:  # at the right edge, some levels have no sibling
                place, last = place >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        place, last = place >> 1, last >> 1
    return (old, new) if last == 0 else None


def _split(start: int, end: int) -> int:
    """Where the RFC splits a tree of more than one leaf: after the largest power of two below."""
    return start + (1 << (end - start - 1).bit_length() - 1)


def _subtree(start: int, end: int, node: Node) -> bytes:
    """Hash over leaves start … end - 1; `start` is where a subtree of that width begins."""
    width = end - start
    if width & (width - 1) == 0:
        level = width.bit_length() - 1
        return node(level, start >> level)
    split = _split(start, end)
    return node_hash(_subtree(start, split, node), _subtree(split, end, node))


def _are_hashes(values: Sequence[bytes]) -> bool:
    return all(len(value) == 32 for value in values)
