"""How figures and times are written for people, on pages and in mail alike."""

import datetime as dt
import textwrap
from decimal import Decimal

from django import template

from predictions.when import display

register = template.Library()


@register.filter
def percent(probability: Decimal | float | None) -> str:
    """0.95 → `95 %`; keeps what digits there are, up to a hundredth of a percent."""
    if probability is None:
        return "–"
    return f"{float(probability) * 100:.2f}".rstrip("0").rstrip(".") + " %"


@register.filter
def score(value: Decimal | float | None, places: int = 3) -> str:
    """A score or mean, to three places; a dash for none."""
    return "–" if value is None else f"{value:.{places}f}"


@register.filter
def when(moment: dt.datetime | None) -> str:
    """A date, or a time in UTC; a dash for none."""
    return display(moment) or "–"


@register.filter
def quotes(passages: list[dict[str, str]]) -> str:
    """The quotes of a prediction, each in quotation marks."""
    return " … ".join(f"“{passage['quote']}”" for passage in passages)


@register.filter
def wrapped(text: str, indent: int = 0) -> str:
    """Lines of at most 76 characters for plain-text mail, those after the first indented."""
    return textwrap.fill(
        str(text),
        width=76,
        initial_indent=" " * indent,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    ).lstrip()
