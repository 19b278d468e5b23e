"""Scores of probabilities over several options, of which one comes out.

`p` is of shape (n, k), k ≥ 2, each row a distribution over the k options: in [0, 1], and 1 in sum
(to 10⁻⁶). `outcome`, of shape (n,), is the index of the option that came out. Every score is a
loss, of shape (n,): lower is better, 0 is perfect. ValueError names the argument that is wrong.

Sums run over the options in their order, and logarithms are the C library's, so that the offline
verifier finds each score to the last bit.
"""

import math

import numpy as np
from numpy.typing import NDArray

from predictions.scoring.adding import in_order
from predictions.scoring.binary import CLIP_LOW
from predictions.scoring.checks import floats, indices, within_unit

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

_SLACK = 1e-6
# Of more, not all could have the floor.
_MOST = round(1 / CLIP_LOW)


def brier(p: Floats, outcome: Indices) -> Floats:
    """Σ_j (p_j − 1{j came out})², in [0, 2]; 1 − 1/k for k even chances.

    Brier's own form: for two options it is twice the binary form, (p − o)². G. W. Brier,
    "Verification of forecasts expressed in terms of probability", Monthly Weather Review 78 (1950).
    """
    p, outcome = _checked(p, outcome)
    return in_order(np.square(p - _came_out(p, outcome)))


def log_score(p: Floats, outcome: Indices) -> Floats:
    """−ln of the probability given to what came out, none counting less than 0.01; 0.010 to 4.606.

    In nats, of at most 100 options. Options below 0.01 are raised to it, and the others make room
    in proportion: the distribution nearest to p (by Kullback and Leibler) that has this floor; of
    100 options it is the even one. For two options that is the binary clip to [0.01, 0.99].
    Clipping each by itself would not be proper for more: who believes (0.015, 0.015, 0.97) would do
    better to say (0, 0, 1). I. J. Good, "Rational decisions", J. Royal Statistical Society B 14
    (1952).
    """
    p, outcome = _checked(p, outcome)
    if p.shape[1] > _MOST:
        raise ValueError(f"p has {p.shape[1]} options; the log score takes at most {_MOST}")
    given = _of_outcome(_floored(p), outcome)
    return -np.fromiter(map(math.log, given), np.float64, len(given))


def spherical(p: Floats, outcome: Indices) -> Floats:
    """1 − p_outcome / √(Σ_j p_j²), in [0, 1]; 1 − 1/√k for k even chances.

    For two options equal to the binary form. T. B. Roby, "Belief states and the uses of evidence",
    Behavioral Science 10 (1965), there as a gain, here turned into a loss.
    """
    p, outcome = _checked(p, outcome)
    loss: Floats = 1.0 - _of_outcome(p, outcome) / np.sqrt(in_order(np.square(p)))
    return loss


def ranked_probability_score(p: Floats, outcome: Indices) -> Floats:
    """Σ_{j<k} (P_j − 1{outcome ≤ j})² / (k − 1), P the sums of p so far; in [0, 1].

    For options in order: a near miss costs less than a far one. For two options equal to the binary
    Brier score. E. S. Epstein, "A scoring system for probability forecasts of ranked categories",
    J. Applied Meteorology 8 (1969); A. H. Murphy, "A note on the ranked probability score", ibid.
    10 (1971); divided by k − 1, so that questions with more options do not weigh more.
    """
    p, outcome = _checked(p, outcome)
    steps = np.cumsum(p - _came_out(p, outcome), axis=1)[:, :-1]
    loss: Floats = in_order(np.square(steps)) / steps.shape[1]
    return loss


def _checked(p: Floats, outcome: Indices) -> tuple[Floats, Indices]:
    p = floats(p)
    if p.ndim != 2 or p.shape[1] < 2:
        raise ValueError(f"p has shape {p.shape}; give a row a prediction, of two options or more")
    within_unit("p", p)
    if (wrong := np.abs(p.sum(axis=1) - 1.0) > _SLACK).any():
        raise ValueError(f"p must sum to 1 in each row; row {wrong.argmax()} does not")
    return p, indices("outcome", outcome, of=p.shape[1], like=p[:, 0])


def _floored(p: Floats) -> Floats:
    """Raised to the floor where below it; scaling the others may push more below, which then rise.

    Never all of them: the others' mean is at least 1 over the number of options, and that is above
    the floor for fewer than the most.
    """
    if p.shape[1] == _MOST:
        return np.full_like(p, CLIP_LOW)
    low = p < CLIP_LOW
    while True:
        free = np.where(low, 0.0, p)
        scale = (1.0 - CLIP_LOW * low.sum(axis=1)) / in_order(free)
        floored: Floats = np.where(low, CLIP_LOW, free * scale[:, None])
        if not (sunk := ~low & (floored < CLIP_LOW)).any():
            return floored
        low |= sunk


def _came_out(p: Floats, outcome: Indices) -> Floats:
    """1 in the column of what came out, 0 in the others."""
    hit: Floats = (np.arange(p.shape[1]) == outcome[:, None]).astype(np.float64)
    return hit


def _of_outcome(p: Floats, outcome: Indices) -> Floats:
    given: Floats = p[np.arange(len(p)), outcome]
    return given
