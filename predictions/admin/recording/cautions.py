"""What is no mistake but should be looked at before it is recorded."""

from collections.abc import Iterator
from typing import Any

from predictions import finding
from predictions.admin.recording.reader import Reader
from predictions.models import Article, Outcome, Prediction
from predictions.services.questions import outcomes_of
from predictions.services.sheets import Recorded, Sheet
from predictions.when import display, end_of


def cautions(sheet: Sheet, done: Recorded, reader: Reader) -> list[str]:
    return [
        *_of_article(sheet, reader),
        *(_not_compared(text, "questions") for text in reader.not_compared),
        *_of_forecasters(done),
        *_of_predictions(done),
    ]


def _not_compared(text: str, rows: str) -> str:
    return (
        f"“{text}” is a bit like very many {rows}: it was looked no further for one that is nearly "
        "the same. Search the list."
    )


def _of_article(sheet: Sheet, reader: Reader) -> Iterator[str]:
    rows = [*sheet.predictions, *sheet.statements]
    if reader.text is None and any(row["passages"] for row in rows):
        yield "The text is not at hand: the quotes and their places were not held against it."
    if isinstance(sheet.article, dict):
        yield from _recorded_before(sheet.article)


def _recorded_before(article: dict[str, Any]) -> Iterator[str]:
    same = Article.objects.filter(sha256=article["sha256"])
    for other in same[:3]:
        yield f"The same text is recorded already: {other} ({other.key})."
    if article["url"]:
        for other in Article.objects.filter(url=article["url"]).exclude(pk__in=same)[:3]:
            yield f"The same address is recorded already: {other} ({other.key})."


def _of_forecasters(done: Recorded) -> Iterator[str]:
    for new in done.forecasters:
        try:
            alike = finding.forecasters_like(new.name)
        except finding.TooManyAlike:
            yield _not_compared(new.name, "forecasters")
            continue
        for known, _ in alike:
            yield (
                f"{new.name} may be {known} ({known.key}), who is recorded already: if it is, "
                "name that key in the rows and leave the new forecaster out."
            )


def _of_predictions(done: Recorded) -> Iterator[str]:
    standing = outcomes_of({row.question_id for row in done.predictions})
    for row in done.predictions:
        named = f"{row.reference or 'The prediction'} on {row.question.key}"
        if done.article and row.made_at > end_of(done.article.published_on):
            yield f"{named} is dated after its article."
        if outcome := standing.get(row.question_id):
            yield _settled(named, row, outcome)
        if row.revision > 1:
            yield f"{named} revises an earlier one of {row.forecaster}, which stays."


def _settled(named: str, row: Prediction, outcome: Outcome) -> str:
    settled = f"its question was settled {display(outcome.settled_at)}: {outcome.verdict}"
    if outcome.is_void:
        return f"{named} will not be scored: {settled}."
    late = row.made_at >= outcome.settled_at
    return (
        f"{named} is late and will not be scored; {settled}."
        if late
        else (f"{named} will be scored at once; {settled}.")
    )
