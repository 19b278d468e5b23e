"""That the measuring works; what it measures depends on the machine."""

import json
import subprocess
import sys

import pytest

from config.embedded import ROOT
from tests.bench import desk
from tests.bench.harness import Row, Target, Times, as_table, duration, in_turns
from tests.environs import without_servers


def bench(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.bench", *arguments],
        cwd=ROOT,
        env=without_servers("DATA_DIR", "SIZE") | environ,
        capture_output=True,
        text=True,
        timeout=400,
    )


def test_every_figure_is_measured() -> None:
    done = bench("--json", SIZE="2000")
    assert done.returncode == 0, done.stderr
    rows = {row["name"]: row for row in json.loads(done.stdout)}
    aimed_at = [name for name, row in rows.items() if row["target"]]
    assert all(row["figure"] > 0 for row in rows.values())
    assert [row["met"] is None for row in rows.values()] == [
        row["target"] is None for row in rows.values()
    ]
    assert aimed_at == [
        "append_many of 2,000 entries of 1,070 bytes against COPY",
        "a single append against INSERT and commit",
        "a topic, row and entry, against INSERT and commit of the row",
        "a million binary predictions, Brier and log, against two bare numpy passes",
        "baseline and peer, pairs a second",
        "10,000 bootstrap resamples of 1,000 questions",
        "scoring 2,000 predictions anew, scores and totals, against COPY out and in",
        "peak memory, scoring all anew",
        "a new outcome among 2,000 predictions against among 1,000",
        "the slowest of these pages among 2,000 predictions against among 1,000",
        "looking for near-duplicates among 2,000 predictions, at most",
        "queries for a page of the desk, at most",
        "the first pass of reminders of 100 due among 2,000 against among no others",
        "the next pass of reminders of 100 due among 2,000 against among no others",
        "a report over the scores of 2,000 predictions",
        "delivering 1,000 messages against smtplib sending their bytes",
        "an inclusion proof among 2,000 entries",
        "queries for it, at most",
        "verifying 2,000 entries: hashes and tree against the bare read",
        "peak memory, verifying hashes and tree",
        "peak memory, verifying all of it",
    ]
    assert len(rows) == 29 + len(desk.PAGES)


@pytest.mark.parametrize("size", ["0", "-5", "999", "many", "1e6", "100000000000"])
def test_a_size_that_is_none_is_refused_in_one_line(size: str) -> None:
    done = bench(SIZE=size)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert f"SIZE is {size!r}; give a number of entries from 1,000" in done.stderr


def test_subject_and_floor_take_turns_after_a_round_to_warm_up() -> None:
    ran: list[str] = []
    times = in_turns(
        lambda: lambda: ran.append("ours"), lambda: lambda: ran.append("floor"), rounds=2
    )
    assert ran == ["ours", "floor", "floor", "ours", "ours", "floor"]
    assert len(times.ours) == len(times.floor) == 2


def test_figures_are_those_of_the_medians() -> None:
    times = Times(ours=[2.0, 4.0, 100.0], floor=[1.0, 2.0, 2.0])
    assert times.speed() == 0.5
    assert times.spread() == (0.26, 0.5)


@pytest.mark.parametrize(
    ("target", "figure", "met"),
    [
        (Target(">=", 0.6), 0.6, True),
        (Target(">=", 0.6), 0.59, False),
        (Target("<=", 3), 3.0, True),
        (Target("<=", 3), 3.1, False),
        (Target("<", 5), 5.0, False),
        (Target("<", 5), 4.9, True),
    ],
)
def test_a_target_is_met_or_missed(target: Target, figure: float, met: bool) -> None:
    row = Row("a proof", "4.9 ms", "", figure, "ms", target=target)
    assert row.met is met
    assert as_table([row]).endswith("yes" if met else "NO")


@pytest.mark.parametrize(
    ("seconds", "said"), [(2.5, "2.50 s"), (0.0123, "12.30 ms"), (0.0000045, "4.5 us")]
)
def test_durations_are_said_in_a_fitting_unit(seconds: float, said: str) -> None:
    assert duration(seconds) == said
