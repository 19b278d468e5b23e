"""Entering what became of a question, and correcting it. Outcome, scores and entries: one act."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from predictions.errors import Conflict, Invalid
from predictions.models import Event, Outcome, OutcomeEvidence, Question, User
from predictions.models.choices import VoidReason
from predictions.services.posting import post
from predictions.services.questions import question_locked, question_locked_open
from predictions.services.scores import scores_settle
from predictions.when import display


@dataclass(frozen=True)
class Verdict:
    """What an adjudicator says became of a question.

    `answer` is yes or no; None means void, with its reason. `settled_at` is when the world decided.
    """

    answer: str | None
    settled_at: dt.datetime
    rationale: str
    void_reason: str = ""
    evidence: Sequence[Event] = ()


@transaction.atomic
def outcome_enter(
    *, question: Question, verdict: Verdict, by: User | None, now: dt.datetime
) -> Outcome:
    """Enter a question's first outcome; scores every prediction made before it was settled.

    Raises Conflict if the question has one already, Invalid (naming the field) for a verdict that
    does not fit the question.
    """
    locked = question_locked_open(question)
    outcome = _outcome(locked, verdict, by, now)
    _post(outcome, verdict, "outcome.entered", by)
    scores_settle(questions=[locked.pk], by=by, now=now)
    return outcome


@transaction.atomic
def outcome_correct(
    *, outcome: Outcome, verdict: Verdict, reason: str, by: User | None, now: dt.datetime
) -> Outcome:
    """Enter an outcome that corrects another: both stay; scores are reversed and posted anew.

    Raises Conflict if `outcome` was corrected already, Invalid (naming the field).
    """
    locked = question_locked(outcome.question)
    if locked.outcome != outcome:
        raise Conflict(f"this outcome of {locked.key} was already corrected; correct the later one")
    if not reason.strip():
        raise Invalid("correction_reason", "is missing; say why the earlier outcome was wrong")
    corrected = _outcome(locked, verdict, by, now)
    corrected.corrects = outcome
    corrected.correction_reason = reason
    _post(corrected, verdict, "outcome.corrected", by)
    scores_settle(questions=[locked.pk], by=by, now=now)
    return corrected


def _outcome(question: Question, verdict: Verdict, by: User | None, now: dt.datetime) -> Outcome:
    _check(question, verdict, now)
    return Outcome(
        question=question,
        answer=verdict.answer,
        void_reason=verdict.void_reason,
        settled_at=verdict.settled_at,
        rationale=verdict.rationale,
        entered_at=now,
        entered_by=by,
    )


def _post(outcome: Outcome, verdict: Verdict, kind: str, by: User | None) -> None:
    evidence = [OutcomeEvidence(outcome=outcome, event=event) for event in verdict.evidence]
    post(kind=kind, by=by, rows=[outcome, *evidence])


def _check(question: Question, verdict: Verdict, now: dt.datetime) -> None:
    if verdict.answer is None and not verdict.void_reason:
        raise Invalid("answer", "is missing; give yes or no, or a reason why the question is void")
    if verdict.answer is not None and verdict.void_reason:
        raise Invalid("void_reason", "does not go with an answer; give one of the two")
    if verdict.answer not in (None, "yes", "no"):
        raise Invalid(
            "answer", f"{verdict.answer!r} does not answer {question.key}; give yes or no"
        )
    if verdict.void_reason and verdict.void_reason not in VoidReason.values:
        known = ", ".join(VoidReason.values)
        raise Invalid("void_reason", f"{verdict.void_reason!r} is not known; give one of {known}")
    if verdict.settled_at < question.opened_at:
        raise Invalid(
            "settled_at",
            f"{display(verdict.settled_at)} is before {question.key} opened, on "
            f"{display(question.opened_at)}; what happened earlier is context and settles nothing",
        )
    # By the day: a bare date stands for its end, which today has not reached yet.
    if verdict.settled_at.date() > now.date():
        raise Invalid(
            "settled_at",
            f"{display(verdict.settled_at)} is in the future; give today or an earlier day",
        )
    if len({event.pk for event in verdict.evidence}) < len(verdict.evidence):
        raise Invalid("evidence", "names an event twice; name each once")
    bearing = set(question.events.values_list("pk", flat=True))
    for event in verdict.evidence:
        if event.pk not in bearing:
            raise Invalid(
                "evidence", f"event {event.key} is not linked to {question.key}; link it first"
            )
