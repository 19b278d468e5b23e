"""Entering what became of a question, and correcting it. Outcome, scores and entries: one act."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction

from predictions.errors import Conflict, Invalid
from predictions.models import Event, Outcome, OutcomeEvidence, Question, User
from predictions.models.choices import VoidReason
from predictions.services.posting import post, post_each
from predictions.services.questions import (
    question_locked,
    question_locked_open,
    questions_locked_open,
)
from predictions.services.scores import scores_post, scores_reverse
from predictions.when import display

_ENTERED = "outcome.entered"


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
    _post(outcome, verdict, _ENTERED, by)
    scores_post(outcome=outcome, predictions=locked.predictions.all(), by=by, now=now)
    return outcome


@transaction.atomic
def outcomes_enter(
    *,
    verdicts: Mapping[Question, Verdict],
    by: User | None,
    now: dt.datetime,
    as_found: bool = False,
) -> list[Outcome]:
    """`outcome_enter` for many questions.

    `as_found` keeps what a source says though it is odd: settled before the question opened, or on
    a day still to come.
    """
    locked = questions_locked_open(verdicts)
    outcomes = [
        _outcome(locked[question.pk], verdict, by, now, as_found=as_found)
        for question, verdict in verdicts.items()
    ]
    evidence = [
        row
        for outcome, verdict in zip(outcomes, verdicts.values(), strict=True)
        for row in _evidence(outcome, verdict)
    ]
    if outcomes:
        post_each(kind=_ENTERED, by=by, rows=[*outcomes, *evidence])
        _score(outcomes, by=by, now=now)
    return outcomes


def _score(outcomes: Sequence[Outcome], *, by: User | None, now: dt.datetime) -> None:
    for outcome in outcomes:
        predictions = outcome.question.predictions.all()
        scores_post(outcome=outcome, predictions=predictions, by=by, now=now)


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
    scores_reverse(outcome=outcome, by=by, now=now)
    scores_post(outcome=corrected, predictions=locked.predictions.all(), by=by, now=now)
    return corrected


def _outcome(
    question: Question,
    verdict: Verdict,
    by: User | None,
    now: dt.datetime,
    *,
    as_found: bool = False,
) -> Outcome:
    _check_verdict(question, verdict)
    if not as_found:
        _check_time(question, verdict, now)
    _check_evidence(question, verdict)
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
    post(kind=kind, by=by, rows=[outcome, *_evidence(outcome, verdict)])


def _evidence(outcome: Outcome, verdict: Verdict) -> list[OutcomeEvidence]:
    return [OutcomeEvidence(outcome=outcome, event=event) for event in verdict.evidence]


def _check_verdict(question: Question, verdict: Verdict) -> None:
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


def _check_time(question: Question, verdict: Verdict, now: dt.datetime) -> None:
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


def _check_evidence(question: Question, verdict: Verdict) -> None:
    if not verdict.evidence:
        return
    if len({event.pk for event in verdict.evidence}) < len(verdict.evidence):
        raise Invalid("evidence", "names an event twice; name each once")
    bearing = set(question.events.values_list("pk", flat=True))
    for event in verdict.evidence:
        if event.pk not in bearing:
            raise Invalid(
                "evidence", f"event {event.key} is not linked to {question.key}; link it first"
            )
