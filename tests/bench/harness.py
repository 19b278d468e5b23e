"""Measuring a subject and its floor in turns, and the table of what came out."""

import gc
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

# Prepares one run, and returns what is timed.
Prepared = Callable[[], Callable[[], object]]


@dataclass(frozen=True)
class Target:
    """What a figure should be: at least or at most a bound."""

    sign: str  # ">=", "<=" or "<"
    bound: float

    def is_met(self, figure: float) -> bool:
        match self.sign:
            case ">=":
                return figure >= self.bound
            case "<=":
                return figure <= self.bound
            case _:
                return figure < self.bound


@dataclass(frozen=True)
class Row:
    """One line of the table. Without a target it only informs."""

    name: str
    ours: str
    floor: str
    figure: float
    unit: str
    spread: str = ""
    target: Target | None = None

    @property
    def met(self) -> bool | None:
        return self.target.is_met(self.figure) if self.target else None


@dataclass(frozen=True)
class Times:
    """Seconds of each round: of the subject, and of its floor right before or after it."""

    ours: list[float]
    floor: list[float]

    def speed(self) -> float:
        """How many times as quick as its floor the subject is; below 1 it is slower."""
        return statistics.median(self.floor) / statistics.median(self.ours)

    def spread(self) -> tuple[float, float]:
        """The middle half of the speeds of single rounds: how much noise there is."""
        speeds = [floor / ours for ours, floor in zip(self.ours, self.floor, strict=True)]
        quarters = statistics.quantiles(speeds, n=4, method="inclusive")
        return quarters[0], quarters[2]


def rounds_for(size: int, most: int) -> int:
    """Small sizes are for trying things out: what they would say is noise anyway."""
    return most if size >= 10_000 else 2


def in_turns(subject: Prepared, floor: Prepared, *, rounds: int) -> Times:
    """Time both `rounds` times, in turns, each of them first every other time; once to warm up."""
    times: dict[int, list[float]] = {0: [], 1: []}
    pair = [(0, subject), (1, floor)]
    for round_ in range(rounds + 1):
        for which, prepared in pair:
            seconds = timed(prepared())
            if round_:
                times[which].append(seconds)
        pair.reverse()
    return Times(ours=times[0], floor=times[1])


def timed(act: Callable[[], object]) -> float:
    """Seconds, without the collector's: what it happens to clean up is not this act's doing."""
    gc.collect()
    gc.disable()
    try:
        return seconds(act)
    finally:
        gc.enable()


def seconds(act: Callable[[], object]) -> float:
    """As it comes: for what takes milliseconds, and is done many times."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def speed_row(name: str, times: Times, *, each: int = 1, at_least: float | None = None) -> Row:
    """How quick the subject is, as a part of its floor; times are of one of `each`."""
    low, high = times.spread()
    return Row(
        name,
        ours=duration(statistics.median(times.ours) / each),
        floor=duration(statistics.median(times.floor) / each),
        figure=times.speed(),
        unit="of the floor's speed",
        spread=f"{low:.2f}-{high:.2f}",
        target=None if at_least is None else Target(">=", at_least),
    )


def cost_row(name: str, times: Times, *, at_most: float | None = None) -> Row:
    """How long the subject takes, in times of its floor."""
    low, high = times.spread()
    return Row(
        name,
        ours=duration(statistics.median(times.ours)),
        floor=duration(statistics.median(times.floor)),
        figure=1 / times.speed(),
        unit="times the floor",
        spread=f"{1 / high:.2f}-{1 / low:.2f}",
        target=None if at_most is None else Target("<=", at_most),
    )


def duration(seconds: float) -> str:
    if seconds >= 1:
        return f"{seconds:.2f} s"
    if seconds >= 0.001:
        return f"{seconds * 1e3:.2f} ms"
    return f"{seconds * 1e6:.1f} us"


def as_table(rows: Iterable[Row]) -> str:
    lines = [("", "ours", "floor", "figure", "", "middle half", "target", "met")]
    for row in rows:
        target = f"{row.target.sign} {row.target.bound:g}" if row.target else ""
        met = {None: "", True: "yes", False: "NO"}[row.met]
        figure = f"{row.figure:,.2f}"
        lines.append((row.name, row.ours, row.floor, figure, row.unit, row.spread, target, met))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if place in (1, 2, 3) else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def as_json(rows: Iterable[Row]) -> list[dict[str, Any]]:
    return [asdict(row) | {"met": row.met} for row in rows]


def progress(words: str) -> None:
    """On a terminal, one line that is written over; elsewhere nothing."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{words}")
        sys.stderr.flush()
