"""Entering what became of a question, correcting it, and taking it back.

Outcome, scores, entries, and what follows for conditional questions: one act.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction

from predictions.errors import Conflict, Invalid
from predictions.models import Event, Outcome, OutcomeEvidence, Proposal, Question, User
from predictions.models.choices import VoidReason
from predictions.services.chain import last_word, outcome_append
from predictions.services.conditions import (
    condition_failed_by,
    condition_follow,
    consequences_append,
)
from predictions.services.eyes import refuse_barred
from predictions.services.kinds import checked_answer
from predictions.services.overtaking import proposals_overtake
from predictions.services.posting import post_each
from predictions.services.questions import (
    family_locked,
    outcomes_of,
    questions_locked,
    refuse_settled,
)
from predictions.services.scores import scores_settle
from predictions.when import display


@dataclass(frozen=True)
class Verdict:
    """What an adjudicator says became of a question.

    `answer` is yes or no, or a fraction such as 0.4 where the question allows partial answers; on
    questions of other kinds an option, a number such as 12.5, or a date such as 2024-02-17. None
    means void, with its reason. `settled_at` is when the world decided.
    """

    answer: str | None
    settled_at: dt.datetime
    rationale: str
    void_reason: str = ""
    evidence: Sequence[Event] = ()


@transaction.atomic
def outcome_enter(
    *,
    question: Question,
    verdict: Verdict,
    by: User | None,
    now: dt.datetime,
    proposal: Proposal | None = None,
) -> Outcome:
    """Enter an open question's outcome; scores every prediction made before it was settled.

    `proposal` is what it confirms. Questions that are conditional on another answer become void by
    themselves. Raises Conflict if the question has an outcome already, its condition has failed, or
    the proposal does not wait any more; Invalid (naming the field) for a verdict that does not fit
    the question; Denied for whoever made the proposal, and by the four-eyes rule (`eyes`).
    """
    locked = family_locked(question)
    refuse_barred(questions=[locked], by=by)
    refuse_settled(locked, locked.outcome)
    outcome = checked_outcome(locked, verdict, by, now)
    outcome.corrects = last_word(locked)
    if outcome.corrects is not None:
        outcome.correction_reason = "The question was open again."
    _append(outcome, verdict.evidence, by, now, proposal)
    return outcome


@transaction.atomic
def outcomes_enter(
    *,
    verdicts: Mapping[Question, Verdict],
    by: User | None,
    now: dt.datetime,
    as_found: bool = False,
) -> list[Outcome]:
    """`outcome_enter` for many questions that never had an outcome; whoever calls holds families.

    `as_found` keeps what a source says though it is odd: settled before the question opened, or on
    a day still to come.
    """
    locked = questions_locked(question.pk for question in verdicts)
    refuse_barred(questions=list(locked.values()), by=by)
    for key, standing in outcomes_of(locked).items():
        refuse_settled(locked[key], standing)
    outcomes = [
        checked_outcome(locked[question.pk], verdict, by, now, as_found=as_found)
        for question, verdict in verdicts.items()
    ]
    evidence = [
        OutcomeEvidence(outcome=outcome, event=event)
        for outcome, verdict in zip(outcomes, verdicts.values(), strict=True)
        for event in verdict.evidence
    ]
    if outcomes:
        post_each(kind="outcome.entered", by=by, rows=[*outcomes, *evidence])
        proposals_overtake(outcomes=outcomes, by=by, now=now)
        scores_settle(questions=list(locked), by=by, now=now)
    for outcome in outcomes:
        consequences_append(outcome=outcome, now=now)
    return outcomes


@transaction.atomic
def outcome_correct(
    *, outcome: Outcome, verdict: Verdict, reason: str, by: User | None, now: dt.datetime
) -> Outcome:
    """Enter an outcome that corrects another: both stay; scores are reversed and posted anew.

    What followed by itself for conditional questions is brought in line. Raises Conflict if
    `outcome` does not stand or the question's condition has failed, Invalid (naming the field),
    Denied by the four-eyes rule.
    """
    locked = family_locked(outcome.question)
    refuse_barred(questions=[locked], by=by)
    _check_stands(locked, outcome)
    if not reason.strip():
        raise Invalid("correction_reason", "is missing; say why the earlier outcome was wrong")
    corrected = checked_outcome(locked, verdict, by, now)
    corrected.corrects = outcome
    corrected.correction_reason = reason
    _append(corrected, verdict.evidence, by, now)
    return corrected


@transaction.atomic
def outcome_withdraw(
    *, outcome: Outcome, reason: str, by: User | None, now: dt.datetime
) -> Outcome:
    """Take an outcome back: its scores are reversed, and the question is open and due for review.

    What followed by itself for conditional questions is taken back too. Raises Conflict if
    `outcome` does not stand or the question's condition has failed, Invalid (naming the field),
    Denied by the four-eyes rule.
    """
    locked = family_locked(outcome.question)
    refuse_barred(questions=[locked], by=by)
    _check_stands(locked, outcome)
    if not reason.strip():
        raise Invalid("correction_reason", "is missing; say why the outcome is withdrawn")
    _check_condition(locked, "cannot be open again")
    reopened = Outcome(
        question=locked,
        reopens=True,
        settled_at=outcome.settled_at,
        rationale="The outcome was withdrawn; the question is open again.",
        corrects=outcome,
        correction_reason=reason,
        entered_at=now,
        entered_by=by,
    )
    _append(reopened, (), by, now)
    return reopened


@transaction.atomic
def condition_apply(*, question: Question, now: dt.datetime) -> Outcome | None:
    """Make an open question void if its condition has failed, and nobody has noticed so far.

    Returns the outcome that followed, if one did.
    """
    locked = family_locked(question)
    return condition_follow(question=locked, now=now) if locked.outcome is None else None


def checked_outcome(
    question: Question,
    verdict: Verdict,
    by: User | None,
    now: dt.datetime,
    *,
    as_found: bool = False,
) -> Outcome:
    """The outcome that a verdict makes, unsaved. Raises Conflict, or Invalid (naming the field)."""
    _check_verdict(verdict)
    if not as_found:
        _check_time(question, verdict, now)
    _check_evidence(question, verdict)
    answer = verdict.answer
    if answer is not None:
        answer = checked_answer(question, answer)
        _check_condition(question, f"cannot be {answer}")
    return Outcome(
        question=question,
        answer=answer,
        void_reason=verdict.void_reason,
        settled_at=verdict.settled_at,
        rationale=verdict.rationale,
        entered_at=now,
        entered_by=by,
    )


def _append(
    outcome: Outcome,
    evidence: Sequence[Event],
    by: User | None,
    now: dt.datetime,
    proposal: Proposal | None = None,
) -> None:
    outcome_append(outcome, evidence=evidence, by=by, now=now, proposal=proposal)
    consequences_append(outcome=outcome, now=now)


def _check_stands(question: Question, outcome: Outcome) -> None:
    last = last_word(question)
    if last == outcome and not outcome.reopens:
        return
    if last is None or last.reopens:
        raise Conflict(f"{question.key} is open again; enter an outcome instead{_by(last)}")
    raise Conflict(
        f"this outcome of {question.key} was already corrected; correct the later one, "
        f"{last.verdict}{_by(last)}"
    )


def _by(last: Outcome | None) -> str:
    """Who said so, and when: for who comes second."""
    if last is None:
        return ""
    return f" (since {last.entered_at:%Y-%m-%d %H:%M} UTC, by {last.entered_by or 'the service'})"


def _check_condition(question: Question, problem: str) -> None:
    decided = condition_failed_by(question)
    if decided is not None:
        raise Conflict(
            f"{question.key} {problem}: it is conditional on {decided.question.key} = "
            f"{question.condition_answer}, which is {decided.verdict}; it stays void unless that "
            "outcome is corrected"
        )


def _check_verdict(verdict: Verdict) -> None:
    if verdict.answer is None and not verdict.void_reason:
        raise Invalid("answer", "is missing; give it, or a reason why the question is void")
    if verdict.answer is not None and verdict.void_reason:
        raise Invalid("void_reason", "does not go with an answer; give one of the two")
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
