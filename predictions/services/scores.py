"""Posting what predictions earned, and reversing it. Called within the outcome's transaction."""

import dataclasses
import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal

from predictions.models import Outcome, Prediction, Score, User
from predictions.scoring.binary import score_all
from predictions.services.posting import post_many

# An entry's body holds at most 65,535 bytes; a score takes some 350 of them.
_ROWS_AN_ENTRY = 150


def scores_post(
    *, outcome: Outcome, predictions: Iterable[Prediction], by: User | None, now: dt.datetime
) -> None:
    """Score the predictions made before the outcome was settled; a void outcome scores none."""
    in_time = [prediction for prediction in predictions if prediction.made_at < outcome.settled_at]
    if outcome.is_void or not in_time:
        return
    answer = Decimal(1) if outcome.answer == "yes" else Decimal(0)
    figures = score_all([p.probability_range for p in in_time], answer)
    rows = [
        Score(prediction=prediction, outcome=outcome, posted_at=now, **dataclasses.asdict(earned))
        for prediction, by_rule in zip(in_time, figures, strict=True)
        for earned in by_rule
    ]
    _post(rows, "scores.posted", outcome, by)


def scores_reverse(*, outcome: Outcome, by: User | None, now: dt.datetime) -> None:
    """Cancel every standing score of an outcome with a posting of its negated figures."""
    rows = [
        Score(
            prediction_id=score.prediction_id,
            outcome=outcome,
            rule=score.rule,
            value=-score.value,
            best=-score.best,
            worst=-score.worst,
            reverses=score,
            posted_at=now,
        )
        for score in outcome.scores.standing()
    ]
    _post(rows, "scores.reversed", outcome, by)


def _post(rows: Sequence[Score], kind: str, outcome: Outcome, by: User | None) -> None:
    for start in range(0, len(rows), _ROWS_AN_ENTRY):
        post_many(
            kind=kind,
            by=by,
            rows=rows[start : start + _ROWS_AN_ENTRY],
            about={"of_outcome": str(outcome.pk)},
        )
