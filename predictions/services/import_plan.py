"""What of a file of predictions is new, and what speaks against recording it. Reads only."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from ledger.parts import ERASED
from predictions.importing import Asked, Finding, Folded, Row
from predictions.models import Article, Forecaster, Outcome, Prediction, Question, Topic
from predictions.models.choices import QuestionKind
from predictions.services.questions import outcomes_of
from predictions.when import display

_QUESTIONS_A_LOOK = 1_000
# (question, forecaster, made_at, probability, article): what tells a prediction from another.
_Same = tuple[str, str, dt.datetime, Any, UUID | None]


@dataclass
class Part:
    """What is new about one question: itself, if it is not recorded; predictions; its outcome.

    `settled_at` is when it was answered, by the recorded outcome or the file's; None: open or void.
    """

    asked: Asked
    recorded: Question | None
    predictions: list[Row]
    outcome: bool
    opened_at: dt.datetime
    settled_at: dt.datetime | None


@dataclass
class Plan:
    """What an import will record, in the file's order, and all there is to say about it."""

    parts: list[Part] = field(default_factory=list)
    topics: list[str] = field(default_factory=list)
    forecasters: list[str] = field(default_factory=list)
    articles: dict[str, Article] = field(default_factory=dict)
    # Predictions of the file that are recorded already.
    known: int = 0
    problems: list[Finding] = field(default_factory=list)
    warnings: list[Finding] = field(default_factory=list)


def plan(folded: Folded) -> Plan:
    """Hold a file against what is recorded, which always stands."""
    made = Plan(problems=list(folded.problems), warnings=list(folded.warnings))
    rows = [row for asked in folded.questions for row in asked.rows]
    made.articles = _articles(rows, made)
    erased = _erased(rows, made)
    for start in range(0, len(folded.questions), _QUESTIONS_A_LOOK):
        _look(folded.questions[start : start + _QUESTIONS_A_LOOK], erased, made)
    new = [row for part in made.parts for row in part.predictions]
    made.forecasters = _unknown(Forecaster, (row.forecaster for row in new))
    asked = (part.asked for part in made.parts if part.recorded is None)
    made.topics = _unknown(Topic, (one.given("topic") for one in asked))
    return made


def _look(questions: Sequence[Asked], erased: set[str], made: Plan) -> None:
    """A part for each question about which there is something new."""
    keys = [asked.key for asked in questions]
    recorded = {
        question.key: question
        for question in Question.objects.filter(key__in=keys).select_related("topic")
    }
    standing = outcomes_of(question.pk for question in recorded.values())
    reopened = _reopened(recorded.values())
    known = _known(keys)
    for asked in questions:
        question = recorded.get(asked.key)
        outcome = standing.get(question.pk) if question else None
        if question:
            made.warnings.extend(_kept(asked, question, outcome))
            made.problems.extend(_refused(asked, question, outcome, reopened))
        part = _part(asked, question, outcome, _new(asked, known, erased, made))
        if part.predictions or part.outcome:
            made.parts.append(part)


def _part(
    asked: Asked, question: Question | None, outcome: Outcome | None, predictions: list[Row]
) -> Part:
    told = asked.given("outcome")
    if outcome is not None:
        settled_at = None if outcome.is_void else outcome.settled_at
    else:
        settled_at = None if told == "void" else asked.settled_at
    return Part(
        asked=asked,
        recorded=question,
        predictions=predictions,
        outcome=bool(told) and outcome is None,
        opened_at=question.opened_at if question else asked.opened_at,
        settled_at=settled_at,
    )


def _known(keys: Sequence[str]) -> Counter[_Same]:
    """How often each prediction on these questions is recorded."""
    rows = Prediction.objects.filter(question__key__in=keys).order_by()
    return Counter(
        rows.values_list(
            "question__key", "forecaster__key", "made_at", "probability", "article_id"
        ).iterator()
    )


def _new(asked: Asked, known: Counter[_Same], erased: set[str], made: Plan) -> list[Row]:
    """The rows that are not recorded yet, once each."""
    new = []
    last: dict[str, tuple[_Same, int]] = {}
    for row in asked.rows:
        if row.forecaster in erased:
            continue
        same = _same(row, made.articles.get(row.article_url))
        before, line = last.get(row.forecaster, (None, 0))
        last[row.forecaster] = same, row.line
        if same == before:
            made.warnings.append(Finding(row.line, "", f"says what line {line} says; counted once"))
        elif known[same]:
            known[same] -= 1
            made.known += 1
        else:
            new.append(row)
    return new


def _same(row: Row, article: Article | None) -> _Same:
    where = article.pk if article else None
    return row.question, row.forecaster, row.made_at, row.probability, where


def _kept(asked: Asked, question: Question, outcome: Outcome | None) -> Iterator[Finding]:
    """Where a file tells of a recorded question otherwise: what is recorded stays."""
    stands = {
        "text": question.text,
        "criteria": question.criteria,
        "topic": question.topic.key if question.topic else "",
        "opened_at": question.opened_at,
        "due_at": question.due_at,
    }
    if outcome is not None and asked.given("outcome"):
        stands["resolved_at"] = outcome.settled_at
    for column, value in stands.items():
        told = asked.given(column)
        if told and told != value:
            shown = display(value) if isinstance(value, dt.datetime) else repr(value or "")
            message = f"{asked.key} is recorded with another: {shown}, which stays"
            yield Finding(asked.line_of(column), column, message)


def _refused(
    asked: Asked, question: Question, outcome: Outcome | None, reopened: set[UUID]
) -> Iterator[Finding]:
    line, told = asked.line_of("outcome"), asked.given("outcome")
    if question.kind != QuestionKind.BINARY:
        problem = f"{asked.key} is recorded as one that is not answered by yes or no"
        yield Finding(asked.rows[0].line, "question", problem)
    elif told and outcome is not None and told != (outcome.answer or "void"):
        problem = f"{told} for {asked.key}, which is recorded as {outcome.verdict}"
        yield Finding(line, "outcome", f"{problem}; correct that outcome instead")
    elif told and question.pk in reopened:
        problem = f"{asked.key} was opened again after an outcome; correct that one instead"
        yield Finding(line, "outcome", problem)


def _reopened(questions: Iterable[Question]) -> set[UUID]:
    last = Outcome.objects.latest_words().filter(question__in=list(questions), reopens=True)
    return set(last.values_list("question_id", flat=True))


def _articles(rows: Sequence[Row], made: Plan) -> dict[str, Article]:
    """The recorded articles by the addresses that rows name. Recording one takes its hash."""
    named = {row.article_url for row in rows if row.article_url}
    found: dict[str, list[Article]] = {}
    for article in Article.objects.filter(url__in=named):
        found.setdefault(article.url, []).append(article)
    for row in rows:
        count = len(found.get(row.article_url, ()))
        if row.article_url and count != 1:
            there = f"there are {count} articles" if count else "there is no article"
            problem = f"{there} with the address {row.article_url}; record it first, once"
            made.problems.append(Finding(row.line, "article_url", problem))
    return {url: articles[0] for url, articles in found.items()}


def _unknown(model: type[Forecaster] | type[Topic], keys: Iterable[str | None]) -> list[str]:
    """The keys of which there is no row yet, in their order."""
    named = dict.fromkeys(key for key in keys if key)
    known = set(model._default_manager.values_list("key", flat=True))
    return [key for key in named if key not in known]


def _erased(rows: Sequence[Row], made: Plan) -> set[str]:
    """The file's forecasters who were erased: what they said is all there, under no name.

    Without this, the same file imported again would bring their names back.
    """
    gone = list(Forecaster.objects.filter(name=ERASED, key__startswith=Forecaster.ERASED_KEY))
    if not gone:
        return set()
    said: dict[str, set[object]] = {}
    for row in rows:
        said.setdefault(row.forecaster, set()).add((row.question, row.made_at, row.probability))
    names = set()
    for forecaster in gone:
        theirs = set(forecaster.predictions.values_list("question__key", "made_at", "probability"))
        names |= {key for key in _unknown(Forecaster, said) if theirs and theirs <= said[key]}
    for key in sorted(names):
        line = min(row.line for row in rows if row.forecaster == key)
        told = f"{key} was erased, to go by what is recorded; left out: take the rows out"
        made.warnings.append(Finding(line, "forecaster", told))
    return names
