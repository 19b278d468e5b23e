"""The form of an entry: as it is drafted, and as it is read back."""

import datetime as dt
import re
import uuid as uuids
from dataclasses import dataclass
from typing import Any

from ledger import encoding
from ledger.errors import EncodingError

# Stands where the log writes its own time. Canonical keys are sorted, so a body ends in
# `"time":"<27 characters>","uuid":"<36 characters>"}`: the time has a place of its own.
NO_TIME = b"0000-00-00T00:00:00.000000Z"
_TIME = slice(-75, -48)

_FORM = {"actor": str, "facts": dict, "kind": str, "subject": str, "time": str, "uuid": str}
_TIME_FORM = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")
_UUID_FORM = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Draft:
    """Canonical bytes that want only the log's time."""

    uuid: uuids.UUID
    kind: str
    subject: str
    actor: str
    body: bytes

    def at(self, time: bytes) -> bytes:
        """The body, appended at this time (27 bytes, RFC 3339)."""
        return b"".join((self.body[: _TIME.start], time, self.body[_TIME.stop :]))

    def says(self, body: bytes) -> bool:
        """Whether an entry's body says the same, whenever it was appended."""
        return self.at(body[_TIME]) == body


def draft(
    *,
    kind: str,
    subject: str,
    actor: str,
    facts: dict[str, Any],
    uuid: uuids.UUID | None = None,
) -> Draft:
    """Encode an entry.

    `kind` is what happened (`outcome.entered`), `subject` to what (`question:Q9`), `actor` a
    pseudonymous id (`user:1`, `system`), `facts` a canonical object. Raises EncodingError, with
    the path, for facts without a canonical encoding.
    """
    uuid = uuid or uuids.uuid4()
    body = encoding.canonical_bytes(
        {
            "actor": actor,
            "facts": facts,
            "kind": kind,
            "subject": subject,
            "time": NO_TIME.decode(),
            "uuid": str(uuid),
        }
    )
    return Draft(uuid, kind, subject, actor, body)


def read_entry(body: bytes) -> dict[str, Any]:
    """What an entry says: canonical, with the six keys of one and no other, each in its form.

    Raises EncodingError. The offline verifier asks the same (`verifier.parse_entry`).
    """
    said: Any = encoding.parse(body)
    if not isinstance(said, dict) or said.keys() != _FORM.keys():
        raise EncodingError("body", f"does not have the keys {', '.join(_FORM)}, and no others")
    for key, kind in _FORM.items():
        if type(said[key]) is not kind:
            raise EncodingError(f"body.{key}", "does not have an entry's form: its type is wrong")
    if not _TIME_FORM.fullmatch(said["time"]) or not _UUID_FORM.fullmatch(said["uuid"]):
        raise EncodingError("body", "does not have an entry's form: its time, or its uuid")
    try:
        dt.datetime.fromisoformat(said["time"])
    except ValueError as error:
        raise EncodingError("body.time", f"{said['time']} is no time") from error
    return said
