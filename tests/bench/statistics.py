"""The intervals of a scorecard, by resampling its questions."""

from collections.abc import Iterator
from statistics import median

import numpy as np

from predictions.scoring.bootstrap import bootstrap_means
from tests.bench.harness import Row, Target, duration, timed

QUESTIONS, FIGURES = 1_000, 4  # Brier at the point, the best and the worst, and log
RESAMPLES = 10_000
ROUNDS = 5


def rows(size: int) -> Iterator[Row]:
    """Of one size, whatever `size` is: the target names it."""
    rng = np.random.default_rng(1)
    scores = rng.random((3 * QUESTIONS, FIGURES))
    questions = np.arange(len(scores)) % QUESTIONS
    times = [
        timed(lambda: bootstrap_means(scores, questions, seed=1, resamples=RESAMPLES))
        for _ in range(ROUNDS)
    ]
    yield Row(
        f"{RESAMPLES:,} bootstrap resamples of {QUESTIONS:,} questions",
        ours=duration(median(times)),
        floor="",
        figure=median(times),
        unit="s",
        spread=f"{min(times):.2f}-{max(times):.2f}",
        target=Target("<", 1),
    )
