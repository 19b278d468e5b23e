"""What the log publishes of itself for people: its keys, and its checkpoints by number."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ledger import checkpoints, keychain
from ledger.checkpoints import Signed
from ledger.errors import EncodingError
from ledger.journal import body_of
from ledger.models import Checkpoint, Entry
from ledger.notes import Verifier


@dataclass(frozen=True)
class PublicKey:
    """A public key, and what the log says of it; None where no entry has introduced it yet."""

    verifier: Verifier
    sequence: int | None = None
    time: str | None = None
    replaces: str | None = None
    reason: str | None = None

    @property
    def label(self) -> str:
        return keychain.label(self.verifier)


def public_keys() -> list[PublicKey]:
    """Newest first; the first one signs."""
    told = _told()
    return [told.get(str(one), PublicKey(one)) for one in checkpoints.verifier_keys()]


def _told() -> dict[str, PublicKey]:
    found: dict[str, PublicKey] = {}
    named = [key.sequence for key in keychain.read().keys]
    for entry in Entry.objects.filter(sequence__in=named):
        body = body_of(entry)
        [row] = body["facts"]["key"]
        found[row["public"]] = _public_key(entry.sequence, body, row)
    return found


def _public_key(sequence: int, body: dict[str, Any], row: dict[str, Any]) -> PublicKey:
    verifier = Verifier.parse(row["public"])
    reason = body["facts"].get("reason")
    return PublicKey(verifier, sequence, body["time"], row["replaces"], reason)


def checkpoints_of(numbers: Iterable[int]) -> list[Signed]:
    """Those of these numbers, in their order."""
    asked = list(numbers)
    rows = Checkpoint.objects.in_bulk(asked)
    found = [rows[number] for number in asked if number in rows]
    return [Signed(row.number, row.size, row.note) for row in found]


def time_of(size: int) -> dt.datetime | None:
    """When the last of the first `size` entries was appended, from its bytes, if readable."""
    entry = Entry.objects.filter(sequence=size).first()
    try:
        return dt.datetime.fromisoformat(body_of(entry)["time"]) if entry else None
    except (EncodingError, KeyError, TypeError, ValueError):
        return None
