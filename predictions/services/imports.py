"""Recording a file of predictions: all of it or nothing, and a second time nothing."""

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from django.db import connection, transaction

from predictions.errors import Conflict, PredictionsError
from predictions.importing import Asked, Finding, Folded, Read, Row, fold
from predictions.models import Article, Forecaster, Prediction, Question, Topic, User
from predictions.models.choices import Basis, ForecasterKind, HorizonBasis, VoidReason
from predictions.services.import_plan import Part, Plan, plan
from predictions.services.outcomes import Verdict, outcomes_enter
from predictions.services.predictions import predictions_record
from predictions.services.questions import families_locked, questions_open
from predictions.services.sources import forecaster_record, topic_record

# How many predictions are recorded at a time, and thereby how much is held in memory.
_ROWS_A_BATCH = 2_000
_QUESTIONS_A_BATCH = 500
_AS_FOUND = "as in the source"


class ImportRefused(PredictionsError):
    """Nothing of a file was recorded. `problems` names each place and what is wrong there."""

    def __init__(self, problems: Sequence[Finding]) -> None:
        super().__init__(f"{len(problems)} problem(s); the first: {problems[0]}")
        self.problems = sorted(problems)


@dataclass(frozen=True)
class Imported:
    """How many of each an import recorded, or would record.

    Of the new predictions `late` were made after their question was settled, and `early` before it
    opened. `known` were recorded already.
    """

    topics: int
    forecasters: int
    questions: int
    predictions: int
    outcomes: int
    late: int
    early: int
    known: int
    warnings: tuple[Finding, ...]


def predictions_import(
    *,
    read: Read,
    by: User | None,
    judge: User | None = None,
    now: dt.datetime,
    dry_run: bool = False,
    agreed: str | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Imported:
    """Record what a file holds and the database does not; what is recorded stays as it is.

    All of it in one transaction. The outcomes are `judge`'s, if that is another. `progress` is told
    how many predictions of how many are recorded. Raises ImportRefused, with every problem that
    there is; Conflict, if what would be recorded is not what somebody has `agreed` to, by the
    digest of its preview.
    """
    folded = fold(read.rows, now=now, spoiled=read.spoiled)
    folded.problems.extend(read.problems)
    with transaction.atomic():
        if not dry_run:
            _take_turns()
            families_locked([asked.key for asked in folded.questions])
        made = _planned(folded)
        if agreed is not None and agreed != digest_of(made):
            raise Conflict("what would be recorded has changed since the preview; look at it again")
        if not dry_run:
            _record(made, by, judge or by, now, progress)
    return _counted(made)


@dataclass(frozen=True)
class Preview:
    """What an import would record, and the digest by which somebody agrees to just that."""

    imported: Imported
    questions: tuple[str, ...]
    forecasters: tuple[str, ...]
    digest: str


def predictions_preview(*, read: Read, now: dt.datetime) -> Preview:
    """What `predictions_import` would record now; raises ImportRefused as it does."""
    folded = fold(read.rows, now=now, spoiled=read.spoiled)
    folded.problems.extend(read.problems)
    made = _planned(folded)
    return Preview(
        imported=_counted(made),
        questions=tuple(part.asked.key for part in made.parts if part.recorded is None),
        forecasters=tuple(made.forecasters),
        digest=digest_of(made),
    )


def digest_of(made: Plan) -> str:
    """Of everything that a plan would record, and warns of."""
    parts = [
        (
            part.asked.key,
            part.recorded is None,
            [row.line for row in part.predictions],
            part.outcome,
            part.opened_at,
            part.settled_at,
        )
        for part in made.parts
    ]
    said = [made.topics, made.forecasters, parts, sorted(map(str, made.warnings))]
    return hashlib.sha256(json.dumps(said, default=str).encode()).hexdigest()


def _planned(folded: Folded) -> Plan:
    made = plan(folded)
    if made.problems:
        raise ImportRefused(made.problems)
    return made


def _take_turns() -> None:
    """Two imports at once would both find a row missing: the second waits, and finds it there."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('import predictions'))")


def _counted(made: Plan) -> Imported:
    timed = [
        (row.made_at, part.opened_at, part.settled_at)
        for part in made.parts
        for row in part.predictions
    ]
    return Imported(
        topics=len(made.topics),
        forecasters=len(made.forecasters),
        questions=sum(part.recorded is None for part in made.parts),
        predictions=len(timed),
        outcomes=sum(part.outcome for part in made.parts),
        late=sum(settled is not None and made_at >= settled for made_at, _, settled in timed),
        early=sum(made_at < opened for made_at, opened, _ in timed),
        known=made.known,
        warnings=tuple(sorted(made.warnings)),
    )


@dataclass(frozen=True)
class _Known:
    """What rows name: by its key, or address."""

    topics: dict[str, Topic]
    forecasters: dict[str, Forecaster]
    articles: dict[str, Article]


def _record(
    made: Plan,
    by: User | None,
    judge: User | None,
    now: dt.datetime,
    progress: Callable[[int, int], None],
) -> None:
    known = _named(made, by)
    done, total = 0, sum(len(part.predictions) for part in made.parts)
    for parts in _batches(made.parts):
        questions = _open(parts, known, by, now)
        for rows in _slices(parts):
            predictions = [_prediction(row, questions[row.question], known) for row in rows]
            predictions_record(predictions=predictions, by=by, now=now, as_found=True)
            done += len(rows)
            progress(done, total)
        outcomes = (part.asked for part in parts if part.outcome)
        verdicts = {questions[asked.key]: _verdict(asked) for asked in outcomes}
        outcomes_enter(verdicts=verdicts, by=judge, now=now, as_found=True)


def _named(made: Plan, by: User | None) -> _Known:
    """All topics and forecasters, those that are new after they were recorded."""
    for key in made.topics:
        topic_record(key=key, name=key, by=by)
    for key in made.forecasters:
        # Nothing says whether it is a person or a crowd: never guessed.
        forecaster_record(key=key, name=key, kind=ForecasterKind.UNKNOWN, by=by)
    return _Known(
        topics={topic.key: topic for topic in Topic.objects.all()},
        forecasters={forecaster.key: forecaster for forecaster in Forecaster.objects.all()},
        articles=made.articles,
    )


def _batches(parts: Sequence[Part]) -> Iterator[list[Part]]:
    batch: list[Part] = []
    rows = 0
    for part in parts:
        batch.append(part)
        rows += len(part.predictions)
        if rows >= _ROWS_A_BATCH or len(batch) >= _QUESTIONS_A_BATCH:
            yield batch
            batch, rows = [], 0
    if batch:
        yield batch


def _slices(parts: Sequence[Part]) -> Iterator[list[Row]]:
    """The new rows of these parts. There may be very many on one question."""
    rows = [row for part in parts for row in part.predictions]
    for start in range(0, len(rows), _ROWS_A_BATCH):
        yield rows[start : start + _ROWS_A_BATCH]


def _open(
    parts: Sequence[Part], known: _Known, by: User | None, now: dt.datetime
) -> dict[str, Question]:
    """All questions of these parts by their keys, those that are new after they were opened."""
    new = [_question(part.asked, known) for part in parts if part.recorded is None]
    questions_open(questions=new, by=by, now=now, as_found=True)
    recorded = [part.recorded for part in parts if part.recorded]
    return {question.key: question for question in (*new, *recorded)}


def _question(asked: Asked, known: _Known) -> Question:
    return Question(
        key=asked.key,
        text=asked.text,
        criteria=asked.criteria,
        topic=known.topics.get(asked.given("topic")),
        opened_at=asked.opened_at,
        due_at=asked.due_at,
        due_rule="" if asked.due_at else _AS_FOUND,
        horizon_basis=HorizonBasis.STATED,
    )


def _prediction(row: Row, question: Question, known: _Known) -> Prediction:
    return Prediction(
        question=question,
        forecaster=known.forecasters[row.forecaster],
        article=known.articles.get(row.article_url),
        made_at=row.made_at,
        probability=row.probability,
        basis=Basis.STATED,
        # No passage: the file does not say where in the article it stands.
        note=row.quote,
    )


def _verdict(asked: Asked) -> Verdict:
    told, settled_at = asked.given("outcome"), asked.settled_at
    assert settled_at is not None  # noqa: S101 -- else the plan has a problem, and stops
    if told == "void":
        return Verdict(None, settled_at, _AS_FOUND, void_reason=VoidReason.WITHDRAWN)
    return Verdict(told, settled_at, _AS_FOUND)
