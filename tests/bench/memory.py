"""The peak memory of an act, in a process of its own.

`python -m tests.bench.memory NAME` does it and prints the megabytes.
"""

import datetime as dt
import os
import resource
import subprocess
import sys
from pathlib import Path

import django

from config.embedded import ROOT

ACTS = ("nothing", "hashes", "replay", "rescore")


def peak_memory(act: str) -> float:
    """Of a process that does one of `ACTS` with what the database holds, in megabytes."""
    child = subprocess.run(
        [sys.executable, "-m", "tests.bench.memory", act],
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


def _do(act: str) -> None:
    from predictions.services.rescoring import rescore
    from tests.bench import verification

    match act:
        case "hashes":
            verification.hashes()
        case "replay":
            verification.replay()
        case "rescore":
            rescore(by=None, now=dt.datetime(2026, 11, 25, tzinfo=dt.UTC), anew=True)
        case _:
            """What a process of the service takes to begin with."""


if __name__ == "__main__":
    django.setup()
    _do(sys.argv[1])
    sys.stdout.write(f"{own_peak():.1f}")
