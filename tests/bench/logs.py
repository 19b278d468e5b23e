"""Entries to measure with, and logs of them."""

import uuid
from collections.abc import Iterator, Sequence

from django.core.management import call_command
from django.db import connection, transaction

from ledger import journal
from predictions.models import Forecaster
from tests.bench.harness import progress
from tests.guards import as_owner

BODY = 1_070  # bytes: what this project's entries have on average
_CHUNK = 10_000
_ROWS_A_CHUNK = 1_000  # one entry in ten sets a row, which replay compares


def drafts(count: int, *, body: int = BODY) -> list[journal.Draft]:
    """With bodies of so many bytes."""
    return [_draft(number, body) for number in range(count)]


def facts_of(number: int, body: int = BODY) -> dict[str, object]:
    """Facts that make a body of so many bytes."""
    frame = 205  # the other keys, and these
    text = f"{number:08d} It is almost certain to rain in May, said the almanac. "
    return {"number": number, "text": (text * (body // len(text) + 1))[: body - frame]}


def _draft(number: int, body: int) -> journal.Draft:
    return journal.draft(
        kind="bench.made",
        subject=f"bench:{number % 1000}",
        actor="system",
        facts=facts_of(number, body),
    )


def fill(size: int) -> None:
    """Write a log of so many entries, in batches; of each ten, one sets a row of a table."""
    for done in range(0, size, _CHUNK):
        progress(f"writing a log of {size:,} entries: {done:,}")
        count = min(_CHUNK, size - done)
        rows = [_forecaster(done + place) for place in range(count // 10)]
        plain = drafts(count - len(rows))
        with as_owner(), transaction.atomic():
            Forecaster.objects.bulk_create(rows)
            journal.append_many([*_drafts_of(rows), *plain])
    run_as_owner("ANALYZE")


def _forecaster(number: int) -> Forecaster:
    note = str(facts_of(number)["text"])[:800]
    return Forecaster(
        key=f"bench-{number}", name="Almanac", kind="person", note=note, entry=uuid.uuid4()
    )


def _drafts_of(rows: Sequence[Forecaster]) -> Iterator[journal.Draft]:
    for row in rows:
        yield journal.draft(
            kind="forecaster.recorded",
            subject=row.subject,
            actor="system",
            facts={"forecaster": [row.facts()]},
            uuid=row.entry,
        )


def clear() -> None:
    """Begin anew with an empty database, without the tables of the floors."""
    with as_owner():
        for table in [name for name in connection.introspection.table_names() if _is_floor(name)]:
            run(f"DROP TABLE {table}")
    call_command("flush", interactive=False, verbosity=0)


def _is_floor(table: str) -> bool:
    return table.startswith("bench_")


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def run_as_owner(statement: str) -> None:
    with as_owner():
        run(statement)


def make_table(name: str, columns: str) -> None:
    """A table of nobody's but the floor's, which the service may write to."""
    with as_owner():
        run(f"DROP TABLE IF EXISTS {name}")
        run(f"CREATE TABLE {name} ({columns})")
        run(f"GRANT SELECT, INSERT ON {name} TO PUBLIC")
