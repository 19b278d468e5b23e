"""The scoreboard: totals, read as means. They are kept up as scores are posted."""

import dataclasses
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count, F

from predictions.models import Forecaster, Question, Score, SeriesTotal, Statement, Total
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


@dataclass(frozen=True)
class Tally:
    """Everybody's predictions by state, and their mean Brier score. Read from one row."""

    predictions: int
    open: int
    scored: int
    void: int
    late: int
    mean_brier: float | None


def tally() -> Tally:
    total = Total.objects.filter(whose=EVERYBODY).first() or _NOTHING
    return Tally(
        predictions=total.predictions,
        open=total.open,
        scored=total.scored,
        void=total.void,
        late=total.late,
        mean_brier=_mean(total.brier, total.counted, SCORE_UNITS),
    )


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
        base_rate=_mean(total.happened, total.counted, ANSWER_UNITS),
        skill=summary.skill(brier, _variance(total)),
        mean_brier_by_question=_mean(total.mean_brier, total.counted_series, MEAN_UNITS),
        mean_brier_time_weighted=_mean(total.weighted_brier, total.timed, MEAN_UNITS),
        coverage=_mean(total.coverage, total.timed, MEAN_UNITS),
    )


def _mean(total: Decimal | int, count: int, units: int) -> float | None:
    """Of exact sums, so that it is the float64 nearest to the mean."""
    return int(total) / (count * units) if count else None


def _variance(total: Total) -> float | None:
    """Of the answers: what always saying the base rate would have earned."""
    spread = total.counted * int(total.happened_squared) - total.happened**2
    return spread / (total.counted * ANSWER_UNITS) ** 2 if total.counted else None


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
    more: int  # who forecast it and are not shown


# So many questions, and forecasters on each, as a page or a mail can show.
_MOST_COMPARED, _MOST_SHOWN = 10, 5


def compared() -> tuple[Compared, ...]:
    """Shared questions, the last due first, with each forecaster's last Brier score on it.

    Some of them where there are many: the best of those who forecast, on the last questions.
    """
    shared = (
        SeriesTotal.objects.filter(counted__gt=0)
        .values_list("question", "question__due_at", "question__key")
        .annotate(forecasters=Count("pk"))
        .filter(forecasters__gt=1)
        .order_by(F("question__due_at").desc(nulls_last=True), "question__key")
    )
    return tuple(_compared(question) for question, *_ in shared[:_MOST_COMPARED])


def _compared(question: UUID) -> Compared:
    last: dict[UUID, Score] = {}
    for score in (
        Score.objects.standing()
        .filter(rule=Rule.BRIER, prediction__question=question)
        .select_related("prediction__question", "prediction__forecaster")
        .order_by("prediction__made_at", "prediction__revision")
    ):
        last[score.prediction.forecaster_id] = score
    best = sorted(last.values(), key=lambda score: score.value)
    return Compared(
        best[0].prediction.question, tuple(best[:_MOST_SHOWN]), more=len(best[_MOST_SHOWN:])
    )
