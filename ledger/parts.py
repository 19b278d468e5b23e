"""Personal parts: kept beside the log, whose entries hold only commitments to them.

In an entry a personal column reads {"hmac": "<64 hex digits>"}: HMAC-SHA256 of the part's UTF-8
under a random salt of 32 bytes, a salt a part. Whoever is shown salt and part can check what an
entry commits to. When both are deleted the entry stays, and verifies, and says nothing any more:
without the salt not even the right guess can be recognised.
"""

import hmac
import re
import secrets
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from ledger.errors import EncodingError
from ledger.journal import body_of
from ledger.models import Entry, Part
from ledger.scan import Finding

ERASED = "(erased)"

_CHUNK = 2_000
_KINDS = ".erased"
_HEX = re.compile(r"[0-9a-f]{64}")

# (owner, field, part) → the commitment to it, in hex
Commitments = dict[tuple[UUID, str, str], str]


@dataclass(frozen=True)
class Committed:
    """A commitment in the facts of an entry: where it stands, of which column of which row."""

    path: str
    owner: str
    field: str
    hmac: bytes


@dataclass(frozen=True)
class Opening:
    """What shows a stranger that the commitment at `path` is one to `part`; hashes in hex."""

    path: str
    hmac: str
    salt: str
    part: str


def commitment(salt: bytes, part: str) -> bytes:
    """HMAC-SHA256 of the part, 32 bytes."""
    return hmac.digest(salt, part.encode(), "sha256")


def conceal(*, owner: UUID, facts: dict[str, Any], personal: Sequence[str]) -> dict[str, Any]:
    """The facts of a row with commitments for its personal columns, as an entry may hold them.

    A value that this row's column has held before keeps its commitment; a new one is stored in the
    caller's transaction, which must hold the row, so that no other makes one for it meanwhile.
    """
    [concealed] = conceal_many(rows=[(owner, facts)], personal=personal)
    return concealed


def conceal_many(
    *, rows: Sequence[tuple[UUID, dict[str, Any]]], personal: Sequence[str]
) -> list[dict[str, Any]]:
    """`conceal` for many rows of a table, (owner, facts) each, in two queries."""
    known = commitments_of(owner for owner, _ in rows)
    made = []
    for owner, facts in rows:
        for field in personal:
            place = owner, field, facts[field]
            if isinstance(facts[field], str) and place not in known:
                made.append(_new_part(*place))
                known[place] = bytes(made[-1].commitment).hex()
    Part.objects.bulk_create(made, batch_size=_CHUNK)
    return [
        concealed(owner=owner, facts=facts, personal=personal, known=known) for owner, facts in rows
    ]


def _new_part(owner: UUID, field: str, part: str) -> Part:
    salt = secrets.token_bytes(32)
    return Part(commitment=commitment(salt, part), owner=owner, field=field, salt=salt, part=part)


def commitments_of(owners: Iterable[UUID]) -> Commitments:
    """The standing commitments of these rows, in one query."""
    rows = Part.objects.filter(owner__in=list(owners))
    return {
        (owner, field, part): bytes(digest).hex()
        for owner, field, part, digest in rows.values_list("owner", "field", "part", "commitment")
    }


def concealed(
    *, owner: UUID, facts: dict[str, Any], personal: Collection[str], known: Commitments
) -> dict[str, Any]:
    """The facts with the known commitments; what has none stays as it is.

    So do the placeholders of a row that was erased, and what was recorded before commitments were.
    """
    return {
        field: {"hmac": digest}
        if field in personal and (digest := known.get((owner, field, value)))
        else value
        for field, value in facts.items()
    }


def committed(facts: object) -> Iterator[Committed]:
    """The commitments in an entry's facts, in their order."""
    for table, rows in facts.items() if isinstance(facts, dict) else ():
        for index, row in enumerate(rows if isinstance(rows, list) else ()):
            for field, value in row.items() if isinstance(row, dict) else ():
                if digest := _digest_in(value):
                    path = f"facts.{table}[{index}].{field}"
                    yield Committed(path, str(row.get("id")), field, digest)


def _digest_in(value: object) -> bytes | None:
    match value:
        case {"hmac": str(digits), **rest} if not rest and _HEX.fullmatch(digits):
            return bytes.fromhex(digits)
    return None


def revealed(facts: dict[str, Any]) -> dict[str, Any]:
    """An entry's facts for people: what stands is {"hmac", "part"}, what was erased `(erased)`."""
    [shown] = revealed_each([facts])
    return shown


def revealed_each(facts: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """`revealed` for the facts of each of some entries, in one query."""
    standing = _standing(one for several in facts for one in committed(several))

    def shown(row: Any) -> Any:
        if not isinstance(row, dict):
            return row
        return {
            field: _shown(value, str(row.get("id")), field, standing)
            for field, value in row.items()
        }

    return [
        {
            table: [shown(row) for row in rows] if isinstance(rows, list) else rows
            for table, rows in several.items()
        }
        for several in facts
    ]


def _shown(value: Any, owner: str, field: str, standing: Mapping[bytes, Part]) -> Any:
    digest = _digest_in(value)
    if digest is None:
        return value
    part = standing.get(digest)
    if part is None:
        return ERASED
    if (str(part.owner), part.field) != (owner, field) or not _opens(part):
        return {**value, "part": "(what is kept of it does not fit: it was changed)"}
    return {**value, "part": part.part}


def openings(facts: Sequence[object]) -> list[list[Opening]]:
    """For the facts of each of some entries the openings of its commitments, in one query.

    Given as they are kept: whether they fit is for the reader to check. None for what was erased.
    """
    found = [list(committed(one)) for one in facts]
    standing = _standing(one for several in found for one in several)
    return [
        [_opening(one, standing[one.hmac]) for one in several if one.hmac in standing]
        for several in found
    ]


def _opening(one: Committed, part: Part) -> Opening:
    return Opening(one.path, one.hmac.hex(), bytes(part.salt).hex(), part.part)


def _standing(found: Iterable[Committed]) -> dict[bytes, Part]:
    # Never an empty list, which Django would not ask about: a page costs alike whatever it shows.
    wanted = {one.hmac for one in found} or {b""}
    return {bytes(part.commitment): part for part in Part.objects.filter(commitment__in=wanted)}


def parts_of(owner: UUID) -> list[tuple[str, str]]:
    """(field, part) of everything personal that this row's columns hold or have held."""
    return list(Part.objects.filter(owner=owner).values_list("field", "part").order_by("field"))


def erase(*, owner: UUID, entry: UUID) -> int:
    """Delete every part of a row; returns how many.

    The database refuses it unless `entry`, of kind `<table>.erased` and with the row among its
    facts, was appended in this very transaction.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT ledger_erase(%s, %s)", [owner, entry])
        [count] = cursor.fetchone()
    return int(count)


class Collector:
    """Holds the parts against the log: fed every entry in order, it then says what does not fit."""

    def __init__(self) -> None:
        # (owner, field, commitment) → the last entry that holds it
        self._held: dict[tuple[str, str, bytes], int] = {}
        self._erased: dict[str, int] = {}

    def see(self, sequence: int, body: Mapping[str, Any]) -> None:
        """Take note of an entry. What has not an entry's form is for others to find."""
        facts, kind = body.get("facts"), str(body.get("kind"))
        for one in committed(facts):
            self._held[one.owner, one.field, one.hmac] = sequence
        if kind.endswith(_KINDS) and isinstance(facts, dict):
            rows = facts.get(kind.removesuffix(_KINDS))
            for row in rows if isinstance(rows, list) else ():
                if isinstance(row, dict) and "id" in row:
                    self._erased[str(row["id"])] = sequence

    def findings(self) -> Iterator[Finding]:
        """Parts that are not what the entries commit to, and commitments whose part is gone."""
        for part in Part.objects.order_by("commitment").iterator(chunk_size=_CHUNK):
            yield from self._check(part)
        for (owner, field, digest), sequence in self._held.items():
            if self._erased.get(owner, 0) <= sequence:
                problem = "its part is gone, and no later entry says that it was erased"
                yield Finding(f"part {_named(field, owner, digest)}", problem, sequence)

    def _check(self, part: Part) -> Iterator[Finding]:
        digest, owner = bytes(part.commitment), str(part.owner)
        place = f"part {_named(part.field, owner, digest)}"
        sequence = self._held.pop((owner, part.field, digest), None)
        if not _opens(part):
            problem = "its salt and text do not give its commitment: one was changed"
            yield Finding(place, problem, sequence)
        if sequence is None:
            yield Finding(place, "no entry commits this row and column to it")
        if owner in self._erased:
            problem = "is still there, though its row was erased"
            yield Finding(place, problem, self._erased[owner])


def verify() -> Iterator[Finding]:
    """Every finding of a `Collector` that has seen the whole log."""
    collector = Collector()
    for entry in Entry.objects.order_by("sequence").iterator(chunk_size=_CHUNK):
        try:
            body = body_of(entry)
        except EncodingError:
            continue  # found where the log itself is read
        if isinstance(body, dict):
            collector.see(entry.sequence, body)
    yield from collector.findings()


def _opens(part: Part) -> bool:
    return hmac.compare_digest(commitment(bytes(part.salt), part.part), bytes(part.commitment))


def _named(field: str, owner: str, digest: bytes) -> str:
    return f"{digest.hex()[:16]}… ({field} of {owner})"
