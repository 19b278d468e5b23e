"""Scores of quantile forecasts, for questions whose answer is a number or a date.

`levels` are probabilities in (0, 1), ascending, of shape (n, m), or (m,) where all share them;
`values`, of shape (n, m), the quantiles at those levels, not descending; `observed`, of shape
(n,), what came out. Every score is a loss in the units of the question (of a date: days), from 0
without end: lower is better, 0 is perfect. So figures of different questions do not add up.
ValueError names the argument that is wrong.
"""

import numpy as np
from numpy.typing import NDArray

from predictions.scoring.adding import in_order
from predictions.scoring.checks import ascending, finite, floats, same_shape

Floats = NDArray[np.float64]

_SLACK = 1e-9


def pinball(levels: Floats, values: Floats, observed: Floats) -> Floats:
    """(1{y ≤ q} − τ)(q − y) of each quantile q at level τ; of shape (n, m).

    What lies above a quantile costs τ a unit, what lies below 1 − τ. R. Koenker and G. Bassett,
    "Regression quantiles", Econometrica 46 (1978).
    """
    levels, values, observed = _checked(levels, values, observed)
    over = values - observed[:, None]
    loss: Floats = ((over >= 0) - levels) * over
    return loss


def interval_score(lower: Floats, upper: Floats, observed: Floats, alpha: Floats) -> Floats:
    """(u − l) + 2/α (l − y)⁺ + 2/α (y − u)⁺ of the central 1 − α interval [l, u].

    `lower`, `upper` and `observed` are of one shape, or as broadcasting fits `observed` and `alpha`
    to them; `alpha` is in (0, 1). T. Gneiting and A. E. Raftery, "Strictly proper scoring rules,
    prediction, and estimation", J. American Statistical Association 102 (2007), eq. 43.
    """
    lower, upper, observed, alpha = map(floats, (lower, upper, observed, alpha))
    same_shape(lower=lower, upper=upper)
    for name, given in {"lower": lower, "upper": upper, "observed": observed}.items():
        finite(name, given)
    if (lower > upper).any():
        raise ValueError("lower must not lie above upper")
    if not ((alpha > 0) & (alpha < 1)).all():
        raise ValueError("alpha must lie between 0 and 1")
    below, above = np.maximum(lower - observed, 0), np.maximum(observed - upper, 0)
    score: Floats = upper - lower + 2 / alpha * (below + above)
    return score


def weighted_interval_score(levels: Floats, values: Floats, observed: Floats) -> Floats:
    """(½|y − m| + Σ_k α_k/2 · IS_αk) / (K + ½), of the median m and K central intervals.

    `levels` must hold ½ and be symmetric about it. J. Bracher, E. L. Ray, T. Gneiting and N. G.
    Reich, "Evaluating epidemic forecasts in an interval format", PLOS Computational Biology 17
    (2021), with their weights w₀ = ½, w_k = α_k/2.
    """
    levels, values, observed = _checked(levels, values, observed)
    pairs = levels.shape[1] // 2
    if levels.shape[1] % 2 == 0 or (np.abs(levels + levels[:, ::-1] - 1) > _SLACK).any():
        raise ValueError("levels must hold 0.5 and be symmetric about it, as 0.1, 0.5, 0.9 are")
    alpha = 2 * levels[:, :pairs]
    of_intervals = interval_score(values[:, :pairs], values[:, :pairs:-1], observed[:, None], alpha)
    of_median = np.abs(observed - values[:, pairs]) / 2
    score: Floats = (of_median + (alpha / 2 * of_intervals).sum(axis=1)) / (pairs + 0.5)
    return score


def crps_from_quantiles(levels: Floats, values: Floats, observed: Floats) -> Floats:
    """Twice the mean pinball loss over the levels: approximates the CRPS; of shape (n,).

    CRPS = 2 ∫₀¹ pinball_τ dτ (F. Laio and S. Tamea, "Verification tools for probabilistic forecasts
    of continuous hydrological variables", Hydrology and Earth System Sciences 11 (2007)). The mean
    stands for the integral: it converges to it for even levels (j − ½)/m, and weighs each level
    alike however uneven they are. Where the levels hold ½ and are symmetric about it, it equals the
    weighted interval score.
    """
    losses = pinball(levels, values, observed)
    # In order, so that the offline verifier finds it to the last bit.
    loss: Floats = 2 * (in_order(losses) / losses.shape[1])
    return loss


def _checked(levels: Floats, values: Floats, observed: Floats) -> tuple[Floats, Floats, Floats]:
    levels, values, observed = map(floats, (levels, values, observed))
    if values.ndim != 2 or not values.shape[1]:
        raise ValueError(f"values has shape {values.shape}; give a row a prediction")
    if levels.shape not in (values.shape, values.shape[1:]):
        raise ValueError(f"levels has shape {levels.shape}, values {values.shape}: they must match")
    if observed.shape != values.shape[:1]:
        raise ValueError(f"observed has shape {observed.shape}; give one a row of values")
    finite("values", values)
    finite("observed", observed)
    levels = np.broadcast_to(levels, values.shape)
    if not ((levels > 0) & (levels < 1)).all():
        raise ValueError("levels must lie between 0 and 1")
    ascending("levels", levels, strictly=True)
    ascending("values", values)
    return levels, values, observed
