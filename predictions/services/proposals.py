"""Proposing an outcome to those who may decide, and declining that. Operational: not in the ledger.

Confirming one is entering an outcome: `outcome_enter` with its `proposal`.
"""

import datetime as dt

from django.db import transaction

from predictions.checks import clean_text
from predictions.errors import Conflict, Invalid
from predictions.models import Proposal, Question, User
from predictions.models.choices import ProposalState
from predictions.services.outcomes import Verdict, checked_outcome
from predictions.services.overtaking import proposal_waiting
from predictions.services.questions import question_locked, question_locked_open
from predictions.when import display


@transaction.atomic
def proposal_make(*, question: Question, verdict: Verdict, by: User, now: dt.datetime) -> Proposal:
    """Propose an outcome of an open question, for somebody else to confirm or decline.

    Raises Conflict if the question has an outcome, or another proposal waits on it; Invalid,
    naming the field, for a verdict that could not be entered.
    """
    locked = question_locked_open(question)
    _refuse_second(locked)
    said = checked_outcome(locked, verdict, by, now)
    if not verdict.rationale.strip():
        raise Invalid("rationale", "is missing; say why the criteria lead to this answer")
    proposal = Proposal.objects.create(
        question=locked,
        answer=said.answer,
        void_reason=said.void_reason,
        settled_at=said.settled_at,
        rationale=clean_text(said.rationale, "rationale"),
        proposed_by=by,
        proposed_at=now,
    )
    proposal.evidence.set(verdict.evidence)
    return proposal


@transaction.atomic
def proposal_decline(*, proposal: Proposal, note: str, by: User, now: dt.datetime) -> Proposal:
    """Decline a waiting proposal, saying why; whoever made it may take it back so.

    Raises Conflict if it does not wait any more, Invalid, naming the field.
    """
    question_locked(proposal.question)
    held = proposal_waiting(proposal)
    if not note.strip():
        raise Invalid("note", "is missing; say why, so that whoever proposed it learns")
    held.state, held.note = ProposalState.DECLINED, clean_text(note, "note")
    held.decided_by, held.decided_at = by, now
    held.save(update_fields=["state", "note", "decided_by", "decided_at"])
    return held


def _refuse_second(question: Question) -> None:
    waiting = question.proposals.waiting().select_related("proposed_by").first()
    if waiting is not None:
        raise Conflict(
            f"{question.key} has a proposal already: {waiting.verdict}, by {waiting.proposed_by} "
            f"on {display(waiting.proposed_at)}; it waits to be confirmed or declined"
        )
