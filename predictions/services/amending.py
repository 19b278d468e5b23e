"""Amending what is recorded: nothing is edited in silence.

Each takes `changes`, new values by the names of columns, and a `reason`; the rest stays. An entry
`<table>.amended` says the row as it then stands, why, and which entry said it before. `shown` is
the entry of the row as whoever amends saw it: if the row changed since, they are told.

All raise Conflict if it did, and Invalid (naming the field) for no reason, for no change, for what
can never be amended, and for what could not have been recorded.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from uuid import UUID

from django.db import transaction

from predictions.checks import clean_text
from predictions.errors import Conflict, Invalid, NotFound
from predictions.history.changes import change_since
from predictions.models import (
    Article,
    Bearing,
    Event,
    Fact,
    Forecaster,
    Outcome,
    Outlet,
    Prediction,
    Question,
    Statement,
    Topic,
    User,
)
from predictions.services.events import event_check
from predictions.services.eyes import refuse_judge
from predictions.services.kinds import said_check
from predictions.services.posting import post
from predictions.services.predictions import check_made, check_newest, checked_passages
from predictions.services.questions import check_due, first_review, question_locked
from predictions.services.scores import scores_settle, scores_take_back
from predictions.when import end_of

Row = TypeVar("Row", bound=Fact)
Changes = Mapping[str, Any]

AMENDABLE: dict[type[Fact], tuple[str, ...]] = {
    Topic: ("name",),
    Outlet: ("name",),
    Article: ("title", "title_basis", "outlet", "byline", "published_on", "date_basis", "url"),
    Forecaster: ("name", "kind", "note"),
    Question: (
        "text",
        "criteria",
        "notes",
        "topic",
        "due_at",
        "due_rule",
        "horizon_basis",
        "horizon_note",
        "condition",
        "reviewer",
        "review_every_days",
    ),
    Prediction: (
        "reference",
        "made_at",
        "passages",
        "hedge",
        "side",
        "probability",
        "distribution",
        "quantiles",
        "low",
        "high",
        "basis",
        "phrase",
        "basis_note",
        "horizon_note",
        "note",
    ),
    Statement: ("reference", "kind", "reason", "passages", "hedge", "note"),
    Event: ("title", "happened_on", "text", "sources"),
    Bearing: ("bearing", "note"),
}
LONGEST_REASON = 1_000
_READ_OFF = ("probability", "low", "high")


@transaction.atomic
def topic_amend(
    *, topic: Topic, changes: Changes, reason: str, by: User | None, shown: UUID | None = None
) -> Topic:
    return _amend(_held(topic), changes, reason, by, shown)


@transaction.atomic
def outlet_amend(
    *, outlet: Outlet, changes: Changes, reason: str, by: User | None, shown: UUID | None = None
) -> Outlet:
    return _amend(_held(outlet), changes, reason, by, shown)


@transaction.atomic
def article_amend(
    *, article: Article, changes: Changes, reason: str, by: User | None, shown: UUID | None = None
) -> Article:
    """Its text is known by its hash, which stays: another text is another article."""
    return _amend(_held(article), changes, reason, by, shown)


@transaction.atomic
def forecaster_amend(
    *,
    forecaster: Forecaster,
    changes: Changes,
    reason: str,
    by: User | None,
    shown: UUID | None = None,
) -> Forecaster:
    return _amend(_held(forecaster), changes, reason, by, shown)


@transaction.atomic
def question_amend(
    *,
    question: Question,
    changes: Changes,
    reason: str,
    by: User | None,
    now: dt.datetime,
    shown: UUID | None = None,
) -> Question:
    """A due date or review interval that changes moves the next review of an open question.

    Its due version moves on then, so its reviewer is reminded anew.
    """
    held = question_locked(question)
    due = held.due_at, held.review_every_days
    _change(held, changes, reason, shown)
    check_due(held, as_found=held.due_at == due[0])
    if held.reviewer is not None and not held.reviewer.is_active:
        raise Invalid("reviewer", f"{held.reviewer} is not active; name somebody who is")
    if (held.due_at, held.review_every_days) != due:
        # By the day, so that what was seen a minute ago is what is done.
        review_at = first_review(end_of(now.date()), held.due_at, held.review_every_days)
        if held.outcome is None:
            held.review_at, held.due_version = review_at, held.due_version + 1
    post(kind="question.amended", by=by, rows=[held], why=reason)
    # How long a prediction stood, in the totals, ends at the due date.
    if held.due_at != due[0]:
        scores_settle(questions=[held.pk], by=by, now=now)
    return held


@transaction.atomic
def prediction_amend(
    *,
    prediction: Prediction,
    changes: Changes,
    reason: str,
    by: User | None,
    now: dt.datetime,
    shown: UUID | None = None,
) -> Prediction:
    """Put right what was written down wrongly; what the forecaster said later is a new prediction.

    Another `phrase` is read as the lexicon reads it, unless figures are given. On a settled
    question the scores are reversed and posted anew; Denied by the four-eyes rule (`eyes`).
    """
    # A phrase is held before any question.
    if (phrase := changes.get("phrase")) and phrase.pk != prediction.phrase_id:
        check_newest(phrase)
    question = question_locked(prediction.question)
    held = _of_forecaster(_held(prediction))
    held.question = question
    standing = question.outcome
    refuse_judge(question=question, standing=standing, by=by)
    if phrase and phrase.pk != held.phrase_id:
        changes = {**dict.fromkeys(_READ_OFF), **changes}
    _change(held, changes, reason, shown, settle=_said_anew)
    check_made(held.made_at, now)
    if standing and held.made_at >= standing.settled_at:
        scores_take_back(prediction=held, by=by, now=now)
    post(kind="prediction.amended", by=by, rows=[held], why=reason)
    scores_settle(questions=[question.pk], forecaster=held.forecaster_id, by=by, now=now)
    return held


@transaction.atomic
def statement_amend(
    *,
    statement: Statement,
    changes: Changes,
    reason: str,
    by: User | None,
    shown: UUID | None = None,
) -> Statement:
    return _amend(_of_forecaster(_held(statement)), changes, reason, by, shown)


@transaction.atomic
def event_amend(
    *,
    event: Event,
    changes: Changes,
    reason: str,
    by: User | None,
    now: dt.datetime,
    shown: UUID | None = None,
) -> Event:
    held = _held(event)
    _change(held, changes, reason, shown, settle=lambda row: event_check(row, now))
    post(kind="event.amended", by=by, rows=[held], why=reason)
    return held


@transaction.atomic
def bearing_amend(
    *, bearing: Bearing, changes: Changes, reason: str, by: User | None, shown: UUID | None = None
) -> Bearing:
    """A link is never taken back: it becomes `context`, with the reason on record.

    How an event bears on a question is refused while the outcome that stands rests on it.
    """
    # No outcome is entered on this evidence meanwhile.
    question = question_locked(bearing.question)
    held = _held(bearing)
    was = held.bearing
    _change(held, changes, reason, shown)
    if held.bearing != was and _rests_on(question, held):
        raise Conflict(
            f"the outcome of {question.key} rests on {held.event.key}; correct that outcome "
            "before the event bears on it otherwise"
        )
    post(kind="bearing.amended", by=by, rows=[held], why=reason)
    return held


def _rests_on(question: Question, bearing: Bearing) -> bool:
    standing = Outcome.objects.current().filter(question=question)
    return standing.filter(evidence=bearing.event_id).exists()


def _amend(held: Row, changes: Changes, reason: str, by: User | None, shown: UUID | None) -> Row:
    _change(held, changes, reason, shown)
    post(kind=f"{held._meta.model_name}.amended", by=by, rows=[held], why=reason)
    return held


def _held(row: Row) -> Row:
    """The row as it is now, held until the transaction ends."""
    manager = type(row)._default_manager
    held: Row | None = manager.select_for_update(no_key=True).filter(pk=row.pk).first()
    if held is None:
        raise NotFound(f"there is no {row._meta.verbose_name} {row.pk}")
    return held


_Theirs = TypeVar("_Theirs", Prediction, Statement)


def _of_forecaster(held: _Theirs) -> _Theirs:
    """Hold the forecaster, who is not erased meanwhile: the reason is a part of theirs."""
    held.forecaster = _held(held.forecaster)
    return held


def _unchecked(row: Any) -> None:
    pass


def _change(
    held: Fact,
    changes: Changes,
    reason: str,
    shown: UUID | None,
    settle: Callable[[Any], None] = _unchecked,
) -> None:
    """Set what is to change; refuse what nobody may change, and what changes nothing.

    `settle` checks the row, and sets it to how it is stored.
    """
    _check_shown(held, shown)
    _check_reason(reason)
    before = held.facts()
    for name, value in changes.items():
        if name not in AMENDABLE[type(held)]:
            raise Invalid(name, _never(held, name))
        setattr(held, name, clean_text(value, name) if isinstance(value, str) else value)
    if isinstance(held, Prediction | Statement):
        held.passages = checked_passages(held.passages, held.article)
    settle(held)
    if held.facts() == before:
        raise Invalid("changes", f"change nothing: {_named(held)} says so already")


def _check_shown(held: Fact, shown: UUID | None) -> None:
    if shown is not None and held.entry != shown:
        raise Conflict(f"{_named(held)} {change_since(held, shown)}; look at it again")


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise Invalid("reason", "is missing; say why, as it stays in the ledger for good")
    if len(reason) > LONGEST_REASON:
        raise Invalid("reason", f"is longer than {LONGEST_REASON:,} characters; shorten it")


def _never(held: Fact, name: str) -> str:
    what = held._meta.verbose_name
    known = ", ".join(AMENDABLE[type(held)])
    return f"of a recorded {what} is never amended; record another one, or amend one of: {known}"


def _named(row: Fact) -> str:
    return row.subject if row.person else str(row)


def _said_anew(prediction: Prediction) -> None:
    """What is stored as pairs is checked as it was given."""
    for name in ("distribution", "quantiles"):
        pairs = getattr(prediction, name)
        if isinstance(pairs, list):
            setattr(prediction, name, dict(pairs))
    said_check(prediction)
