"""What an address asks for: a scope, two forecasters, and how a picture is to look."""

import datetime as dt
import re
from collections.abc import Callable, Collection
from http import HTTPStatus
from typing import TypeVar

from django.http import QueryDict
from django.utils.http import urlencode

from predictions.charts import Theme, Width
from predictions.errors import Invalid, NotFound, PredictionsError
from predictions.scorecards import Horizon, Scope

Chosen = TypeVar("Chosen")

SCOPE = ("forecaster", "outlet", "topic", "horizon", "since", "until")
TWO = ("first", "second")
_KEYS = ("forecaster", "outlet", "topic")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_FIRST_YEAR = 1900
_WIDTHS = {"wide": Width.WIDE, "narrow": Width.NARROW}


def only(query: QueryDict, known: Collection[str]) -> None:
    """Raises Invalid for a parameter that is not known here, or given twice."""
    for name, values in query.lists():
        if name not in known:
            raise Invalid(name, f"is not a parameter here; leave it out, or use {_named(known)}")
        if len(values) > 1:
            raise Invalid(name, "is given more than once; give it once")


def scope(query: QueryDict) -> Scope:
    """What is not given or empty stays open. Raises Invalid, naming the parameter.

    Whether the keys are anybody's is for `scorecards` to say.
    """
    return Scope(
        forecaster=query.get("forecaster", ""),
        outlet=query.get("outlet", ""),
        topic=query.get("topic", ""),
        horizon=_one_of(query, "horizon", {each.value: each for each in Horizon}),
        since=_day(query, "since"),
        until=_day(query, "until"),
    )


def theme(query: QueryDict) -> Theme:
    return _one_of(query, "theme", {each.value: each for each in Theme}) or Theme.LIGHT


def width(query: QueryDict) -> Width:
    return _one_of(query, "width", _WIDTHS) or Width.WIDE


def two(query: QueryDict) -> tuple[str, str]:
    """Raises Invalid where one of them is missing."""
    first, second = (query.get(name, "") for name in TWO)
    for name, said in zip(TWO, (first, second), strict=True):
        if not said:
            raise Invalid(name, "is missing; give the key of a forecaster")
    return first, second


def found(read: Callable[[], Chosen]) -> Chosen:
    """What `read` finds. Raises NotFound for a key that nothing has, which may be one yet."""
    try:
        return read()
    except Invalid as error:
        if error.field in _KEYS:
            raise NotFound(str(error)) from error
        raise


def status(error: PredictionsError) -> HTTPStatus:
    return HTTPStatus.NOT_FOUND if isinstance(error, NotFound) else HTTPStatus.BAD_REQUEST


def query(scope: Scope) -> str:
    """The part of an address that asks for a scope; what is open is left out."""
    return urlencode({name: said for name in SCOPE if (said := getattr(scope, name))})


def _one_of(query: QueryDict, name: str, choices: dict[str, Chosen]) -> Chosen | None:
    said = query.get(name, "")
    if said and said not in choices:
        raise Invalid(name, f"{said[:50]!r} is not one of {_named(choices)}")
    return choices.get(said)


def _day(query: QueryDict, name: str) -> dt.date | None:
    said = query.get(name, "")
    if not said:
        return None
    try:
        day = dt.date.fromisoformat(said) if _DAY.fullmatch(said) else None
    except ValueError:
        day = None
    if day is None or day.year < _FIRST_YEAR:
        raise Invalid(name, f"{said[:50]!r} is not a day since {_FIRST_YEAR} such as 2023-06-25")
    return day


def _named(names: Collection[str]) -> str:
    return ", ".join(names) if names else "none"
