"""Verification of the checkpoints: against the log, the keys, and what the signer remembers.

audit = Audit.begin()              # before the snapshot, for the signer's memory is a file
with snapshot():
    sizes = audit.sizes()          # the sizes whose roots are wanted
    …one pass over the log…
    findings = audit.findings(roots.get, size)
audit.unchecked                    # what could not be asked here, in words
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Self

from ledger import keychain, keys, signing
from ledger.errors import KeyUnusable, MemoryUnusable, NoteError
from ledger.keychain import Chain, label
from ledger.keys import Keyring
from ledger.memory import Memory
from ledger.models import Checkpoint
from ledger.notes import Checkpoint as Said
from ledger.notes import OpenedNote, Verifier, open_note, parse_checkpoint

_CHUNK = 2_000
Place = tuple[str, str]
Roots = Callable[[int], bytes | None]


@dataclass(frozen=True)
class Audit:
    """What is known outside of the database: the keys at hand, and the signer's memory."""

    ring: Keyring | None
    memory: Memory | None
    unusable: tuple[Place, ...]

    @classmethod
    def begin(cls) -> Self:
        """Read key and memory; waits for a signing that is under way. Call outside transactions."""
        unusable: list[Place] = []
        ring, memory = None, None
        try:
            ring = keys.at_hand()
        except KeyUnusable as error:
            unusable.append(("signing key", str(error)))
        try:
            memory = signing.settled_memory()
        except MemoryUnusable as error:
            unusable.append(("signer's state", str(error)))
        return cls(ring, memory, tuple(unusable))

    @property
    def unchecked(self) -> list[str]:
        """What this machine cannot ask, in words."""
        said = []
        if self.ring is None:
            said.append(
                "no signing key is at hand: signatures were held against the log's own keys"
            )
        if self.memory is None:
            said.append(
                "no state of the signer is at hand: whether the end of log and checkpoints was cut "
                "off can only be told from a report or an export that you hold"
            )
        return said

    def sizes(self) -> set[int]:
        """Every size that a checkpoint, or the signer's memory, gives a root for."""
        notes = Checkpoint.objects.order_by("number").values_list("note", flat=True)
        said = (_said(note) for note in notes.iterator(chunk_size=_CHUNK))
        sizes = {checkpoint.size for checkpoint in said if checkpoint}
        return sizes | ({self.memory.checkpoint.size} if self.memory else set())

    def findings(self, roots: Roots, size: int) -> Iterator[Place]:
        """Everything that is not as it should be, with its place.

        `roots` gives the root, recomputed from the entries, at each of `sizes()` that is at most
        `size`, the number of entries there are.
        """
        yield from self.unusable
        chain = keychain.read()
        for sequence, problem in chain.problems:
            yield f"entry {sequence}", problem
        walk = _Walk(self, chain, roots, size)
        for row in Checkpoint.objects.order_by("number").iterator(chunk_size=_CHUNK):
            for problem in walk.problems(row):
                yield f"checkpoint {row.number}", problem
        yield from walk.newest()
        yield from walk.rotations()
        yield from walk.remembered()


class _Walk:
    """The checkpoints in their order."""

    def __init__(self, audit: Audit, chain: Chain, roots: Roots, size: int) -> None:
        self._audit, self._known, self._roots, self._size = audit, chain.keys, roots, size
        self._verifiers = keys.verifiers_of(self._known, audit.ring)
        self._since = {key.verifier: key.sequence for key in self._known}
        # The rotations that no checkpoint takes over yet.
        self._open = [key for key in self._known if key.replaces and not key.lost]
        self._seen: dict[tuple[int, frozenset[Verifier]], int] = {}
        self._number = 0
        self._covered = 0
        self._held = 0  # up to here the entries are as a checkpoint says
        self._signers: tuple[Verifier, ...] = ()
        # The row of the number that the signer remembers, once met.
        self._remembered_note: str | None = None

    def problems(self, row: Checkpoint) -> Iterator[str]:
        if row.number != self._number + 1:
            yield f"expected number {self._number + 1}: a checkpoint was removed"
        self._number = row.number
        if self._audit.memory and row.number == self._audit.memory.number:
            self._remembered_note = row.note
        self._signers = ()
        try:
            opened = open_note(row.note, self._verifiers)
            said = parse_checkpoint(opened.text)
        except NoteError as error:
            yield str(error)
            return
        self._signers = opened.verified
        yield from self._signature_problems(opened, said)
        yield from self._order_problems(row, said)
        yield from self._log_problems(said)
        self._covered = max(self._covered, said.size)
        self._open = [key for key in self._open if not key.is_vouched_for(said.size, self._signers)]

    def _signature_problems(self, opened: OpenedNote, said: Said) -> Iterator[str]:
        at_hand = self._audit.ring.verifiers if self._audit.ring else []
        for verifier in opened.verified:
            if verifier not in at_hand and self._since[verifier] > said.size:
                yield f"signed by {label(verifier)}, which the log did not know by then"
        origin = self._known[0].verifier.name if self._known else opened.verified[0].name
        if said.origin != origin:
            yield f"of the log {said.origin!r}; this one is {origin!r}"

    def _order_problems(self, row: Checkpoint, said: Said) -> Iterator[str]:
        if row.size != said.size:
            yield f"its column says {row.size} entries, its note {said.size}"
        if said.size < self._covered:
            yield f"knows {said.size} entries, and one before it {self._covered}"
        # The signer makes no two alike: one could be put in the place of another.
        first = self._seen.setdefault((said.size, frozenset(self._signers)), row.number)
        if first != row.number:
            yield f"says nothing but what checkpoint {first} says: it is not the one that was here"

    def _log_problems(self, said: Said) -> Iterator[str]:
        if said.size > self._size:
            yield f"knows {said.size} entries, the log {self._size}: the last were taken away"
        elif (root := self._roots(said.size)) != said.root:
            yield (
                f"knows the first {said.size} entries by the root {said.root.hex()}; here it is "
                f"{root.hex() if root else 'not computed'}: one of the entries {self._held + 1} to "
                f"{said.size} was changed"
            )
        else:
            self._held = max(self._held, said.size)

    def newest(self) -> Iterator[Place]:
        """The newest checkpoint is signed by the current key, which is also the log's newest."""
        ring = self._audit.ring
        place = f"checkpoint {self._number}"
        if ring and self._known and ring.current.verifier != self._known[-1].verifier:
            yield (
                "signing key",
                f"{ring.source} has {label(ring.current.verifier)}, and the log knows "
                f"{label(self._known[-1].verifier)}: the key was swapped",
            )
        if not self._number:
            return
        if ring and ring.current.verifier not in self._signers:
            yield place, f"the newest, is not signed by the current key of {ring.source}"
        if not self._known:
            yield "log", "no entry introduces a key, and yet there are checkpoints"
        elif self._known[-1].sequence <= self._covered and (
            self._known[-1].verifier not in self._signers
        ):
            name = label(self._known[-1].verifier)
            yield place, f"the newest, is not signed by the log's newest key {name}"

    def rotations(self) -> Iterator[Place]:
        """Whoever trusts the key before each key learns of that from a checkpoint by both."""
        for key in self._open:
            if key.replaces and key.sequence <= self._covered:
                yield (
                    f"entry {key.sequence}",
                    f"has {label(key.verifier)} take over from {label(key.replaces)}, and no "
                    "checkpoint that covers it is signed by both: it was taken away",
                )

    def remembered(self) -> Iterator[Place]:
        """The log and the checkpoints hold all that the signer remembers to have signed."""
        memory = self._audit.memory
        if memory is None:
            return
        for problem in self._log_problems(memory.checkpoint):
            yield "signer's state", problem
        if memory.number > self._number:
            yield (
                "signer's state",
                f"knows checkpoint {memory.number}, the table only {self._number}: one that a "
                "crash lost is put back by the next pass; anything else was removed",
            )
        elif self._remembered_note not in (None, memory.note):
            yield f"checkpoint {memory.number}", "is not the one that the signer remembers"


def _said(note: str) -> Said | None:
    try:
        return parse_checkpoint(note.partition("\n\n")[0] + "\n")
    except NoteError:
        return None
