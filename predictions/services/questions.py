"""Opening questions."""

import datetime as dt
from collections.abc import Iterable, Mapping
from uuid import UUID

from django.db import transaction

from predictions.errors import Conflict, Invalid, NotFound
from predictions.models import Question, Topic, User
from predictions.models.choices import QuestionKind
from predictions.services.conditions import condition_follow
from predictions.services.posting import post
from predictions.when import display

_LONGEST_INTERVAL = 36_525  # a century


@transaction.atomic
def question_open(
    *,
    key: str,
    text: str,
    criteria: str,
    opened_at: dt.datetime,
    horizon_basis: str,
    by: User | None,
    now: dt.datetime,
    kind: str = QuestionKind.BINARY,
    partial: bool = False,
    topic: Topic | None = None,
    due_at: dt.datetime | None = None,
    due_rule: str = "",
    horizon_note: str = "",
    notes: str = "",
    condition: str = "",
    condition_question: Question | None = None,
    condition_answer: str = "",
    reviewer: User | None = None,
    review_every_days: int | None = None,
) -> Question:
    """Open a question. It falls due for review at `due_at`, and every `review_every_days` before.

    `partial` says that the criteria allow an answer between no and yes. A question whose condition
    has failed already is void at once. Raises Invalid, naming the field, for a question that
    cannot be kept.
    """
    if kind != QuestionKind.BINARY:
        raise Invalid("kind", f"{kind!r} cannot be scored yet; only binary questions are taken")
    if partial and kind != QuestionKind.BINARY:
        raise Invalid("partial", f"does not go with {kind}; only binary questions are answered so")
    if due_at is None and not due_rule:
        raise Invalid("due_at", "is missing; give a date, or say in due_rule how it comes about")
    if due_at is not None and due_at < opened_at:
        raise Invalid("due_at", f"{display(due_at)} is before it opens, on {display(opened_at)}")
    if condition_question and condition_answer not in ("yes", "no"):
        raise Invalid("condition_answer", "must be yes or no, the answer the condition asks for")
    if condition_answer and not condition_question:
        raise Invalid("condition_question", "is missing; name the question that is to be answered")
    if condition_question:
        condition_question = question_locked(condition_question)
    question = Question(
        key=key,
        kind=kind,
        partial=partial,
        text=text,
        criteria=criteria,
        topic=topic,
        opened_at=opened_at,
        due_at=due_at,
        due_rule=due_rule,
        horizon_basis=horizon_basis,
        horizon_note=horizon_note,
        notes=notes,
        condition=condition,
        condition_question=condition_question,
        condition_answer=condition_answer,
        reviewer=reviewer,
        review_every_days=review_every_days,
        review_at=_first_review(opened_at, due_at, review_every_days),
    )
    post(kind="question.opened", by=by, rows=[question])
    condition_follow(question=question, now=now)
    return question


def question_locked(question: Question) -> Question:
    """The question as it is now, held until the transaction ends: one decision at a time.

    NO KEY, so that a foreign key check of another transaction, which may hold the ledger's head
    by then, never waits for this lock.
    """
    locked: Question | None = (
        Question.objects.select_for_update(no_key=True).filter(pk=question.pk).first()
    )
    if locked is None:
        raise NotFound(f"there is no question {question.key}")
    return locked


def question_locked_open(question: Question) -> Question:
    """Like `question_locked`, and refuses a question that already has an outcome."""
    locked = question_locked(question)
    refuse_settled(locked)
    return locked


def refuse_settled(question: Question) -> None:
    """Raises Conflict if the question has an outcome that stands."""
    standing = question.outcome
    if standing is not None:
        raise Conflict(
            f"{question.key} already has an outcome ({standing.verdict}, entered "
            f"{standing.entered_at:%Y-%m-%d %H:%M} UTC by {standing.entered_by or 'the service'}); "
            "correct that outcome instead"
        )


def family_locked(question: Question) -> Question:
    """Like `question_locked`, and holds its condition's question and all that depend on it.

    From the top down, those as deep as each other by their keys, as all do who lock several: so no
    two wait for each other. Each step adds only what is not held yet, so it ends.
    """
    if question.condition_question:
        question_locked(question.condition_question)
    locked = question_locked(question)
    held = level = {locked.pk}
    while level:
        below = Question.objects.filter(condition_question__in=level).exclude(pk__in=held)
        level = {row.pk for row in below.select_for_update(no_key=True).order_by("key")}
        held = held | level
    return locked


def questions_locked(keys: Iterable[UUID]) -> None:
    """Hold questions, by their primary keys, in the order of `family_locked`."""
    above = dict(
        Question.objects.filter(condition_question__isnull=False).values_list(
            "pk", "condition_question"
        )
    )
    levels: dict[int, set[UUID]] = {}
    for key in keys:
        levels.setdefault(_depth(key, above), set()).add(key)
    for _, level in sorted(levels.items()):
        rows = Question.objects.select_for_update(no_key=True).filter(pk__in=level)
        list(rows.order_by("key").values_list("pk"))


def _depth(key: UUID, above: Mapping[UUID, UUID | None]) -> int:
    """How many conditions stand above a question; each is older, so there is a topmost one."""
    depth = 0
    while (condition := above.get(key)) is not None:
        key, depth = condition, depth + 1
    return depth


def _first_review(
    opened_at: dt.datetime, due_at: dt.datetime | None, every_days: int | None
) -> dt.datetime | None:
    if every_days is None:
        return due_at
    if not 0 < every_days <= _LONGEST_INTERVAL:
        raise Invalid("review_every_days", f"must be from 1 to {_LONGEST_INTERVAL:,} days")
    try:
        first = opened_at + dt.timedelta(days=every_days)
    except OverflowError:
        raise Invalid("opened_at", f"{opened_at:%Y-%m-%d} leaves no room for a review") from None
    return min(first, due_at) if due_at else first
