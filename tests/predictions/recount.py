"""The figures of the scoreboard in plain Python, prediction by prediction: the slow way."""

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any

from scipy import stats

from predictions.models import Outcome, Prediction

Figures = dict[str, Any]


def recounted(predictions: Iterable[Prediction]) -> Figures:
    """The fields of `Totals` that follow from predictions alone."""
    rows = [_Row(prediction) for prediction in predictions]
    counted = [row for row in rows if row.state == "scored" and row.question.kind == "binary"]
    series: dict[Any, list[_Row]] = defaultdict(list)
    for row in counted:
        series[row.forecaster, row.question].append(row)
    weighed = [pair for pair in map(_weighed, series.values()) if pair]
    return {
        "predictions": len(rows),
        **{state: sum(row.state == state for row in rows) for state in _STATES},
        "mean_brier": _mean(counted, lambda row: row.brier),
        "mean_brier_low": _mean(counted, lambda row: min(row.briers)),
        "mean_brier_high": _mean(counted, lambda row: max(row.briers)),
        "mean_brier_interval": _interval(counted),
        "mean_log": _mean(counted, lambda row: row.log),
        "base_rate": _mean(counted, lambda row: row.answer),
        "skill": _skill(counted),
        "mean_brier_by_question": _mean(
            list(series.values()), lambda rows: sum(row.brier for row in rows) / len(rows)
        ),
        "mean_brier_time_weighted": _mean(weighed, lambda pair: pair[0]),
        "coverage": _mean(weighed, lambda pair: pair[1]),
    }


_STATES = ("scored", "late", "void", "open")


class _Row:
    def __init__(self, prediction: Prediction) -> None:
        self.question, self.forecaster = prediction.question, prediction.forecaster_id
        self.made, self.revision = prediction.made_at, prediction.revision
        outcome = _standing(prediction)
        self.state = _state(prediction, outcome)
        if self.state == "scored" and outcome and outcome.answer:
            self.settled = outcome.settled_at
            self.answer = Fraction({"yes": "1", "no": "0"}.get(outcome.answer, outcome.answer))
            self.p = Fraction(prediction.probability or 0)
            ends = [prediction.low, prediction.high]
            self.ends = [self.p if end is None else Fraction(end) for end in ends]

    @property
    def brier(self) -> Fraction:
        """As posted: rounded half to even at nine places."""
        return round((self.p - self.answer) ** 2, 9)

    @property
    def briers(self) -> list[Fraction]:
        """At both ends, and at the answer where the range holds it."""
        low, high = self.ends
        return [
            round((p - self.answer) ** 2, 9) for p in (low, high, min(max(low, self.answer), high))
        ]

    @property
    def log(self) -> float:
        yes, no = (math.log(min(max(p, 0.01), 0.99)) for p in (float(self.p), float(1 - self.p)))
        return -float(self.answer) * yes - float(1 - self.answer) * no


def _standing(prediction: Prediction) -> Outcome | None:
    outcomes = list(Outcome.objects.filter(question=prediction.question))
    corrected = {outcome.corrects_id for outcome in outcomes}
    left = [one for one in outcomes if one.pk not in corrected and not one.reopens]
    return left[0] if left else None


def _state(prediction: Prediction, outcome: Outcome | None) -> str:
    if outcome is None:
        return "open"
    if outcome.answer is None:
        return "void"
    return "late" if prediction.made_at >= outcome.settled_at else "scored"


def _mean(rows: list[Any], figure: Callable[[Any], Any]) -> float | None:
    return float(sum(figure(row) for row in rows) / len(rows)) if rows else None


def _skill(rows: list[_Row]) -> float | None:
    """Against always saying the mean answer."""
    if not rows:
        return None
    mean = sum(row.answer for row in rows) / len(rows)
    reference = sum((row.answer - mean) ** 2 for row in rows)
    return float(1 - sum(row.brier for row in rows) / reference) if reference else None


def _interval(rows: list[_Row]) -> tuple[float, float] | None:
    clusters: dict[Any, list[Fraction]] = defaultdict(list)
    for row in rows:
        clusters[row.question].append(row.brier)
    groups = len(clusters)
    if groups < 2:
        return None
    mean = sum(row.brier for row in rows) / len(rows)
    spread = sum(sum(value - mean for value in values) ** 2 for values in clusters.values())
    error = math.sqrt(spread * Fraction(groups, groups - 1) / len(rows) ** 2)
    reach = float(stats.t.ppf(0.975, groups - 1)) * error
    return float(mean) - reach, float(mean) + reach


def _weighed(rows: list[_Row]) -> tuple[Fraction, Fraction] | None:
    """A series second by second it stood: the mean over that time, and the share of all."""
    question = rows[0].question
    opened = question.opened_at
    closed = min(rows[0].settled, question.due_at) if question.due_at else rows[0].settled
    rows = sorted(rows, key=lambda row: (row.made, row.revision))
    total, weighed = Fraction(0), Fraction(0)
    for row, end in zip(rows, [*(row.made for row in rows[1:]), closed], strict=True):
        begins = min(max(row.made, opened), closed)
        stood = Fraction((max(min(end, closed), begins) - begins) // dt.timedelta(microseconds=1))
        total, weighed = total + stood, weighed + stood * row.brier
    if closed <= opened or not total:
        return None
    return weighed / total, total / ((closed - opened) // dt.timedelta(microseconds=1))
