"""How figures and times are written for people, on pages and in mail alike."""

import datetime as dt
import textwrap
from decimal import Decimal

from django import template

from ledger.listing import COUNTED, shown_count
from predictions.models import Prediction
from predictions.models.choices import Rule
from predictions.when import display

register = template.Library()


@register.filter
def percent(probability: Decimal | float | None) -> str:
    """0.95 → `95 %`; keeps what digits there are, up to a hundredth of a percent."""
    if probability is None:
        return "–"
    return f"{float(probability) * 100:.2f}".rstrip("0").rstrip(".") + " %"


@register.filter
def up_to(count: int, most: int = COUNTED) -> str:
    """A count that stops at a bound: `12`, `over 1,000`."""
    return shown_count(count, most)


@register.filter
def said(prediction: Prediction, most: int = 5) -> str:
    """What was forecast: `95 % yes`, `rye 60 %, wheat 40 %`, or `10 %: 8, 50 %: 12.5 tonnes`.

    The likeliest options, and levels from the lowest: no more than `most` of them.
    """
    if prediction.distribution is not None:
        likeliest = sorted(prediction.distribution, key=lambda pair: pair[1], reverse=True)
        return _listed([f"{option} {percent(float(p))}" for option, p in likeliest], most)
    if prediction.quantiles is not None:
        unit = prediction.question.unit
        pairs = [f"{percent(float(level))}: {_short(at)}" for level, at in prediction.quantiles]
        return f"{_listed(pairs, most)} {unit}".strip()
    return f"{percent(prediction.probability)} yes"


def _listed(parts: list[str], most: int) -> str:
    more = f" and {len(parts) - most} more" if len(parts) > most else ""
    return ", ".join(parts[:most]) + more


def _short(value: str) -> str:
    """A number without the zeros at its end; a date as it is."""
    return value.rstrip("0").rstrip(".") if "." in value else value


@register.filter
def rule_name(rule: str) -> str:
    """A rule's short name in text: `Brier`, `RPS`."""
    return {Rule.BRIER: "Brier", Rule.LOG: "log"}.get(Rule(rule), rule.upper())


@register.filter
def score(value: Decimal | float | None, places: int = 3) -> str:
    """A score or mean, to three places; a dash for none."""
    # By way of float, as the commands do: one figure is written one way.
    return "–" if value is None else f"{float(value):.{places}f}"


@register.filter
def signed(change: Decimal | float, places: int = 3) -> str:
    """A change with its sign: `+0.200`, `−0.100`, `±0.000`."""
    written = score(abs(float(change)), places)
    if not float(written):
        return f"±{written}"
    return f"{'+' if change > 0 else '−'}{written}"


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
