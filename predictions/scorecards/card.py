"""The scorecard: everything that can fairly be said of the predictions of a scope."""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any
from uuid import UUID

import numpy as np
from django.db.models import Count
from numpy.typing import NDArray

from predictions.models import Question
from predictions.models.choices import QuestionKind, Rule, StatementKind
from predictions.reckoning import State
from predictions.scorecards import calls, lines, measures, narrowing, others
from predictions.scorecards.calls import Call
from predictions.scorecards.lines import Lines
from predictions.scorecards.others import MIN_QUESTIONS, Against, Rank
from predictions.scorecards.scope import Scope
from predictions.scoring import binary, bootstrap, summary
from predictions.scoring.calibration import Calibration, calibration
from predictions.scoring.decomposition import Corp, Murphy, corp, murphy
from predictions.scoring.histogram import Histogram, histogram

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

SEED = 1
DAYS = "days"
TENTHS = tuple(part / 10 for part in range(11))


@dataclass(frozen=True)
class Mean:
    """A mean, and its 95 % interval by bootstrap over questions; None with fewer than two."""

    value: float
    interval: tuple[float, float] | None


@dataclass(frozen=True)
class Counts:
    """Predictions by state, which add up to `predictions`, and the questions they are on.

    `scored_questions` are those of yes or no with a scored prediction: what the figures rest on.
    Statements without a question have neither topic nor horizon: None where one is asked for.
    """

    predictions: int
    open: int
    scored: int
    late: int
    void: int
    questions: int
    scored_questions: int
    unscorable: int | None
    abstained: int | None


@dataclass(frozen=True)
class Means:
    """Means over scored predictions on questions of yes or no; losses but for the last two.

    `brier`, `brier_best`, `brier_worst`, `log` (clipped to [0.01, 0.99]) and `spherical` count each
    prediction once. `baseline` and `peer` are means over the series of revisions, in points, more
    is better; `peer` over those on questions that others forecast too.
    """

    brier: Mean | None
    brier_best: Mean | None
    brier_worst: Mean | None
    log: Mean | None
    spherical: Mean | None
    baseline: Mean | None
    peer: Mean | None


@dataclass(frozen=True)
class OtherMean:
    """The mean score under one rule of predictions on questions that are not of yes or no.

    `unit` is what the CRPS is in, that of the questions, for dates days: figures in different units
    have no common mean. Empty for the other rules, which are of options.
    """

    rule: str
    unit: str
    scored: int
    mean: Mean


@dataclass(frozen=True)
class Card:
    """What is said of the predictions of a scope; figures are None where nothing bears them.

    All but `counts` and `other_kinds` are of scored predictions on questions of yes or no. Where
    `small_sample`, there are fewer than `MIN_QUESTIONS` such questions: `rank`, which is given of a
    single forecaster alone, is then None, and nothing else should be made much of.
    """

    scope: Scope
    counts: Counts
    small_sample: bool
    means: Means
    other_kinds: tuple[OtherMean, ...]
    base_rate: float | None
    skill: float | None
    against_others: Against
    rank: Rank | None
    over_time: measures.OverTime
    murphy: Murphy | None
    corp: Corp | None
    calibration: Calibration | None
    sharpness: float | None
    hit_rate: float | None
    vagueness_rate: float | None
    distribution: Histogram
    best: tuple[Call, ...]
    worst: tuple[Call, ...]

    def as_json(self) -> dict[str, Any]:
        """Plain objects, lists, strings and numbers."""
        plain: dict[str, Any] = _plain(self)
        return plain


def scorecard(scope: Scope, *, seed: int = SEED) -> Card:
    """The card of a scope; `seed` is what intervals and the calibration's band are drawn by.

    In a fixed number of statements. Raises Invalid, naming the field of the scope.
    """
    found = lines.read(scope)
    everyone = found.settled()
    own = found.where(found.own)
    scored = everyone.where(everyone.own)
    counts = _counts(own, scored, scope)
    p, o = scored["p"], scored["o"]
    parts = murphy(p, o)
    best, worst = calls.best_and_worst(scored)
    return Card(
        scope=scope,
        counts=counts,
        small_sample=counts.scored_questions < MIN_QUESTIONS,
        means=_means(scored, measures.points(everyone), seed),
        other_kinds=_other_kinds(own, seed),
        base_rate=summary.mean(o),
        skill=parts.skill if parts else None,
        against_others=others.against(everyone),
        rank=others.rank(everyone, int(scored.forecaster[0])) if _is_one(scope, scored) else None,
        over_time=measures.over_time(scored),
        murphy=parts,
        corp=corp(p, o),
        calibration=calibration(p, o, seed=seed, questions=scored.question),
        sharpness=summary.sharpness(p),
        hit_rate=summary.hit_rate(p, o),
        vagueness_rate=None
        if counts.unscorable is None
        else summary.vagueness_rate(counts.predictions, counts.unscorable),
        distribution=histogram(scored["brier"], TENTHS),
        best=best,
        worst=worst,
    )


def calibration_of(scope: Scope) -> Calibration | None:
    """What a card of the scope says of calibration, without the rest of the card."""
    found = lines.read(scope)
    settled = found.settled()
    scored = settled.where(settled.own)
    return calibration(scored["p"], scored["o"], seed=SEED, questions=scored.question)


def _is_one(scope: Scope, scored: Lines) -> bool:
    """Whether the card is of all that a single forecaster said, who can be ranked for it."""
    return bool(scope.forecaster) and not scope.outlet and len(scored) > 0


def _counts(own: Lines, scored: Lines, scope: Scope) -> Counts:
    states = {state: int(np.count_nonzero(own.is_in(state))) for state in State}
    said = narrowing.statements(scope)
    kinds = None if said is None else Counter(dict(said.values_list("kind").annotate(Count("pk"))))
    return Counts(
        predictions=len(own),
        open=states[State.OPEN],
        scored=states[State.SCORED],
        late=states[State.LATE],
        void=states[State.VOID],
        questions=np.unique(own.question).size,
        scored_questions=np.unique(scored.question).size,
        unscorable=None if kinds is None else kinds[StatementKind.UNSCORABLE],
        abstained=None if kinds is None else kinds[StatementKind.ABSTAINED],
    )


def _means(scored: Lines, points: measures.Points, seed: int) -> Means:
    spherical = binary.spherical(scored["p"], scored["o"])
    posted = [scored[name] for name in ("brier", "brier_best", "brier_worst", "log")]
    brier, best, worst, log, round_ = _estimates([*posted, spherical], scored.question, seed)
    [said] = _estimates([points.baseline], points.question, seed)
    shared = points.shared
    [more] = _estimates([points.peer[shared]], points.question[shared], seed)
    return Means(brier, best, worst, log, round_, baseline=said, peer=more)


def _other_kinds(own: Lines, seed: int) -> tuple[OtherMean, ...]:
    found = own.where(own.is_in(State.SCORED) & ~own.binary)
    units = _units(found)
    return tuple(
        OtherMean(rule, unit, len(scored), mean)
        for rule in Rule.values
        for unit in sorted(set(units.tolist()))
        for scored in [found.where(~np.isnan(found[rule]) & (units == unit))]
        for mean in _estimates([scored[rule]], scored.question, seed)
        if mean
    )


def _units(found: Lines) -> NDArray[np.str_]:
    """In what each row is scored."""
    asked = [found.questions[place] for place in np.unique(found.question)]
    rows = Question.objects.filter(pk__in=asked).order_by().values_list("pk", "kind", "unit")
    units = {key: DAYS if kind == QuestionKind.DATE else unit for key, kind, unit in rows}
    return np.array([units[found.questions[place]] for place in found.question], np.str_)


def _estimates(figures: Sequence[Floats], questions: Integers, seed: int) -> list[Mean | None]:
    """The means of figures of the same predictions, from one resampling."""
    table = np.column_stack(figures)
    if not len(table):
        return [None] * len(figures)
    resamples = bootstrap.affordable(np.unique(questions).size)
    intervals = bootstrap.bootstrap_means(table, questions, seed=seed, resamples=resamples)
    return [
        Mean(float(table[:, place].mean()), intervals[place] if intervals else None)
        for place in range(len(figures))
    ]


def _plain(value: Any) -> Any:
    match value:
        case np.ndarray():
            return value.tolist()
        case dt.date():
            return value.isoformat()
        case UUID():
            return str(value)
        case tuple():
            return [_plain(each) for each in value]
        case _ if is_dataclass(value):
            return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
        case _:
            return value
