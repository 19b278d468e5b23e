"""A new signing key takes over from the old one, and the log says so.

In steps, each of which can be the last before a crash; running it again does the rest:

1. the new key is at hand beside the old one (in the file; or put into LEDGER_KEY by the operator),
2. an entry `key.rotated` introduces it,
3. a checkpoint that covers this entry is signed with both: whoever trusts the old key learns of the
   new one from it,
4. the old key is gone from the file. No copy is kept: nothing is verified with a private key, and
   whoever found it could still sign for those who know no newer one.
"""

import unicodedata
from dataclasses import dataclass

from django.conf import settings
from django.db import connection, transaction

from ledger import journal, keychain, keys, memory, signing
from ledger.errors import KeyUnusable, WillNotSign
from ledger.keychain import Chain, label
from ledger.keys import Keyring
from ledger.models import Checkpoint
from ledger.notes import Verifier
from ledger.turns import turn

_LONGEST_REASON = 1_000


@dataclass(frozen=True)
class Rotated:
    """The key that signs from now on, the checkpoint that says so, and what is left to do."""

    verifier: Verifier
    checkpoint: int
    left_to_do: str


def key_rotate(*, reason: str, lost: bool = False) -> Rotated:
    """Have a new key take over; `lost` where the old one is not at hand and cannot sign with it.

    Raises WillNotSign, in words; whatever it did until then stands, and running it again goes on.
    """
    if connection.in_atomic_block:
        raise WillNotSign("a rotation has transactions of its own; call it outside of any other")
    reason = _checked(reason)
    with turn():
        chain = keychain.read()
        chain.insist_whole()
        known = [key.verifier for key in chain.keys]
        if not known:
            raise KeyUnusable("nothing was signed yet: there is no key to rotate")
        _insist_ours(chain, lost)
        ring = _from_environment(known, lost) if keys.from_environment() else _in_file(known, lost)
        if ring.current.verifier != known[-1]:
            _record(ring.current.verifier, replaces=known[-1], reason=reason, lost=lost)
        return _finish(ring, signing.sign_head(force=False))


def _insist_ours(chain: Chain, lost: bool) -> None:
    """Nothing takes over from a key that was never signed for, and that somebody may have slipped
    in. Raises DoesNotExtend."""
    ring = keys.at_hand()
    unsigned = signing.unsigned(chain, memory.load(settings.LEDGER_STATE_FILE))
    chain.insist_at_hand(unsigned, ring.verifiers if ring else (), lost=lost)


def _from_environment(known: list[Verifier], lost: bool) -> Keyring:
    """The keys of LEDGER_KEY, which the operator has put there: the new one, then the old one."""
    ring = keys.parse(settings.LEDGER_KEY.split(), "LEDGER_KEY")
    new, others = ring.current.verifier, ring.verifiers[1:]
    old = label(known[-1])
    if new == known[-1]:
        # Recorded already, unless the two were put in the wrong order.
        if (not others and not lost) or any(verifier not in known for verifier in others):
            raise KeyUnusable(_HOW_IN_ENVIRONMENT.format(name=ring.origin))
    elif new in known:
        raise KeyUnusable(f"LEDGER_KEY: {label(new)} was retired; a key never comes back")
    elif lost and known[-1] in others:
        raise KeyUnusable(f"LEDGER_KEY holds {old}, so it is not lost; leave out --lost")
    elif not lost and known[-1] not in others:
        raise KeyUnusable(
            f"LEDGER_KEY does not hold {old}, which signs until now: set it to the new key, a "
            "space, and the old one. If the old one is lost for good, say --lost"
        )
    _check_name(ring, known)
    return ring


def _in_file(known: list[Verifier], lost: bool) -> Keyring:
    """The keys of the file, among them a new one, which is made where there is none yet."""
    path, ring = settings.LEDGER_KEY_FILE, keys.at_hand()
    held = ring.verifiers if ring else []
    _check_lost(held, known, lost)
    if ring is None:
        keys.keep([keys.new_key(known[0].name)])
    elif held == known[-1:] and not lost:
        keys.keep([keys.new_key(ring.origin), ring.current])
    elif held[0] in known[:-1]:
        raise KeyUnusable(f"{path}: {label(held[0])} was retired; a key never comes back")
    made = keys.at_hand()
    if made is None:
        raise KeyUnusable(f"{path} went away meanwhile; run the rotation again")
    _check_name(made, known)
    return made


def _check_lost(held: list[Verifier], known: list[Verifier], lost: bool) -> None:
    """The key in use is in the file, or is lost; what replaced a lost one may yet have to sign."""
    path, in_use = settings.LEDGER_KEY_FILE, known[-1]
    if not lost and in_use not in held:
        raise KeyUnusable(
            f"{path} does not hold {label(in_use)}, which signs until now: restore it. If it "
            "is lost for good, say --lost"
        )
    if lost and in_use in held and (in_use != held[0] or signing.signed_by(in_use)):
        raise KeyUnusable(f"{path} holds the key in use, so it is not lost; leave out --lost")


def _check_name(ring: Keyring, known: list[Verifier]) -> None:
    if ring.origin != known[0].name:
        raise KeyUnusable(
            f"{ring.source}: a key of this log has the name {known[0].name}, not {ring.origin}"
        )


def _record(verifier: Verifier, *, replaces: Verifier, reason: str, lost: bool) -> None:
    facts = {**keys.facts(verifier, replaces=replaces, lost=lost), "reason": reason}
    with transaction.atomic():
        journal.append(
            kind=keychain.ROTATED,
            subject=f"key:{label(verifier)}",
            actor="system",
            facts=facts,
        )


def _finish(ring: Keyring, made: Checkpoint) -> Rotated:
    verifier = ring.current.verifier
    if keys.from_environment():
        others = len(ring.signers) > 1
        left = "Now leave only the first key in LEDGER_KEY, and restart." if others else ""
        return Rotated(verifier, made.number, left)
    keys.keep([ring.current])
    return Rotated(verifier, made.number, f"Back up {settings.LEDGER_KEY_FILE}.")


def _checked(reason: str) -> str:
    cleaned = unicodedata.normalize("NFC", " ".join(reason.split()))
    if not cleaned or len(cleaned) > _LONGEST_REASON or not cleaned.isprintable():
        raise WillNotSign(f"reason: say why, in at most {_LONGEST_REASON:,} printable characters")
    return cleaned


NEW_KEY = "python -c 'from ledger.notes import Signer; print(Signer.generate(\"{name}\").secret())'"
_HOW_IN_ENVIRONMENT = (
    "LEDGER_KEY holds the key in use; set it to a new key, a space, and that one, restart, and run "
    f"this again. A new key: {NEW_KEY}"
)
