"""Sums in one fixed order: numpy's own are in another order on every width and machine."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def in_order(rows: Floats) -> Floats:
    """The sum of each row of (n, m), m ≥ 1: from the left to the right, one after another.

    A loop in any language finds the same to the last bit, as the offline verifier does.
    """
    totals: Floats = np.add.accumulate(rows, axis=1)[:, -1]
    return totals
