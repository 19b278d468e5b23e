"""Signed notes and checkpoints: how the log's head is put into words and signed.

Formats: https://c2sp.org/signed-note, https://c2sp.org/tlog-checkpoint, and the key strings of Go's
`golang.org/x/mod/sumdb/note`; signatures are Ed25519 (RFC 8032). Pure functions; whatever is wrong
raises NoteError.
"""

import base64
import hashlib
import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ledger.errors import NoteError

_ED25519 = b"\x01"  # the signature type of the specification
_PRIVATE = "PRIVATE+KEY+"
_NAME = re.compile(r"[^\s+]+")
_KEY = re.compile(r"([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)")
_SIGNATURE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/=]+)")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")

# Whoever receives a note verifies all of it: a limit keeps a hostile one cheap. As in Go.
_MOST_SIGNATURES = 100


@dataclass(frozen=True)
class Verifier:
    """A public key with the name it signs under. `str()` is its published form."""

    name: str
    public: bytes

    def __post_init__(self) -> None:
        _check_name(self.name)
        if len(self.public) != 32:
            raise NoteError(f"the public key of {self.name} is not 32 bytes long")

    @classmethod
    def parse(cls, text: str) -> Self:
        """`<name>+<8 hex digits of the key's id>+<base64 of 0x01 ‖ public key>`."""
        name, key_id, public = _parse_key(text)
        verifier = cls(name, public)
        _check_id(verifier, key_id)
        return verifier

    @property
    def key_id(self) -> bytes:
        """First 4 bytes of SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key)."""
        named = self.name.encode() + b"\n" + _ED25519 + self.public
        return hashlib.sha256(named).digest()[:4]

    def verifies(self, text: str, signature: bytes) -> bool:
        """Whether this key made `signature` (64 bytes, RFC 8032) over the UTF-8 of `text`."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text.encode())
        except (InvalidSignature, ValueError):
            return False
        return True

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{_base64(_ED25519 + self.public)}"


@dataclass(frozen=True)
class Signer:
    """A private key with the name it signs under. Never printed; `secret()` is its stored form."""

    name: str
    seed: bytes = field(repr=False)

    def __post_init__(self) -> None:
        _check_name(self.name)
        if len(self.seed) != 32:
            raise NoteError(f"the private key of {self.name} is not 32 bytes long")

    @classmethod
    def parse(cls, text: str) -> Self:
        """`PRIVATE+KEY+<name>+<8 hex digits of the key's id>+<base64 of 0x01 ‖ seed>`."""
        if not text.startswith(_PRIVATE):
            raise NoteError("not a private key: it does not begin with PRIVATE+KEY+")
        name, key_id, seed = _parse_key(text.removeprefix(_PRIVATE))
        signer = cls(name, seed)
        _check_id(signer.verifier, key_id)
        return signer

    @classmethod
    def generate(cls, name: str) -> Self:
        """A new key, from the system's source of randomness."""
        return cls(name, secrets.token_bytes(32))

    @property
    def verifier(self) -> Verifier:
        """The public half."""
        return Verifier(self.name, self._key().public_key().public_bytes_raw())

    def signature_line(self, text: str) -> str:
        """`— <name> <base64 of key id ‖ signature>` over `text`, with its newline."""
        signature = self._key().sign(text.encode())
        return f"— {self.name} {_base64(self.verifier.key_id + signature)}\n"

    def secret(self) -> str:
        """The form that `parse` reads; whoever has it can sign."""
        key_id = self.verifier.key_id.hex()
        return f"{_PRIVATE}{self.name}+{key_id}+{_base64(_ED25519 + self.seed)}"

    def _key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)


@dataclass(frozen=True)
class OpenedNote:
    """A note's text, newline at its end, and the keys that were seen to have signed it."""

    text: str
    verified: tuple[Verifier, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names they signed under; twice the same while a key is being replaced."""
        return tuple(verifier.name for verifier in self.verified)


@dataclass(frozen=True)
class Checkpoint:
    """What a log's head says: which log, number of entries, root hash (32 bytes)."""

    origin: str
    size: int
    root: bytes


def sign(text: str, signers: Sequence[Signer]) -> str:
    """The note: `text`, a blank line, and a signature line a signer. Keys in turn: sign with both.

    `text` must end in a newline and hold no control character but newlines.
    """
    _check_text(text)
    if not 1 <= len(signers) <= _MOST_SIGNATURES:
        raise NoteError(f"{len(signers)} signers: a note has 1 to {_MOST_SIGNATURES}")
    return text + "\n" + "".join(signer.signature_line(text) for signer in signers)


def open_note(note: str, verifiers: Iterable[Verifier]) -> OpenedNote:
    """The text of a note that at least one of `verifiers` has signed, and all of them that have.

    Signatures by other keys are passed over, as the specification demands, so that witnesses may
    add theirs; a false one under the name and id of a known key condemns the note.
    """
    known = _by_name_and_id(verifiers)
    text, signatures = _split(note)
    verified: dict[Verifier, None] = {}
    for name, key_id, signature in signatures:
        verifier = known.get((name, key_id))
        if verifier is None:
            continue
        if not verifier.verifies(text, signature):
            raise NoteError(f"the signature of {name}+{key_id.hex()} does not hold")
        verified[verifier] = None
    if not verified:
        raise NoteError("signed by none of the known keys")
    return OpenedNote(text, tuple(verified))


def checkpoint_text(origin: str, size: int, root: bytes) -> str:
    """`origin`, size in decimal, and the root in base64, a line each."""
    text = f"{origin}\n{size}\n{_base64(root)}\n"
    if parse_checkpoint(text) != Checkpoint(origin, size, root):
        raise NoteError(f"{origin!r} cannot be the origin of a checkpoint")
    return text


def parse_checkpoint(text: str) -> Checkpoint:
    """What a checkpoint says. Extension lines are refused: this log writes none."""
    _check_text(text)
    lines = text.split("\n")
    if len(lines) != 4:
        raise NoteError(f"a checkpoint has 3 lines; this has {len(lines) - 1}")
    origin, size, root, _ = lines
    if not origin.strip():
        raise NoteError("a checkpoint begins with its origin; this line is empty")
    if not _SIZE.fullmatch(size):
        raise NoteError(f"{size!r} is not the size of a log, in decimal")
    hashed = _unbase64(root)
    if len(hashed) != 32:
        raise NoteError(f"the root is {len(hashed)} bytes long, not 32")
    return Checkpoint(origin, int(size), hashed)


def _by_name_and_id(verifiers: Iterable[Verifier]) -> dict[tuple[str, bytes], Verifier]:
    known: dict[tuple[str, bytes], Verifier] = {}
    for verifier in verifiers:
        place = (verifier.name, verifier.key_id)
        if known.setdefault(place, verifier) != verifier:
            raise NoteError(f"two keys are called {verifier.name}+{verifier.key_id.hex()}")
    return known


def _split(note: str) -> tuple[str, list[tuple[str, bytes, bytes]]]:
    """Text, and (name, key id, signature) a line."""
    text, blank, tail = note.rpartition("\n\n")
    text += "\n"
    if not blank or not tail.endswith("\n"):
        raise NoteError("not a note: text, a blank line, signature lines, each with its newline")
    _check_text(note)
    lines = tail.removesuffix("\n").split("\n")
    if len(lines) > _MOST_SIGNATURES:
        raise NoteError(f"{len(lines)} signatures; at most {_MOST_SIGNATURES} are read")
    return text, [_signature(line) for line in lines]


def _signature(line: str) -> tuple[str, bytes, bytes]:
    matched = _SIGNATURE.fullmatch(line)
    if not matched:
        raise NoteError(f"{line!r} is not a signature line")
    signed = _unbase64(matched[2])
    if len(signed) < 5:
        raise NoteError(f"the signature of {matched[1]} is too short")
    return matched[1], signed[:4], signed[4:]


def _parse_key(text: str) -> tuple[str, bytes, bytes]:
    matched = _KEY.fullmatch(text)
    if not matched:
        raise NoteError("not a key: <name>+<8 hex digits>+<base64>")
    kind_and_key = _unbase64(matched[3])
    if kind_and_key[:1] != _ED25519:
        raise NoteError(f"the key of {matched[1]} is not an Ed25519 key")
    return matched[1], bytes.fromhex(matched[2]), kind_and_key[1:]


def _check_id(verifier: Verifier, key_id: bytes) -> None:
    if verifier.key_id != key_id:
        raise NoteError(f"the key of {verifier.name} has the id {verifier.key_id.hex()}, not this")


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name) or not _is_unicode(name):
        raise NoteError(f"{name!r} cannot name a key: it is empty, or has a space or a plus sign")


def _check_text(text: str) -> None:
    if not text.endswith("\n"):
        raise NoteError("the text does not end in a newline")
    if any(character < " " and character != "\n" for character in text) or not _is_unicode(text):
        raise NoteError("the text holds a control character, or half of one")


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _unbase64(text: str) -> bytes:
    """Refuses every spelling but the one: nobody can change a byte of a note and keep its sense."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise NoteError(f"{text!r} is not base64") from error
    if _base64(data) != text:
        raise NoteError(f"{text!r} is not base64 as it is written")
    return data
