"""`append_many` against a plain COPY of the same rows through the same client."""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from uuid import UUID

import orjson
from django.db import connection, transaction

from ledger import encoding, journal
from ledger.drafts import NO_TIME
from tests.bench import logs
from tests.bench.harness import Prepared, Row, in_turns, rounds_for, speed_row
from tests.guards import as_owner

BATCH = 10_000
ROUNDS = 7
# Without the guards, and with nothing to keep in order: what the storage alone costs.
TWIN = "bench_twin", "LIKE ledger_entry INCLUDING ALL"
BARE = "bench_bare", "sequence bigint PRIMARY KEY, body bytea NOT NULL"

Cells = tuple[int, bytes, UUID, str, str, str, str]


def rows(size: int) -> Iterator[Row]:
    count, rounds = min(BATCH, size), rounds_for(size, ROUNDS)
    for bytes_each, at_least in ((logs.BODY, 0.6), (4_000, None)):
        logs.clear()
        name = f"append_many of {count:,} entries of {bytes_each:,} bytes against COPY"
        batch, twin = _batches(count, bytes_each), _copies(count, bytes_each, *TWIN, 7)
        yield speed_row(name, in_turns(batch, twin, rounds=rounds), at_least=at_least)
    logs.clear()
    name = f"append_many of {count:,} entries against COPY of two columns, one index"
    batch, bare = _batches(count, logs.BODY), _copies(count, logs.BODY, *BARE, 2)
    yield speed_row(name, in_turns(batch, bare, rounds=rounds))
    logs.clear()
    name = f"the same by the service, which may only stage: {count:,} entries against COPY"
    staged, twin = _batches(count, logs.BODY, by_owner=False), _copies(count, logs.BODY, *TWIN, 7)
    yield speed_row(name, in_turns(staged, twin, rounds=rounds))
    yield _encoding(count, rounds)


def _batches(count: int, body: int, *, by_owner: bool = True) -> Prepared:
    def prepare() -> Callable[[], object]:
        drafts = logs.drafts(count, body=body)

        def act() -> None:
            with as_owner() if by_owner else nullcontext(), transaction.atomic():
                journal.append_many(drafts)

        return act

    return prepare


def _copies(count: int, body: int, table: str, columns: str, width: int) -> Prepared:
    """Each run adds as many rows as the batch beside it did, so that the tables grow alike."""
    logs.make_table(table, columns)
    state = {"size": 0}
    names = ("sequence", "body", "uuid", "kind", "subject", "actor", "time")[:width]
    types = ("int8", "bytea", "uuid", "text", "text", "text", "text")[:width]
    command = f"COPY {table} ({', '.join(names)}) FROM STDIN (FORMAT BINARY)"

    def prepare() -> Callable[[], object]:
        cells = [row[:width] for row in _cells(logs.drafts(count, body=body), state["size"])]
        state["size"] += count
        return lambda: _copy(command, types, cells)

    return prepare


def _copy(command: str, types: Sequence[str], cells: Sequence[tuple[object, ...]]) -> None:
    with transaction.atomic(), connection.cursor() as cursor, cursor.copy(command) as copy:
        copy.set_types(types)
        for row in cells:
            copy.write_row(row)


def _cells(drafts: Sequence[journal.Draft], size: int) -> Iterator[Cells]:
    time = dt.datetime.now(dt.UTC)
    for place, draft in enumerate(drafts):
        stamp = encoding.timestamp(time + place * dt.timedelta(microseconds=1))
        body = draft.at(stamp.encode())
        yield size + 1 + place, body, draft.uuid, draft.kind, draft.subject, draft.actor, stamp


def _encoding(count: int, rounds: int) -> Row:
    said = [logs.facts_of(number) for number in range(count)]

    def ours() -> None:
        for facts in said:
            journal.draft(kind="bench.made", subject="bench:1", actor="system", facts=facts)

    def floor() -> None:
        for facts in said:
            orjson.dumps(_entry(facts), option=orjson.OPT_SORT_KEYS)

    times = in_turns(lambda: ours, lambda: floor, rounds=rounds)
    return speed_row("encoding a draft, with its checks, against orjson.dumps", times, each=count)


def _entry(facts: dict[str, object]) -> dict[str, object]:
    return {
        "actor": "system",
        "facts": facts,
        "kind": "bench.made",
        "subject": "bench:1",
        "time": NO_TIME.decode(),
        "uuid": "00000000-0000-4000-8000-000000000000",
    }
