"""Scoring everything anew: what stands is made what is earned, and all totals are recounted.

After an upgrade that adds a rule, or when verification finds scores or totals to be wrong. Entries
say what was posted and reversed; where all is right, nothing is written.
"""

import datetime as dt
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from django.db import DatabaseError, connection, transaction
from django.db.models import Count, Q

from predictions.errors import Conflict
from predictions.models import Question, Rescoring, User
from predictions.services.questions import questions_locked
from predictions.services.scores import scores_settle
from predictions.services.totals import totals_recount

Progress = Callable[[Rescoring, int], None]

# Predictions and questions a transaction: memory, and for how long others wait.
PREDICTIONS = 20_000
_QUESTIONS = 5_000


def rescore(
    *,
    by: User | None,
    now: dt.datetime,
    anew: bool = False,
    at_once: int = PREDICTIONS,
    progress: Progress = lambda done, total: None,
) -> Rescoring:
    """Go on with the pass that was broken off, or begin one; `anew` forgets a broken-off one.

    In batches, each a transaction of its own: stopped at any moment, it goes on from the last.
    `at_once` is how many predictions a transaction takes, about; `progress` is told what is done,
    and how many there are. Raises Conflict while another pass is under way.
    """
    with _alone():
        return _rescored(_under_way(now, anew), by, now, at_once, progress)


def _rescored(
    under_way: Rescoring, by: User | None, now: dt.datetime, at_once: int, progress: Progress
) -> Rescoring:
    total = sum(count for _, count in _sizes(None))
    for questions in batches(under_way.last_question, at_once):
        _do(under_way, questions, by, now)
        progress(under_way, total)
    under_way.ended_at = now
    under_way.save()
    return under_way


@transaction.atomic
def recount(at_once: int = PREDICTIONS) -> None:
    """Count all totals anew, without a look at the scores. In batches, as `rescore`, but all or
    none: whoever finds totals takes them to be whole."""
    for questions in batches(None, at_once):
        questions_locked(questions)
        totals_recount(questions=questions)


@contextmanager
def _alone() -> Iterator[None]:
    """One pass at a time, as long as its connection lasts."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtext('rescore'))")
        if cursor.fetchone() != (True,):
            raise Conflict("another pass is under way; wait for its end")
        try:
            yield
        finally:
            with suppress(DatabaseError):  # with a lost connection the lock is gone as well
                cursor.execute("SELECT pg_advisory_unlock(hashtext('rescore'))")


def _under_way(now: dt.datetime, anew: bool) -> Rescoring:
    broken_off = Rescoring.objects.filter(ended_at__isnull=True)
    if anew:
        broken_off.delete()
    return broken_off.first() or Rescoring.objects.create(started_at=now)


def _sizes(after: uuid.UUID | None) -> Iterator[tuple[uuid.UUID, int]]:
    """Each question and how many predictions it has, in the order of their ids."""
    later = Q(pk__gt=after) if after else Q()
    counted = Question.objects.filter(later).annotate(count=Count("predictions"))
    return counted.order_by("pk").values_list("pk", "count").iterator(chunk_size=10_000)


def batches(after: uuid.UUID | None, at_once: int = PREDICTIONS) -> Iterator[list[uuid.UUID]]:
    """The questions after this one, in the order of their ids, as many as one transaction takes."""
    batch: list[uuid.UUID] = []
    size = 0
    # All of them beforehand: what is read on goes through a transaction of its own otherwise.
    for question, count in list(_sizes(after)):
        batch.append(question)
        size += count
        if size >= at_once or len(batch) >= _QUESTIONS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _do(
    under_way: Rescoring, questions: list[uuid.UUID], by: User | None, now: dt.datetime
) -> None:
    with transaction.atomic():
        questions_locked(questions)
        settled = scores_settle(questions=questions, by=by, now=now)
        under_way.last_question = questions[-1]
        under_way.predictions += settled.predictions
        under_way.posted += settled.posted
        under_way.reversed += settled.reversed
        under_way.save()
