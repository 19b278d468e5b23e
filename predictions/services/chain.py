"""The chain of outcomes of a question, to which each act adds one: the newest word on it."""

import datetime as dt
from collections.abc import Iterable

from predictions.models import Event, Outcome, OutcomeEvidence, Proposal, Question, User
from predictions.services.overtaking import proposal_confirm, proposals_overtake
from predictions.services.posting import post
from predictions.services.scores import scores_settle


def last_word(question: Question) -> Outcome | None:
    """The newest outcome of a question, be it that it is open again; None if it never had one."""
    return question.outcomes.latest_words().first()


def outcome_append(
    outcome: Outcome,
    *,
    evidence: Iterable[Event],
    by: User | None,
    now: dt.datetime,
    proposal: Proposal | None = None,
) -> None:
    """Write a question's newest word, take back the scores of the one before, and score anew.

    It confirms the `proposal` that it was made of; another that waits is overtaken. A question that
    is open again is due for review anew. `outcome.question` must be locked.
    """
    question = outcome.question
    rows = [OutcomeEvidence(outcome=outcome, event=event) for event in evidence]
    if outcome.reopens:
        question.review_at = now
        question.due_version += 1
        post(kind="outcome.withdrawn", by=by, rows=[outcome, *rows, question])
    else:
        post(kind=_kind(outcome), by=by, rows=[outcome, *rows])
    if proposal is not None:
        proposal_confirm(proposal=proposal, outcome=outcome, by=by, now=now)
    proposals_overtake(outcomes=[outcome], by=by, now=now)
    scores_settle(questions=[question.pk], by=by, now=now)


def _kind(outcome: Outcome) -> str:
    opened = outcome.corrects is None or outcome.corrects.reopens
    return "outcome.entered" if opened else "outcome.corrected"
