"""Verification: the log against itself, and the app's tables against the log.

An app registers its tables in `AppConfig.ready`. Every entry's `facts` may hold, under a table's
name, a list of rows as they stood after it; the last word on each row is what the table must hold.
"""

import contextlib
import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import DatabaseError, connection, transaction

from ledger import guards, journal, merkle
from ledger.encoding import canonical_bytes, timestamp
from ledger.errors import EncodingError, NotSnapshot
from ledger.journal import body_of
from ledger.models import Entry, Head

_CHUNK = 2_000


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be: where, what, and the entry it concerns (if any)."""

    place: str
    problem: str
    sequence: int | None = None


@dataclass(frozen=True)
class Row:
    """A row of an app's table: its key, the uuid of the entry that last set it, its facts."""

    key: str
    entry: str
    facts: dict[str, Any]


@dataclass(frozen=True)
class FactTable:
    """A table replayed from the log; `rows` streams all of it."""

    name: str
    rows: Callable[[], Iterable[Row]]


@dataclass
class Verification:
    """What was read and what was found. `intact` is the verdict."""

    size: int = 0
    root: str = ""
    rows: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def intact(self) -> bool:
        return not self.findings


_tables: dict[str, FactTable] = {}
_checks: list[Callable[[], Iterable[Finding]]] = []

# (table, key) → (sequence of the last entry that set the row, digest of what it said)
_Expected = dict[tuple[str, str], tuple[int, bytes]]


def register_table(table: FactTable) -> None:
    """Have `verify` replay a table."""
    _tables[table.name] = table


def register_check(check: Callable[[], Iterable[Finding]]) -> None:
    """Have `verify` run a check of what is derived from the facts, such as scores."""
    if check not in _checks:
        _checks.append(check)


def verify() -> Verification:
    """Read the whole log and every registered table, in one snapshot of the database.

    Raises NotSnapshot inside an open transaction, which could see half of another's work.
    """
    with _snapshot():
        result = Verification()
        expected = _read_log(result)
        result.findings += _check_guards()
        for table in _tables.values():
            result.findings += _read_safely(table.name, _compare(table, expected, result))
        result.findings += [
            Finding(f"{name} {key}", "the ledger knows this row; the table has it not", sequence)
            for (name, key), (sequence, _) in expected.items()
        ]
        for check in _checks:
            result.findings += _read_safely("derived", check())
    return result


def _read_safely(place: str, findings: Iterable[Finding]) -> list[Finding]:
    """All findings; what cannot even be read, such as a date no calendar has, is one as well."""
    found: list[Finding] = []
    try:
        with transaction.atomic():
            found.extend(findings)
    except (DatabaseError, ValueError, TypeError, ArithmeticError, RecursionError) as error:
        problem = " ".join(f"cannot be read: {type(error).__name__}: {error}".split())
        found.append(Finding(place, problem[:500]))
    return found


def _check_guards() -> Iterator[Finding]:
    for table, names in guards.TRIGGERS.items():
        for name in guards.missing_triggers(table, names):
            yield Finding(table, f"its guard {name} is gone or switched off")
    for name in guards.unsafe_settings():
        yield Finding("database", f"{name} is off: a crash could lose acknowledged entries")


@contextlib.contextmanager
def _snapshot() -> Iterator[None]:
    if connection.in_atomic_block:
        raise NotSnapshot("verify() opens its own transaction; call it outside of any other")
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


def _read_log(result: Verification) -> _Expected:
    """Check sequence, bytes and hashes of every entry, and the tree against the head."""
    frontier = merkle.Frontier()
    expected: _Expected = {}

    def findings() -> Iterator[Finding]:
        last: Entry | None = None
        for entry in Entry.objects.order_by("sequence").iterator(chunk_size=_CHUNK):
            yield from _check_place(entry, last)
            frontier.add(merkle.leaf_hash(bytes(entry.body)))
            last = entry
            yield from _fold(entry, expected)
        result.size, result.root = frontier.size, frontier.root().hex()
        yield from _check_head(frontier, last.time if last else None)

    result.findings += _read_safely("log", findings())
    return expected


def _check_place(entry: Entry, last: Entry | None) -> Iterator[Finding]:
    wanted = last.sequence + 1 if last else 1
    place = f"entry {entry.sequence}"
    if merkle.leaf_hash(bytes(entry.body)) != bytes(entry.leaf_hash):
        yield Finding(place, "its bytes do not give its leaf hash: one was changed", entry.sequence)
    if entry.sequence != wanted:
        yield Finding(place, f"expected sequence {wanted}: an entry was removed", entry.sequence)
    if last and entry.time <= last.time:
        yield Finding(place, f"its time {entry.time} is not after {last.time}", entry.sequence)


def _check_head(frontier: merkle.Frontier, last_time: str | None) -> Iterator[Finding]:
    heads = list(Head.objects.all())
    if len(heads) != 1:
        yield Finding("head", f"there are {len(heads)} of it, and there must be one")
        return
    [head] = heads
    if head.size != frontier.size:
        yield Finding("head", f"says {head.size} entries; the log holds {frontier.size}")
    if bytes(head.root) != frontier.root():
        yield Finding(
            "head",
            f"root {bytes(head.root).hex()} is not that of the entries, {frontier.root().hex()}",
        )
    if [bytes(node or b"") for node in head.frontier] != frontier.nodes:
        yield Finding("head", "its frontier is not that of the entries")
    if last_time and timestamp(head.last_time) != last_time:
        yield Finding("head", f"its time {head.last_time} is not the last entry's, {last_time}")
    if staged := journal.staged():
        yield Finding("ledger_staged", f"holds {staged} rows between transactions")


def _fold(entry: Entry, expected: _Expected) -> Iterator[Finding]:
    try:
        body = body_of(entry)
        for column in ("uuid", "kind", "subject", "actor", "time"):
            if str(getattr(entry, column)) != body[column]:
                place = f"entry {entry.sequence}"
                yield Finding(place, f"its column {column} is not what it says", entry.sequence)
        for name in body["facts"].keys() & _tables.keys():
            for facts in body["facts"][name]:
                expected[name, facts["id"]] = (entry.sequence, _digest(body["uuid"], facts))
    except EncodingError as error:
        yield Finding(f"entry {entry.sequence}", str(error), entry.sequence)
    except (AttributeError, KeyError, TypeError):
        yield Finding(f"entry {entry.sequence}", "does not have an entry's form", entry.sequence)


def _digest(entry_uuid: str, facts: dict[str, Any]) -> bytes:
    """16 bytes stand for a row, so that replaying a million of them fits in memory."""
    return hashlib.blake2b(
        canonical_bytes({"entry": entry_uuid, "facts": facts}), digest_size=16
    ).digest()


def _compare(table: FactTable, expected: _Expected, result: Verification) -> Iterator[Finding]:
    """Hold every row against the log; takes the rows it met out of `expected`."""
    for row in table.rows():
        result.rows += 1
        sequence, digest = expected.pop((table.name, row.key), (None, b""))
        if sequence is None:
            yield Finding(f"{table.name} {row.key}", "no ledger entry knows this row")
        elif digest != _digest_of_row(row):
            yield Finding(
                f"{table.name} {row.key}", _difference(table.name, row, sequence), sequence
            )


def _digest_of_row(row: Row) -> bytes:
    try:
        return _digest(row.entry, row.facts)
    except EncodingError:
        return b""  # no entry can say this, so it differs; `_difference` names the column


def _difference(name: str, row: Row, sequence: int) -> str:
    body = body_of(Entry.objects.get(sequence=sequence))
    said = next(facts for facts in body["facts"][name] if facts["id"] == row.key)
    told, held = {"entry": body["uuid"], **said}, {"entry": row.entry, **row.facts}
    columns = [
        f"{column}: the ledger says {told.get(column)!r}, the table holds {held.get(column)!r}"
        for column in sorted(told.keys() | held.keys())
        if told.get(column) != held.get(column)
    ]
    return "; ".join(columns)
