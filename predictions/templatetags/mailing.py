"""What a report says in words, the same in its two forms. Days are those of the reader's calendar.

A calendar is `predictions.mail.reporting.Calendar`.
"""

import datetime as dt
from typing import TYPE_CHECKING

from django import template
from django.contrib.humanize.templatetags.humanize import ordinal

from predictions.models import Prediction
from predictions.templatetags.figures import rule_name, score, signed

if TYPE_CHECKING:  # which renders templates that load this
    from predictions.charts import Table
    from predictions.mail.reporting import Calendar, Content
    from predictions.mail.reporting.blocks import Line
    from predictions.mail.reporting.standings import Standing

register = template.Library()

_COLUMN = 18


@register.filter
def on(moment: dt.datetime | None, calendar: "Calendar") -> str:
    """`23 November 2026`, or as the reader's language has it."""
    return calendar.day(moment)


@register.filter
def plural(number: int, noun: str) -> str:
    """`1 outcome`, `1,200 outcomes`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


@register.filter
def earned(line: "Line") -> str:
    """`Brier 0.010 (0.00 to 0.02), log 0.11`: the range is that of the words."""
    of = line.score
    words = f"{rule_name(of.rule)} {score(of.value)}"
    if of.best != of.worst:
        words += f" ({score(of.best, 2)} to {score(of.worst, 2)})"
    return f"{words}, log {score(line.log.value, 2)}" if line.log else words


@register.filter
def place(prediction: Prediction, calendar: "Calendar") -> str:
    """Where it was said: `The almanac, The Sun, 31 January 2026`; empty if no article is known."""
    article = prediction.article
    if article is None:
        return ""
    outlet = [article.outlet.name] if article.outlet else []
    return ", ".join([article.title, *outlet, calendar.date(article.published_on)])


@register.filter
def details(standing: "Standing", report: "Content") -> list[str]:
    """What is to be known of a mean, and what has moved since the last report, if there was one."""
    now = standing.now
    few = "too few questions for a rank"
    return [
        f"{ordinal(now.rank)} of {report.standings.ranked}" if now.rank else few,
        *(_moved(standing) if report.since else []),
        f"95 %: {score(standing.interval[0], 2)} to {score(standing.interval[1], 2)}"
        if standing.interval
        else "no interval yet",
        f"{plural(standing.predictions, 'prediction')} on {plural(now.questions, 'question')}",
        f"the words allow {score(standing.low, 2)} to {score(standing.high, 2)}",
        f"log {score(standing.log, 2)}",
        *([f"{standing.vague} vague"] if standing.vague else []),
    ]


def _moved(standing: "Standing") -> list[str]:
    then, now = standing.then, standing.now
    if then is None:
        return ["new here"]
    if then == now:
        return ["as before"]
    rank = [f"{ordinal(then.rank)} before"] if then.rank and then.rank != now.rank else []
    return [*rank, f"{signed(standing.change)} since {score(then.mean)}"]


@register.filter
def columns(table: "Table") -> str:
    """A table in letters of one width."""
    return "\n".join(
        "  " + "".join(f"{cell:>{_COLUMN}}" for cell in row).replace("\N{NO-BREAK SPACE}", " ")
        for row in (table.headers, *table.rows)
    )
