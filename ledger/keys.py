"""The signing keys: those at hand, and those the log knows. A private key is never shown.

At hand are the keys of the setting LEDGER_KEY or else of the file LEDGER_KEY_FILE, separated by
white space: the first is the current one, the others are being retired and sign as well. The log
knows a key by the chain of its entries, see `ledger.keychain`; the last one counts.
"""

import stat
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from ledger import private
from ledger.encoding import Canonical
from ledger.errors import KeyUnusable, NoteError
from ledger.keychain import LoggedKey, label
from ledger.merkle import EMPTY_ROOT
from ledger.notes import Signer, Verifier, checkpoint_text

_FORM = "PRIVATE+KEY+<name>+<8 hex digits>+<base64>"


@dataclass(frozen=True)
class Keyring:
    """The private keys at hand, the current one first, and where they are from, for messages."""

    signers: tuple[Signer, ...]
    source: str

    @property
    def current(self) -> Signer:
        return self.signers[0]

    @property
    def verifiers(self) -> list[Verifier]:
        return [signer.verifier for signer in self.signers]

    @property
    def origin(self) -> str:
        """The name that every key signs under: that of the log."""
        return self.current.name


def from_environment() -> bool:
    """Whether LEDGER_KEY is set, so that no file is read or written."""
    return bool(settings.LEDGER_KEY.strip())


def at_hand() -> Keyring | None:
    """The private keys, None where there are none. Raises KeyUnusable, and never shows a key."""
    if from_environment():
        return parse(settings.LEDGER_KEY.split(), "LEDGER_KEY")
    path: Path = settings.LEDGER_KEY_FILE
    try:
        held = private.read(path)
        shared = held is not None and stat.S_IMODE(path.stat().st_mode) & 0o077
    except (OSError, ValueError) as error:
        raise KeyUnusable(f"{path} cannot be read ({type(error).__name__}); restore it") from None
    if held is None:
        return None
    if shared:
        raise KeyUnusable(f"{path} can be read by others; chmod 600 it, and rotate the key")
    return parse(held.split(), str(path))


def at_hand_or_made() -> Keyring:
    """The private keys; where there are none, a new one, kept in LEDGER_KEY_FILE."""
    if ring := at_hand():
        return ring
    private.create(settings.LEDGER_KEY_FILE, f"{new_key(settings.LEDGER_ORIGIN).secret()}\n")
    made = at_hand()
    if made is None:
        raise KeyUnusable(f"{settings.LEDGER_KEY_FILE} went away while it was made; try again")
    return made


def keep(signers: Sequence[Signer]) -> None:
    """Have LEDGER_KEY_FILE hold these keys, the current one first, and no others."""
    text = "".join(f"{signer.secret()}\n" for signer in signers)
    private.write(settings.LEDGER_KEY_FILE, text)


def new_key(name: str) -> Signer:
    """A new key under this name, which must be one that a log can have."""
    if not unicodedata.is_normalized("NFC", name) or not name.isprintable():
        raise KeyUnusable(_bad_name(name))
    try:
        checkpoint_text(name, 0, EMPTY_ROOT)
        return Signer.generate(name)
    except NoteError:
        raise KeyUnusable(_bad_name(name)) from None


def parse(texts: Sequence[str], source: str) -> Keyring:
    """The keys in their written form. Raises KeyUnusable, which names `source` and shows no key."""
    if not texts:
        raise KeyUnusable(f"{source} is empty; restore the key from your backup")
    # The parser's own words may hold what it could not parse, so they go no further.
    try:
        signers = tuple(map(Signer.parse, texts))
    except NoteError:
        raise KeyUnusable(
            f"{source} does not hold a key of the form {_FORM}; restore it from your backup"
        ) from None
    names = {signer.name for signer in signers}
    if len(names) > 1:
        raise KeyUnusable(f"{source}: its keys have different names; a log keeps its name for good")
    if len(set(signers)) < len(signers):
        raise KeyUnusable(f"{source} holds a key twice; remove one")
    if not unicodedata.is_normalized("NFC", signers[0].name):
        raise KeyUnusable(_bad_name(signers[0].name))
    return Keyring(signers, source)


def verifiers_of(known: Iterable[LoggedKey], ring: Keyring | None) -> list[Verifier]:
    """All public keys that may have signed, the newest first, each once."""
    of_log = [key.verifier for key in known][::-1]
    unlogged = [verifier for verifier in ring.verifiers if verifier not in of_log] if ring else []
    return list(dict.fromkeys([*unlogged, *of_log]))


def facts(
    verifier: Verifier, *, replaces: Verifier | None, lost: bool = False
) -> dict[str, Canonical]:
    """What the log says of a new key, and of the loss of the one before it."""
    row: dict[str, Canonical] = {
        "id": label(verifier),
        "public": str(verifier),
        "replaces": label(replaces) if replaces else None,
    }
    return {"key": [row], "lost": True} if lost else {"key": [row]}


def _bad_name(name: str) -> str:
    return (
        f"LEDGER_ORIGIN {name!r} cannot name a log; set it to one like ledger.example.org/ledger, "
        "without a space or a plus sign"
    )
