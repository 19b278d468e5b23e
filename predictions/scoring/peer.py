"""The peer score of Metaculus: how much more a forecast said than the others' on the question.

Against n standing forecasts with the geometric mean g of what they gave to what happened (the own
one included) a forecast earns s = 100 n/(n−1) ln(p/g), which is 100 times the mean of ln(p/p_other)
over the others; half of it for numbers and dates; 0 while there are no others. Points are
unbounded, more is better, and all who stand sum to 0 at any moment. Metaculus, "Scores FAQ", and
`evaluate_forecasts_peer_accuracy` of its `scoring/score_math.py`.

`counted` says which forecasts g and n are made of, all unless given; the others (an excluded bot's)
are scored against g and n as if they were in. Where nobody stands, Metaculus keeps the last g; here
nothing is earned then.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from predictions.scoring.checks import same_shape
from predictions.scoring.ordering import sorted_by
from predictions.scoring.standing import Forecasts, Scored

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Mask = NDArray[np.bool_]

# Forecasts at a time: what passes from one step to the next is still in the cache.
_BLOCK = 1 << 15


def time_averaged(forecasts: Forecasts, *, counted: Mask | None = None) -> Scored:
    """∫ s dt over the time each forecast stood, in shares of its question's scheduled time.

    One sweep over all changes of all questions: with S = Σ ln p of those that stand,
    ∫ s dt = 100 (ln p ∫ n/(n−1) dt − ∫ S/(n−1) dt), and both integrals are differences of running
    sums between the forecast's end and its start.
    """
    start, end = forecasts.stood()
    logs, weights = np.log(forecasts.p), _counted(forecasts, counted)
    own, together = np.empty(logs.shape), np.empty(logs.shape)
    for some in _whole_questions(forecasts.question):
        own[some], together[some] = _integrals(
            forecasts.question[some], start[some], end[some], logs[some], weights[some]
        )
    return Scored(_scale(forecasts) * (logs * own - together), end - start)


def spot(forecasts: Forecasts, moments: Floats, *, counted: Mask | None = None) -> Scored:
    """s of the forecasts that stand at the moment given for their question; coverage 1, or 0.

    Against those that stood right before that moment.
    """
    standing, logs = forecasts.stands_at(moments), np.log(forecasts.p)
    at, question = moments[forecasts.question], forecasts.question
    before = (forecasts.start < at) & (at <= forecasts.end) & _counted(forecasts, counted)
    count = np.bincount(question, weights=before, minlength=moments.size)[question]
    total = np.bincount(question, weights=before * logs, minlength=moments.size)[question]
    scored = standing & (count > 1)
    points = (count * logs - total) / np.where(scored, count - 1, 1.0)
    return Scored(np.where(scored, _scale(forecasts) * points, 0.0), standing.astype(np.float64))


def _counted(forecasts: Forecasts, counted: Mask | None) -> Mask:
    if counted is None:
        return np.ones(forecasts.p.shape, dtype=np.bool_)
    same_shape(p=forecasts.p, counted=counted)
    return counted


def _scale(forecasts: Forecasts) -> Floats:
    points: Floats = np.where(forecasts.questions.continuous, 50.0, 100.0)[forecasts.question]
    return points


def _integrals(
    question: Indices, start: Floats, end: Floats, logs: Floats, counted: Mask
) -> tuple[Floats, Floats]:
    """∫ n/(n−1) dt and ∫ S/(n−1) dt over the time each forecast stood; nothing where n < 2."""
    questions, times = np.concatenate([question, question]), np.concatenate([start, end])
    order = sorted_by(times, questions)
    questions, times = questions[order], times[order]
    firsts = np.flatnonzero(np.diff(questions, prepend=-1))
    steps = np.where(counted, 1, 0)
    count = np.concatenate([steps, -steps])[order].cumsum()
    total = _running(np.concatenate([steps * logs, -steps * logs])[order], firsts)
    # After the last change of a question nothing stands; the gap to the next question is none.
    gaps = np.diff(times, append=0.0)
    weight = np.where(count > 1, gaps, 0.0) / np.where(count > 1, count - 1, 1)
    return (
        _between(weight * count, firsts, order),
        _between(weight * total, firsts, order),
    )


def _whole_questions(question: Indices) -> Iterator[Indices]:
    """All places in `question`, a block at a time; those of one question stay together."""
    order = sorted_by(question)
    firsts = np.flatnonzero(np.diff(question[order], prepend=-1))
    cuts = firsts[np.searchsorted(firsts, np.arange(_BLOCK, order.size, _BLOCK), side="right") - 1]
    for some in np.split(order, np.unique(cuts)):
        if some.size:
            yield some


def _running(values: Floats, firsts: Indices) -> Floats:
    """Running sums that begin anew at each of `firsts`.

    Each question starts by taking off what the one before came to, so sums stay as small as those
    of one question and lose no digits to the others; what rounding left of it is taken off too.
    """
    restarting, totals = values.copy(), np.add.reduceat(values, firsts)
    restarting[firsts[1:]] -= totals[:-1]
    sums = restarting.cumsum()
    left = np.append(0.0, sums[firsts[1:] - 1] - totals[:-1])
    anew: Floats = sums - np.repeat(left, np.diff(firsts, append=values.size))
    return anew


def _between(pieces: Floats, firsts: Indices, order: Indices) -> Floats:
    """The sum of `pieces` from each forecast's start to its end."""
    sums = np.empty_like(pieces)
    sums[order] = _running(pieces, firsts) - pieces
    start, end = sums.reshape(2, -1)
    between: Floats = end - start
    return between
