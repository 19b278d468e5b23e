"""Forecasts that stand for a while on questions, as flat arrays: what baseline and peer score."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from predictions.scoring.checks import finite, indices, same_shape
from predictions.scoring.ordering import sorted_by

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Questions:
    """One value a question; times are of any one unit.

    `closed` is when forecasting ended, at the latest as `scheduled`; scores are shares of the time
    from `opened` to `scheduled`, so that who waited for an early end gains nothing by it.
    `continuous`: whether the answer is a number or a date, of which points are halved.
    """

    opened: Floats
    closed: Floats
    scheduled: Floats
    continuous: NDArray[np.bool_]

    def __post_init__(self) -> None:
        """Raises ValueError."""
        same_shape(**vars(self))
        for name in ("opened", "closed", "scheduled"):
            finite(name, getattr(self, name))
        if not (self.opened < self.scheduled).all():
            raise ValueError("opened must lie before scheduled")
        if not (self.closed <= self.scheduled).all():
            raise ValueError("closed must not lie after scheduled")


@dataclass(frozen=True)
class Forecasts:
    """One value a forecast, in any order.

    `question` is an index into `questions`, `forecaster` any whole number from 0. A forecast stands
    from `start` until before `end`, which is infinite if it was neither revised nor withdrawn. `p`
    is the probability, above 0, that it gave to what happened (`predictions.scoring.happened`); it
    is not clipped here.
    """

    questions: Questions
    question: Indices
    forecaster: Indices
    start: Floats
    end: Floats
    p: Floats

    def __post_init__(self) -> None:
        """Raises ValueError."""
        indices("question", self.question, of=self.questions.opened.size, like=self.p)
        indices("forecaster", self.forecaster, of=1 << 31, like=self.p)
        same_shape(p=self.p, start=self.start, end=self.end)
        finite("start", self.start)
        finite("p", self.p)
        if np.isnan(self.end).any():
            raise ValueError("end must hold times, or infinity where a forecast was left standing")
        if not (self.p > 0).all():
            raise ValueError("p must lie above 0: clip it first")

    def stood(self) -> tuple[Floats, Floats]:
        """From when until when each stood, in shares of its question's scheduled time.

        Both in [0, 1]; equal where it never stood while the question was open.
        """
        opened = self.questions.opened
        length, close = self.questions.scheduled - opened, self.questions.closed - opened
        since = opened[self.question]
        last = np.maximum(close, 0)[self.question]
        start = np.clip(self.start - since, 0, last)
        end = np.clip(self.end - since, start, last)
        whole = length[self.question]
        return start / whole, end / whole

    def stands_at(self, moments: Floats) -> NDArray[np.bool_]:
        """Whether each stands at the moment given for its question."""
        same_shape(opened=self.questions.opened, moments=moments)
        at = moments[self.question]
        standing: NDArray[np.bool_] = (self.start <= at) & (at < self.end)
        return standing


@dataclass(frozen=True)
class Scored:
    """Points of each forecast, more is better, and the share of its question's time it covers.

    Both already weigh the time: a forecaster's score on a question is the plain sum.
    """

    score: Floats
    coverage: Floats


@dataclass(frozen=True)
class Pairs:
    """The pairs of question and forecaster, each once, in order; and the pair of each forecast."""

    question: Indices
    forecaster: Indices
    of_forecast: Indices

    def sums(self, scored: Scored) -> Scored:
        """The score and the coverage of each pair."""
        return Scored(self._sum(scored.score), self._sum(scored.coverage))

    def _sum(self, values: Floats) -> Floats:
        sums: Floats = np.bincount(
            self.of_forecast, weights=values, minlength=self.question.size
        ).astype(np.float64, copy=False)
        return sums


def pairs(forecasts: Forecasts) -> Pairs:
    """Who forecast what."""
    order = sorted_by(forecasts.forecaster, forecasts.question)
    question, forecaster = forecasts.question[order], forecasts.forecaster[order]
    new = (np.diff(question, prepend=-1) != 0) | (np.diff(forecaster, prepend=-1) != 0)
    of_forecast = np.empty_like(order)
    of_forecast[order] = np.cumsum(new) - 1
    return Pairs(question[new], forecaster[new], of_forecast)
