"""The scoreboard: totals, read as means. They are kept up as scores are posted."""

import dataclasses
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count

from predictions.models import Forecaster, Question, Score, Statement, Total
from predictions.models.choices import Rule, StatementKind
from predictions.models.totals import ANSWER_UNITS, EVERYBODY, MEAN_UNITS, SCORE_UNITS
from predictions.reckoning import SUMS
from predictions.scoring import summary
from predictions.scoring.clusters import interval_of_sums

_NOTHING = Total(**dict.fromkeys(SUMS[1:], 0))


@dataclass(frozen=True)
class Totals:
    """What the scoreboard says of a set of predictions. Scores are losses: lower is better.

    `mean_brier` lies in [0, 1]; `_low` and `_high` are the same at the best and worst end of each
    verbal range; `mean_brier_interval` is 95 %, clustered by question. `mean_log` is of clipped
    probabilities. None where nothing is scored.
    """

    predictions: int
    questions: int
    scored: int
    late: int
    void: int
    open: int
    unscorable: int
    abstained: int
    mean_brier: float | None
    mean_brier_low: float | None
    mean_brier_high: float | None
    mean_brier_interval: tuple[float, float] | None
    mean_log: float | None
    base_rate: float | None
    skill: float | None
    mean_brier_by_question: float | None
    mean_brier_time_weighted: float | None
    coverage: float | None


@dataclass(frozen=True)
class ForecasterTotals:
    """One row of the scoreboard."""

    forecaster: str
    name: str
    totals: Totals


@dataclass(frozen=True)
class Scoreboard:
    total: Totals
    forecasters: tuple[ForecasterTotals, ...]

    def as_json(self) -> dict[str, Any]:
        """The public shape, the same on the API and in the terminal."""
        return {
            "total": dataclasses.asdict(self.total),
            "forecasters": [
                {"forecaster": row.forecaster, "name": row.name, **dataclasses.asdict(row.totals)}
                for row in self.forecasters
            ],
        }


def scoreboard() -> Scoreboard:
    """The totals of all predictions, and of each forecaster's, the best mean Brier score first."""
    # One statement, so that all totals are of one moment, whatever is entered meanwhile.
    totals = {total.whose: total for total in Total.objects.all()}
    statements = _statements()
    rows = [
        ForecasterTotals(
            forecaster=forecaster.key,
            name=str(forecaster),
            totals=_totals(
                totals.get(forecaster.pk), statements.get(forecaster.pk, Counter()), questions=None
            ),
        )
        for forecaster in Forecaster.objects.order_by("key")
    ]
    total = _totals(
        totals.get(EVERYBODY),
        sum(statements.values(), Counter()),
        questions=Question.objects.count(),
    )
    return Scoreboard(total=total, forecasters=tuple(sorted(rows, key=_best_first)))


def _best_first(row: ForecasterTotals) -> tuple[bool, float, str]:
    mean = row.totals.mean_brier
    return mean is None, mean or 0.0, row.forecaster


def _statements() -> dict[UUID, Counter[str]]:
    counts: dict[UUID, Counter[str]] = {}
    for forecaster, kind, count in Statement.objects.values_list("forecaster", "kind").annotate(
        Count("pk")
    ):
        counts.setdefault(forecaster, Counter())[kind] = count
    return counts


def _totals(total: Total | None, statements: Counter[str], *, questions: int | None) -> Totals:
    """`questions` counts those of everybody, on which perhaps nobody has predicted."""
    total = total or _NOTHING
    brier = _mean(total.brier, total.counted, SCORE_UNITS)
    base_rate = _mean(total.happened, total.counted, ANSWER_UNITS)
    return Totals(
        predictions=total.predictions,
        questions=total.series if questions is None else questions,
        scored=total.scored,
        late=total.late,
        void=total.void,
        open=total.open,
        unscorable=statements[StatementKind.UNSCORABLE],
        abstained=statements[StatementKind.ABSTAINED],
        mean_brier=brier,
        mean_brier_low=_mean(total.best, total.counted, SCORE_UNITS),
        mean_brier_high=_mean(total.worst, total.counted, SCORE_UNITS),
        mean_brier_interval=_interval(total),
        mean_log=_mean(total.log, total.counted, SCORE_UNITS),
        base_rate=base_rate,
        skill=summary.skill(brier, base_rate),
        mean_brier_by_question=_mean(total.mean_brier, total.counted_series, MEAN_UNITS),
        mean_brier_time_weighted=_mean(total.weighted_brier, total.timed, MEAN_UNITS),
        coverage=_mean(total.coverage, total.timed, MEAN_UNITS),
    )


def _mean(total: Decimal | int, count: int, units: int) -> float | None:
    """Of exact sums, so that it is the float64 nearest to the mean."""
    return int(total) / (count * units) if count else None


def _interval(total: Total) -> tuple[float, float] | None:
    return interval_of_sums(
        count=total.counted,
        total=total.brier,
        clusters=total.clusters,
        sizes=int(total.sizes),
        products=int(total.products),
        squares=int(total.squares),
        units=SCORE_UNITS,
    )


@dataclass(frozen=True)
class Compared:
    """A question on which more than one forecaster was scored; the best Brier score first."""

    question: Question
    scores: tuple[Score, ...]


def compared() -> tuple[Compared, ...]:
    """Every shared question, with each forecaster's last Brier score on it."""
    last: dict[tuple[str, UUID], Score] = {}
    for score in (
        Score.objects.standing()
        .filter(rule=Rule.BRIER)
        .select_related("prediction__question", "prediction__forecaster")
        .order_by("prediction__question__key", "prediction__made_at", "prediction__revision")
    ):
        prediction = score.prediction
        last[prediction.question.key, prediction.forecaster_id] = score
    by_question: dict[str, list[Score]] = {}
    for (key, _), score in last.items():
        by_question.setdefault(key, []).append(score)
    return tuple(
        Compared(scores[0].prediction.question, tuple(sorted(scores, key=lambda s: s.value)))
        for scores in by_question.values()
        if len(scores) > 1
    )
