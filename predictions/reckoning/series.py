"""What each forecaster's predictions on a question come to."""

import numpy as np
from numpy.typing import NDArray

from predictions.models.choices import Rule
from predictions.models.totals import MEAN_UNITS, SCORE_UNITS
from predictions.reckoning.lines import Ints, Lines, State
from predictions.reckoning.rows import RULES
from predictions.scoring.revisions import time_weighted

_STATES = {state.name.lower(): state for state in State}
_NUMBERS = (
    *("predictions", *_STATES, "counted", "happened", "brier", "best", "worst", "log"),
    *("happened_squared", "mean_brier", "timed", "weighted_brier", "coverage"),
)
# The columns of `models.SeriesTotal`, in its units.
SERIES = np.dtype([("question", "V16"), ("forecaster", "V16"), *((n, "i8") for n in _NUMBERS)])


def series_of(lines: Lines, earned: NDArray[np.void]) -> NDArray[np.void]:
    """Totals of each forecaster and question (`SERIES`), from what its predictions have earned.

    `earned` is as `postings.earned` has it: what was earned on yes or no comes first.
    """
    starts = _starts(lines)
    found = np.zeros(len(starts), SERIES)
    if not len(starts):
        return found

    def summed(figures: Ints) -> Ints:
        return np.add.reduceat(figures, starts)

    found["question"], found["forecaster"] = lines.question[starts], lines.forecaster[starts]
    found["predictions"] = np.diff(starts, append=len(lines.id))
    for name, state in _STATES.items():
        found[name] = summed((lines.state == state).astype(np.int64))
    counted = lines.counted
    found["counted"] = summed(counted.astype(np.int64))
    answers = np.where(counted, lines.answer, 0)
    found["happened"], found["happened_squared"] = summed(answers), summed(answers**2)
    scores = _scores(lines, earned)
    for name, figures in scores.items():
        found[name] = summed(figures)
    found["mean_brier"] = _mean(found["brier"], found["counted"])
    _weigh(found, lines, starts, scores["brier"])
    return found


def _starts(lines: Lines) -> Ints:
    """Where each series begins."""
    keys = np.stack([_halves(lines.question), _halves(lines.forecaster)], axis=1)
    new = np.any(keys[1:] != keys[:-1], axis=(1, 2))
    return np.flatnonzero(np.concatenate([[len(keys) > 0], new])).astype(np.int64)


def _halves(ids: NDArray[np.void]) -> NDArray[np.uint64]:
    return np.ascontiguousarray(ids).view(np.uint64).reshape(-1, 2)


def _scores(lines: Lines, earned: NDArray[np.void]) -> dict[str, Ints]:
    """Columns of scores in billionths, a number a line; 0 where it does not count."""
    found = {}
    for name, rule, figure in (
        ("brier", Rule.BRIER, "value"),
        ("best", Rule.BRIER, "best"),
        ("worst", Rule.BRIER, "worst"),
        ("log", Rule.LOG, "value"),
    ):
        column = np.zeros(len(lines.id), np.int64)
        of_rule = earned[earned["rule"] == RULES.index(rule)]
        # Those on yes or no alone: they come first, line by line, and what follows is of options.
        column[lines.counted] = of_rule[figure][: int(lines.counted.sum())]
        found[name] = column
    return found


def _mean(total: Ints, count: Ints) -> Ints:
    """In trillionths, rounded half up."""
    times = MEAN_UNITS // SCORE_UNITS
    return (2 * total * times + count) // np.maximum(2 * count, 1)


def _weigh(found: NDArray[np.void], lines: Lines, starts: Ints, brier: Ints) -> None:
    """The score over the time the predictions stood, where there was any."""
    mask = lines.counted
    series = np.repeat(np.arange(len(starts)), found["predictions"])[mask]
    stood = time_weighted(
        series,
        lines.made[mask].astype(np.float64),
        brier[mask] / SCORE_UNITS,
        opened=lines.opened[starts].astype(np.float64),
        closed=lines.closed[starts].astype(np.float64),
    )
    found["timed"] = stood.valid
    found["weighted_brier"] = np.rint(stood.score * MEAN_UNITS)
    found["coverage"] = np.rint(stood.coverage * MEAN_UNITS)
