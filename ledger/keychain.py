"""The chain of the log's keys: `key.introduced` names the first, each `key.rotated` the next.

Each replaces the one before it, by name. Whoever can write an entry can name a key of their own, so
an entry that does not go on with the chain names none, and nothing is signed over it; and what does
go on counts once a checkpoint that covers it is signed by the key and by the one it replaces.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from ledger.drafts import read_entry
from ledger.errors import DoesNotExtend, EncodingError, NoteError
from ledger.models import Entry
from ledger.notes import Verifier

INTRODUCED, ROTATED = "key.introduced", "key.rotated"
KINDS = (INTRODUCED, ROTATED)
WHAT_TO_DO = (
    "If nobody of yours wrote that entry, see “An entry that nobody should have written” in "
    "docs/operations.md"
)


@dataclass(frozen=True)
class LoggedKey:
    """A key as the log names it, in the entry of this sequence.

    `replaces` is the one before it in the chain, which does not sign any more if it was `lost`.
    """

    sequence: int
    verifier: Verifier
    replaces: Verifier | None = None
    lost: bool = False

    @property
    def vouchers(self) -> set[Verifier]:
        """Whose signatures take it over, for those who trust the key before it."""
        return {self.verifier} if self.lost else {self.verifier, self.replaces or self.verifier}

    def is_vouched_for(self, size: int, signers: Iterable[Verifier]) -> bool:
        """Whether a checkpoint of this size, signed by these, takes it over."""
        return self.sequence <= size and self.vouchers <= set(signers)


@dataclass
class Chain:
    """The keys, oldest first, and of each entry that does not go on with the chain, why."""

    keys: list[LoggedKey] = field(default_factory=list)
    problems: list[tuple[int, str]] = field(default_factory=list)

    def add(self, sequence: int, body: bytes) -> None:
        """Take up an entry, if by what it says it is one that names a key."""
        try:
            said = read_entry(body)
            if said["kind"] in KINDS:
                self.keys.append(self._next(sequence, said))
        except EncodingError as error:
            self.problems.append((sequence, str(error)))
        except _DoesNotChain as error:
            self.problems.append((sequence, f"{error}: it names no key of this log"))

    def _next(self, sequence: int, said: dict[str, Any]) -> LoggedKey:
        verifier, replaces, lost = _named(said["facts"])
        if not self.keys:
            if said["kind"] != INTRODUCED or replaces is not None:
                raise _DoesNotChain("replaces a key, and none was introduced before it")
            return LoggedKey(sequence, verifier)
        last = self.keys[-1].verifier
        if said["kind"] != ROTATED:
            raise _DoesNotChain(
                f"introduces a key, and {label(self.keys[0].verifier)} is the first"
            )
        if replaces != label(last):
            raise _DoesNotChain(f"replaces {replaces}, and the key before it is {label(last)}")
        if verifier.name != last.name:
            raise _DoesNotChain(f"its key is named {verifier.name}, and the log {last.name}")
        if label(verifier) in {label(key.verifier) for key in self.keys}:
            raise _DoesNotChain(f"{label(verifier)} was in use before, and a key never comes back")
        return LoggedKey(sequence, verifier, last, lost)

    def insist_whole(self) -> None:
        """Raises DoesNotExtend, which names the first entry that does not go on with the chain."""
        for sequence, problem in self.problems:
            raise DoesNotExtend(f"entry {sequence} {problem}. Nothing is signed. {WHAT_TO_DO}")

    def insist_at_hand(
        self, unsigned: Iterable[LoggedKey], at_hand: Collection[Verifier], *, lost: bool = False
    ) -> None:
        """No key is signed for the first time that is not one of those at hand, beside the key that
        it replaces. What is replaced by reason of its loss need not be; nor, with `lost`, the last.

        Raises DoesNotExtend, which names the entry.
        """
        for key in unsigned:
            missing = key.vouchers.difference(at_hand)
            # Who has the key that is said to be lost can tell that this is another's doing.
            replaceable = key.replaces is None or (key.lost and key.replaces not in at_hand)
            if not missing or (replaceable and self._is_lost(key, lost)):
                continue
            names = " and ".join(sorted(map(label, missing)))
            raise DoesNotExtend(
                f"entry {key.sequence} names the key {label(key.verifier)}, which no checkpoint "
                f"covers yet, and {names} is not at hand: put it back"
                f"{_OR_LOST if replaceable else ''}. {WHAT_TO_DO}"
            )

    def _is_lost(self, key: LoggedKey, last_is: bool) -> bool:
        """Whether what took over from it, or is about to, says that it was lost."""
        after = next((one for one in self.keys if one.replaces == key.verifier), None)
        return after.lost if after else last_is


class _DoesNotChain(Exception):
    """Why an entry names no key of the log; goes no further than the chain."""


_OR_LOST = ', or if it is lost for good: manage.py rotate_key --lost --reason "…"'


def read(*, until: int | None = None) -> Chain:
    """The chain as the log has it, or its first entries `until` this one.

    Found by their columns: the signer and verification hold these against the bodies.
    """
    entries = Entry.objects.filter(kind__in=KINDS).order_by("sequence")
    if until is not None:
        entries = entries.filter(sequence__lte=until)
    chain = Chain()
    for sequence, body in entries.values_list("sequence", "body"):
        chain.add(sequence, bytes(body))
    return chain


def label(verifier: Verifier) -> str:
    """How entries and messages name a key: `<name>+<8 hex digits>`."""
    return f"{verifier.name}+{verifier.key_id.hex()}"


def _named(facts: dict[str, Any]) -> tuple[Verifier, str | None, bool]:
    """The key that an entry names, the label of the one it replaces, and whether that was lost."""
    try:
        [row] = facts["key"]
        verifier, replaces = Verifier.parse(row["public"]), row["replaces"]
        named = (row["id"], row["public"], type(facts.get("lost", False)))
    except (NoteError, AttributeError, KeyError, TypeError, ValueError):
        raise _DoesNotChain("does not show a key") from None
    if named != (label(verifier), str(verifier), bool) or not isinstance(replaces, str | None):
        raise _DoesNotChain("does not show a key under its own name")
    return verifier, replaces, facts.get("lost", False)
