"""Two forecasters, or one and all others, on the questions that they share.

Arrays are float64 and of one shape, one mean score a question: losses, lower is better.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from predictions.scoring import summary

Floats = NDArray[np.float64]

# Scores are posted at nine places; means of them that differ by less are equal.
TIED = 0.5e-9


@dataclass(frozen=True)
class Comparison:
    """Of the first against the second: questions won (lower), tied and lost.

    `difference` is the mean of first less second, below 0 where the first did better, and None of
    nothing; `interval` is its confidence interval, None with fewer than two questions.
    """

    wins: int
    ties: int
    losses: int
    difference: float | None
    interval: tuple[float, float] | None


def compare(first: Floats, second: Floats, *, confidence: float = 0.95) -> Comparison:
    """Question by question, which takes out how hard each was: Student's t of the differences."""
    differences = first - second
    return Comparison(
        wins=int(np.count_nonzero(differences < -TIED)),
        ties=int(np.count_nonzero(np.abs(differences) <= TIED)),
        losses=int(np.count_nonzero(differences > TIED)),
        difference=summary.mean(differences),
        interval=summary.clustered_interval(
            differences, np.arange(differences.size), confidence=confidence
        ),
    )


def skill_against(own: Floats, others: Floats) -> float | None:
    """1 − mean of own / mean of others', over the questions shared; in (−∞, 1], 0 is as good.

    The skill score with the others as the reference: A. H. Murphy, "Skill scores based on the mean
    square error", Monthly Weather Review 116 (1988). None where nothing is shared, or where the
    others score 0.
    """
    reference = summary.mean(others)
    return 1 - float(own.mean()) / reference if reference else None
