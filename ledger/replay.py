"""Verification: the log against itself, and the app's tables against the log.

An app registers its tables in `AppConfig.ready`. Every entry's `facts` may hold, under a table's
name, a list of rows as they stood after it; the last word on each row is what the table must hold.
"""

import contextlib
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson
from django.db import DatabaseError, connection, transaction

from ledger import guards, journal, merkle, roles, scan, subtrees
from ledger.checkpoint_audit import Audit
from ledger.drafts import read_entry
from ledger.encoding import timestamp
from ledger.errors import CannotResume, EncodingError, NotSnapshot
from ledger.models import Entry, Head
from ledger.scan import Finding, Progress, Tree

__all__ = ["FactTable", "Finding", "Row", "Verification", "register_check", "register_table"]

_COLUMNS = ("uuid", "kind", "subject", "actor", "time")
_PROGRESS = 2_000


@dataclass(frozen=True)
class Row:
    """A row of an app's table: its key, the uuid of the entry that last set it, its facts."""

    key: str
    entry: str
    facts: dict[str, Any]


@dataclass(frozen=True)
class FactTable:
    """A table replayed from the log; `rows` streams all of it.

    In the database it has this name and these triggers, and is as `guards.table_digest` says.
    `later` are columns that entries written before do not name, with what they held then.
    """

    name: str
    rows: Callable[[], Iterable[Row]]
    db_table: str
    triggers: Sequence[str]
    digest: str
    later: Mapping[str, Any] = field(default_factory=dict)


class Reader(Protocol):
    """Is fed every entry in order, and then says what does not fit."""

    def see(self, sequence: int, body: Mapping[str, Any]) -> None: ...

    def findings(self) -> Iterable[Finding]: ...


@dataclass
class Verification:
    """What was read and what was found. `intact` is the verdict.

    `since` is the size from which on it was read, if not all was. `notes` say what could not be
    asked here, or is weaker than it could be.
    """

    size: int = 0
    root: str = ""
    rows: int = 0
    since: int = 0
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def intact(self) -> bool:
        return not self.findings


_tables: dict[str, FactTable] = {}
_functions: dict[str, str] = {}
_checks: list[Callable[[], Iterable[Finding]]] = []
_readers: list[Callable[[], Reader]] = []

# (table, key) → (sequence of the last entry that set the row, digest of what it said)
_Expected = dict[tuple[str, str], tuple[int, bytes]]


def register_table(table: FactTable) -> None:
    """Have `verify` replay a table, and see to it that it is guarded."""
    _tables[table.name] = table


def register_functions(digests: Mapping[str, str]) -> None:
    """Have `verify` see to it that the app's database functions are these (`guards.digests`)."""
    _functions.update(digests)


def register_check(check: Callable[[], Iterable[Finding]]) -> None:
    """Have `verify` run a check of what is derived from the facts, such as scores."""
    if check not in _checks:
        _checks.append(check)


def register_reader(reader: Callable[[], Reader]) -> None:
    """Have `verify` read the log to one more reader, made anew for each verification."""
    if reader not in _readers:
        _readers.append(reader)


def verify(
    *, since: journal.TreeHead | None = None, progress: Progress = lambda done: None
) -> Verification:
    """Read the whole log and every registered table, in one snapshot of the database.

    With `since`, a checkpoint up to which all was verified before, only the entries after it are
    read and only the rows that they set are compared; what concerns all entries is left out.
    `progress` is called every 2,000 entries.

    Raises NotSnapshot inside an open transaction, which could see half of another's work, and
    CannotResume if the stored subtrees do not give the root of `since`.
    """
    audit = Audit.begin()
    with snapshot():
        run = _Run(since, audit, progress)
        run.read_log()
        run.compare_rows()
        run.check_the_rest()
        return run.result


@contextlib.contextmanager
def snapshot() -> Iterator[None]:
    """One moment of the database for all that is read inside. Raises NotSnapshot if one is open."""
    if connection.in_atomic_block:
        raise NotSnapshot("verification opens its own transaction; call it outside of any other")
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            # Whoever opened this connection: names mean PostgreSQL's own things first, then ours.
            cursor.execute("SET LOCAL search_path = public, pg_temp")
        yield


class _Run:
    """One verification."""

    def __init__(self, since: journal.TreeHead | None, audit: Audit, progress: Progress) -> None:
        self.result = Verification(since=since.size if since else 0)
        self.result.notes += [*audit.unchecked, *filter(None, [roles.note()])]
        self._progress = progress
        self._expected: _Expected = {}
        self._readers = [] if since else [make() for make in _readers]
        self._time = ""
        stored = _stored_root(since.size) if since else None
        if since and (stored is None or since.root != stored.hex()):
            raise CannotResume(
                f"the stored subtrees do not give the root of the first {since.size} entries that "
                "was verified before; verify everything, without --since"
            )
        # The tile that `since` lies in is read from its beginning.
        start = self.result.since // subtrees.TILE * subtrees.TILE
        self._tree = Tree(wanted=audit.sizes() | {self.result.since}, start=start)
        self._since = since
        self._audit = audit

    def read_log(self) -> None:
        """Sequence, bytes and time of every entry; the tree against the head and what is stored."""
        self._collect("log", self._log_findings())
        self.result.findings += self._tree.findings
        self.result.size = self._tree.size
        self.result.root = merkle.fold(self._tree.frontier()).hex()

    def compare_rows(self) -> None:
        for table in _tables.values():
            self._collect(table.name, self._row_findings(table))
        self.result.findings += [
            Finding(f"{name} {key}", "the ledger knows this row; the table has it not", sequence)
            for (name, key), (sequence, _) in self._expected.items()
        ]

    def check_the_rest(self) -> None:
        self._collect("database", _guard_findings())
        self._collect("checkpoints", self._checkpoint_findings())
        for reader in self._readers:
            self._collect("log", reader.findings())
        for check in [] if self._since else _checks:
            self._collect("derived", check())

    def _collect(self, place: str, findings: Iterable[Finding]) -> None:
        """All findings; what cannot even be read, such as a date no calendar has, is one too."""
        found = self.result.findings
        try:
            with transaction.atomic():
                found.extend(findings)
        except (DatabaseError, ValueError, TypeError, ArithmeticError, RecursionError) as error:
            problem = " ".join(f"cannot be read: {type(error).__name__}: {error}".split())
            found.append(Finding(place, problem[:500]))

    def _log_findings(self) -> Iterator[Finding]:
        columns = ", ".join(["sequence", "body", "uuid::text", *_COLUMNS[1:]])
        for sequence, body, *said in scan.entries(columns, after=self._tree.size):
            if sequence != self._tree.size + 1:
                problem = f"expected sequence {self._tree.size + 1}: an entry was removed"
                yield Finding(f"entry {sequence}", problem, sequence)
            self._tree.add(merkle.leaf_hash(body))
            if sequence > self.result.since:
                yield from self._entry_findings(sequence, body, said)
            if sequence % _PROGRESS == 0:
                self._progress(sequence)
        self._tree.finish()
        yield from self._resumed_findings()
        yield from _head_findings(self._tree, self._time)

    def _entry_findings(self, sequence: int, body: bytes, said: Sequence[str]) -> Iterator[Finding]:
        place = f"entry {sequence}"
        try:
            entry = read_entry(body)
            for column, value in zip(_COLUMNS, said, strict=True):
                if value != entry[column]:
                    yield Finding(place, f"its column {column} is not what it says", sequence)
            if entry["time"] <= self._time:
                problem = f"its time {entry['time']} is not after {self._time}"
                yield Finding(place, problem, sequence)
            self._time = max(self._time, entry["time"])
            self._fold(sequence, entry)
        except EncodingError as error:
            yield Finding(place, str(error), sequence)
        except (AttributeError, KeyError, TypeError):
            yield Finding(place, "holds facts that are not in the form of rows", sequence)

    def _fold(self, sequence: int, entry: dict[str, Any]) -> None:
        facts = entry["facts"]
        for name in facts.keys() & _tables.keys():
            later = _tables[name].later
            for row in facts[name]:
                digest = _digest(entry["uuid"], {**later, **row})
                self._expected[name, row["id"]] = (sequence, digest)
        for reader in self._readers:
            reader.see(sequence, entry)

    def _resumed_findings(self) -> Iterator[Finding]:
        if self._since and self._tree.roots.get(self._since.size, b"").hex() != self._since.root:
            problem = f"do not give the root that was verified at {self._since.size} entries"
            yield Finding("entries", problem)

    def _checkpoint_findings(self) -> Iterator[Finding]:
        for place, problem in self._audit.findings(self._root_at, self.result.size):
            yield Finding(place, problem)

    def _root_at(self, size: int) -> bytes | None:
        """As computed from the entries; of those that were not read, from the stored subtrees."""
        if size <= self.result.since:
            return _stored_root(size)
        return self._tree.roots.get(size)

    def _row_findings(self, table: FactTable) -> Iterator[Finding]:
        """Hold every row against the log; takes the rows it met out of what is expected."""
        for row in table.rows():
            place = f"{table.name} {row.key}"
            sequence, digest = self._expected.pop((table.name, row.key), (0, b""))
            if self._since and not sequence:
                continue  # set before that
            self.result.rows += 1
            if not sequence:
                yield Finding(place, "no ledger entry knows this row")
            elif digest != _digest(row.entry, row.facts):
                yield Finding(place, _difference(table.name, row, sequence), sequence)


def _stored_root(size: int) -> bytes | None:
    try:
        return subtrees.root_at(size)
    except LookupError:  # a subtree is missing
        return None


def _guard_findings() -> Iterator[Finding]:
    for deviation in guards.log_deviations():
        yield Finding(deviation.place, deviation.problem)
    for deviation in guards.function_deviations(_functions):
        yield Finding(deviation.place, deviation.problem)
    for name in guards.digests().keys() - guards.FUNCTIONS.keys() - _functions.keys():
        yield Finding(f"function {name}", "is not one of ours")
    for problem in roles.deviations():
        yield Finding("database", problem)
    for table in _tables.values():
        for deviation in guards.table_deviations(table.db_table, table.triggers, table.digest):
            yield Finding(deviation.place, deviation.problem)


def _head_findings(tree: Tree, last_time: str) -> Iterator[Finding]:
    heads = list(Head.objects.all())
    if len(heads) != 1:
        yield Finding("head", f"there are {len(heads)} of it, and there must be one")
        return
    [head] = heads
    if head.pk != 1:
        yield Finding("head", f"its id is {head.pk}, not 1")
    frontier = tree.frontier()
    root = merkle.fold(frontier)
    if head.size != tree.size:
        yield Finding("head", f"says {head.size} entries; the log holds {tree.size}")
    if bytes(head.root) != root:
        problem = f"root {bytes(head.root).hex()} is not that of the entries, {root.hex()}"
        yield Finding("head", problem)
    if [bytes(node or b"") for node in head.frontier] != frontier:
        yield Finding("head", "its frontier is not that of the entries")
    if last_time and timestamp(head.last_time) != last_time:
        yield Finding("head", f"its time {head.last_time} is not the last entry's, {last_time}")
    for table in ("ledger_staged", "ledger_batch"):
        if rows := journal.waiting(table):
            yield Finding(table, f"holds {rows} rows between transactions")


def _digest(entry_uuid: str, facts: Mapping[str, Any]) -> bytes:
    """16 bytes stand for a row, so that replaying a million of them fits in memory.

    Empty for what no entry can say: it differs from every digest.
    """
    try:
        said = orjson.dumps([entry_uuid, facts], option=orjson.OPT_SORT_KEYS)
    except TypeError:
        return b""
    return hashlib.blake2b(said, digest_size=16).digest()


def _difference(name: str, row: Row, sequence: int) -> str:
    body = journal.body_of(Entry.objects.get(sequence=sequence))
    said = next(facts for facts in reversed(body["facts"][name]) if facts["id"] == row.key)
    told, held = (
        {"entry": body["uuid"], **_tables[name].later, **said},
        {"entry": row.entry, **row.facts},
    )
    columns = [
        f"{column}: the ledger says {told.get(column)!r}, the table holds {held.get(column)!r}"
        for column in sorted(told.keys() | held.keys())
        if told.get(column) != held.get(column)
    ]
    return "; ".join(columns)
