"""What a mean Brier score is made of: two partitions into what is wrong, what is known, and luck.

Arrays are float64 and of one shape: `p` the probability of yes in [0, 1], of at most six decimals,
and `o` what happened: 1 for yes, 0 for no, or between for a partial answer.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from predictions.scoring.calibration import recalibrated
from predictions.scoring.groups import by_probability

Floats = NDArray[np.float64]

# What rounding makes of the variance of outcomes that are all alike.
_NO_VARIANCE = 1e-12


@dataclass(frozen=True)
class Murphy:
    """Mean Brier score = `reliability` − `resolution` + `uncertainty`, exactly; each at least 0.

    Reliability: how far what was said lies from what came of it; lower is better. Resolution: how
    far what came of different probabilities lies apart; higher is better. Uncertainty: what always
    saying the mean outcome would have scored; nobody's merit.
    """

    reliability: float
    resolution: float
    uncertainty: float

    @property
    def skill(self) -> float | None:
        """1 − mean Brier score / uncertainty: against always saying the mean outcome.

        In (−∞, 1]: 1 is perfect, 0 no better than that. None where all came out alike.
        """
        if self.uncertainty < _NO_VARIANCE:
            return None
        return (self.resolution - self.reliability) / self.uncertainty


@dataclass(frozen=True)
class Corp:
    """Mean Brier score = `miscalibration` − `discrimination` + `uncertainty`; each at least 0.

    Miscalibration: what recalibrating would save; lower is better. Discrimination: what the
    recalibrated forecasts save against always saying the mean outcome; higher is better.
    """

    miscalibration: float
    discrimination: float
    uncertainty: float


def murphy(p: Floats, o: Floats) -> Murphy | None:
    """Σ n_k (p_k − ō_k)² / n − Σ n_k (ō_k − ō)² / n + Σ (o − ō)² / n; None of nothing.

    Over the distinct probabilities p_k, so nothing is left over as with bins. A. H. Murphy, "A new
    vector partition of the probability score", J. Applied Meteorology 12 (1973). Uncertainty is
    the variance of the outcomes: his ō (1 − ō) where each came out yes or no. Partial answers to
    forecasts of one probability differ by a further Σ (o − ō_k)² / n, which the score and the
    uncertainty both contain: there is no fourth term. With few predictions a probability, which
    is usual, reliability and resolution are both too high by about as much; see `corp`.
    """
    if not p.size:
        return None
    groups = by_probability(p, o)
    weights = groups.counts / p.size
    return Murphy(
        reliability=float(weights @ (groups.p - groups.happened) ** 2),
        resolution=float(weights @ (groups.happened - o.mean()) ** 2),
        uncertainty=float(np.var(o)),
    )


def corp(p: Floats, o: Floats) -> Corp | None:
    """The same with the isotonic fit for what came of each probability; None of nothing.

    T. Dimitriadis, T. Gneiting and A. I. Jordan, "Stable reliability diagrams for probabilistic
    classifiers", PNAS 118 (2021). No choice of bins, and no reward for noise among neighbours.
    """
    if not p.size:
        return None
    groups = by_probability(p, o)
    fitted = recalibrated(groups)[groups.index]
    after, uncertainty = float(np.mean((fitted - o) ** 2)), float(np.var(o))
    # Rounding must not make a saving negative.
    return Corp(
        miscalibration=max(0.0, float(np.mean((p - o) ** 2)) - after),
        discrimination=max(0.0, uncertainty - after),
        uncertainty=uncertainty,
    )
