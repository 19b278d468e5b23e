"""The options by which commands say of which predictions they tell."""

import datetime as dt
from typing import Any

from django.core.management.base import CommandParser

from predictions.errors import Invalid
from predictions.scorecards import Horizon, Scope


def add_arguments(parser: CommandParser) -> None:
    parser.add_argument("--outlet", metavar="KEY", default="", help="published there")
    parser.add_argument("--topic", metavar="KEY", default="", help="on questions of it")
    parser.add_argument(
        "--horizon",
        metavar="H",
        default="",
        help=f"how far ahead from when they were made: {', '.join(Horizon)}",
    )
    parser.add_argument("--since", metavar="DAY", default="", help="made on that day or later")
    parser.add_argument("--until", metavar="DAY", default="", help="made on that day or earlier")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")


def scope_from(options: dict[str, Any], forecaster: str = "") -> Scope:
    """Raises Invalid, naming the option; whether there is such a key, the scorecard says."""
    return Scope(
        forecaster=forecaster,
        outlet=options["outlet"],
        topic=options["topic"],
        horizon=_horizon(options["horizon"]),
        since=_day("since", options["since"]),
        until=_day("until", options["until"]),
    )


def _horizon(given: str) -> Horizon | None:
    if given and given not in list(Horizon):
        raise Invalid("horizon", f"{given!r} is not known; give one of {', '.join(Horizon)}")
    return Horizon(given) if given else None


def _day(option: str, given: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(given) if given else None
    except ValueError:
        raise Invalid(option, f"{given!r} is not a day; write it as 2023-06-25") from None
