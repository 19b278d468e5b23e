"""Recording that somebody looked and the question is still open."""

import datetime as dt

from django.db import transaction

from predictions.errors import Conflict, Invalid
from predictions.models import Question, Review, User
from predictions.services.posting import post
from predictions.services.questions import question_locked_open
from predictions.when import display


@transaction.atomic
def review_record(
    *,
    question: Question,
    note: str,
    next_at: dt.datetime,
    by: User | None,
    now: dt.datetime,
    due_version: int | None = None,
) -> Review:
    """Keep that the question is still open, why, and when it falls due for review again.

    The question's due version moves on, so its reviewer is reminded anew. `due_version` is the one
    that was looked at, if known. Raises Conflict if it was reviewed since or has an outcome,
    Invalid (naming the field).
    """
    locked = question_locked_open(question)
    if due_version not in (None, locked.due_version):
        raise Conflict(
            f"{locked.key} was reviewed meanwhile: it is at due version {locked.due_version}, "
            f"not {due_version}; look again"
        )
    if next_at <= now:
        raise Invalid("next_at", f"{display(next_at)} has passed; give a later date")
    review = Review(
        question=locked,
        due_version=locked.due_version,
        note=note,
        next_at=next_at,
        recorded_at=now,
        recorded_by=by,
    )
    locked.review_at = next_at
    locked.due_version += 1
    post(kind="review.recorded", by=by, rows=[review, locked])
    return review
