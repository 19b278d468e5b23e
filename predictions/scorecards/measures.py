"""Figures of scored binary predictions that look at more than one prediction at a time."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from predictions.scorecards.lines import Lines
from predictions.scoring import baseline, binary, peer, revisions, summary
from predictions.scoring.standing import Forecasts, Questions

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]

_IGNORANT = 0.5


@dataclass(frozen=True)
class OverTime:
    """Means over the series of revisions, each one forecaster's on one question.

    `time_weighted` scores each over the time its revisions stood, which is the share `coverage` of
    the time from opening to close; `last` scores the last revision before the close.
    """

    time_weighted: float | None
    coverage: float | None
    last: float | None


@dataclass(frozen=True)
class Points:
    """One value a series with a prediction in the scope, more is better.

    `shared`: whether others forecast on its question too.
    """

    question: Integers
    baseline: Floats
    peer: Floats
    shared: Mask


def over_time(scored: Lines) -> OverTime:
    firsts = scored.firsts
    opened, closed = scored["opened"][firsts], scored["closed"][firsts]
    series, made, score = scored.series, scored["made"], scored["brier"]
    stood = revisions.time_weighted(series, made, score, opened=opened, closed=closed)
    last = revisions.last_before_close(series, made, closed=closed)
    return OverTime(
        time_weighted=summary.mean(stood.score[stood.valid]),
        coverage=summary.mean(stood.coverage[stood.valid]),
        last=summary.mean(score[last]),
    )


def points(everyone: Lines) -> Points:
    """Baseline and peer scores, time-averaged as Metaculus has them.

    Probabilities are clipped as for the log score. Partial answers have no such scores, nor have
    questions that were open for no time.
    """
    lines = everyone.where(
        np.isin(everyone["o"], (0, 1)) & (everyone["opened"] < everyone["scheduled"])
    )
    forecasts, own, series = _forecasts(lines), lines.own, lines.series
    said = baseline.time_averaged(forecasts, np.full(len(lines), _IGNORANT)).score
    more = peer.time_averaged(forecasts).score
    question, size = lines.question[lines.firsts], lines.firsts.size
    asked = _sums(series, own.astype(np.float64), size) > 0
    return Points(
        question=question[asked],
        baseline=_sums(series, said * own, size)[asked],
        peer=_sums(series, more * own, size)[asked],
        shared=np.isin(question[asked], question[~asked]),
    )


def _sums(series: Integers, values: Floats, size: int) -> Floats:
    return np.bincount(series, weights=values, minlength=size).astype(np.float64)


def _forecasts(lines: Lines) -> Forecasts:
    """Each stands until the next of its series."""
    questions, first, question = np.unique(lines.question, return_index=True, return_inverse=True)
    opened, closed, scheduled = (lines[name][first] for name in ("opened", "closed", "scheduled"))
    end, made, revised = np.full(len(lines), np.inf), lines["made"], np.diff(lines.series) == 0
    end[:-1][revised] = made[1:][revised]
    given = np.where(lines["o"] == 1, lines["p"], 1 - lines["p"])
    return Forecasts(
        Questions(opened, closed, scheduled, continuous=np.zeros(questions.size, dtype=np.bool_)),
        question=question,
        forecaster=lines.forecaster,
        start=made,
        end=end,
        p=np.clip(given, binary.CLIP_LOW, binary.CLIP_HIGH),
    )
