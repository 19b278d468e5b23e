"""Means, their uncertainty and skill: what totals are made of."""

import numpy as np
from numpy.typing import NDArray

from predictions.scoring.clusters import student_interval

Floats = NDArray[np.float64]


def mean(values: Floats) -> float | None:
    """Arithmetic mean; None of nothing."""
    return float(values.mean()) if values.size else None


def clustered_interval(
    values: Floats, clusters: NDArray[np.int64], *, confidence: float = 0.95
) -> tuple[float, float] | None:
    """Confidence interval of the mean when values of one cluster (a question) hang together.

    The cluster-robust (CR1) standard error of a mean with Student's t on G − 1 degrees of freedom:
    se² = G/(G−1) · Σ_g (Σ_{i∈g} (x_i − x̄))² / n². C. B. Hansen, "Asymptotic theory for clustered
    samples", J. Econometrics 210 (2019); A. C. Cameron and D. L. Miller, "A practitioner's guide to
    cluster-robust inference", J. Human Resources 50 (2015). None with fewer than two clusters.
    Not cut off at the ends of the score's scale.
    """
    _, index = np.unique(clusters, return_inverse=True)
    groups = int(index.max()) + 1 if values.size else 0
    if groups < 2:
        return None
    centre = float(values.mean())
    sums = np.bincount(index, weights=values - centre)
    variance = groups / (groups - 1) * float(sums @ sums) / values.size**2
    return student_interval(centre, variance=variance, clusters=groups, confidence=confidence)


def skill(mean_brier: float | None, variance: float | None) -> float | None:
    """Brier skill score against always saying the base rate r, which earns the answers' variance.

    1 − B / variance: r(1 − r) for yes or no, and less where answers are partial. In (−∞, 1]: 1 is
    perfect, 0 no better than the base rate of the same predictions, below 0 worse. None where the
    variance is 0, as everything came out alike. A. H. Murphy, "Skill scores based on the mean
    square error", Monthly Weather Review 116 (1988).
    """
    if mean_brier is None or not variance:
        return None
    return 1 - mean_brier / variance


def sharpness(p: Floats) -> float | None:
    """Mean of p(1 − p), in [0, 0.25]: lower is sharper; None of nothing.

    How concentrated the forecasts are, whatever happened, by the variance of what each says: T.
    Gneiting, F. Balabdaoui and A. E. Raftery, "Probabilistic forecasts, calibration and sharpness",
    J. Royal Statistical Society B 69 (2007). It is the mean Brier score that the forecasts would
    earn if they were calibrated. (The variance of p across forecasts, which also goes by the name,
    calls whoever always says 1 % as dull as whoever always says 50 %.)
    """
    return mean(p * (1 - p))


def hit_rate(p: Floats, o: Floats) -> float | None:
    """Share on the right side of one half, in [0, 1]; higher is better, a coin earns 0.5.

    An exact 50 % counts half. What came out exactly half is on neither side and is left out; None
    where nothing remains. It is not proper: it does not tell 51 % from 99 %.
    """
    decided = o != 0.5
    sides = np.sign(p[decided] - 0.5) * np.sign(o[decided] - 0.5)
    return mean((sides + 1) / 2)


def vagueness_rate(predictions: int, unscorable: int) -> float | None:
    """Share of forecast-like statements that could not be scored, in [0, 1]; None of none.

    `predictions` counts every prediction, open, late and void ones too: that it could be put on a
    question is what made it definite. Who abstains says so plainly, which is no forecast, vague or
    other, so abstentions count on neither side.
    """
    said = predictions + unscorable
    return unscorable / said if said else None
