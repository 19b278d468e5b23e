"""Proofs that may be handed out: each was held against what the log's key has signed.

Stored subtrees are a copy, and may have been changed. So a root is believed only if it is that of a
checkpoint whose signature holds, or if it is shown to grow into one (or, after the last checkpoint,
into the head). What does not fit together raises DoesNotHold: no wrong proof is ever handed out.
"""

import base64
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.conf import settings

from ledger import checkpoints, journal, merkle, proofs, subtrees
from ledger.checkpoints import Signed
from ledger.errors import DoesNotHold, NoteError, NotSigned, OutOfRange
from ledger.journal import TreeHead
from ledger.models import Entry
from ledger.notes import Verifier, open_note, parse_checkpoint

RECEIPT = "prediction-ledger-receipt/1"
CONSISTENCY = "prediction-ledger-consistency/1"

T = TypeVar("T")

_HOW = "manage.py verify_ledger names the place. No proof is given out until it is repaired."


@dataclass(frozen=True)
class Inclusion:
    """Entry `sequence` (from 1) is among the first `size`, which have this root."""

    sequence: int
    size: int
    body: bytes
    root: bytes
    proof: tuple[bytes, ...]

    @property
    def leaf_hash(self) -> bytes:
        return merkle.leaf_hash(self.body)


@dataclass(frozen=True)
class Growth:
    """The log of `second` entries begins with that of `first`."""

    first: int
    second: int
    first_root: bytes
    second_root: bytes
    proof: tuple[bytes, ...]

    def as_json(self) -> dict[str, Any]:
        """In the form that `verifier.py --proof` takes."""
        return {
            "format": CONSISTENCY,
            "from": self.first,
            "to": self.second,
            "proof": [node.hex() for node in self.proof],
        }


@dataclass(frozen=True)
class Receipt:
    """An entry's bytes, a signed checkpoint, and the proof that the one is in the other."""

    inclusion: Inclusion
    checkpoint: Signed

    def as_json(self) -> dict[str, Any]:
        """In the form that `verifier.py --receipt` takes."""
        return {
            "format": RECEIPT,
            "sequence": self.inclusion.sequence,
            "body_base64": base64.b64encode(self.inclusion.body).decode(),
            "checkpoint": self.checkpoint.note,
            "proof": [node.hex() for node in self.inclusion.proof],
        }


def latest() -> Signed | None:
    """The newest checkpoint, its signature verified. Raises DoesNotHold."""
    signed = checkpoints.latest()
    if signed:
        _opened(signed, checkpoints.verifier_keys())
    return signed


def inclusion(*, sequence: int, size: int | None = None) -> Inclusion:
    """The proof for one entry; `size` is the last checkpoint's unless it is given.

    Raises OutOfRange, NotSigned, DoesNotHold.
    """
    head = journal.head()
    _check("sequence", sequence, 1, head.size)
    if size is None:
        signed = checkpoints.latest()
        if signed is None or signed.size < sequence:
            raise not_signed(sequence)
        size = signed.size
    else:
        _check("size", size, 1, head.size)
        _check("sequence", sequence, 1, size)
    return _Base(head, size).inclusion(sequence, size)


def consistency(*, first: int, second: int | None = None) -> Growth:
    """The proof that the log has only grown; `second` is the last checkpoint's size unless given.

    Raises OutOfRange (naming `from` or `to`), NotSigned, DoesNotHold.
    """
    head = journal.head()
    _check("from", first, 0, head.size)
    if second is None:
        signed = checkpoints.latest()
        if signed is None or signed.size < first:
            raise not_signed(first)
        second = signed.size
    else:
        _check("to", second, 0, head.size)
        _check("from", first, 0, second)
    return _Base(head, second, first).growth(first, second)


def receipt(*, sequence: int, size: int | None = None) -> Receipt:
    """For the newest checkpoint, which the key of today has signed, or for the one of this size.

    Raises OutOfRange, NotSigned, DoesNotHold.
    """
    head = journal.head()
    _check("sequence", sequence, 1, head.size)
    if size is not None and size < sequence:
        raise OutOfRange("size", f"must be at least {sequence}, to cover entry {sequence}")
    signed = checkpoints.latest() if size is None else checkpoints.covering(size)
    if size is not None and (signed is None or signed.size != size):
        raise OutOfRange("size", "must be that of a checkpoint; see the list of checkpoints")
    if signed is None or signed.size < sequence:
        raise not_signed(sequence)
    base = _Base(head, signed.size)
    return Receipt(base.inclusion(sequence, signed.size), base.signed[signed.size])


def receipts(sequences: Iterable[int]) -> list[Receipt]:
    """For the newest checkpoint, of the entries that it covers, for the queries of one.

    Raises DoesNotHold.
    """
    head = journal.head()
    signed = checkpoints.latest()
    covered = [sequence for sequence in sequences if signed and sequence <= signed.size]
    if signed is None or not covered:
        return []
    base = _Base(head, signed.size)
    inclusions = base.inclusions(covered, signed.size)
    return [Receipt(made, base.signed[signed.size]) for made in inclusions]


def root_of(size: int) -> bytes:
    """The root of the first `size` entries, as what was signed vouches for it.

    Raises OutOfRange, DoesNotHold.
    """
    head = journal.head()
    _check("size", size, 0, head.size)
    return _Base(head, size).growth(size, size).second_root


def not_signed(sequence: int) -> NotSigned:
    every = settings.CHECKPOINT_SECONDS
    return NotSigned(
        f"No checkpoint covers entry {sequence} yet. Checkpoints are signed every {every} seconds "
        "when the ledger has grown; ask again then."
    )


class _Base:
    """What proofs for these sizes are held against: checkpoints, or else the head."""

    def __init__(self, head: TreeHead, *sizes: int) -> None:
        verifiers = checkpoints.verifier_keys()
        self.signed: dict[int, Signed] = {}
        self.anchors: dict[int, TreeHead] = {}
        for size in dict.fromkeys(sizes):
            signed = checkpoints.covering(size)
            anchor = _opened(signed, verifiers) if signed else head
            # The head was read first, and both may have grown since.
            if anchor.size > head.size and anchor.size > journal.head().size:
                raise DoesNotHold(
                    f"The ledger does not hold together: a checkpoint knows {anchor.size} entries, "
                    f"and here are {head.size}. {_HOW}"
                )
            if signed:
                self.signed[anchor.size] = signed
            self.anchors[size] = anchor

    def inclusion(self, sequence: int, size: int) -> Inclusion:
        [made] = self.inclusions([sequence], size)
        return made

    def inclusions(self, sequences: Sequence[int], size: int) -> list[Inclusion]:
        bodies = _bodies(sequences)
        root, to_anchor, found = _read(
            lambda node: (
                proofs.root(size, node),
                self._to_anchor(size, node),
                [proofs.inclusion_proof(sequence - 1, size, node) for sequence in sequences],
            )
        )
        self._hold(size, root, to_anchor)
        made = [
            Inclusion(sequence, size, bodies[sequence], root, tuple(proof))
            for sequence, proof in zip(sequences, found, strict=True)
        ]
        for one in made:
            _hold_inclusion(one)
        return made

    def growth(self, first: int, second: int) -> Growth:
        roots, to_anchors, proof = _read(
            lambda node: (
                {size: proofs.root(size, node) for size in (first, second)},
                {size: self._to_anchor(size, node) for size in self.anchors},
                proofs.consistency_proof(first, second, node),
            )
        )
        for size, to_anchor in to_anchors.items():
            self._hold(size, roots[size], to_anchor)
        made = Growth(first, second, roots[first], roots[second], tuple(proof))
        if not proofs.verify_consistency(
            first=first,
            second=second,
            first_root=made.first_root,
            second_root=made.second_root,
            proof=proof,
        ):
            raise _contradiction(f"the log of {first} entries", second)
        return made

    def _to_anchor(self, size: int, node: proofs.Node) -> list[bytes]:
        return proofs.consistency_proof(size, self.anchors[size].size, node)

    def _hold(self, size: int, root: bytes, proof: list[bytes]) -> None:
        """A root that the stored subtrees give is one that grows into what is believed."""
        anchor = self.anchors[size]
        if not proofs.verify_consistency(
            first=size,
            second=anchor.size,
            first_root=root,
            second_root=bytes.fromhex(anchor.root),
            proof=proof,
        ):
            raise _contradiction(f"the root of {size} entries", anchor.size)


def _bodies(sequences: Sequence[int]) -> dict[int, bytes]:
    rows = Entry.objects.filter(sequence__in=sequences).values_list("sequence", "body")
    bodies = {sequence: bytes(body) for sequence, body in rows}
    for sequence in sequences:
        if sequence not in bodies:
            raise DoesNotHold(
                f"The ledger does not hold together: entry {sequence} is gone. {_HOW}"
            )
    return bodies


def _hold_inclusion(made: Inclusion) -> None:
    """An entry is where its proof says."""
    if not proofs.verify_inclusion(
        leaf=made.leaf_hash,
        index=made.sequence - 1,
        size=made.size,
        root=made.root,
        proof=list(made.proof),
    ):
        raise _contradiction(f"entry {made.sequence}", made.size)


def _read(make: Callable[[proofs.Node], T]) -> T:
    try:
        return subtrees.read(make)
    except KeyError as error:
        raise DoesNotHold(
            f"The ledger does not hold together: entries or subtrees are gone. {_HOW}"
        ) from error


def _opened(signed: Signed, verifiers: list[Verifier]) -> TreeHead:
    """What a checkpoint says, if a key of the log has signed it."""
    try:
        said = parse_checkpoint(open_note(signed.note, verifiers).text)
    except NoteError as error:
        raise DoesNotHold(
            f"The ledger does not hold together: checkpoint {signed.number}: {error}. {_HOW}"
        ) from error
    if said.size != signed.size:
        raise DoesNotHold(
            f"The ledger does not hold together: checkpoint {signed.number} is of {said.size} "
            f"entries, and is filed under {signed.size}. {_HOW}"
        )
    return TreeHead(size=said.size, root=said.root.hex())


def _contradiction(what: str, size: int) -> DoesNotHold:
    return DoesNotHold(
        f"The ledger does not hold together: from what is stored, {what} does not fit the log of "
        f"{size} entries. {_HOW}"
    )


def _check(field: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        if most < least:
            raise OutOfRange(field, "the ledger has no entries yet")
        raise OutOfRange(field, f"must be a whole number from {least} to {most}")
