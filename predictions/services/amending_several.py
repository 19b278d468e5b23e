"""One amendment of several questions: of all of them, or of none."""

import datetime as dt
from collections.abc import Callable, Mapping
from uuid import UUID

from django.db import transaction

from predictions.errors import Conflict, Invalid, PredictionsError, Several
from predictions.models import Question, User
from predictions.services.amending import Changes, question_amend
from predictions.services.questions import questions_locked, refuse_settled
from predictions.when import display, end_of

MOST_DAYS = 3_660

# The questions, each with the entry that said it as it was seen, if that is known.
Shown = Mapping[Question, UUID | None]


def questions_extend(
    *, shown: Shown, days: int, reason: str, by: User | None, now: dt.datetime
) -> list[Question]:
    """Close open questions so many days later than they would; each falls due for review anew.

    Raises Several with what is wrong with each, and Invalid for the number of days or the reason.
    """
    if not 0 < days <= MOST_DAYS:
        raise Invalid("days", f"{days} is not from 1 to {MOST_DAYS:,}; give how many days later")

    def later(question: Question) -> Changes:
        refuse_settled(question, question.outcome)
        return {"due_at": _later(question, days, now)}

    return _amend_each(shown, later, reason, by, now)


def questions_reassign(
    *, shown: Shown, reviewer: User | None, reason: str, by: User | None, now: dt.datetime
) -> list[Question]:
    """Hand questions over to another reviewer, or to nobody.

    Raises Several with what is wrong with each, and Invalid for the reason.
    """

    def handed(question: Question) -> Changes:
        if question.reviewer == reviewer:
            name = reviewer or "nobody"
            raise Conflict(f"{question.key} is {name}'s to review already; leave it out")
        return {"reviewer": reviewer}

    return _amend_each(shown, handed, reason, by, now)


@transaction.atomic
def _amend_each(
    shown: Shown,
    change: Callable[[Question], Changes],
    reason: str,
    by: User | None,
    now: dt.datetime,
) -> list[Question]:
    """`question_amend` of each, in the order in which all who need several hold them."""
    locked = questions_locked(question.pk for question in shown)
    amended: list[Question] = []
    refused: dict[str, PredictionsError] = {}
    for question, entry in shown.items():
        try:
            with transaction.atomic():
                amended.append(
                    question_amend(
                        question=question,
                        changes=change(locked[question.pk]),
                        reason=reason,
                        by=by,
                        now=now,
                        shown=entry,
                    )
                )
        except (Conflict, Invalid) as error:
            if isinstance(error, Invalid) and error.field == "reason":
                raise
            refused[question.key] = error
    if refused:
        raise Several(refused)
    return amended


def _later(question: Question, days: int, now: dt.datetime) -> dt.datetime:
    if question.due_at is None:
        raise Conflict(f"{question.key} closes by a rule; give it a day of its own first")
    later = question.due_at + dt.timedelta(days=days)
    # By the day, as reviews go.
    if later <= end_of(now.date()):
        raise Conflict(f"{question.key} would close on {display(later)}; give more days")
    return later
