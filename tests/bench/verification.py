"""Verification against the bare read of the log, and the memory it takes.

`python -m tests.bench.verification NAME` runs one of the two alone and prints its peak memory.
"""

import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import django
from django.db import connection, transaction

from config.embedded import ROOT
from tests.bench.harness import Row, Target, cost_row, in_turns, progress, rounds_for

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


def nothing() -> None:
    """What a process of the service takes to begin with."""


ACTS: dict[str, Callable[[], None]] = {act.__name__: act for act in (hashes, replay, nothing)}


def peak_memory(name: str) -> float:
    """Of a process of its own."""
    child = subprocess.run(
        [sys.executable, "-m", "tests.bench.verification", name],
        cwd=ROOT,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return float(child.stdout)


def own_peak() -> float:
    """In megabytes. Linux's getrusage would count what our parent had when it started us."""
    status = Path("/proc/self/status")
    if status.exists():
        [line] = [line for line in status.read_text().splitlines() if line.startswith("VmHWM:")]
        return int(line.split()[1]) / 2**10
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


if __name__ == "__main__":
    django.setup()
    ACTS[sys.argv[1]]()
    sys.stdout.write(f"{own_peak():.1f}")
