"""Loads the data files through the services: all of them or nothing, and a second time nothing."""

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from ledger.parts import ERASED
from predictions import services
from predictions.errors import NotFound, PredictionsError
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
from seeds.forms import SeedError
from seeds.reading import Row, Seeds, read

FOLDER = Path(__file__).parent


@dataclass
class _Context:
    now: dt.datetime
    reviewer: User | None
    # The key of the row in hand, for errors.
    at: str = ""


@dataclass
class Loaded:
    """How many rows of each table were recorded, what the files now tell otherwise, and what they
    still tell of somebody who was erased."""

    recorded: Counter[str] = field(default_factory=Counter)
    differing: list[str] = field(default_factory=list)
    erased: list[str] = field(default_factory=list)


@transaction.atomic
def load(*, now: dt.datetime, reviewer: User | None = None, folder: Path = FOLDER) -> Loaded:
    """Record what the files hold and the database does not. What is recorded stays as it is.

    `reviewer` is reminded of the questions when they fall due. Raises seeds.forms.SeedError for a
    mistake in a file, before anything is written, and for what a service refuses; all or nothing.
    """
    _take_turns()
    seeds, context, loaded = read(folder), _Context(now, reviewer), Loaded()
    loaded.differing = _differing(seeds)
    loaded.erased = [f"article:{key}: byline" for key in sorted(_bylines_erased(seeds))]
    loaded.erased += [f"forecaster:{key}" for key in sorted(_erased(seeds))]
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
        try:
            loaded.recorded[table] = sum(1 for _ in load_table(seeds, context))
        except PredictionsError as error:
            raise SeedError(table, context.at, str(error)) from error
    return loaded


def _take_turns() -> None:
    """Two loaders at once would both find a row missing: the second waits, and finds it there."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('load seeds'))")


def _differing(seeds: Seeds) -> list[str]:
    """Columns of recorded rows, known by their keys, that the files tell otherwise."""
    tables: list[tuple[Any, dict[str, Row]]] = [
        (Topic, seeds.topics),
        (Outlet, seeds.outlets),
        (Article, seeds.articles),
        (Forecaster, seeds.forecasters),
        (Question, seeds.questions),
        (Event, seeds.events),
    ]
    told_otherwise = [
        f"{recorded.subject}: {column}"
        for recorded in Phrase.objects.current()
        for column, told in seeds.phrases.get((recorded.phrase, recorded.source), {}).items()
        if getattr(recorded, column) != told
    ]
    return told_otherwise + [
        f"{recorded._meta.model_name}:{recorded.key}: {column}"
        for model, rows in tables
        for recorded in model.objects.filter(key__in=rows)
        for column, told in rows[recorded.key].items()
        if isinstance(told, _PLAIN) and getattr(recorded, column) != told
        if not model._meta.get_field(column).is_relation
        if (column, getattr(recorded, column)) != ("byline", ERASED)
    ]


def _bylines_erased(seeds: Seeds) -> set[str]:
    """The articles whose byline the files still tell, after it was erased."""
    erased = Article.objects.filter(byline=ERASED).values_list("key", flat=True)
    return {key for key in erased if seeds.articles.get(key, {}).get("byline")}


def _erased(seeds: Seeds) -> set[str]:
    """The files' forecasters who were erased: what they are recorded to have said is there, under
    no name. Without this, every run would record them anew."""
    said = {**seeds.predictions, **seeds.statements}
    return {
        said[place]["forecaster"]
        for model in (Prediction, Statement)
        for place in model._default_manager.filter(
            forecaster__name=ERASED, forecaster__key__startswith=Forecaster.ERASED_KEY
        ).values_list("article__key", "reference")
        if place in said
    }


# What a file says in place; the rest are references to other rows.
_PLAIN = (str, int, dt.date)


def _missing(rows: dict[Any, Row], known: Collection[Any], context: _Context) -> Iterator[Row]:
    for key, row in rows.items():
        if key not in known:
            context.at = key if isinstance(key, str) else key[-1]
            yield dict(row)


def _keys(model: Any) -> set[str]:
    return set(model.objects.values_list("key", flat=True))


def _references(model: Any) -> set[tuple[str, str]]:
    return set(model.objects.values_list("article__key", "reference"))


def _load_phrases(seeds: Seeds, context: _Context) -> Iterator[object]:
    for row in _missing(
        seeds.phrases, set(Phrase.objects.values_list("phrase", "source")), context
    ):
        yield services.phrase_record(**row, by=None)


def _load_topics(seeds: Seeds, context: _Context) -> Iterator[object]:
    for row in _missing(seeds.topics, _keys(Topic), context):
        yield services.topic_record(**row, by=None)


def _load_outlets(seeds: Seeds, context: _Context) -> Iterator[object]:
    for row in _missing(seeds.outlets, _keys(Outlet), context):
        yield services.outlet_record(**row, by=None)


def _load_articles(seeds: Seeds, context: _Context) -> Iterator[object]:
    for row in _missing(seeds.articles, _keys(Article), context):
        outlet = Outlet.objects.get(key=row.pop("outlet")) if row["outlet"] else None
        yield services.article_record(**{**row, "outlet": outlet}, by=None)


def _load_forecasters(seeds: Seeds, context: _Context) -> Iterator[object]:
    for row in _missing(seeds.forecasters, _keys(Forecaster) | _erased(seeds), context):
        yield services.forecaster_record(**row, by=None)


def _load_questions(seeds: Seeds, context: _Context) -> Iterator[object]:
    for row in _missing(seeds.questions, _keys(Question), context):
        on = row["condition_question"]
        row["condition_question"] = Question.objects.get(key=on) if on else None
        row["topic"] = Topic.objects.get(key=row["topic"])
        yield services.question_open(**row, reviewer=context.reviewer, by=None, now=context.now)


def _said_in(row: Row) -> Row:
    row["article"] = Article.objects.get(key=row["article"])
    key = row["forecaster"]
    row["forecaster"] = Forecaster.objects.filter(key=key).first()
    if row["forecaster"] is None:
        raise NotFound(f"the forecaster {key!r} was erased; take this row out of the file")
    return row


def _load_predictions(seeds: Seeds, context: _Context) -> Iterator[object]:
    for row in _missing(seeds.predictions, _references(Prediction), context):
        row["question"] = Question.objects.get(key=row["question"])
        if row["phrase"]:
            phrase, source = row["phrase"]
            row["phrase"] = Phrase.objects.current().get(phrase=phrase, source=source)
        yield services.prediction_record(**_said_in(row), by=None, now=context.now)


def _load_statements(seeds: Seeds, context: _Context) -> Iterator[object]:
    for row in _missing(seeds.statements, _references(Statement), context):
        yield services.statement_record(**_said_in(row), by=None, now=context.now)


def _load_events(seeds: Seeds, context: _Context) -> Iterator[object]:
    for row in _missing(seeds.events, _keys(Event), context):
        row["bears_on"] = [
            Bears(Question.objects.get(key=question), bearing, note)
            for question, bearing, note in row["bears_on"]
        ]
        yield services.event_record(**row, by=None, now=context.now)


def _load_outcomes(seeds: Seeds, context: _Context) -> Iterator[object]:
    """Those of the files, and those that follow by themselves, for conditional questions."""
    for key, row in seeds.outcomes.items():
        context.at = key
        question = Question.objects.get(key=key)
        # Asked one by one: what was entered just now may have decided this one too.
        if not question.outcomes.exists():
            verdict = _verdict(row)
            yield from _following(
                services.outcome_enter(question=question, verdict=verdict, by=None, now=context.now)
            )
    # Of a database from before such questions became void by themselves.
    for question in Question.objects.open().filter(
        key__in=seeds.questions, condition_question__isnull=False
    ):
        context.at = question.key
        followed = services.condition_apply(question=question, now=context.now)
        if followed:
            yield from _following(followed)


def _verdict(row: Row) -> Verdict:
    return Verdict(
        answer=row["answer"],
        void_reason=row["void_reason"],
        settled_at=end_of(row["settled_on"]),
        rationale=row["rationale"],
        evidence=[Event.objects.get(key=event) for event in row["evidence"]],
    )


def _following(outcome: Outcome) -> Iterator[Outcome]:
    """An outcome, and all that followed from it by itself."""
    yield outcome
    for followed in outcome.consequences.all():
        yield from _following(followed)
