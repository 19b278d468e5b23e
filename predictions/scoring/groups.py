"""Predictions that give the same probability, taken together."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Probabilities have at most six decimals: as whole millionths, equal ones are equal, and 0.15 lies
# where it lies on paper.
MILLION = 10**6


@dataclass(frozen=True)
class Groups:
    """The distinct probabilities, ascending, and what came of each; arrays of one length.

    `index` says of each prediction which group it is in.
    """

    p: Floats
    happened: Floats  # mean outcome
    counts: Integers
    index: Integers


def millionths(p: Floats) -> Integers:
    """Probabilities as whole millionths, 0 to 1,000,000."""
    return np.rint(p * MILLION).astype(np.int64)


def by_probability(p: Floats, o: Floats, *, steps: int = MILLION) -> Groups:
    """Group by p, rounded to one part in `steps` (a divisor of a million, which rounds nothing)."""
    rounded = (millionths(p) + MILLION // steps // 2) // (MILLION // steps)
    distinct, index, counts = np.unique(rounded, return_inverse=True, return_counts=True)
    happened = np.bincount(index, weights=o, minlength=distinct.size) / counts
    return Groups(distinct / steps, happened, counts, index)
