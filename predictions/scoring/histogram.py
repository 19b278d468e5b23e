"""How scores are spread."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Histogram:
    """`counts[i]` values lie in [`edges[i]`, `edges[i + 1]`), the last one with its end."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]
