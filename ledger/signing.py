"""The signer. It believes its keys and its memory, and of the database only what it can rehash."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from django.conf import settings
from django.db import connection, transaction

from ledger import journal, keychain, keys, memory, merkle
from ledger.drafts import read_entry
from ledger.errors import (
    DoesNotExtend,
    EncodingError,
    KeyUnusable,
    MemoryUnusable,
    NoteError,
    WillNotSign,
)
from ledger.keychain import Chain, LoggedKey, label
from ledger.memory import Memory
from ledger.merkle import Frontier
from ledger.models import Checkpoint, Entry
from ledger.notes import OpenedNote, Verifier, checkpoint_text, open_note, parse_checkpoint, sign
from ledger.turns import take_turns

_CHUNK = 2_000
_VERIFY = "Nothing was signed. Run manage.py verify_ledger"
_STRANGE = f"{_VERIFY}. {keychain.WHAT_TO_DO}"

# Whether the head was last moved by this very transaction, or by a part of it (a savepoint), whose
# number is a later one. A row tells 32 bits of the number, the status is asked by all 64.
_OWN_ENTRIES = """
    SELECT CASE WHEN own IS NOT NULL AND moved >= 3 AND later < 2147483648
        THEN pg_xact_status((own + later)::text::xid8) = 'in progress' ELSE false END
    FROM (SELECT own, moved, mod(moved - mod(own, 4294967296) + 4294967296, 4294967296) AS later
        FROM (SELECT pg_current_xact_id_if_assigned()::text::bigint AS own,
                  xmin::text::bigint AS moved FROM ledger_head) AS numbers) AS distance
"""


def sign_head(*, force: bool) -> Checkpoint:
    """Sign the present head if that is due, or anyway; the standing checkpoint if it is not.

    Joins the caller's transaction, if one is open, or opens its own. `checkpoints.checkpoint_make`
    says the rest.
    """
    introduce_key()
    with transaction.atomic():
        take_turns()
        _refuse_own_entries()
        return _Signing().sign(force=force)


def introduce_key() -> None:
    """See to it that the log knows the current key, in a transaction of its own.

    Where the log knows none, its first key is introduced, and made if there is none. Any later key
    must be recorded by a rotation: it may have been swapped.
    """
    if _chain().keys:
        return
    if connection.in_atomic_block:
        raise WillNotSign(
            "the log's first key is introduced in a transaction of its own, so that a checkpoint "
            "can cover it; call key_introduce() before you open yours"
        )
    with transaction.atomic():
        take_turns()
        if _chain().keys:
            return
        if Checkpoint.objects.exists() or memory.load(settings.LEDGER_STATE_FILE):
            raise DoesNotExtend(
                "the log knows no key, though checkpoints were signed: entries are gone. "
                f"{_VERIFY}; restore a backup that has them"
            )
        verifier = keys.at_hand_or_made().current.verifier
        journal.append(
            kind=keychain.INTRODUCED,
            subject=f"key:{label(verifier)}",
            actor="system",
            facts=keys.facts(verifier, replaces=None),
        )


def settled_memory() -> Memory | None:
    """What the signer remembers, once no signing is under way that the database has not seen yet.

    To be asked before the snapshot it is compared with. Raises MemoryUnusable.
    """
    with transaction.atomic():
        take_turns()
        return memory.load(settings.LEDGER_STATE_FILE)


class _Signing:
    """One turn of the signer: what it remembers, and whether what it finds extends that."""

    def __init__(self) -> None:
        # First the head: of all that is read after it, only what it covers is asked.
        self._head = journal.head()
        chain = keychain.read(until=self._head.size)
        chain.insist_whole()
        self._memory = memory.load(settings.LEDGER_STATE_FILE)
        ring = keys.at_hand()
        chain.insist_at_hand(unsigned(chain, self._memory), ring.verifiers if ring else ())
        self._ring = _known_ring(chain.keys, ring)
        self._verifiers = keys.verifiers_of(chain.keys, self._ring)
        if self._memory:
            self._check_memory(self._memory)

    def sign(self, *, force: bool) -> Checkpoint:
        head = self._head
        frontier = self._rehashed(head)
        standing = self._standing()
        if standing and self._says_it_all(standing, force=force):
            if self._memory is None or self._memory.number < standing.number:
                self._remember(standing, frontier)
            return standing
        text = checkpoint_text(self._ring.origin, head.size, frontier.root())
        made = Checkpoint(
            number=standing.number + 1 if standing else 1,
            size=head.size,
            note=sign(text, self._ring.signers),
        )
        # First the memory: what was signed once is never forgotten, even if the row is lost.
        self._remember(made, frontier)
        made.save(force_insert=True)
        return made

    def _check_memory(self, remembered: Memory) -> None:
        path = settings.LEDGER_STATE_FILE
        if remembered.checkpoint.origin != self._ring.origin:
            raise MemoryUnusable(
                f"the signer's state file {path} is of the log {remembered.checkpoint.origin}, the "
                f"key of {self._ring.origin}: put the right key or file back"
            )
        try:
            open_note(remembered.note, self._verifiers)
        except NoteError as error:
            raise MemoryUnusable(
                f"the signer's state file {path} is of another ledger, or was changed ({error}). "
                f"{memory.WHAT_TO_DO}"
            ) from error

    def _rehashed(self, head: journal.TreeHead) -> Frontier:
        """The frontier at the head, from the one remembered and the entries since."""
        frontier = self._memory.frontier() if self._memory else Frontier()
        if head.size < frontier.size:
            raise DoesNotExtend(
                f"the log holds {head.size} entries, and {frontier.size} were signed: its end was "
                f"cut off, or an old backup was restored. {_VERIFY}; restore a backup that has them"
            )
        known = self._stored_since()
        claim = _hold(known, frontier)
        entries = journal.appended(after=frontier.size, until=head.size).order_by("sequence")
        bodies = entries.values_list("sequence", "kind", "body").iterator(chunk_size=_CHUNK)
        for sequence, kind, body in bodies:
            if sequence != frontier.size + 1:
                raise DoesNotExtend(f"entry {frontier.size + 1} is missing. {_VERIFY}")
            _insist_is_entry(sequence, kind, bytes(body))
            frontier.add(merkle.leaf_hash(bytes(body)))
            claim = _hold(known, frontier, claim)
        if (frontier.size, frontier.root().hex()) != (head.size, head.root):
            raise DoesNotExtend(
                f"the head's root {head.root} of {head.size} entries is not that of what was "
                f"signed and the entries since, {frontier.root().hex()} of {frontier.size}: "
                "something was changed, or an old backup was restored and then written to. "
                f"{_VERIFY}"
            )
        if claim:
            raise DoesNotExtend(
                f"checkpoint {claim.number} knows {claim.size} entries, the log {head.size}. "
                f"{_VERIFY}"
            )
        return frontier

    def _stored_since(self) -> Iterator["_Claim"]:
        """What the checkpoints say that this signer does not remember. Each must be signed."""
        number = self._memory.number if self._memory else 0
        rows = Checkpoint.objects.filter(number__gt=number).order_by("number")
        for row in rows.iterator(chunk_size=_CHUNK):
            said = parse_checkpoint(self._opened(row).text)
            if said.origin != self._ring.origin:
                raise DoesNotExtend(f"checkpoint {row.number} is of another log. {_VERIFY}")
            yield _Claim(row.number, said.size, said.root)

    def _opened(self, row: Checkpoint) -> OpenedNote:
        try:
            return open_note(row.note, self._verifiers)
        except NoteError as error:
            raise DoesNotExtend(f"checkpoint {row.number}: {error}. {_VERIFY}") from error

    def _standing(self) -> Checkpoint | None:
        """The newest checkpoint; put back from memory where its row was lost between the two."""
        newest = Checkpoint.objects.order_by("number").last()
        if self._memory is None:
            return newest
        remembered = self._memory
        last = newest.number if newest else 0
        if last == remembered.number - 1:
            size = remembered.checkpoint.size
            row = Checkpoint(number=remembered.number, size=size, note=remembered.note)
            row.save(force_insert=True)
            return row
        if last < remembered.number:
            raise DoesNotExtend(
                f"checkpoints {last + 1} to {remembered.number} are gone. {_VERIFY}; restore them "
                "from a backup"
            )
        if not Checkpoint.objects.filter(number=remembered.number, note=remembered.note).exists():
            raise DoesNotExtend(
                f"checkpoint {remembered.number} is not the one that was signed. {_VERIFY}"
            )
        return newest

    def _says_it_all(self, standing: Checkpoint, *, force: bool) -> bool:
        """Whether it covers everything, signed by every key at hand, and is not to be signed anew.

        Nor is it where that would repeat a checkpoint: no two are alike, so that none can be put in
        another's place.
        """
        if standing.size != self._head.size:
            return False
        at_hand = set(self._ring.verifiers)
        if not force and at_hand <= set(self._opened(standing).verified):
            return True
        alike = Checkpoint.objects.filter(size=standing.size)
        return any(set(self._opened(row).verified) == at_hand for row in alike)

    def _remember(self, row: Checkpoint, frontier: Frontier) -> None:
        remembered = Memory(row.number, row.note, tuple(frontier.nodes))
        memory.store(settings.LEDGER_STATE_FILE, remembered)


@dataclass(frozen=True)
class _Claim:
    """What a stored checkpoint says of the log."""

    number: int
    size: int
    root: bytes


def _hold(
    claims: Iterator[_Claim], frontier: Frontier, claim: _Claim | None = None
) -> _Claim | None:
    """Hold the claims about the frontier's size against it; returns the next one, about a later."""
    claim = claim or next(claims, None)
    while claim and claim.size <= frontier.size:
        if (claim.size, claim.root) != (frontier.size, frontier.root()):
            raise DoesNotExtend(
                f"checkpoint {claim.number} of {claim.size} entries is not of this log, or smaller "
                f"than the one before it. {_VERIFY}"
            )
        claim = next(claims, None)
    return claim


def unsigned(chain: Chain, remembered: Memory | None) -> list[LoggedKey]:
    """The keys that no checkpoint takes over yet: neither one remembered, nor one stored since."""
    found = [
        key for key in chain.keys if remembered is None or key.sequence > remembered.checkpoint.size
    ]
    if not found:
        return []
    verifiers = keys.verifiers_of(chain.keys, None)
    rows = Checkpoint.objects.filter(number__gt=remembered.number if remembered else 0)
    for row in rows.order_by("number").iterator(chunk_size=_CHUNK):
        # One that nobody can read, or of another log, takes over nothing, and is refused later.
        with suppress(NoteError):
            opened = open_note(row.note, verifiers)
            size = parse_checkpoint(opened.text).size
            found = [key for key in found if not key.is_vouched_for(size, opened.verified)]
    return found


def _chain() -> Chain:
    """The log's keys. Raises DoesNotExtend where they are no chain."""
    chain = keychain.read()
    chain.insist_whole()
    return chain


def _insist_is_entry(sequence: int, kind: str, body: bytes) -> None:
    """What is signed is an entry, and one that is found by what it says: else a key could hide."""
    try:
        said = read_entry(body)
    except EncodingError as error:
        raise DoesNotExtend(f"entry {sequence} is none: {error}. {_STRANGE}") from error
    if said["kind"] != kind:
        raise DoesNotExtend(f"entry {sequence}: its column kind is not what it says. {_STRANGE}")


def _known_ring(known: list[LoggedKey], ring: keys.Keyring | None) -> keys.Keyring:
    """The keys at hand, the current of which is the log's. Raises KeyUnusable."""
    if not known:
        raise KeyUnusable("the log knows no key yet; run the pass again")
    wanted = f"{label(known[-1].verifier)} by its entry {known[-1].sequence}"
    if ring is None:
        raise KeyUnusable(
            f"the log knows the key {wanted}, which is missing: restore {settings.LEDGER_KEY_FILE} "
            "or set LEDGER_KEY. "
            'If it is lost for good: manage.py rotate_key --lost --reason "…"'
        )
    if ring.current.verifier != known[-1].verifier:
        raise KeyUnusable(
            f"{ring.source} has the key {label(ring.current.verifier)}, and the log knows "
            f'{wanted}: put that back, or record the change with manage.py rotate_key --reason "…"'
        )
    return ring


def nothing_to_sign() -> bool:
    """An empty log is nothing, unless something was signed of it before."""
    if journal.head().size or Entry.objects.exists() or Checkpoint.objects.exists():
        return False
    return memory.load(settings.LEDGER_STATE_FILE) is None


def _refuse_own_entries() -> None:
    """Never sign what may yet be rolled back: the signer would remember what never was."""
    with connection.cursor() as cursor:
        cursor.execute(_OWN_ENTRIES)
        own = cursor.fetchone()
    if own and own[0]:
        raise WillNotSign(
            "the log's last entries are of the transaction that asks for a checkpoint, and may yet "
            "be rolled back: sign after its commit"
        )


def signed_by(verifier: Verifier) -> bool:
    """Whether the newest checkpoint carries this key's signature."""
    newest = Checkpoint.objects.order_by("number").last()
    if newest is None:
        return False
    try:
        return bool(open_note(newest.note, [verifier]).verified)
    except NoteError:
        return False
