"""Loads the data files through the services: all of them or nothing, and a second time nothing."""

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import transaction

from predictions import services
from predictions.models import (
    Article,
    Event,
    Forecaster,
    Outcome,
    Outlet,
    Phrase,
    Prediction,
    Question,
    Statement,
    Topic,
    User,
)
from predictions.services.events import Bears
from predictions.services.outcomes import Verdict
from predictions.when import end_of
from seeds.reading import Row, Seeds, read

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class _Context:
    now: dt.datetime
    reviewer: User | None


@transaction.atomic
def load(*, now: dt.datetime, reviewer: User | None = None, folder: Path = FOLDER) -> Counter[str]:
    """Record what the files hold and the database does not; returns how many of each it recorded.

    `reviewer` is reminded of the questions when they fall due.

    Raises seeds.forms.SeedError for a mistake in a file, before anything is written.
    """
    seeds = read(folder)
    recorded: Counter[str] = Counter()
    for table, load_table in {
        "phrases": _load_phrases,
        "topics": _load_topics,
        "outlets": _load_outlets,
        "articles": _load_articles,
        "forecasters": _load_forecasters,
        "questions": _load_questions,
        "predictions": _load_predictions,
        "statements": _load_statements,
        "events": _load_events,
        "outcomes": _load_outcomes,
    }.items():
        recorded[table] = sum(1 for _ in load_table(seeds, _Context(now, reviewer)))
    return recorded


def _missing(rows: dict[Any, Row], known: Collection[Any]) -> Iterator[Row]:
    return (dict(row) for key, row in rows.items() if key not in known)


def _keys(model: Any) -> set[str]:
    return set(model.objects.values_list("key", flat=True))


def _references(model: Any) -> set[tuple[str, str]]:
    return set(model.objects.values_list("article__key", "reference"))


def _load_phrases(seeds: Seeds, context: _Context) -> Iterator[object]:
    for row in _missing(seeds.phrases, set(Phrase.objects.values_list("phrase", "source"))):
        yield services.phrase_record(**row, by=None)


def _load_topics(seeds: Seeds, context: _Context) -> Iterator[object]:
    for row in _missing(seeds.topics, _keys(Topic)):
        yield services.topic_record(**row, by=None)


def _load_outlets(seeds: Seeds, context: _Context) -> Iterator[object]:
    for row in _missing(seeds.outlets, _keys(Outlet)):
        yield services.outlet_record(**row, by=None)


def _load_articles(seeds: Seeds, context: _Context) -> Iterator[object]:
    for row in _missing(seeds.articles, _keys(Article)):
        outlet = Outlet.objects.get(key=row.pop("outlet")) if row["outlet"] else None
        yield services.article_record(**{**row, "outlet": outlet}, by=None)


def _load_forecasters(seeds: Seeds, context: _Context) -> Iterator[object]:
    for row in _missing(seeds.forecasters, _keys(Forecaster)):
        yield services.forecaster_record(**row, by=None)


def _load_questions(seeds: Seeds, context: _Context) -> Iterator[object]:
    for row in _missing(seeds.questions, _keys(Question)):
        on = row["condition_question"]
        row["condition_question"] = Question.objects.get(key=on) if on else None
        row["topic"] = Topic.objects.get(key=row["topic"])
        yield services.question_open(**row, reviewer=context.reviewer, by=None)


def _said_in(row: Row) -> Row:
    row["article"] = Article.objects.get(key=row["article"])
    row["forecaster"] = Forecaster.objects.get(key=row["forecaster"])
    return row


def _load_predictions(seeds: Seeds, context: _Context) -> Iterator[object]:
    for row in _missing(seeds.predictions, _references(Prediction)):
        row["question"] = Question.objects.get(key=row["question"])
        if row["phrase"]:
            phrase, source = row["phrase"]
            row["phrase"] = Phrase.objects.get(phrase=phrase, source=source)
        yield services.prediction_record(**_said_in(row), by=None, now=context.now)


def _load_statements(seeds: Seeds, context: _Context) -> Iterator[object]:
    for row in _missing(seeds.statements, _references(Statement)):
        yield services.statement_record(**_said_in(row), by=None, now=context.now)


def _load_events(seeds: Seeds, context: _Context) -> Iterator[object]:
    for row in _missing(seeds.events, _keys(Event)):
        row["bears_on"] = [
            Bears(Question.objects.get(key=question), bearing, note)
            for question, bearing, note in row["bears_on"]
        ]
        yield services.event_record(**row, by=None, now=context.now)


def _load_outcomes(seeds: Seeds, context: _Context) -> Iterator[object]:
    known = set(Outcome.objects.values_list("question__key", flat=True))
    for key, row in seeds.outcomes.items():
        if key not in known:
            yield services.outcome_enter(
                question=Question.objects.get(key=key),
                verdict=Verdict(
                    answer=row["answer"],
                    void_reason=row["void_reason"],
                    settled_at=end_of(row["settled_on"]),
                    rationale=row["rationale"],
                    evidence=[Event.objects.get(key=event) for event in row["evidence"]],
                ),
                by=None,
                now=context.now,
            )
