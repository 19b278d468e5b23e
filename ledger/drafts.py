"""Entries that are not in the log yet."""

import uuid as uuids
from dataclasses import dataclass
from typing import Any

from ledger import encoding

# Stands where the log writes its own time. Canonical keys are sorted, so a body ends in
# `"time":"<27 characters>","uuid":"<36 characters>"}`: the time has a place of its own.
NO_TIME = b"0000-00-00T00:00:00.000000Z"
_TIME = slice(-75, -48)


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
