"""Whether what is given 70 % happens seven times in ten."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


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
