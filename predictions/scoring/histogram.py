"""How scores are spread."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Histogram:
    """`counts[i]` values lie in [`edges[i]`, `edges[i + 1]`), the last one with its end."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]


def histogram(values: NDArray[np.float64], edges: Sequence[float]) -> Histogram:
    """Counts between ascending edges. Raises ValueError for a value that lies beyond them."""
    inside = (values >= edges[0]) & (values <= edges[-1])
    if not inside.all():
        raise ValueError(f"{values[~inside][0]} lies beyond the edges {edges[0]} and {edges[-1]}")
    counts, _ = np.histogram(values, np.asarray(edges))
    return Histogram(tuple(edges), tuple(map(int, counts)))
