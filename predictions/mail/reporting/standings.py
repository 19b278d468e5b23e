"""Where forecasters stand, now and at the last report: from the postings, by entries.

A reversal carries the negated figures of what it reverses. So what was posted up to an entry adds
up to what stood then, whatever was corrected since.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import BooleanField, Count, ExpressionWrapper, Q, Value

from ledger import journal
from predictions.mail.reporting.some import Some
from predictions.mail.reporting.stretch import Stretch
from predictions.models import Forecaster, Score
from predictions.models.choices import QuestionKind, Rule, StatementKind
from predictions.models.totals import SCORE_UNITS
from predictions.scorecards import MIN_QUESTIONS, Scope
from predictions.scorecards.narrowing import statements
from predictions.scoring.clusters import interval_of_sums
from predictions.scoring.comparison import TIED

MOST = 15
_LAST = 2**62  # after every entry

# Sums of what was posted on yes or no, of each forecaster: over their series, which are clusters.
# `n` counts and `s` adds up, in billionths; `then` is what stood before the stretch.
_SUMS = """
WITH posted (prediction, rule, value, best, worst, reverses, earlier) AS ({posted}), series AS (
    SELECT p.forecaster_id AS who,
        sum(way) FILTER (WHERE rule = 'brier') AS n,
        sum(value) FILTER (WHERE rule = 'brier') * {units} AS s,
        sum(best) FILTER (WHERE rule = 'brier') * {units} AS best,
        sum(worst) FILTER (WHERE rule = 'brier') * {units} AS worst,
        sum(value) FILTER (WHERE rule = 'log') * {units} AS log,
        coalesce(sum(way) FILTER (WHERE rule = 'brier' AND earlier), 0) AS n_then,
        coalesce(sum(value) FILTER (WHERE rule = 'brier' AND earlier), 0) * {units} AS s_then
    FROM (SELECT *, CASE WHEN reverses IS NULL THEN 1 ELSE -1 END AS way FROM posted) posted
    JOIN predictions_prediction p ON p.id = posted.prediction
    GROUP BY p.forecaster_id, p.question_id)
SELECT who, sum(n)::bigint, sum(s)::numeric(38), sum(best)::numeric(38), sum(worst)::numeric(38),
    sum(log)::numeric(38), count(*) FILTER (WHERE n > 0), sum(n * n)::numeric(38),
    sum(n * s)::numeric(38), sum(s * s)::numeric(38),
    sum(n_then)::bigint, sum(s_then)::numeric(38), count(*) FILTER (WHERE n_then > 0)
FROM series GROUP BY who HAVING sum(n) > 0
"""


@dataclass(frozen=True)
class Place:
    """A mean Brier score, over how many questions, and its rank; None below `MIN_QUESTIONS`."""

    mean: float
    questions: int
    rank: int | None


@dataclass(frozen=True)
class Standing:
    """A forecaster's mean scores on yes or no: losses, lower is better.

    `interval` is 95 %, clustered by question; `low` to `high` is the range that words of
    probability allow. `then` is how it stood at the last report; None if nothing was scored.
    `vague` are statements that could not be scored; None where a topic is asked for.
    """

    forecaster: Forecaster
    now: Place
    then: Place | None
    predictions: int
    interval: tuple[float, float] | None
    low: float
    high: float
    log: float
    vague: int | None

    @property
    def change(self) -> float:
        """Of the mean, since then; below 0 it became better."""
        return self.now.mean - self.then.mean if self.then else 0.0


@dataclass(frozen=True)
class Standings:
    """The best first: those with a rank, and then the others. `ranked` have one."""

    rows: Some[Standing]
    ranked: int


@dataclass(frozen=True)
class _Sums:
    """As the statement has them."""

    who: UUID
    n: int
    s: int
    best: int
    worst: int
    log: int
    questions: int
    sizes: int
    products: int
    squares: int
    n_then: int
    s_then: int
    questions_then: int


def standings_of(stretch: Stretch) -> Standings:
    """Of everybody in the scope. Of a single forecaster: among all, theirs before the others."""
    mine = stretch.scope.forecaster
    everybody = replace(stretch, scope=replace(stretch.scope, forecaster=""))
    sums = _sums(everybody)
    now, then = _places(sums, _NOW), _places(sums, _THEN)
    own = set(Forecaster.objects.filter(key=mine).values_list("pk", flat=True)) if mine else set()
    best_first = sorted(sums, key=lambda one: (one.who not in own, _order(now[one.who]), one.who))
    shown = best_first[:MOST]
    people = Forecaster.objects.in_bulk([one.who for one in shown])
    vague = _vague(everybody.scope, list(people))
    rows = tuple(
        _standing(one, people[one.who], now[one.who], then.get(one.who), vague) for one in shown
    )
    ranked = sum(1 for place in now.values() if place.rank is not None)
    return Standings(Some(rows, len(sums)), ranked)


def _sums(stretch: Stretch) -> list[_Sums]:
    """As it was when the stretch ended, whatever is posted meanwhile."""
    later = journal.appended(after=stretch.until, until=_LAST).values("uuid")
    before: Any = Value(False)
    if stretch.after:
        new = stretch.entries().values("uuid")
        before = ExpressionWrapper(~Q(entry__in=new), output_field=BooleanField())
    posted = (
        Score.objects.filter(stretch.of_scope(), rule__in=(Rule.BRIER, Rule.LOG))
        .filter(prediction__question__kind=QuestionKind.BINARY)
        .exclude(entry__in=later)
        .annotate(earlier=before)
        .order_by()
        .values_list("prediction", "rule", "value", "best", "worst", "reverses", "earlier")
    )
    sql, values = posted.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(_SUMS.format(posted=sql, units=SCORE_UNITS), values)
        return [_Sums(row[0], *map(int, row[1:])) for row in cursor]


_NOW = attrgetter("n", "s", "questions")
_THEN = attrgetter("n_then", "s_then", "questions_then")


def _places(
    sums: Iterable[_Sums], figures: Callable[[_Sums], tuple[int, int, int]]
) -> dict[UUID, Place]:
    """Of those who had something scored. Equal ones share the better rank."""
    scored = [(one.who, *figures(one)) for one in sums if figures(one)[0]]
    means = {who: total / (count * SCORE_UNITS) for who, count, total, _ in scored}
    ranked = sorted(means[who] for who, _, _, asked in scored if asked >= MIN_QUESTIONS)
    return {
        who: Place(
            means[who],
            asked,
            1 + bisect_left(ranked, means[who] - TIED) if asked >= MIN_QUESTIONS else None,
        )
        for who, _, _, asked in scored
    }


def _order(place: Place) -> tuple[bool, float]:
    return place.rank is None, place.mean


def _vague(scope: Scope, people: list[UUID]) -> dict[UUID, int] | None:
    found = statements(scope)
    if found is None:
        return None
    found = found.filter(forecaster__in=people, kind=StatementKind.UNSCORABLE).order_by()
    return dict(found.values_list("forecaster").annotate(Count("pk")))


def _standing(
    sums: _Sums,
    forecaster: Forecaster,
    now: Place,
    then: Place | None,
    vague: Mapping[UUID, int] | None,
) -> Standing:
    low, high, log = (total / (sums.n * SCORE_UNITS) for total in (sums.best, sums.worst, sums.log))
    return Standing(
        forecaster=forecaster,
        now=now,
        then=then,
        predictions=sums.n,
        interval=interval_of_sums(
            count=sums.n,
            total=sums.s,
            clusters=sums.questions,
            sizes=sums.sizes,
            products=sums.products,
            squares=sums.squares,
            units=SCORE_UNITS,
        ),
        low=low,
        high=high,
        log=log,
        vague=None if vague is None else vague.get(sums.who, 0),
    )
