"""Verification against the bare read of the log, and the memory it takes."""

from collections.abc import Iterator

from django.db import connection, transaction

from tests.bench.harness import Row, Target, cost_row, in_turns, progress, rounds_for
from tests.bench.memory import peak_memory

CHUNK = 2_000
MEGABYTES = 300


def rows(size: int) -> Iterator[Row]:
    rounds = rounds_for(size, 5 if size <= 100_000 else 3)
    at_first = peak_memory("nothing")
    for name, act, at_most in (
        ("hashes and tree", hashes, 3.0),
        ("all of it, with replay", replay, None),
    ):
        progress(f"verifying {size:,} entries: {name}")
        times = in_turns(lambda act=act: act, lambda: read, rounds=rounds)  # type: ignore[misc]
        named = f"verifying {size:,} entries: {name} against the bare read"
        yield cost_row(named, times, at_most=at_most)
        peak = peak_memory(act.__name__)
        yield Row(
            f"peak memory, verifying {name.partition(',')[0]}",
            ours=f"{peak:.0f} MB",
            floor=f"{at_first:.0f} MB",
            figure=peak,
            unit="MB",
            target=Target("<", MEGABYTES),
        )


def read() -> None:
    """Every entry's sequence and body, streamed, and nothing done with them."""
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute("SELECT sequence, body FROM ledger_entry ORDER BY sequence")
        while cursor.fetchmany(CHUNK):
            pass


def hashes() -> None:
    from ledger import scan

    with transaction.atomic():
        assert scan.hash_log().findings == []


def replay() -> None:
    from ledger.replay import verify

    findings = verify().findings
    assert findings == [], findings[:3]
