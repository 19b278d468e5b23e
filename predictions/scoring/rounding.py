"""Scores as they are posted: at nine places, so that any language finds the same figure."""

from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

PLACES = 9
_UNITS = 10**PLACES
# Up to here a float64 holds every whole number.
_LARGEST = 2.0**53


def posted(score: float) -> Decimal:
    """A score as it is posted: its exact value, rounded half to even at 9 places."""
    return Decimal(float(score)).quantize(Decimal(1).scaleb(-PLACES), ROUND_HALF_EVEN)


def posted_units(scores: Floats) -> NDArray[np.int64]:
    """`posted` of many scores, in units of 10⁻⁹, so that 0.25 is 250,000,000.

    Scores must be smaller than 9,007,199 either way; else ValueError. The product x·10⁹ is rounded
    by at most half the gap to the next float64, and ties between units are themselves floats, so
    rounding the product gives the exact result unless it lies on a tie: then the exact decimal of
    the score decides.
    """
    scaled: Floats = np.asarray(scores, dtype=np.float64) * _UNITS
    if not (np.abs(scaled) < _LARGEST).all():
        raise ValueError(f"scores must be smaller than {_LARGEST / _UNITS:,.0f} either way")
    nearest = np.rint(scaled)
    units = nearest.astype(np.int64)
    for tie in np.argwhere(np.abs(scaled - nearest) == 0.5):
        at = tuple(tie)
        units[at] = int(posted(scores[at]).scaleb(PLACES))
    return units
