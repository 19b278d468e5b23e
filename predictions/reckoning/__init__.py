"""What predictions have earned, and what it comes to: many questions at once, as arrays.

Reads alone. Who posts scores, keeps totals, or verifies them asks here what they must be.
"""

from predictions.reckoning.batches import PREDICTIONS, batches
from predictions.reckoning.changes import FIGURES, ROW, Changes, changes, reversals_of
from predictions.reckoning.lines import Lines, Selection, State, read_lines
from predictions.reckoning.postings import earned, held
from predictions.reckoning.rows import EARNED, HELD, RULES
from predictions.reckoning.series import SERIES, series_of
from predictions.reckoning.sums import SUMS, sums_of

__all__ = [
    "EARNED",
    "FIGURES",
    "HELD",
    "PREDICTIONS",
    "ROW",
    "RULES",
    "SERIES",
    "SUMS",
    "Changes",
    "Lines",
    "Selection",
    "State",
    "batches",
    "changes",
    "earned",
    "held",
    "read_lines",
    "reversals_of",
    "series_of",
    "sums_of",
]
