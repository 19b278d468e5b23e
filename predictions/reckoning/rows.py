"""Scores as rows of numpy arrays."""

import numpy as np

from predictions.models.choices import Rule

RULES = tuple(Rule.values)
_FIGURES = [("value", "i8"), ("best", "i8"), ("worst", "i8")]
# A posting, its figures in billionths; `rule` is a place in `RULES`.
_EARNED = [("prediction", "V16"), ("outcome", "V16"), ("rule", "i8"), *_FIGURES]
EARNED = np.dtype(_EARNED)
# One that was made: in which round, and whether it was reversed since.
HELD = np.dtype([("id", "V16"), *_EARNED, ("round", "i8"), ("reversed", "i8")])
