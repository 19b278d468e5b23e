"""Scores of many predictions at once; the numbers are fixed, whatever the size of the log."""

import statistics
from collections.abc import Iterator

import numpy as np

from predictions.scoring import baseline, binary, peer
from predictions.scoring.standing import Scored, pairs
from tests.bench.harness import Row, Target, cost_row, duration, in_turns, rounds_for, timed
from tests.crowds import crowd

ROUNDS = 21
PREDICTIONS = 1_000_000
QUESTIONS, FORECASTERS = 1_000, 100


def rows(size: int) -> Iterator[Row]:
    rounds = rounds_for(size, ROUNDS)
    yield _binary(rounds)
    yield _pairs(rounds)


def _binary(rounds: int) -> Row:
    chance = np.random.default_rng(1)
    p = chance.random(PREDICTIONS)
    o = (chance.random(PREDICTIONS) < p).astype(np.float64)
    return cost_row(
        "a million binary predictions, Brier and log, against two bare numpy passes",
        in_turns(
            lambda: lambda: binary.scores(p, o),
            lambda: lambda: ((p - o) ** 2, np.log(p)),
            rounds=rounds,
        ),
        at_most=2,
    )


def _pairs(rounds: int) -> Row:
    """From flat arrays to the sums of each forecaster on each question, under both rules."""
    forecasts = crowd(QUESTIONS, FORECASTERS, seed=1)
    ignorant = np.full(forecasts.p.size, 0.5)

    def both() -> tuple[Scored, Scored]:
        of = pairs(forecasts)
        return (
            of.sums(baseline.time_averaged(forecasts, ignorant)),
            of.sums(peer.time_averaged(forecasts)),
        )

    both()
    seconds = [timed(both) for _ in range(rounds)]
    median, count = statistics.median(seconds), QUESTIONS * FORECASTERS
    best, worst = min(seconds), max(seconds)
    return Row(
        "baseline and peer, pairs a second",
        ours=duration(median),
        floor="",
        figure=count / median,
        unit="pairs a second",
        spread=f"{count / worst:,.0f}-{count / best:,.0f}",
        target=Target(">=", 500_000),
    )
