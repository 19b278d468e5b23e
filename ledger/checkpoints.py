"""Signed checkpoints: the public face. Size and root of the log, in a note that its key signed.

Formats: https://c2sp.org/tlog-checkpoint in https://c2sp.org/signed-note, Ed25519.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal, overload

from django.conf import settings

from ledger import keychain, keys, signing
from ledger.errors import KeyUnusable
from ledger.journal import TreeHead
from ledger.models import Checkpoint
from ledger.notes import Verifier, parse_checkpoint

_CHUNK = 2_000


@dataclass(frozen=True)
class Signed:
    """A checkpoint as it is stored. Whoever passes it on need not trust it: readers verify."""

    number: int
    size: int
    note: str

    @property
    def head(self) -> TreeHead:
        """Size and root as the note says them. Raises NoteError if it was made unreadable."""
        said = parse_checkpoint(self.note.partition("\n\n")[0] + "\n")
        return TreeHead(size=said.size, root=said.root.hex())


@overload
def checkpoint_make(*, force: Literal[True]) -> Signed: ...
@overload
def checkpoint_make(*, force: bool = False) -> Signed | None: ...
def checkpoint_make(*, force: bool = False) -> Signed | None:
    """Sign the present head if the log has grown, or the keys changed, or `force`; or return the
    standing checkpoint, also where a new one would be like one there is. None where the log is
    empty (unless forced) and always was.

    In a transaction of the caller, it sees what that sees, at READ COMMITTED, and holds the
    signer's lock until it ends; one that has appended entries of its own is refused, for they may
    yet be rolled back. The very first checkpoint needs `key_introduce` before.

    Raises WillNotSign, in words, if the log does not extend what was signed before, or the key or
    the signer's memory are not as they should be.
    """
    if not force and signing.nothing_to_sign():
        return None
    return _signed(signing.sign_head(force=force))


def key_introduce() -> None:
    """See to it, in a transaction of its own, that the log knows the key. Raises WillNotSign."""
    signing.introduce_key()


def latest() -> Signed | None:
    """The newest checkpoint."""
    row = Checkpoint.objects.order_by("number").last()
    return _signed(row) if row else None


def covering(size: int) -> Signed | None:
    """The oldest checkpoint of at least `size` entries."""
    row = Checkpoint.objects.filter(size__gte=size).order_by("size", "number").first()
    return _signed(row) if row else None


def all_checkpoints() -> Iterator[Signed]:
    """Every checkpoint in order, through a cursor on the server."""
    rows = Checkpoint.objects.order_by("number")
    return (_signed(row) for row in rows.iterator(chunk_size=_CHUNK))


def verifier_keys() -> list[Verifier]:
    """The public keys, newest first: those that the log introduces, and the configured one."""
    ring = None
    with suppress(KeyUnusable):  # the signer's to complain of; readers need the public keys alone
        ring = keys.at_hand()
    return keys.verifiers_of(keychain.read().keys, ring)


def origin() -> str:
    """The name of the log, which its first key fixed; LEDGER_ORIGIN before there is one."""
    known = [key.verifier for key in keychain.read().keys] or verifier_keys()
    return known[0].name if known else str(settings.LEDGER_ORIGIN)


def _signed(row: Checkpoint) -> Signed:
    return Signed(row.number, row.size, row.note)
