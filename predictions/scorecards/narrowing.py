"""From a scope to rows: the filters that it means, and refusal of what it names wrongly."""

import datetime as dt

from django.db.models import F, Q, QuerySet

from predictions.errors import Invalid
from predictions.models import Forecaster, Outlet, Statement, Topic
from predictions.scorecards.scope import Horizon, Scope
from predictions.when import end_of

# Days from when a prediction was made to when its question closes: at most, in ascending order.
_REACH = {Horizon.WEEK: 7, Horizon.MONTH: 31, Horizon.QUARTER: 92, Horizon.YEAR: 366}
_CLOSES = "question__due_at"


def check(scope: Scope) -> None:
    """Raises Invalid, naming the field: a key that nothing has, an end before the beginning."""
    for field, model in (("forecaster", Forecaster), ("outlet", Outlet), ("topic", Topic)):
        key = getattr(scope, field)
        if key and not model._default_manager.filter(key=key).exists():
            raise Invalid(field, f"there is none with the key {key!r}; give one that is recorded")
    if scope.since and scope.until and scope.until < scope.since:
        raise Invalid("until", f"{scope.until} is before since, {scope.since}; give a later day")


def whose(scope: Scope) -> Q:
    """Whose predictions a scope names: by forecaster and outlet."""
    named = Q()
    if scope.forecaster:
        named &= Q(forecaster__key=scope.forecaster)
    if scope.outlet:
        named &= Q(article__outlet__key=scope.outlet)
    return named


def which(scope: Scope) -> Q:
    """Which predictions are looked at, whoever made them: by topic, horizon and period."""
    chosen = Q()
    if scope.topic:
        chosen &= Q(question__topic__key=scope.topic)
    if scope.horizon:
        chosen &= _as_far_ahead(scope.horizon)
    if scope.since:
        chosen &= Q(made_at__gte=dt.datetime.combine(scope.since, dt.time(), dt.UTC))
    if scope.until:
        chosen &= Q(made_at__lte=end_of(scope.until))
    return chosen


def statements(scope: Scope) -> QuerySet[Statement] | None:
    """Statements kept without a question; None where a topic or a horizon is asked for.

    They have neither. They are of the day on which their article was published.
    """
    if scope.topic or scope.horizon:
        return None
    found = Statement.objects.filter(whose(scope))
    if scope.since:
        found = found.filter(article__published_on__gte=scope.since)
    if scope.until:
        found = found.filter(article__published_on__lte=scope.until)
    return found


def _as_far_ahead(horizon: Horizon) -> Q:
    if horizon is Horizon.UNDATED:
        return Q(**{f"{_CLOSES}__isnull": True})
    ranges = list(_REACH)
    shorter = ranges[: ranges.index(horizon)] if horizon in _REACH else ranges
    chosen = Q(**{f"{_CLOSES}__isnull": False})
    if horizon in _REACH:
        chosen &= Q(**{f"{_CLOSES}__lte": F("made_at") + dt.timedelta(days=_REACH[horizon])})
    if shorter:
        chosen &= Q(**{f"{_CLOSES}__gt": F("made_at") + dt.timedelta(days=_REACH[shorter[-1]])})
    return chosen
