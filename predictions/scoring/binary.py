"""Scores of probabilities of yes, for questions that resolve yes or no.

Arrays are of one shape: `p` the probability of yes in [0, 1], as float64; `o` what happened, as
booleans, or as float64 with 1 for yes, 0 for no, and what lies between for a partial answer. Every
score here is a loss: lower is better, 0 is perfect. The best score of a partial answer is that of
p = o; under log and spherical it is above 0. ValueError names the argument that is out of range or
of another shape.
"""

from collections.abc import Callable, Collection

import numpy as np
from numpy.typing import NDArray

from predictions.scoring.checks import floats, same_shape, within_unit

Floats = NDArray[np.float64]
Answers = Floats | NDArray[np.bool_]
Rule = Callable[[Floats, Answers], Floats]
# Of p and o, into the array given last.
_Kernel = Callable[[Floats, Floats, Floats], object]

# The log score of a sure forecast that fails is infinite; clipping bounds it, and is said wherever
# the score is shown.
CLIP_LOW, CLIP_HIGH = 0.01, 0.99

# Predictions at a time: what passes from one step to the next is still in the cache. Smaller blocks
# would be nearer still, but cost more in calls than they save.
_BLOCK = 1 << 17


def brier(p: Floats, o: Answers) -> Floats:
    """Squared error (p − o)², in [0, 1]; 0.25 for an even chance.

    G. W. Brier, "Verification of forecasts expressed in terms of probability", Monthly Weather
    Review 78 (1950); here in the form for one of two categories, half of Brier's own figure.
    """
    return _scored(p, o, ["brier"])["brier"]


def log_score(p: Floats, o: Answers) -> Floats:
    """−(o ln p + (1 − o) ln(1 − p)), each probability clipped to [0.01, 0.99]; 0.010 to 4.606.

    For yes or no, −ln of the probability given to what happened. Natural logarithm, so in nats;
    0.69 for an even chance. I. J. Good, "Rational decisions", J. Royal Statistical Society B 14
    (1952).
    """
    return _scored(p, o, ["log"])["log"]


def spherical(p: Floats, o: Answers) -> Floats:
    """1 − (o p + (1 − o)(1 − p)) / √(p² + (1 − p)²), in [0, 1]; 0.29 for an even chance.

    T. B. Roby, "Belief states and the uses of evidence", Behavioral Science 10 (1965), there as a
    gain, here turned into a loss; I. J. Good, "Comment on 'Measuring information and uncertainty'"
    (1971).
    """
    p, answers = floats(p), floats(o)
    same_shape(p=p, o=answers)
    within_unit("p", p)
    within_unit("o", answers)
    q = 1.0 - p
    loss: Floats = 1.0 - (answers * p + (1.0 - answers) * q) / np.sqrt(p * p + q * q)
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


def scores(p: Floats, o: Answers) -> dict[str, Floats]:
    """The scores under each posted rule, by its name, in one pass over the predictions."""
    return _scored(p, o, RULES)


def _scored(p: Floats, o: Answers, rules: Collection[str]) -> dict[str, Floats]:
    p, given = floats(p), np.asarray(o)
    same_shape(p=p, o=given)
    # One piece of memory for all rules: given back and taken anew, it stays the process's own.
    found = dict(zip(rules, np.empty((len(rules), *p.shape)), strict=True))
    flat_p, flat_o, *flat = (values.reshape(-1) for values in (p, given, *found.values()))
    for start in range(0, p.size, _BLOCK):
        part = slice(start, start + _BLOCK)
        within_unit("p", flat_p[part])
        answers = floats(flat_o[part])
        some_partial = given.dtype != np.bool_ and _some_partial(answers)
        for rule, score in zip(found, flat, strict=True):
            _KERNELS[rule][some_partial](flat_p[part], answers, score[part])
    return found


def _some_partial(o: Floats) -> bool:
    """Whether any answer is neither yes nor no; refuses what is out of range."""
    if ((o == 0) | (o == 1)).all():
        return False
    within_unit("o", o)
    return True


def range_scores(
    low: Floats, p: Floats, high: Floats, o: Floats
) -> dict[str, tuple[Floats, Floats, Floats]]:
    """By posted rule (score, best, worst): at `p`, and at the best and worst in low ≤ p ≤ high.

    A proper score grows away from the answer on either side: best is the probability nearest to
    it, worst one of the two ends. best ≤ score ≤ worst holds to the last bit; where there is no
    range all three are alike.
    """
    wide = low < high
    least, most, answers = low[wide], high[wide], o[wide]
    nearest = np.clip(answers, least, most)
    found = {}
    for name, score in scores(p, o).items():
        rule, best, worst = RULES[name], score.copy(), score.copy()
        best[wide] = np.minimum(rule(nearest, answers), score[wide])
        ends = np.maximum(rule(least, answers), rule(most, answers))
        worst[wide] = np.maximum(ends, score[wide])
        found[name] = score, best, worst
    return found
