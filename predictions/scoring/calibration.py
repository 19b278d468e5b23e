"""Whether what is given 70 % happens seven times in ten.

Arrays are float64 and of one shape: `p` the probability of yes in [0, 1], of at most six decimals,
and `o` what happened: 1 for yes, 0 for no, or between for a partial answer.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from predictions.scoring.groups import MILLION, Groups, by_probability, millionths

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

BAND = 0.90
RESAMPLES, FEWEST_RESAMPLES = 1_000, 100
# Outcomes drawn for a band; what has more predictions has a narrow band, and is resampled less.
_DRAWN = 10**8
# A curve through more distinct probabilities than this is drawn by ten-thousandths.
_MOST_POINTS, _COARSE = 10_001, 10_000


@dataclass(frozen=True)
class Bin:
    """The predictions with `low` ≤ p < `high` (the last one with its end); never an empty one."""

    low: float
    high: float
    count: int
    mean_probability: float
    share: float  # of yes


@dataclass(frozen=True)
class Curve:
    """The isotonic recalibration at each distinct probability, and its band.

    Arrays of one length, ascending in `p`. `low` and `high` bound where the curve would lie, nine
    times in ten at each point, if the forecasts were perfectly calibrated (a consistency band).
    """

    p: Floats
    recalibrated: Floats
    low: Floats
    high: Floats
    counts: NDArray[np.int64]


@dataclass(frozen=True)
class Calibration:
    """`bins` for the eye, `curve` free of any choice of bins."""

    bins: tuple[Bin, ...]
    curve: Curve


def calibration(
    p: Floats, o: Floats, *, seed: int, bins: int = 10, questions: Integers | None = None
) -> Calibration | None:
    """Bins of equal width, and the CORP reliability curve; None of nothing.

    T. Dimitriadis, T. Gneiting and A. I. Jordan, "Stable reliability diagrams for probabilistic
    classifiers", PNAS 118 (2021): isotonic regression of what happened on what was said, equal
    probabilities pooled. Its consistency band comes from outcomes drawn as if every forecast were
    right, the forecasts kept. `questions` numbers the question of each prediction: those on one
    share the draw, as they share the outcome, so that revising does not narrow the band; left
    out, each has its own. The same seed gives the same band.
    """
    if not p.size:
        return None
    own = np.arange(p.size) if questions is None else np.unique(questions, return_inverse=True)[1]
    return Calibration(bins=_binned(p, o, bins), curve=_curve(p, o, own, seed))


def recalibrated(groups: Groups) -> Floats:
    """At each distinct probability, the ascending fit that is nearest in squares to what came."""
    return _rising(groups.happened, groups.counts)


def _rising(shares: Floats, counts: Integers) -> Floats:
    # Slow to import, and called for by few of the processes that import this module.
    from scipy.optimize import isotonic_regression

    fit: Floats = isotonic_regression(shares, weights=counts).x
    return fit


def _binned(p: Floats, o: Floats, bins: int) -> tuple[Bin, ...]:
    # In whole numbers, for as floats 0.15 × 20 and 0.35 × 20 need not be 3 and 7.
    index = np.minimum(millionths(p) * bins // MILLION, bins - 1)
    counts = np.bincount(index, minlength=bins)
    said = np.bincount(index, weights=p, minlength=bins)
    happened = np.bincount(index, weights=o, minlength=bins)
    return tuple(
        Bin(
            low=i / bins,
            high=(i + 1) / bins,
            count=int(counts[i]),
            mean_probability=float(said[i] / counts[i]),
            share=float(happened[i] / counts[i]),
        )
        for i in map(int, np.flatnonzero(counts))
    )


def _curve(p: Floats, o: Floats, questions: Integers, seed: int) -> Curve:
    groups = by_probability(p, o)
    if groups.p.size > _MOST_POINTS:
        groups = by_probability(p, o, steps=_COARSE)
    low, high = _band(p, groups, questions, seed)
    return Curve(groups.p, recalibrated(groups), low, high, groups.counts)


def _band(p: Floats, groups: Groups, questions: Integers, seed: int) -> tuple[Floats, Floats]:
    rng = np.random.Generator(np.random.PCG64(seed))
    resamples = min(RESAMPLES, max(FEWEST_RESAMPLES, _DRAWN // p.size))
    shared = int(questions.max()) + 1
    fits = np.empty((resamples, groups.p.size))
    for fit in fits:
        happened = rng.random(shared)[questions] < p
        shares = np.bincount(groups.index, weights=happened) / groups.counts
        fit[:] = _rising(shares, groups.counts)
    low, high = np.quantile(fits, [0.5 - BAND / 2, 0.5 + BAND / 2], axis=0)
    return low, high
