"""Posting what predictions earned, and reversing it. Called within the outcome's transaction."""

import dataclasses
import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from django.db.models import Max

from predictions.models import Outcome, Prediction, Score, User
from predictions.scoring.binary import score_all
from predictions.scoring.partial import share_of_yes
from predictions.services.posting import post_many

# An entry's body holds at most 65,535 bytes; a score takes some 350 of them.
_ROWS_AN_ENTRY = 150


def scores_post(
    *,
    outcome: Outcome,
    predictions: Iterable[Prediction],
    by: User | None,
    now: dt.datetime,
    rounds: Mapping[UUID, int] | None = None,
) -> None:
    """Score the predictions made before the outcome was settled; a void outcome scores none.

    `rounds` says, by prediction, how often it was scored on this outcome before.
    """
    in_time = [prediction for prediction in predictions if prediction.made_at < outcome.settled_at]
    if outcome.answer is None or not in_time:
        return
    answer = share_of_yes(outcome.answer)
    figures = score_all([p.probability_range for p in in_time], answer)
    rows = [
        Score(
            prediction=prediction,
            outcome=outcome,
            round=1 + (rounds or {}).get(prediction.pk, 0),
            posted_at=now,
            **dataclasses.asdict(earned),
        )
        for prediction, by_rule in zip(in_time, figures, strict=True)
        for earned in by_rule
    ]
    _post(rows, "scores.posted", outcome, by)


def scores_repost(
    *, outcome: Outcome, predictions: Sequence[Prediction], by: User | None, now: dt.datetime
) -> None:
    """Reverse what predictions earned on an outcome, and post what they earn now in a new round."""
    earlier = Score.objects.filter(outcome=outcome, prediction__in=predictions)
    rounds = dict(earlier.values_list("prediction").annotate(Max("round")))
    _reverse(earlier.standing(), outcome, by, now)
    scores_post(outcome=outcome, predictions=predictions, by=by, now=now, rounds=rounds)


def scores_reverse(*, outcome: Outcome, by: User | None, now: dt.datetime) -> None:
    """Cancel every standing score of an outcome with a posting of its negated figures."""
    _reverse(outcome.scores.standing(), outcome, by, now)


def _reverse(scores: Iterable[Score], outcome: Outcome, by: User | None, now: dt.datetime) -> None:
    rows = [
        Score(
            prediction_id=score.prediction_id,
            outcome=outcome,
            rule=score.rule,
            value=-score.value,
            best=-score.best,
            worst=-score.worst,
            round=score.round,
            reverses=score,
            posted_at=now,
        )
        for score in scores
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
