"""Scores of probabilities of yes, for questions that resolve yes or no.

Arrays are float64 and of one shape: `p` the probability of yes in [0, 1], `o` what happened, 1 for
yes and 0 for no. Every score here is a loss: lower is better, 0 is perfect.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# The log score of a sure forecast that fails is infinite; clipping bounds it, and is said wherever
# the score is shown.
CLIP_LOW, CLIP_HIGH = 0.01, 0.99

_PLACES = Decimal("1e-9")


def brier(p: Floats, o: Floats) -> Floats:
    """Squared error (p − o)², in [0, 1]; 0.25 for an even chance.

    G. W. Brier, "Verification of forecasts expressed in terms of probability", Monthly Weather
    Review 78 (1950); here in the form for one of two categories, half of Brier's own figure.
    """
    error: Floats = p - o
    return error * error


def log_score(p: Floats, o: Floats) -> Floats:
    """−ln of the probability given to what happened, clipped to [0.01, 0.99]; 0.010 to 4.606.

    I. J. Good, "Rational decisions", J. Royal Statistical Society B 14 (1952). Natural logarithm.
    """
    happened: Floats = np.where(o == 1.0, p, 1.0 - p)
    return -np.log(np.clip(happened, CLIP_LOW, CLIP_HIGH))


def range_ends(low: Floats, high: Floats, o: Floats) -> tuple[Floats, Floats]:
    """The probabilities within [low, high] that score best and worst, given what happened."""
    return np.where(o == 1.0, high, low), np.where(o == 1.0, low, high)


def posted(score: float) -> Decimal:
    """A score as it is posted: rounded half to even at 9 places, so any language finds the same."""
    return Decimal(float(score)).quantize(_PLACES, ROUND_HALF_EVEN)


RULES = {"brier": brier, "log": log_score}


@dataclass(frozen=True)
class Figures:
    """What one prediction earned under one rule, as posted."""

    rule: str
    value: Decimal
    best: Decimal
    worst: Decimal


def score_all(
    ranges: Sequence[tuple[Decimal, Decimal, Decimal]], *, happened: bool
) -> list[list[Figures]]:
    """The figures of every prediction on a question, by rule.

    `ranges` holds (low, p, high) a prediction, low ≤ p ≤ high; equal where the words leave no room.
    """
    low, p, high = np.array(ranges, dtype=np.float64).reshape(-1, 3).T
    o = np.full(p.shape, float(happened))
    best, worst = range_ends(low, high, o)
    by_rule = [
        [
            Figures(name, posted(value), posted(at_best), posted(at_worst))
            for value, at_best, at_worst in zip(
                rule(p, o), rule(best, o), rule(worst, o), strict=True
            )
        ]
        for name, rule in RULES.items()
    ]
    return [list(figures) for figures in zip(*by_rule, strict=True)]
