"""The probability that a forecast gave to what happened, and what knowing nothing would give it.

The conventions of Metaculus (github.com/Metaculus/metaculus, `scoring/score_math.py` and
`get_pmf` of its forecasts), for its baseline and peer scores.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from predictions.scoring.checks import floats, indices

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

# What each tail beyond an open bound is worth before anything is known.
_TAIL = 0.05


@dataclass(frozen=True)
class Happened:
    """One value a forecast: what it gave to what happened, and what an ignorant one gives."""

    p: Floats
    ignorant: Floats


def of_options(probabilities: Floats, outcome: Indices) -> Happened:
    """Of distributions over options, of shape (n, k); of yes or no, (n, 2) with no first.

    NaN stands for an option that did not exist yet: then its probability is that of the last one
    ("other"). The ignorant give all options of the time alike.
    """
    given = floats(probabilities)
    if given.ndim != 2 or given.shape[1] < 2:
        raise ValueError(
            f"probabilities has shape {given.shape}; give a row a forecast, of two options or more"
        )
    at = indices("outcome", outcome, of=given.shape[1], like=given[:, 0])
    p = given[np.arange(len(given)), at]
    p = np.where(np.isnan(p), given[:, -1], p)
    return Happened(p, 1.0 / (~np.isnan(given)).sum(axis=1))


def of_cdf(cdf: Floats, bucket: Indices, open_bounds: Indices) -> Happened:
    """Of cumulative probabilities at the edges of N buckets, of shape (n, N + 1).

    `bucket` is 0 below the range, 1 to N within, N + 1 above; `open_bounds` how many of the two
    ends the answer may lie beyond. The ignorant give 0.05 to each such tail and the rest evenly to
    the buckets.
    """
    given = floats(cdf)
    if given.ndim != 2 or given.shape[1] < 2:
        raise ValueError(
            f"cdf has shape {given.shape}; give a row a forecast, of two edges or more"
        )
    edges = given.shape[1]
    at = indices("bucket", bucket, of=edges + 1, like=given[:, 0])
    tails = indices("open_bounds", open_bounds, of=3, like=given[:, 0])
    row = np.arange(len(given))
    upper = np.where(at == edges, 1.0, given[row, np.minimum(at, edges - 1)])
    lower = np.where(at == 0, 0.0, given[row, np.maximum(at - 1, 0)])
    within = (1 - _TAIL * tails) / (edges - 1)
    return Happened(upper - lower, np.where((at == 0) | (at == edges), _TAIL, within))
