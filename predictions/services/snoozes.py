"""Being left alone about a question for a while. Operational: the ledger does not know it."""

import datetime as dt
from collections.abc import Mapping

from django.db import transaction

from predictions.errors import Conflict, Invalid
from predictions.models import Question, Snooze, User
from predictions.services.questions import question_locked_open, questions_locked
from predictions.when import day_in, zone_called

_LONGEST = dt.timedelta(days=366)


@transaction.atomic
def question_snooze(
    *, question: Question, person: User, due_version: int, until: dt.date, now: dt.datetime
) -> Snooze:
    """Tell a person nothing about a due version of a question until the morning of that day.

    Another snooze of it takes the place of the first. Raises Conflict if the question has an
    outcome or its due date was moved since, Invalid for a day that is not after today, where the
    person lives, or is over a year away.
    """
    held = question_locked_open(question)
    if held.due_version != due_version:
        raise Conflict(
            f"the due date of {held.key} was moved meanwhile: it is at due version "
            f"{held.due_version}, not {due_version}; look again"
        )
    _check(until, day_in(zone_called(person.time_zone), now))
    snooze, _ = Snooze.objects.update_or_create(
        question=held,
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


def _check(until: dt.date, today: dt.date) -> None:
    if until <= today:
        raise Invalid("until", f"{until} is not after today, {today}; give a later day")
    if until > today + _LONGEST:
        last = today + _LONGEST
        raise Invalid("until", f"{until} is over a year away; give a day up to {last}")
