"""The baseline score of Metaculus: how much more a forecast said than knowing nothing would."""

import numpy as np
from numpy.typing import NDArray

from predictions.scoring.checks import same_shape
from predictions.scoring.standing import Forecasts, Scored

Floats = NDArray[np.float64]


def time_averaged(forecasts: Forecasts, ignorant: Floats) -> Scored:
    """Points times the share of the scheduled time that each forecast stood.

    Points of options: 100 ln(p/b) / ln(1/b), with b = 1/N the `ignorant` probability; in (−∞, 100],
    0 for b. Of numbers and dates: 100 ln(p/b) / 2, unbounded. More is better. Metaculus,
    "Scores FAQ", and `evaluate_forecasts_baseline_accuracy` of its `scoring/score_math.py`.
    """
    start, end = forecasts.stood()
    coverage = end - start
    return Scored(_points(forecasts, ignorant) * coverage, coverage)


def spot(forecasts: Forecasts, ignorant: Floats, moments: Floats) -> Scored:
    """Points of the forecasts that stand at the moment given for their question.

    Coverage 1; the others 0 of both. As `time_averaged` otherwise.
    """
    standing = forecasts.stands_at(moments)
    points = np.where(standing, _points(forecasts, ignorant), 0.0)
    return Scored(points, standing.astype(np.float64))


def _points(forecasts: Forecasts, ignorant: Floats) -> Floats:
    same_shape(p=forecasts.p, ignorant=ignorant)
    if not ((ignorant > 0) & (ignorant < 1)).all():
        raise ValueError("ignorant must lie between 0 and 1")
    continuous = forecasts.questions.continuous[forecasts.question]
    surprise = -np.log(ignorant)
    points: Floats = 100 * (np.log(forecasts.p) + surprise) / np.where(continuous, 2.0, surprise)
    return points
