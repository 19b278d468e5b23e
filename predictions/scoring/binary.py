"""Scores of probabilities of yes, for questions that resolve yes or no.

Arrays are float64 and of one shape: `p` the probability of yes in [0, 1], `o` what happened: 1 for
yes, 0 for no, and what lies between for a partial answer. Every score here is a loss: lower is
better. It is 0 at best for yes or no; for a partial answer the best is at p = o. ValueError names
the argument that is of another shape or out of range.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from predictions.scoring.checks import floats, same_shape, within_unit
from predictions.scoring.rounding import posted

Floats = NDArray[np.float64]
Rule = Callable[[Floats, Floats], Floats]
# Of p and o, into the array given last.
_Kernel = Callable[[Floats, Floats, Floats], object]

# The log score of a sure forecast that fails is infinite; clipping bounds it, and is said wherever
# the score is shown.
CLIP_LOW, CLIP_HIGH = 0.01, 0.99

# Predictions at a time: so many that the calls cost nothing, so few that what passes from one step
# to the next is still in the cache.
_BLOCK = 1 << 16


def brier(p: Floats, o: Floats) -> Floats:
    """Squared error (p − o)², in [0, 1]; 0.25 for an even chance.

    G. W. Brier, "Verification of forecasts expressed in terms of probability", Monthly Weather
    Review 78 (1950); here in the form for one of two categories, half of Brier's own figure.
    """
    return _scored(p, o, ["brier"])["brier"]


def log_score(p: Floats, o: Floats) -> Floats:
    """−(o ln p + (1 − o) ln(1 − p)), each probability clipped to [0.01, 0.99]; 0.010 to 4.606.

    For yes or no, −ln of the probability given to what happened. Natural logarithm, so in nats;
    0.69 for an even chance. I. J. Good, "Rational decisions", J. Royal Statistical Society B 14
    (1952).
    """
    return _scored(p, o, ["log"])["log"]


def spherical(p: Floats, o: Floats) -> Floats:
    """1 − (o p + (1 − o)(1 − p)) / √(p² + (1 − p)²), in [0, 1]; 0.29 for an even chance.

    T. B. Roby, "Belief states and the uses of evidence", Behavioral Science 10 (1965), there as a
    gain, here turned into a loss; I. J. Good, "Comment on 'Measuring information and uncertainty'"
    (1971).
    """
    p, o = _paired(p, o)
    within_unit("p", p)
    within_unit("o", o)
    q = 1.0 - p
    loss: Floats = 1.0 - (o * p + (1.0 - o) * q) / np.sqrt(p * p + q * q)
    return loss


def _brier_into(p: Floats, o: Floats, out: Floats) -> None:
    np.subtract(p, o, out=out)
    np.square(out, out=out)


def _log_into(p: Floats, o: Floats, out: Floats) -> None:
    """Where `o` is 0 or 1: then |1 − o − p| is 1 − p or p, to the last bit."""
    np.subtract(1.0, o, out=out)
    np.subtract(out, p, out=out)
    np.abs(out, out=out)
    np.clip(out, CLIP_LOW, CLIP_HIGH, out=out)
    np.log(out, out=out)
    np.negative(out, out=out)


def _partial_log_into(p: Floats, o: Floats, out: Floats) -> None:
    yes = np.log(np.clip(p, CLIP_LOW, CLIP_HIGH))
    no = np.log(np.clip(1.0 - p, CLIP_LOW, CLIP_HIGH))
    np.negative(o * yes + (1.0 - o) * no, out=out)


# The rules whose scores are posted: where all is settled yes or no, and where some in part.
_KERNELS: dict[str, tuple[_Kernel, _Kernel]] = {
    "brier": (_brier_into, _brier_into),
    "log": (_log_into, _partial_log_into),
}
RULES: dict[str, Rule] = {"brier": brier, "log": log_score}


def scores(p: Floats, o: Floats) -> dict[str, Floats]:
    """The scores under each posted rule, by its name, in one pass over the predictions."""
    return _scored(p, o, RULES)


def _scored(p: Floats, o: Floats, rules: Sequence[str] | dict[str, Rule]) -> dict[str, Floats]:
    p, o = _paired(p, o)
    found = {rule: np.empty(p.shape) for rule in rules}
    flat_p, flat_o = p.reshape(-1), o.reshape(-1)
    for start in range(0, p.size, _BLOCK):
        part = slice(start, start + _BLOCK)
        some_partial = _some_partial(flat_p[part], flat_o[part])
        for rule, score in found.items():
            _KERNELS[rule][some_partial](flat_p[part], flat_o[part], score.reshape(-1)[part])
    return found


def _paired(p: Floats, o: Floats) -> tuple[Floats, Floats]:
    p, o = floats(p), floats(o)
    same_shape(p=p, o=o)
    return p, o


def _some_partial(p: Floats, o: Floats) -> bool:
    """Whether any answer is neither yes nor no; refuses what is out of range."""
    within_unit("p", p)
    if ((o == 0) | (o == 1)).all():
        return False
    within_unit("o", o)
    return True


def range_scores(
    rule: Rule, low: Floats, p: Floats, high: Floats, o: Floats
) -> tuple[Floats, Floats, Floats]:
    """(score, best, worst): at `p`, and at the best and the worst that low ≤ p ≤ high allow.

    A proper score grows away from the answer on either side: best is the probability nearest to
    it, worst one of the two ends. best ≤ score ≤ worst holds to the last bit.
    """
    score = rule(p, o)
    best = rule(np.clip(o, low, high), o)
    worst = np.maximum(rule(low, o), rule(high, o))
    return score, np.minimum(best, score), np.maximum(worst, score)


@dataclass(frozen=True)
class Figures:
    """What one prediction earned under one rule, as posted."""

    rule: str
    value: Decimal
    best: Decimal
    worst: Decimal


def score_all(
    ranges: Sequence[tuple[Decimal, Decimal, Decimal]], answer: Decimal
) -> list[list[Figures]]:
    """The figures of every prediction on a question, by rule.

    `ranges` holds (low, p, high) a prediction, low ≤ p ≤ high; equal where the words leave no room.
    `answer` is 1 for yes, 0 for no, or a fraction for a partial answer.
    """
    low, p, high = np.array(ranges, dtype=np.float64).reshape(-1, 3).T
    o = np.full(p.shape, float(answer))
    by_rule = [
        [
            Figures(name, posted(value), posted(best), posted(worst))
            for value, best, worst in zip(*range_scores(rule, low, p, high, o), strict=True)
        ]
        for name, rule in RULES.items()
    ]
    return [list(figures) for figures in zip(*by_rule, strict=True)]
