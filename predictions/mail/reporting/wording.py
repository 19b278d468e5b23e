"""A report's subject, and the sentence that it opens with."""

from django.contrib.humanize.templatetags.humanize import apnumber

from predictions.mail.periods import Span
from predictions.mail.reporting.blocks import Line, Told
from predictions.mail.reporting.content import Content
from predictions.mail.reporting.dates import Calendar
from predictions.models import Forecaster, Outlet, Topic
from predictions.templatetags.figures import rule_name, said, score
from predictions.templatetags.mailing import plural

About = Forecaster | Outlet | Topic | None


def subject(content: Content, *, about: About, calendar: Calendar, span: Span) -> str:
    """`Scored report on Ada, 16 November 2026 to 23 November 2026: 3 outcomes`."""
    # Never cut short: a name that was cut could not be found, were it to be erased.
    of = f" on {about}" if about else ""
    outcomes = plural(content.told.corrections.of + content.told.resolved.of, "outcome")
    if span.start is None:
        return f"Scored report{of}, everything so far: {outcomes}"
    days = f"{calendar.day(span.start)} to {calendar.day(span.end)}"
    return f"Scored report{of}, {days}: {outcomes}"


def opening(content: Content, *, about: About, calendar: Calendar) -> str:
    """The period in a sentence or two: what was resolved, who had the best call, what changed."""
    told = content.told
    count = told.resolved.of if content.since else told.answers
    sentences = [_resolved(count, told, about, so_far=content.since is None)]
    if content.since and told.corrections.of:
        sentences.append(_changed(told.corrections.of))
    if not count:
        sentences.append(_next(content, calendar))
    return " ".join(sentences)


def _resolved(count: int, told: Told, about: About, *, so_far: bool) -> str:
    which = _which(about, count)
    if not count:
        return f"No question{which} was resolved {'so far' if so_far else 'this time'}."
    verb = "was" if count == 1 else "were"
    if so_far:
        verb = "has been" if count == 1 else "have been"
    noun = "question" if count == 1 else "questions"
    what = f"{str(apnumber(count)).capitalize()} {noun}{which} {verb} resolved"
    for line in told.best.first(1):
        return f"{what}{' so far' if so_far else ''}; {_best(line, about)}."
    return f"{what}{' so far' if so_far else ''}."


def _which(about: About, count: int) -> str:
    match about:
        case Forecaster():
            return f" that {about} had forecast"
        case Outlet():
            return f" forecast in {about}"
        case Topic():
            return f" on {about}"
    return ""


def _best(line: Line, about: About) -> str:
    prediction = line.score.prediction
    whose = "the best call was" if isinstance(about, Forecaster) else f"{prediction.forecaster} had"
    told = f"{said(prediction)} on {prediction.question.key}, which came out"
    figure = f"{rule_name(line.score.rule)} {score(line.score.value)}"
    colon = "" if isinstance(about, Forecaster) else " the best call:"
    return f"{whose}{colon} {told} {line.score.outcome.verdict} ({figure})"


def _changed(count: int) -> str:
    if count == 1:
        return "One earlier answer has changed; that comes first."
    return f"{str(apnumber(count)).capitalize()} earlier answers have changed; they come first."


def _next(content: Content, calendar: Calendar) -> str:
    for question in content.due_next.first(1):
        return f"The next to fall due is {question.key}, on {calendar.day(question.review_at)}."
    return "Nothing is open with a date to come."
