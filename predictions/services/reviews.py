"""Recording that somebody looked and the question is still open."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from predictions.errors import Conflict, Invalid
from predictions.models import Outcome, Question, Review, User
from predictions.services.posting import post
from predictions.services.questions import outcomes_of, questions_locked, refuse_settled
from predictions.when import display


@dataclass(frozen=True)
class Look:
    """A question that was looked at, and when to look again.

    `due_version` is the one that was looked at, if known.
    """

    question: Question
    next_at: dt.datetime
    due_version: int | None = None


def review_record(
    *,
    question: Question,
    note: str,
    next_at: dt.datetime,
    by: User | None,
    now: dt.datetime,
    due_version: int | None = None,
) -> Review:
    """`reviews_record` of one question."""
    look = Look(question, next_at, due_version)
    [review] = reviews_record(looks=[look], note=note, by=by, now=now)
    return review


@transaction.atomic
def reviews_record(
    *, looks: Sequence[Look], note: str, by: User | None, now: dt.datetime
) -> list[Review]:
    """Keep that questions are still open, why, and when each falls due for review again.

    All or none. Each question's due version moves on, so that its reviewer is reminded anew. Raises
    Conflict if one was reviewed since or has an outcome, Invalid (naming the field).
    """
    locked = questions_locked(look.question.pk for look in looks)
    standing = outcomes_of(locked)
    return [
        _record(locked[look.question.pk], look, standing.get(look.question.pk), note, by, now)
        for look in looks
    ]


def _record(
    question: Question,
    look: Look,
    standing: Outcome | None,
    note: str,
    by: User | None,
    now: dt.datetime,
) -> Review:
    refuse_settled(question, standing)
    if look.due_version not in (None, question.due_version):
        raise Conflict(
            f"{question.key} was reviewed meanwhile: it is at due version {question.due_version}, "
            f"not {look.due_version}; look again"
        )
    if look.next_at <= now:
        raise Invalid("next_at", f"{display(look.next_at)} has passed; give a later date")
    review = Review(
        question=question,
        due_version=question.due_version,
        note=note,
        next_at=look.next_at,
        recorded_at=now,
        recorded_by=by,
    )
    question.review_at = look.next_at
    question.due_version += 1
    post(kind="review.recorded", by=by, rows=[review, question])
    return review
