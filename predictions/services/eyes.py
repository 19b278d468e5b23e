"""The four-eyes rule: nobody judges a prediction that they have recorded themselves.

In force where the setting FOUR_EYES says so; superusers are bound like everybody, the service
itself is not. Who recorded or amended a prediction on a question, or on one that is conditional on
it, does not enter, correct or withdraw its outcome; and who entered the outcome that stands does
not record predictions on the question, nor amend any, or the order of the two acts would undo the
rule. Correcting or withdrawing an outcome of one's own is allowed: it takes a reason, everybody
sees it, and who made a mistake should mend it.

The services ask with the question locked, as whoever records a prediction has it locked too: of
two acts at the same moment the second is refused.
"""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet

from ledger import journal
from predictions.errors import Denied
from predictions.models import Outcome, Prediction, Question, User
from predictions.services.posting import actor

RULE = "four-eyes"
_NAMED = 5


def barred(user: User | None, questions: Collection[UUID]) -> set[UUID]:
    """Which of these questions, by their ids, the user may not adjudicate.

    Those on which, or on a question that depends on their answer, the user recorded or amended a
    prediction. A few queries, or none.
    """
    if user is None or not settings.FOUR_EYES or not questions:
        return set()
    above = _dependents(questions)
    mine = _touched(user, {*questions, *above})
    for question in list(mine):
        condition = above.get(question)
        while condition is not None:
            mine.add(condition)
            condition = above.get(condition)
    return mine & set(questions)


def _dependents(questions: Collection[UUID]) -> dict[UUID, UUID]:
    """Of each question that an answer to these may make void, its condition; by their ids."""
    above: dict[UUID, UUID] = {}
    level = set(questions)
    while level:
        pairs = Question.objects.filter(condition_question__in=level).order_by()
        found = {pk: upper for pk, upper in pairs.values_list("pk", "condition_question") if upper}
        level = found.keys() - above.keys()
        above |= found
    return above


def _touched(user: User, questions: Collection[UUID]) -> set[UUID]:
    """On which of these the user recorded a prediction, or amended one."""
    recorded = Prediction.objects.filter(question=OuterRef("pk"), recorded_by=user)
    asked = Question.objects.filter(pk__in=list(questions)).order_by()
    rows: dict[UUID, Any] = {row.pk: row for row in asked.annotate(recorded=Exists(recorded))}
    amended = journal.acted_on(
        actor=actor(user),
        kind="prediction.amended",
        subjects=[row.subject for row in rows.values()],
    )
    return {pk for pk, row in rows.items() if row.recorded or row.subject in amended}


def refuse_barred(*, questions: Collection[Question], by: User | None) -> None:
    """Raises Denied if the person is `barred` from one of the questions."""
    denied = barred(by, [question.pk for question in questions])
    if by is not None and denied:
        keys = sorted(question.key for question in questions if question.pk in denied)
        raise Denied(
            RULE,
            f"{by} has recorded or amended predictions that hang on {_listed(keys)} and does not "
            f"adjudicate them; {_others(by, denied)}",
        )


def refuse_judge(*, question: Question, standing: Outcome | None, by: User | None) -> None:
    """Raises Denied if the person has entered the outcome of the question that stands."""
    if by is None or standing is None or not settings.FOUR_EYES:
        return
    if standing.entered_by_id == by.pk:
        raise Denied(
            RULE,
            f"{by} has entered the outcome of {question.key} and does not record or amend "
            "predictions that it scores; somebody else must",
        )


def _others(by: User, questions: set[UUID]) -> str:
    """Who may instead: those with the right, but for who is barred as well."""
    recorded = Prediction.objects.filter(question__in=questions, recorded_by=OuterRef("pk"))
    others = _adjudicators().exclude(pk=by.pk).filter(~Exists(recorded))
    names = list(others.order_by("username").values_list("username", flat=True)[:_NAMED])
    if not names:
        return "another adjudicator must, and there is none yet: an administrator can name one"
    return f"another adjudicator must, such as {_listed(names)}"


def _adjudicators() -> QuerySet[User]:
    code, app = "add_outcome", "predictions"
    held = Q(groups__permissions__codename=code, groups__permissions__content_type__app_label=app)
    own = Q(user_permissions__codename=code, user_permissions__content_type__app_label=app)
    return User.objects.filter(held | own | Q(is_superuser=True), is_active=True).distinct()


def _listed(names: list[str]) -> str:
    shown = names[:_NAMED]
    more = [f"{len(names) - _NAMED} more"] if len(names) > _NAMED else []
    return " and ".join(filter(None, [", ".join((shown + more)[:-1]), (shown + more)[-1]]))
