"""Many forecasters who revise what they say on many questions."""

import math
from typing import Any

import numpy as np

from predictions.scoring.standing import Forecasts, Questions

REVISIONS = 3


def crowd(questions: int, forecasters: int, *, seed: int) -> Forecasts:
    """Each forecaster three times on each question, by question, forecaster and time.

    Times are seconds since 1970; three in ten questions ask for a number or a date.
    """
    chance = np.random.default_rng(seed)
    opened = chance.uniform(1e9, 1.7e9, questions)
    scheduled = opened + chance.uniform(1e6, 1e7, questions)
    asked = Questions(
        opened, chance.uniform(opened, scheduled), scheduled, chance.random(questions) < 0.3
    )
    pairs = questions * forecasters
    question = np.repeat(np.arange(questions), forecasters * REVISIONS)
    made = np.sort(chance.random((pairs, REVISIONS)), axis=1)
    starts = opened[question] + made.ravel() * (scheduled - opened)[question]
    ends = np.append(starts[1:], math.inf)
    ends[REVISIONS - 1 :: REVISIONS] = math.inf
    forecaster = np.tile(np.repeat(np.arange(forecasters), REVISIONS), questions)
    return Forecasts(
        asked, question, forecaster, starts, ends, chance.uniform(0.01, 0.99, question.size)
    )


def taken(forecasts: Forecasts, which: Any) -> Forecasts:
    """Those that `which` picks, a mask or places, in its order."""
    columns = ("question", "forecaster", "start", "end", "p")
    picked: list[Any] = [getattr(forecasts, name)[which] for name in columns]
    return Forecasts(forecasts.questions, *picked)
