"""Totals over predictions, as frozen records. Reads only."""

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
from django.db.models import Count
from numpy.typing import NDArray

from predictions.models import Forecaster, Prediction, Question, Score, Statement
from predictions.models.choices import Rule, StatementKind
from predictions.scoring import revisions, summary


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
class _Line:
    """A prediction as the totals see it; its scores are None unless it is scored."""

    forecaster: UUID
    question: UUID
    state: str
    happened: bool
    made: float
    opened: float
    closed: float
    brier: Decimal | None
    best: Decimal | None
    worst: Decimal | None
    log: Decimal | None


def scoreboard() -> Scoreboard:
    """The totals of all predictions, and of each forecaster's, the best mean Brier score first."""
    lines = _lines()
    statements = _statements()
    rows = [
        ForecasterTotals(
            forecaster=forecaster.key,
            name=str(forecaster),
            totals=_totals(
                [line for line in lines if line.forecaster == forecaster.pk],
                statements.get(forecaster.pk, Counter()),
            ),
        )
        for forecaster in Forecaster.objects.order_by("key")
    ]
    total = _totals(lines, sum(statements.values(), Counter()), Question.objects.count())
    return Scoreboard(total=total, forecasters=tuple(sorted(rows, key=_best_first)))


def _best_first(row: ForecasterTotals) -> tuple[bool, float, str]:
    mean = row.totals.mean_brier
    return mean is None, mean or 0.0, row.forecaster


def _lines() -> list[_Line]:
    """All predictions, in the order in which each forecaster made them.

    One statement, so that states and scores are of one moment, whatever is entered meanwhile.
    """
    return [
        _Line(
            forecaster=row.forecaster_id,
            question=row.question_id,
            state=row.state,
            happened=row.outcome_answer == "yes",
            made=row.made_at.timestamp(),
            opened=row.question.opened_at.timestamp(),
            closed=_closed(row),
            brier=row.brier,
            best=row.brier_best,
            worst=row.brier_worst,
            log=row.log,
        )
        for row in Prediction.objects.with_state()
        .with_scores()
        .select_related("question")
        .order_by("forecaster", "question", "made_at", "revision")
    ]


def _closed(row: Prediction) -> float:
    """When a prediction stopped counting: when the world decided, or when the question closed."""
    settled = row.outcome_settled_at
    if settled is None:
        return 0.0
    due = row.question.due_at
    return float((min(settled, due) if due else settled).timestamp())


def _statements() -> dict[UUID, Counter[str]]:
    counts: dict[UUID, Counter[str]] = {}
    for forecaster, kind, count in Statement.objects.values_list("forecaster", "kind").annotate(
        Count("pk")
    ):
        counts.setdefault(forecaster, Counter())[kind] = count
    return counts


def _totals(lines: list[_Line], statements: Counter[str], questions: int | None = None) -> Totals:
    states = Counter(line.state for line in lines)
    scored = [line for line in lines if line.state == "scored"]
    brier = _floats(scored, lambda line: line.brier)
    base_rate = summary.mean(_floats(scored, lambda line: line.happened))
    over_time = _over_time(scored)
    return Totals(
        predictions=len(lines),
        questions=len({line.question for line in lines}) if questions is None else questions,
        scored=states["scored"],
        late=states["late"],
        void=states["void"],
        open=states["open"],
        unscorable=statements[StatementKind.UNSCORABLE],
        abstained=statements[StatementKind.ABSTAINED],
        mean_brier=(mean_brier := summary.mean(brier)),
        mean_brier_low=summary.mean(_floats(scored, lambda line: line.best)),
        mean_brier_high=summary.mean(_floats(scored, lambda line: line.worst)),
        mean_brier_interval=summary.clustered_interval(
            brier, _numbered(line.question for line in scored)
        ),
        mean_log=summary.mean(_floats(scored, lambda line: line.log)),
        base_rate=base_rate,
        skill=summary.skill(mean_brier, base_rate),
        mean_brier_by_question=summary.mean_by_pair(
            brier, _numbered((line.forecaster, line.question) for line in scored)
        ),
        mean_brier_time_weighted=summary.mean(np.array([score for score, _ in over_time])),
        coverage=summary.mean(np.array([coverage for _, coverage in over_time])),
    )


def _floats(lines: list[_Line], figure: Callable[[_Line], object]) -> NDArray[np.float64]:
    return np.array([figure(line) for line in lines], dtype=np.float64)


def _numbered(keys: Iterable[object]) -> NDArray[np.int64]:
    """Keys as numbers, equal where the keys are."""
    numbers: dict[object, int] = {}
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.int64)


def _over_time(scored: list[_Line]) -> list[tuple[float, float]]:
    """(time-weighted Brier score, coverage) of each forecaster and question where time passed."""
    ends = {(line.forecaster, line.question): (line.opened, line.closed) for line in scored}
    opened, closed = np.array(list(ends.values()), dtype=np.float64).reshape(-1, 2).T
    weighed = revisions.time_weighted(
        _numbered((line.forecaster, line.question) for line in scored),
        _floats(scored, lambda line: line.made),
        _floats(scored, lambda line: line.brier),
        opened=opened,
        closed=closed,
    )
    return list(zip(weighed.score[weighed.valid], weighed.coverage[weighed.valid], strict=True))


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
