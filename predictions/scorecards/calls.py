"""The predictions that a forecaster will be remembered for."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from predictions.models import Prediction
from predictions.scorecards.lines import Lines

CALLS = 5
# What an even chance earns, whatever happens.
_EVEN = 0.25


@dataclass(frozen=True)
class Call:
    """One prediction that was scored: `p` of yes, `o` what happened, `score` by Brier."""

    prediction: UUID
    question: str
    text: str
    forecaster: str
    made_at: dt.datetime
    quote: str  # empty where none was recorded
    p: float
    o: float
    score: float


def best_and_worst(scored: Lines) -> tuple[tuple[Call, ...], tuple[Call, ...]]:
    """Up to five each, the best and the worst first: those better and worse than an even chance.

    Of a forecaster's revisions on one question, the one that scored best or worst.
    """
    score = scored["brier"]
    best = _first_of_each(scored, np.argsort(score, kind="stable"))
    worst = _first_of_each(scored, np.argsort(-score, kind="stable"))
    best, worst = best[score[best] < _EVEN][:CALLS], worst[score[worst] > _EVEN][:CALLS]
    rows = [*best.tolist(), *worst.tolist()]
    told = _told(scored, rows)
    return tuple(told[: len(best)]), tuple(told[len(best) :])


def _first_of_each(scored: Lines, order: NDArray[np.intp]) -> NDArray[np.intp]:
    """Of rows in an order, the first of each forecaster and question, in the same order."""
    _, first = np.unique(scored.series[order], return_index=True)
    return order[np.sort(first)]


def _told(scored: Lines, rows: list[int]) -> list[Call]:
    ids = [scored.prediction(row) for row in rows]
    found = Prediction.objects.select_related("question", "forecaster").in_bulk(ids)
    return [
        _call(found[each], scored["p"][row], scored["o"][row], scored["brier"][row])
        for each, row in zip(ids, rows, strict=True)
    ]


def _call(prediction: Prediction, p: float, o: float, score: float) -> Call:
    return Call(
        prediction=prediction.pk,
        question=prediction.question.key,
        text=prediction.question.text,
        forecaster=prediction.forecaster.key,
        made_at=prediction.made_at,
        quote=" … ".join(passage["quote"] for passage in prediction.passages),
        p=float(p),
        o=float(o),
        score=float(score),
    )
