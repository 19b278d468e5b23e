"""What an address asks for: two forecasters, and how a picture is to look; and nothing else.

A scope is read by `scorecards.scope_asked`.
"""

from collections.abc import Callable, Collection
from http import HTTPStatus
from typing import TypeVar

from django.http import QueryDict
from django.utils.http import urlencode

from predictions.charts import Theme, Width
from predictions.errors import Invalid, NotFound, PredictionsError
from predictions.scorecards import Scope

Chosen = TypeVar("Chosen")

SCOPE = ("forecaster", "outlet", "topic", "horizon", "since", "until")
TWO = ("first", "second")
_KEYS = ("forecaster", "outlet", "topic")
_WIDTHS = {"wide": Width.WIDE, "narrow": Width.NARROW}


def only(query: QueryDict, known: Collection[str]) -> None:
    """Raises Invalid for a parameter that is not known here, or given twice."""
    for name, values in query.lists():
        if name not in known:
            raise Invalid(name, f"is not a parameter here; leave it out, or use {_named(known)}")
        if len(values) > 1:
            raise Invalid(name, "is given more than once; give it once")


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


def _named(names: Collection[str]) -> str:
    return ", ".join(names) if names else "none"
