"""Where a forecaster stands among the others."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from predictions.scorecards.lines import Lines
from predictions.scoring.comparison import TIED, skill_against
from predictions.scoring.revisions import each_once

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Brier scores of single questions spread by some 0.28, so that after twenty questions the 95 %
# interval of a mean still reaches 0.13 to either side: half the way from perfect to an even chance.
# Who ranks forecasters on fewer ranks luck. It is also about where the intervals themselves begin
# to cover nearly as often as they say.
MIN_QUESTIONS = 20


@dataclass(frozen=True)
class Rank:
    """`place` 1 is the lowest mean Brier score `of` so many; equal ones share the better place."""

    place: int
    of: int


@dataclass(frozen=True)
class Against:
    """Skill against the others on the `questions` shared; above 0 is better than they were.

    1 − mean Brier score / theirs, each question once: of each forecaster the mean of all revisions,
    of several forecasters the mean of theirs. The others' predictions are of the same topic,
    horizon and period; what the same forecasters said elsewhere on a question is nobody else's.
    None where they scored 0, or nothing is shared.
    """

    skill: float | None
    questions: int


def rank(everyone: Lines, forecaster: int) -> Rank | None:
    """Of a forecaster among those scored on at least `MIN_QUESTIONS` questions; None below that.

    By the mean Brier score of all predictions, as on the scoreboard. The questions are not the
    same: who forecasts what is hard to tell ranks lower for it, which `Against` takes out.
    """
    size = len(everyone.forecasters)
    questions = np.bincount(everyone.forecaster[everyone.firsts], minlength=size)
    enough = questions >= MIN_QUESTIONS
    if not enough[forecaster]:
        return None
    counts = np.bincount(everyone.forecaster, minlength=size)
    sums = np.bincount(everyone.forecaster, weights=everyone["brier"], minlength=size)
    own = sums[forecaster] / counts[forecaster]
    better = sums[enough] / counts[enough] < own - TIED
    return Rank(1 + int(np.count_nonzero(better)), int(np.count_nonzero(enough)))


def against(everyone: Lines) -> Against:
    """Of those in the scope, among all scored predictions that are like them."""
    series = everyone.series
    asked = np.bincount(series, weights=everyone.own) > 0
    others = everyone.where(~asked[series])
    (mine, own_means), (theirs, their_means) = map(
        by_question, (everyone.where(everyone.own), others)
    )
    _, here, there = np.intersect1d(mine, theirs, return_indices=True)
    return Against(skill_against(own_means[here], their_means[there]), int(here.size))


def by_question(scored: Lines) -> tuple[Integers, Floats]:
    """The questions, and on each the mean of its forecasters' mean Brier scores."""
    means, _ = each_once(scored.series, scored["brier"], count=scored.firsts.size)
    questions, index = np.unique(scored.question[scored.firsts], return_inverse=True)
    return questions, np.bincount(index, weights=means) / np.bincount(index)
