"""Leaving one person alone about one question for a while. Operational: not in the ledger."""

import datetime as dt
from collections.abc import Mapping

from django.db import transaction

from predictions.errors import Conflict, Invalid
from predictions.models import Question, Snooze, User
from predictions.services.questions import question_locked_open, questions_locked
from predictions.when import day_in

MOST_DAYS = 366


@transaction.atomic
def question_snooze(
    *, question: Question, person: User, due_version: int, until: dt.date, now: dt.datetime
) -> Snooze:
    """Do not remind a person of an open question before the morning of `until`.

    A second one takes the place of the first. It is about this due version: if the question falls
    due otherwise, its reviewer is reminded anew. Raises Conflict if that happened already or the
    question has an outcome, Invalid for a day that is not to come or too far.
    """
    _check_until(until, day_in(person.time_zone, now))
    locked = question_locked_open(question)
    if locked.due_version != due_version:
        raise Conflict(
            f"{locked.key} was reviewed or moved meanwhile: it is at due version "
            f"{locked.due_version}, not {due_version}; look again"
        )
    snooze, _ = Snooze.objects.update_or_create(
        question=locked,
        person=person,
        due_version=due_version,
        defaults={"since": now, "until": until},
    )
    return snooze


@transaction.atomic
def questions_snooze(
    *, versions: Mapping[Question, int], person: User, until: dt.date, now: dt.datetime
) -> list[Snooze]:
    """`question_snooze` for several, by the due versions that were seen: all, or none.

    Raises as `question_snooze` does for the first that is refused.
    """
    questions_locked(question.pk for question in versions)
    return [
        question_snooze(question=question, person=person, due_version=version, until=until, now=now)
        for question, version in versions.items()
    ]


def _check_until(until: dt.date, today: dt.date) -> None:
    if until <= today:
        raise Invalid("until", f"{until} is not after today, {today}; give a later day")
    if (until - today).days > MOST_DAYS:
        raise Invalid(
            "until", f"{until} is more than {MOST_DAYS} days away; give an earlier day, or extend"
        )
