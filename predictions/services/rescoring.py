"""Scoring everything anew: what stands is made what is earned, and all totals are recounted.

After an upgrade that adds a rule, or when verification finds scores or totals to be wrong. Entries
say what was posted and reversed; where all is right, nothing is written.
"""

import datetime as dt
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from django.db import DatabaseError, connection, transaction

from predictions.errors import Conflict
from predictions.models import Prediction, Rescoring, User
from predictions.reckoning import PREDICTIONS, batches
from predictions.services.questions import questions_locked
from predictions.services.scores import scores_settle
from predictions.services.totals import totals_recount

Progress = Callable[[Rescoring, int], None]


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
    total = Prediction.objects.count()
    for questions in batches(after=under_way.last_question, at_once=at_once):
        _do(under_way, questions, by, now)
        progress(under_way, total)
    under_way.ended_at = now
    under_way.save()
    return under_way


@transaction.atomic
def recount(at_once: int = PREDICTIONS) -> None:
    """Count all totals anew, without a look at the scores. In batches, as `rescore`, but all or
    none: whoever finds totals takes them to be whole."""
    for questions in batches(at_once=at_once):
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
