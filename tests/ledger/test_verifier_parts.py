"""The verifier's parts, held against the RFC's vectors, our own modules, and others' libraries."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from functools import cache

import numpy as np
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from ledger import encoding, merkle, notes, proofs, verifier
from ledger.errors import EncodingError, NoteError
from predictions.scoring.binary import range_scores
from predictions.scoring.partial import share_of_yes, written_answer
from predictions.scoring.rounding import posted
from tests.ledger.exports import KEY, ORIGIN, OTHER, SIGNER, SMALL
from tests.ledger.test_encoding import VALUES

# RFC 8032, section 7.1: seed, public key, message, signature.
RFC_8032 = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9"
        "b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f1"
        "1d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984d"
        "c6594a7c15e9716ed28dc027beceea1ec40a",
    ),
    (
        "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        hashlib.sha512(b"abc").hexdigest(),
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431"
        "e0303dca179c138ac17ad9bef1177331a704",
    ),
]


@pytest.mark.parametrize(("seed", "public", "message", "signature"), RFC_8032)
def test_ed25519_is_that_of_the_rfc(seed: str, public: str, message: str, signature: str) -> None:
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed))
    assert key.public_key().public_bytes_raw().hex() == public
    assert key.sign(bytes.fromhex(message)).hex() == signature
    said = bytes.fromhex(public), bytes.fromhex(message), bytes.fromhex(signature)
    assert verifier.verifies(*said)
    for place in range(64):
        changed = bytearray(said[2])
        changed[place] ^= 1 << place % 8
        assert not verifier.verifies(said[0], said[1], bytes(changed))
    assert not verifier.verifies(said[0], said[1] + b"x", said[2])


def by_cryptography(public: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


@given(seed=st.binary(min_size=32, max_size=32), message=st.binary(), change=st.data())
def test_ed25519_agrees_with_an_implementation_by_others(
    seed: bytes, message: bytes, change: st.DataObject
) -> None:
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = key.public_key().public_bytes_raw(), key.sign(message)
    assert verifier.verifies(public, message, signature)
    parts = [bytearray(public), bytearray(message), bytearray(signature)]
    part = change.draw(st.sampled_from([part for part in parts if part]))
    part[change.draw(st.integers(0, len(part) - 1))] ^= change.draw(st.integers(1, 255))
    changed = bytes(parts[0]), bytes(parts[1]), bytes(parts[2])
    assert verifier.verifies(*changed) == by_cryptography(*changed) is False


PUBLIC, SIGNATURE = (bytes.fromhex(RFC_8032[0][place]) for place in (1, 3))


def number(value: int) -> bytes:
    return value.to_bytes(32, "little")


@pytest.mark.parametrize(
    ("public", "signature"),
    [
        (
            PUBLIC,  # S + L: the same signature, if it were not refused
            SIGNATURE[:32] + number(int.from_bytes(SIGNATURE[32:], "little") + verifier.ORDER),
        ),
        (PUBLIC, SIGNATURE[:32] + number(verifier.ORDER)),
        (PUBLIC, SIGNATURE[:32] + b"\xff" * 32),
        (PUBLIC, SIGNATURE[:-1]),
        (PUBLIC, SIGNATURE + b"\x00"),
        (PUBLIC, b""),
        (PUBLIC[:-1], SIGNATURE),
        (PUBLIC + b"\x00", SIGNATURE),
        (b"", SIGNATURE),
        (number(2), SIGNATURE),  # no point has this y
        (number(1), number(verifier.P + 1) + bytes(32)),  # R in another spelling
    ],
)
def test_malformed_keys_and_signatures_are_refused_as_others_do(
    public: bytes, signature: bytes
) -> None:
    assert not verifier.verifies(public, b"", signature)
    assert not by_cryptography(public, b"", signature)


@pytest.mark.parametrize("public", [verifier.P + 1, 1 | 1 << 255, (verifier.P + 1) | 1 << 255])
def test_a_point_in_another_spelling_is_refused_as_the_rfc_demands(public: int) -> None:
    """Where it differs from other implementations, it is the stricter one."""
    assert not verifier.verifies(number(public), b"", number(1) + bytes(32))


# Points of order 1, 2, 4 and 8.
SMALL_ORDER = [
    number(1),
    number(verifier.P - 1),
    number(0),
    bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
]


@pytest.mark.parametrize("public", SMALL_ORDER)
def test_a_key_for_which_anybody_could_sign_is_no_key(public: bytes) -> None:
    assert verifier.point_decode(public) is not None
    with pytest.raises(verifier.Problem, match="is no key"):
        verifier.parse_key(str(notes.Verifier("o", public)))


def test_keys_are_read_as_the_notes_module_writes_them() -> None:
    key = verifier.parse_key(KEY)
    assert key == (ORIGIN, SIGNER.verifier.key_id, SIGNER.verifier.public)
    for place in range(len(KEY)):
        with pytest.raises(verifier.Problem):
            verifier.parse_key(KEY[:place] + chr(ord(KEY[place]) + 1) + KEY[place + 1 :])


@given(st.data())
def test_notes_are_opened_as_the_notes_module_opens_them(data: st.DataObject) -> None:
    changed = bytearray(SMALL.signed(3, by=[SIGNER, OTHER]).checkpoints[0].encode())
    for _ in range(data.draw(st.integers(0, 2))):
        changed[data.draw(st.integers(0, len(changed) - 1))] ^= data.draw(st.integers(0, 255))
    note = changed.decode("utf-8", "replace")
    try:
        opened = notes.open_note(note, [SIGNER.verifier])
        expected = notes.parse_checkpoint(opened.text)
    except NoteError:
        with suppress(verifier.Problem):
            assert verifier.check_head(note, {verifier.parse_key(KEY)})[1].size is None
    else:
        head, signed = verifier.check_head(note, {verifier.parse_key(KEY)})
        assert tuple(head) == (expected.origin, expected.size, expected.root)
        assert signed == (expected.size, "")


def as_json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


@given(
    VALUES.map(encoding.canonical_bytes)
    | VALUES.map(as_json)
    | VALUES.map(json.dumps).map(str.encode)
    | st.text(st.characters(exclude_categories=["Cs"])).map(as_json)
    | st.text().map(json.dumps).map(str.encode)
    | st.binary(max_size=20)
)
def test_json_is_canonical_where_the_log_says_so(data: bytes) -> None:
    try:
        expected = encoding.parse(data)
    except EncodingError:
        with pytest.raises(verifier.Problem):
            verifier.parse_json(data)
    else:
        assert verifier.parse_json(data) == expected


@given(st.lists(st.binary(max_size=2), max_size=70), st.data())
def test_roots_and_proofs_are_those_of_the_log(entries: list[bytes], data: st.DataObject) -> None:
    leaves = [merkle.leaf_hash(body) for body in entries]
    tree = verifier.Tree()
    for leaf in leaves:
        tree.add(leaf)
    for size in range(len(leaves) + 1):
        assert tree.root(size) == merkle.root_of(leaves[:size])
    old, new = sorted([data.draw(st.integers(0, len(leaves))) for _ in range(2)])

    def over_leaves(level: int, index: int) -> bytes:
        return merkle.root_of(leaves[index << level : (index + 1) << level])

    proof = proofs.consistency_proof(old, new, over_leaves)
    if damaged := data.draw(st.sets(st.integers(0, 5), max_size=1)):
        proof[min(damaged) : min(damaged) + 1] = []
    heads = [verifier.Checkpoint("", size, tree.root(size)) for size in (old, new)]
    # One more than there are: the size of another checkpoint with this root.
    heads[1] = heads[1]._replace(size=new + data.draw(st.integers(0, 1)))
    assert verifier.proves_consistency(heads[0], heads[1], proof) == proofs.verify_consistency(
        first=heads[0].size,
        second=heads[1].size,
        first_root=heads[0].root,
        second_root=heads[1].root,
        proof=proof,
    )
    if old < new:
        path = proofs.inclusion_proof(old, new, over_leaves)
        path[: len(damaged)] = []
        assert verifier.proves_inclusion(leaves[old], old, heads[1], path) == (
            proofs.verify_inclusion(
                leaf=leaves[old], index=old, size=heads[1].size, root=heads[1].root, proof=path
            )
        )


def test_every_proof_up_to_130_entries_is_accepted_and_no_changed_byte_is() -> None:
    leaves = [merkle.leaf_hash(bytes([number])) for number in range(130)]
    tree = verifier.Tree()
    heads = [verifier.Checkpoint("", 0, tree.root(0))]

    @cache
    def node(level: int, index: int) -> bytes:
        return merkle.root_of(leaves[index << level : (index + 1) << level])

    for size, leaf in enumerate(leaves, 1):
        tree.add(leaf)
        heads.append(verifier.Checkpoint("", size, tree.root(size)))
        for place in range(size):
            path = proofs.inclusion_proof(place, size, node)
            growth = proofs.consistency_proof(place, size, node)
            assert verifier.proves_inclusion(leaves[place], place, heads[size], path)
            assert verifier.proves_consistency(heads[place], heads[size], growth)
            for changed in changed_bytes(path, place * size):
                assert not verifier.proves_inclusion(leaves[place], place, heads[size], changed)
            for changed in changed_bytes(growth, place * size):
                assert not verifier.proves_consistency(heads[place], heads[size], changed)
            # Another entry's place, or another entry in this place.
            other = (place + 1) % size
            if other != place:
                assert not verifier.proves_inclusion(leaves[place], other, heads[size], path)
                assert not verifier.proves_inclusion(leaves[other], place, heads[size], path)
            forged = heads[size]._replace(root=bytes(32))
            assert not verifier.proves_inclusion(leaves[place], place, forged, path)
            assert not verifier.proves_consistency(heads[place], forged, growth) or not place


def changed_bytes(proof: list[bytes], seed: int) -> Iterator[list[bytes]]:
    """Each node with one byte changed, at a place that the seed moves over all of them."""
    for number, found in enumerate(proof):
        place = (seed + number) % 32
        changed = found[:place] + bytes([found[place] ^ 1 << seed % 8]) + found[place + 1 :]
        yield [*proof[:number], changed, *proof[number + 1 :]]


PROBABILITIES = st.integers(0, 10**6).map(lambda millionth: Decimal(millionth).scaleb(-6))


@given(
    st.tuples(PROBABILITIES, PROBABILITIES, PROBABILITIES).map(sorted),
    st.sampled_from(["yes", "no"]) | PROBABILITIES.map(str).map(written_answer),
)
def test_scores_are_computed_as_they_were_posted(given: list[Decimal], answer: str) -> None:
    low, p, high, o = (np.array([float(each)]) for each in (*given, share_of_yes(answer)))
    for rule, figures in range_scores(low, p, high, o).items():
        expected = [f"{posted(figure[0]):.9f}" for figure in figures]
        assert list(verifier.losses(rule, *(f"{each:.6f}" for each in given), answer)) == expected


@pytest.mark.parametrize("answer", ["0.40", ".4", "0", "1.0", "0.1234567", "maybe", "0.4\n", "٠.٤"])
def test_an_answer_that_is_no_share_of_yes_is_a_problem(answer: str) -> None:
    with pytest.raises(verifier.Problem, match="neither yes nor no nor a fraction"):
        verifier.losses("brier", "0.1", "0.2", "0.3", answer)
