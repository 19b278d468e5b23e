"""Opening questions."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from django.db import transaction

from predictions.errors import Conflict, Invalid, NotFound
from predictions.models import Outcome, Question, Topic, User
from predictions.models.choices import QuestionKind
from predictions.services.conditions import condition_follow
from predictions.services.kinds import condition_check, kind_check
from predictions.services.posting import post, post_each
from predictions.when import display

_OPENED = "question.opened"
_LONGEST_INTERVAL = 36_525  # a century
_KEYS_A_LOOK = 1_000


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
    options: Sequence[str] = (),
    ordered: bool = False,
    partial: bool = False,
    unit: str = "",
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

    A choice has 2 to 100 `options`, of which one comes true; `ordered` says that the order in which
    they are given means something. A numeric question has a `unit`. `partial` says that the
    criteria of a binary one allow an answer between no and yes. A question whose condition has
    failed already is void at once. Raises Invalid, naming the field, for a question that cannot be
    kept.
    """
    question = Question(
        key=key,
        kind=kind,
        options=list(options),
        ordered=ordered,
        partial=partial,
        unit=unit,
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
    )
    _check(question)
    post(kind=_OPENED, by=by, rows=[question])
    condition_follow(question=question, now=now)
    return question


@transaction.atomic
def questions_open(
    *, questions: Sequence[Question], by: User | None, now: dt.datetime, as_found: bool = False
) -> None:
    """`question_open` for many, given as rows that are not saved yet.

    `as_found` keeps what a source says though it is odd: a due date before the opening.
    """
    for question in questions:
        _check(question, as_found=as_found)
    if questions:
        post_each(kind=_OPENED, by=by, rows=questions)
    for question in questions:
        if question.condition_question:
            condition_follow(question=question, now=now)


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
    refuse_settled(locked, locked.outcome)
    return locked


def refuse_settled(question: Question, standing: Outcome | None) -> None:
    """Raises Conflict if the question has an outcome that stands."""
    if standing is not None:
        raise Conflict(
            f"{question.key} already has an outcome ({standing.verdict}, entered "
            f"{standing.entered_at:%Y-%m-%d %H:%M} UTC by {standing.entered_by or 'the service'}); "
            "correct that outcome instead"
        )


def outcomes_of(questions: Iterable[UUID]) -> dict[UUID, Outcome]:
    """The outcomes that stand on these questions, by the questions' ids."""
    standing = Outcome.objects.current().filter(question__in=list(questions))
    return {outcome.question_id: outcome for outcome in standing}


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


def families_locked(keys: Sequence[str]) -> None:
    """Hold the recorded questions of these keys, their conditions, and all that depend on them.

    For many acts in one transaction. The first of them takes everybody's total, for which whoever
    holds a question may wait: to ask for another question after that is to wait for each other.
    """
    wanted: set[UUID] = set()
    for start in range(0, len(keys), _KEYS_A_LOOK):
        some = Question.objects.filter(key__in=keys[start : start + _KEYS_A_LOOK])
        wanted.update(some.values_list("pk", flat=True))
    held: set[UUID] = set()
    # Again, for one may be opened on a condition until that is held.
    while missing := _families(wanted) - held:
        held.update(questions_locked(missing))


def _families(questions: set[UUID]) -> set[UUID]:
    above = _conditions()
    below: dict[UUID, set[UUID]] = {}
    for question, condition in above.items():
        below.setdefault(condition, set()).add(question)
    family = questions | {above[question] for question in questions & above.keys()}
    level = questions
    while level:
        level = {key for condition in level for key in below.get(condition, ())} - family
        family |= level
    return family


def questions_locked(keys: Iterable[UUID]) -> dict[UUID, Question]:
    """Hold questions, by their primary keys, in the order of `family_locked`."""
    wanted = set(keys)
    above = _conditions()
    levels: dict[int, set[UUID]] = {}
    for key in wanted:
        levels.setdefault(_depth(key, above), set()).add(key)
    locked: dict[UUID, Question] = {}
    for _, level in sorted(levels.items()):
        rows = Question.objects.select_for_update(no_key=True).filter(pk__in=level)
        locked |= {question.pk: question for question in rows.order_by("key")}
    if missing := wanted - locked.keys():
        raise NotFound(f"there is no question {min(missing)}")
    return locked


def _conditions() -> dict[UUID, UUID]:
    """Of each question that has a condition, that one's; by their ids."""
    pairs = Question.objects.values_list("pk", "condition_question")
    return {
        question: condition
        for question, condition in pairs.filter(condition_question__isnull=False)
        if condition
    }


def _depth(key: UUID, above: Mapping[UUID, UUID]) -> int:
    """How many conditions stand above a question; each is older, so there is a topmost one."""
    depth = 0
    while (condition := above.get(key)) is not None:
        key, depth = condition, depth + 1
    return depth


def _check(question: Question, *, as_found: bool = False) -> None:
    """What a question must fulfil; sets when it first falls due for review."""
    opened_at, due_at = question.opened_at, question.due_at
    kind_check(question)
    check_due(question, as_found=as_found)
    condition_check(question)
    if question.condition_answer and not question.condition_question:
        raise Invalid("condition_question", "is missing; name the question that is to be answered")
    if question.condition_question:
        question.condition_question = question_locked(question.condition_question)
    question.review_at = first_review(opened_at, due_at, question.review_every_days)


def check_due(question: Question, *, as_found: bool = False) -> None:
    """Refuse a question that never ends, or ends before it begins."""
    opened_at, due_at = question.opened_at, question.due_at
    if due_at is None and not question.due_rule:
        raise Invalid("due_at", "is missing; give a date, or say in due_rule how it comes about")
    if due_at is not None and due_at < opened_at and not as_found:
        raise Invalid("due_at", f"{display(due_at)} is before it opens, on {display(opened_at)}")


def first_review(
    since: dt.datetime, due_at: dt.datetime | None, every_days: int | None
) -> dt.datetime | None:
    """The first review of a question that is looked at every so many days, not past its end."""
    if every_days is None:
        return due_at
    if not 0 < every_days <= _LONGEST_INTERVAL:
        raise Invalid("review_every_days", f"must be from 1 to {_LONGEST_INTERVAL:,} days")
    try:
        first = since + dt.timedelta(days=every_days)
    except OverflowError:
        raise Invalid("opened_at", f"{since:%Y-%m-%d} leaves no room for a review") from None
    return min(first, due_at) if due_at else first
