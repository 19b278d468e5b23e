"""A proof that an entry is in the log, with what the API reads for it."""

import random
import statistics
from collections.abc import Iterator

from django.db import connection
from django.test.utils import CaptureQueriesContext

from ledger import checkpoints, subtrees
from ledger.models import Entry
from tests.bench.harness import Row, Target, duration, seconds

PROOFS = 200


def rows(size: int) -> Iterator[Row]:
    checkpoints.key_introduce()
    checkpoints.checkpoint_make(force=True)
    chosen = random.Random(1).choices(range(1, size + 1), k=min(PROOFS, size // 50))
    prove(chosen[0])
    times = [seconds(lambda: prove(sequence)) for sequence in chosen]  # noqa: B023 -- called at once
    median, quarters = statistics.median(times), statistics.quantiles(times, n=4)
    yield Row(
        f"an inclusion proof among {size:,} entries",
        ours=duration(median),
        floor="",
        figure=median * 1e3,
        unit="ms",
        spread=f"{quarters[0] * 1e3:.2f}-{quarters[2] * 1e3:.2f}",
        target=Target("<", 5),
    )
    most = max(map(queries, chosen[:25]))
    yield Row("queries for it, at most", str(most), "", most, "queries", target=Target("<", 8))


def prove(sequence: int) -> list[bytes]:
    """The entry, the oldest checkpoint that covers it, and the proof that ties the two."""
    entry = Entry.objects.get(sequence=sequence)
    signed = checkpoints.covering(entry.sequence)
    assert signed is not None
    return subtrees.inclusion(sequence=entry.sequence, size=signed.head.size)


def queries(sequence: int) -> int:
    with CaptureQueriesContext(connection) as captured:
        prove(sequence)
    return len(captured)
