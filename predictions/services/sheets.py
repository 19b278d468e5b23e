"""An article with all that it forecasts, recorded as one: everything, or nothing at all."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.db import transaction

from predictions.errors import Conflict, Denied, Invalid
from predictions.models import (
    Article,
    Forecaster,
    Outlet,
    Phrase,
    Prediction,
    Question,
    Statement,
    User,
)
from predictions.services.phrases import phrase_held
from predictions.services.predictions import prediction_record, statement_record
from predictions.services.questions import families_locked, question_open
from predictions.services.sources import article_record, forecaster_record, outlet_record
from predictions.services.texts import article_text_keep

Row = Mapping[str, Any]
_Made = TypeVar("_Made")


@dataclass(frozen=True)
class Sheet:
    """What is to be recorded, each row as its own service takes it, but for `by` and `now`.

    A row may name a question or forecaster of the sheet by its key, in place of a recorded one;
    `article` is a recorded one, or a new one, whose outlet may be new as well: a key and a name.
    """

    article: Article | Row | None = None
    # To be kept beside the article, privately; "" keeps none.
    text: str = ""
    forecasters: Sequence[Row] = ()
    questions: Sequence[Row] = ()
    predictions: Sequence[Row] = ()
    statements: Sequence[Row] = ()


@dataclass
class Recorded:
    article: Article | None = None
    forecasters: list[Forecaster] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    predictions: list[Prediction] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)


class RowRefused(Invalid):
    """A row of a sheet is not acceptable: of which part, and which, counted from 0."""

    def __init__(self, part: str, number: int, error: Invalid | Conflict | Denied) -> None:
        refused = isinstance(error, Invalid)
        name, problem = (error.field, error.problem) if refused else ("", str(error))  # type: ignore[union-attr]
        super().__init__(name, problem)
        self.part, self.number = part, number


def sheet_record(
    *, sheet: Sheet, by: User | None, now: dt.datetime, dry_run: bool = False
) -> Recorded:
    """Record a whole sheet in one transaction; `dry_run` does all of it, and takes it back.

    Raises RowRefused, naming the first row that cannot be recorded and its field.
    """
    with transaction.atomic():
        _hold(sheet)
        done = Recorded(article=_article(sheet, by, now))
        done.forecasters = _each("forecasters", sheet.forecasters, _with(forecaster_record, by=by))
        known: dict[str, Any] = {row.key: row for row in done.forecasters}
        done.questions = _each("questions", sheet.questions, _with(question_open, by=by, now=now))
        asked: dict[str, Any] = {row.key: row for row in done.questions}
        about = {"article": done.article, "by": by, "now": now}
        predictions = [_linked(row, known, asked) for row in sheet.predictions]
        done.predictions = _each("predictions", predictions, _with(prediction_record, **about))
        statements = [_linked(row, known, asked) for row in sheet.statements]
        done.statements = _each("statements", statements, _with(statement_record, **about))
        if dry_run:
            transaction.set_rollback(True)
    return done


def _hold(sheet: Sheet) -> None:
    """Phrases first, then questions from their conditions down, as all do who lock several."""
    phrases: set[Phrase] = {row["phrase"] for row in sheet.predictions if row.get("phrase")}
    for phrase in sorted(phrases, key=lambda one: one.pk):
        phrase_held(phrase)
    named = [row["question"] for row in sheet.predictions]
    named += [row.get("condition_question") for row in sheet.questions]
    families_locked(sorted({one.key for one in named if isinstance(one, Question)}))


def _article(sheet: Sheet, by: User | None, now: dt.datetime) -> Article | None:
    article = sheet.article
    if isinstance(article, Mapping):
        [article] = _each("article", [article], lambda **row: _new_article(row, by))
    if article is not None and sheet.text:
        text = {"article": article, "text": sheet.text}
        _each("article", [text], _with(article_text_keep, now=now))
    return article


def _new_article(row: dict[str, Any], by: User | None) -> Article:
    outlet = row.pop("outlet", None)
    if outlet is not None and not isinstance(outlet, Outlet):
        try:
            outlet = outlet_record(**outlet, by=by)
        except Invalid as error:
            raise Invalid("outlet_new", error.problem) from error
    return article_record(**row, outlet=outlet, by=by)


def _linked(row: Row, forecasters: Row, questions: Row) -> dict[str, Any]:
    """The row with the recorded question and forecaster in place of their keys."""
    linked = dict(row)
    for name, made in (("forecaster", forecasters), ("question", questions)):
        if isinstance(row.get(name), str):
            linked[name] = made[row[name]]
    return linked


def _with(service: Callable[..., _Made], **given: Any) -> Callable[..., _Made]:
    return lambda **row: service(**row, **given)


def _each(part: str, rows: Iterable[Row], record: Callable[..., _Made]) -> list[_Made]:
    made = []
    for number, row in enumerate(rows):
        try:
            made.append(record(**row))
        except (Invalid, Conflict, Denied) as error:
            raise RowRefused(part, number, error) from error
    return made
