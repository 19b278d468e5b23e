"""Proofs against the vectors of Certificate Transparency, the RFC's recursive definition, and
`pymerkle`, an implementation by others."""

from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree  # type: ignore[import-untyped]

from ledger import proofs
from ledger.merkle import EMPTY_ROOT, leaf_hash, node_hash
from ledger.proofs import verify_consistency, verify_inclusion
from tests.ledger.test_merkle import LEAVES, ROOTS

SIZES = 130
HASHES = [leaf_hash(bytes([number])) for number in range(SIZES)]


@cache
def node(level: int, index: int) -> bytes:
    """A complete subtree over HASHES; asking for one that is not complete fails."""
    if level == 0:
        return HASHES[index]
    return node_hash(node(level - 1, 2 * index), node(level - 1, 2 * index + 1))


# --- the definitions of RFC 9162, word for word -----------------------------------------------


def split(leaves: tuple[bytes, ...]) -> int:
    return 1 << (len(leaves) - 1).bit_length() - 1


@cache
def mth(leaves: tuple[bytes, ...]) -> bytes:
    if len(leaves) == 1:
        return leaves[0]
    k = split(leaves)
    return node_hash(mth(leaves[:k]), mth(leaves[k:]))


def path(m: int, leaves: tuple[bytes, ...]) -> list[bytes]:
    """PATH(m, D[n]), section 2.1.3.1."""
    if len(leaves) == 1:
        return []
    k = split(leaves)
    if m < k:
        return [*path(m, leaves[:k]), mth(leaves[k:])]
    return [*path(m - k, leaves[k:]), mth(leaves[:k])]


def subproof(m: int, leaves: tuple[bytes, ...], *, whole: bool) -> list[bytes]:
    """SUBPROOF(m, D[n], b), section 2.1.4.1."""
    if m == len(leaves):
        return [] if whole else [mth(leaves)]
    k = split(leaves)
    if m <= k:
        return [*subproof(m, leaves[:k], whole=whole), mth(leaves[k:])]
    return [*subproof(m - k, leaves[k:], whole=False), mth(leaves[:k])]


# --- making -----------------------------------------------------------------------------------

INCLUSION = {
    (0, 1): [],
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
CONSISTENCY = {
    (1, 1): [],
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
    (6, 7): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
}


def published(level: int, index: int) -> bytes:
    if level == 0:
        return leaf_hash(LEAVES[index])
    return node_hash(published(level - 1, 2 * index), published(level - 1, 2 * index + 1))


@pytest.mark.parametrize(("place", "expected"), INCLUSION.items(), ids=str)
def test_inclusion_proofs_are_the_published_ones(
    place: tuple[int, int], expected: list[str]
) -> None:
    index, size = place
    proof = proofs.inclusion_proof(index, size, published)
    assert [found.hex() for found in proof] == expected
    leaf, root = leaf_hash(LEAVES[index]), bytes.fromhex(ROOTS[size - 1])
    assert verify_inclusion(leaf=leaf, index=index, size=size, root=root, proof=proof)


@pytest.mark.parametrize(("sizes", "expected"), CONSISTENCY.items(), ids=str)
def test_consistency_proofs_are_the_published_ones(
    sizes: tuple[int, int], expected: list[str]
) -> None:
    first, second = sizes
    proof = proofs.consistency_proof(first, second, published)
    assert [found.hex() for found in proof] == expected
    roots = {
        "first_root": bytes.fromhex(ROOTS[first - 1]),
        "second_root": bytes.fromhex(ROOTS[second - 1]),
    }
    assert verify_consistency(first=first, second=second, proof=proof, **roots)


@pytest.mark.parametrize("size", range(1, SIZES + 1))
def test_every_proof_up_to_130_entries_is_that_of_the_definition_and_is_accepted(size: int) -> None:
    leaves = tuple(HASHES[:size])
    root = proofs.root(size, node)
    assert root == mth(leaves)
    for index in range(size):
        proof = proofs.inclusion_proof(index, size, node)
        assert proof == path(index, leaves)
        assert verify_inclusion(leaf=leaves[index], index=index, size=size, root=root, proof=proof)
    for first in range(1, size + 1):
        proof = proofs.consistency_proof(first, size, node)
        assert proof == subproof(first, leaves, whole=True)
        first_root = mth(leaves[:first])
        assert verify_consistency(
            first=first, second=size, first_root=first_root, second_root=root, proof=proof
        )


def test_an_implementation_by_others_finds_the_same_roots_and_inclusion_proofs() -> None:
    tree = InmemoryTree(algorithm="sha256")
    for number in range(SIZES):
        tree.append_entry(bytes([number]))
        size = number + 1
        assert tree.get_root(size) == proofs.root(size, node)
        for index in {0, number // 3, number // 2, number}:
            theirs = tree.prove_inclusion(index + 1, size)
            assert theirs.path == [HASHES[index], *proofs.inclusion_proof(index, size, node)]


@given(st.lists(st.binary(max_size=3), min_size=1, max_size=70), st.data())
def test_proofs_over_any_entries_are_those_of_the_definition(
    entries: list[bytes], data: st.DataObject
) -> None:
    leaves = tuple(map(leaf_hash, entries))

    def over_entries(level: int, index: int) -> bytes:
        part = leaves[index << level : (index + 1) << level]
        assert len(part) == 1 << level
        return mth(part)

    place = data.draw(st.integers(0, len(leaves) - 1))
    assert proofs.inclusion_proof(place, len(leaves), over_entries) == path(place, leaves)
    proof = proofs.consistency_proof(place + 1, len(leaves), over_entries)
    assert proof == subproof(place + 1, leaves, whole=True)


def test_a_proof_in_a_log_of_a_million_reads_some_twenty_hashes() -> None:
    read: list[tuple[int, int]] = []

    def reading(level: int, index: int) -> bytes:
        read.append((level, index))
        return bytes(32)

    for size in (2**20, 2**20 - 1, 1_000_000):
        for index in (0, 500_000, size - 1):
            read.clear()
            proofs.inclusion_proof(index, size, reading)
            assert len(read) <= 40
            read.clear()
            proofs.consistency_proof(index or 1, size, reading)
            assert len(read) <= 40


def test_there_is_nothing_to_show_from_an_empty_log_or_to_an_equal_one() -> None:
    assert proofs.root(0, node) == EMPTY_ROOT
    assert proofs.consistency_proof(0, 5, node) == proofs.consistency_proof(5, 5, node) == []


@pytest.mark.parametrize(("index", "size"), [(-1, 1), (0, 0), (1, 1), (5, 3)])
def test_no_inclusion_proof_is_made_for_what_is_not_there(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="no leaf"):
        proofs.inclusion_proof(index, size, node)


@pytest.mark.parametrize(("first", "second"), [(-1, 1), (2, 1)])
def test_no_consistency_proof_is_made_from_a_larger_log(first: int, second: int) -> None:
    with pytest.raises(ValueError, match="does not extend"):
        proofs.consistency_proof(first, second, node)


# --- refusing ---------------------------------------------------------------------------------

PLACES = [(0, 1), (0, 2), (2, 3), (4, 7), (0, 8), (5, 8), (6, 7), (8, 9), (77, 100), (99, 100)]
PAIRS = [(1, 2), (1, 8), (4, 8), (6, 8), (2, 5), (6, 7), (7, 7), (64, 100), (77, 100), (99, 100)]


def given_inclusion(index: int, size: int) -> dict[str, Any]:
    return {
        "leaf": HASHES[index],
        "index": index,
        "size": size,
        "root": proofs.root(size, node),
        "proof": proofs.inclusion_proof(index, size, node),
    }


def given_consistency(first: int, second: int) -> dict[str, Any]:
    return {
        "first": first,
        "second": second,
        "first_root": proofs.root(first, node),
        "second_root": proofs.root(second, node),
        "proof": proofs.consistency_proof(first, second, node),
    }


def mutations(value: bytes) -> Iterator[bytes]:
    """Another byte at each place, and other lengths."""
    for place in range(len(value)):
        yield value[:place] + bytes([value[place] ^ 0x80]) + value[place + 1 :]
    yield from (value[1:], value[:-1], value + b"\x00", b"")


def damaged(proof: list[bytes]) -> Iterator[list[bytes]]:
    """A node dropped, added, changed, doubled; two swapped."""
    for place in range(len(proof)):
        yield proof[:place] + proof[place + 1 :]
        yield proof[: place + 1] + proof[place:]
        for changed in mutations(proof[place]):
            yield [*proof[:place], changed, *proof[place + 1 :]]
    for place in range(len(proof) + 1):
        yield [*proof[:place], bytes(32), *proof[place:]]
    for place, (one, other) in enumerate(pairwise(proof)):
        yield [*proof[:place], other, one, *proof[place + 2 :]]


@pytest.mark.parametrize(("index", "size"), PLACES)
def test_every_damaged_inclusion_proof_is_refused(index: int, size: int) -> None:
    sound = given_inclusion(index, size)
    assert verify_inclusion(**sound)
    for proof in damaged(sound["proof"]):
        assert not verify_inclusion(**{**sound, "proof": proof})
    for name in ("leaf", "root"):
        for changed in mutations(sound[name]):
            assert not verify_inclusion(**{**sound, name: changed})
    for other in set(range(-1, SIZES)) - {index}:
        assert not verify_inclusion(**{**sound, "index": other})


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_every_damaged_consistency_proof_is_refused(first: int, second: int) -> None:
    sound = given_consistency(first, second)
    assert verify_consistency(**sound)
    for proof in damaged(sound["proof"]):
        assert not verify_consistency(**{**sound, "proof": proof})
    for name in ("first_root", "second_root"):
        for changed in mutations(sound[name]):
            assert not verify_consistency(**{**sound, name: changed})


@pytest.mark.parametrize("size", range(1, SIZES + 1))
def test_no_proof_up_to_130_entries_survives_the_change_of_any_byte(size: int) -> None:
    root = proofs.root(size, node)
    for index in range(size):
        leaf, proof = HASHES[index], proofs.inclusion_proof(index, size, node)
        assert not any(
            verify_inclusion(leaf=leaf, index=index, size=size, root=root, proof=changed)
            for changed in with_any_byte_changed(proof)
        )
        first, proof = index + 1, proofs.consistency_proof(index + 1, size, node)
        first_root = proofs.root(first, node)
        assert not any(
            verify_consistency(
                first=first, second=size, first_root=first_root, second_root=root, proof=changed
            )
            for changed in with_any_byte_changed(proof)
        )


def with_any_byte_changed(proof: list[bytes]) -> Iterator[list[bytes]]:
    changed = list(proof)
    for place, found in enumerate(proof):
        for byte in range(32):
            changed[place] = found[:byte] + bytes([found[byte] ^ 1]) + found[byte + 1 :]
            yield changed
        changed[place] = found


@pytest.mark.parametrize(("index", "size"), PLACES)
def test_with_the_size_and_root_of_another_checkpoint_a_proof_is_refused(
    index: int, size: int
) -> None:
    sound = given_inclusion(index, size)
    for other in set(range(SIZES)) - {size}:
        root = proofs.root(other, node)
        assert not verify_inclusion(**{**sound, "size": other, "root": root})


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_with_the_sizes_and_roots_of_other_checkpoints_a_proof_is_refused(
    first: int, second: int
) -> None:
    sound = given_consistency(first, second)
    for other in set(range(SIZES)) - {second, first}:
        root = proofs.root(other, node)
        assert not verify_consistency(**{**sound, "second": other, "second_root": root})
    for other in set(range(1, SIZES)) - {second, first}:
        root = proofs.root(other, node)
        # A log that was empty is the beginning of every other, but needs no nodes to show it.
        assert not verify_consistency(**{**sound, "first": other, "first_root": root})


def test_the_size_is_not_proved_by_a_proof_so_it_is_taken_from_the_checkpoint() -> None:
    sound = given_inclusion(64, 100)
    passing = [size for size in range(1, SIZES) if verify_inclusion(**{**sound, "size": size})]
    assert passing == list(range(97, 129))


def test_an_empty_log_is_the_beginning_of_every_other() -> None:
    to_five: dict[str, Any] = {"first": 0, "second": 5, "second_root": proofs.root(5, node)}
    assert verify_consistency(**to_five, first_root=EMPTY_ROOT, proof=[])
    assert not verify_consistency(**to_five, first_root=bytes(32), proof=[])
    assert not verify_consistency(**to_five, first_root=EMPTY_ROOT, proof=[bytes(32)])


def test_equal_sizes_must_have_equal_roots() -> None:
    one, other = proofs.root(5, node), proofs.root(6, node)
    assert verify_consistency(first=5, second=5, first_root=one, second_root=one, proof=[])
    assert not verify_consistency(first=5, second=5, first_root=one, second_root=other, proof=[])
