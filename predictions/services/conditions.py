"""What follows by itself: a question is void when the answer that it is conditional on fails.

It fails when the condition's question is answered otherwise, or is void itself. While it fails, no
answer stands; when it no longer does, what followed is taken back. A partial answer of the
condition's question neither meets nor fails a condition: whoever adjudicates the conditional
question decides. What somebody has declared void by hand stays as they left it.
"""

import datetime as dt

from predictions.models import Event, Outcome, Question
from predictions.models.choices import VoidReason
from predictions.scoring.partial import is_partial
from predictions.services.chain import last_word, outcome_append


def condition_failed_by(question: Question) -> Outcome | None:
    """The standing outcome by which the condition of a question fails, if it does."""
    condition = question.condition_question
    decided = condition.outcome if condition else None
    return decided if decided is not None and _fails(question, decided) else None


def condition_follow(*, question: Question, now: dt.datetime) -> Outcome | None:
    """Make a question void, with all that is conditional on it, if its condition has failed.

    Returns the outcome that followed, if one did. The question and its condition must be locked.
    """
    decided = condition_failed_by(question)
    followed = decided and _consequence(question, decided, now)
    if followed:
        _append(followed, now)
        consequences_append(outcome=followed, now=now)
    return followed


def consequences_append(*, outcome: Outcome, now: dt.datetime) -> None:
    """Write what follows from the newest word on a question for those conditional on it, and on.

    They must be locked. It ends, as a question names its condition when it is opened, which is
    therefore older, and never another one.
    """
    decisions = [outcome]
    while decisions:
        decided = decisions.pop(0)
        for question in decided.question.conditionals.order_by("key"):
            followed = _consequence(question, decided, now)
            if followed:
                _append(followed, now)
                decisions.append(followed)


def _fails(question: Question, decided: Outcome) -> bool:
    if decided.reopens:
        return False
    if decided.question.partial and is_partial(decided.answer):
        return False
    return decided.answer != question.condition_answer


def _consequence(question: Question, decided: Outcome, now: dt.datetime) -> Outcome | None:
    """The outcome of a question that follows from one of its condition's, if that changes it."""
    last = last_word(question)
    by_itself = last is not None and last.is_void and last.follows_id is not None
    if _fails(question, decided):
        by_hand = last is not None and last.is_void and not by_itself
        return None if by_hand else _void(question, last, decided, now)
    return _taken_back(question, last, decided, now) if last is not None and by_itself else None


def _void(question: Question, last: Outcome | None, decided: Outcome, now: dt.datetime) -> Outcome:
    return Outcome(
        question=question,
        void_reason=VoidReason.CONDITION_NOT_MET,
        settled_at=decided.settled_at,
        rationale=(
            f"The question is conditional on {_condition(question)}. {_said(decided)}, so the "
            "condition was not met. This followed by itself."
        ),
        corrects=last,
        correction_reason=f"{_said(decided)}." if last else "",
        follows=decided,
        entered_at=now,
    )


def _taken_back(question: Question, last: Outcome, decided: Outcome, now: dt.datetime) -> Outcome:
    """What stood before the question became void by itself stands again, or it is open again."""
    before = _before(last)
    is_open = before is None or before.reopens
    again = "so the question is open again" if is_open else "so the earlier answer stands again"
    taken_back = Outcome(
        question=question,
        reopens=is_open,
        settled_at=last.settled_at,
        rationale=(
            f"The question is conditional on {_condition(question)}. {_said(decided)}, {again}. "
            "This followed by itself."
        ),
        corrects=last,
        correction_reason=f"{_said(decided)}.",
        follows=decided,
        entered_at=now,
    )
    if before is not None and not before.reopens:
        taken_back.answer = before.answer
        taken_back.settled_at = before.settled_at
    return taken_back


def _before(void: Outcome) -> Outcome | None:
    """What stood before a question became void by itself."""
    before = void.corrects
    while before is not None and before.is_void and before.follows_id is not None:
        before = before.corrects
    return before


def _append(followed: Outcome, now: dt.datetime) -> None:
    outcome_append(followed, evidence=_evidence(followed), by=None, now=now)


def _evidence(followed: Outcome) -> list[Event]:
    """An answer that stands again rests on what it rested on before."""
    if followed.answer is None or followed.corrects is None:
        return []
    before = _before(followed.corrects)
    return list(before.evidence.all()) if before else []


def _condition(question: Question) -> str:
    return f"{question.condition_question.key} = {question.condition_answer}"  # type: ignore[union-attr]


def _said(decided: Outcome) -> str:
    verdict = "void" if decided.is_void else decided.verdict
    return f"{decided.question.key} is {verdict}"
