"""A scope as somebody asks for it, in an address or in a command."""

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

from predictions.errors import Invalid
from predictions.scorecards.scope import Horizon, Scope

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_FIRST_YEAR = 1900


def scope_asked(given: Mapping[str, Any]) -> Scope:
    """What is not given or empty stays open. Raises Invalid, naming the field.

    Whether the keys are anybody's is found when the scope is read.
    """
    return Scope(
        forecaster=given.get("forecaster", ""),
        outlet=given.get("outlet", ""),
        topic=given.get("topic", ""),
        horizon=_horizon(given.get("horizon", "")),
        since=_day("since", given.get("since", "")),
        until=_day("until", given.get("until", "")),
    )


def _horizon(said: str) -> Horizon | None:
    if said and said not in list(Horizon):
        raise Invalid("horizon", f"{said[:50]!r} is not one of {', '.join(Horizon)}")
    return Horizon(said) if said else None


def _day(field: str, said: str) -> dt.date | None:
    if not said:
        return None
    try:
        day = dt.date.fromisoformat(said) if _DAY.fullmatch(said) else None
    except ValueError:
        day = None
    if day is None or day.year < _FIRST_YEAR:
        raise Invalid(field, f"{said[:50]!r} is not a day since {_FIRST_YEAR} such as 2023-06-25")
    return day
