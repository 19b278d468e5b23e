"""Posting what predictions earned, reversing what they did not, and keeping the totals up."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from predictions import reckoning
from predictions.models import Prediction, User
from predictions.reckoning import Selection
from predictions.services import rehearsal
from predictions.services.score_rows import entries_append, rows_store
from predictions.services.totals import totals_replace


@dataclass(frozen=True)
class Settled:
    """How many predictions were looked at, and how many scores posted and reversed."""

    predictions: int
    posted: int
    reversed: int


def scores_settle(
    *,
    questions: Sequence[UUID],
    by: User | None,
    now: dt.datetime,
    forecaster: UUID | None = None,
) -> Settled:
    """Have what stands on these questions be what is earned, and the totals what it comes to.

    Of everybody, or of one forecaster. Called within the transaction of what it follows from, with
    the questions locked. What stands rightly is left alone, so that a second call does nothing.
    """
    selection = Selection(questions, forecaster)
    due = reckoning.changes(selection)
    settled = Settled(due.predictions, posted=len(due.postings), reversed=len(due.reversals))
    if not rehearsal.heard(questions, due):
        return settled
    # Before the entries: whoever holds everybody's total waits for no one but the log.
    totals_replace(selection=selection, series=due.series)
    for kind, rows in (("scores.reversed", due.reversals), ("scores.posted", due.postings)):
        _write(kind, rows, by, now)
    return settled


def scores_take_back(*, prediction: Prediction, by: User | None, now: dt.datetime) -> None:
    """Reverse all that stands of a prediction that will turn out to have come too late.

    Before its row says so, as then no score of it is accepted any more, not even a reversal. The
    totals are left for `scores_settle`, which is to follow in the same transaction.
    """
    selection = Selection([prediction.question_id], prediction.forecaster_id)
    _write("scores.reversed", reckoning.reversals_of(prediction.pk, selection), by, now)


def _write(kind: str, rows: NDArray[np.void], by: User | None, now: dt.datetime) -> None:
    if len(rows):
        entries_append(rows=rows, kind=kind, by=by, now=now)
        rows_store(rows=rows, now=now)
