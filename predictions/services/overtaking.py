"""What an outcome means for the proposal that waits on its question."""

import datetime as dt
from collections.abc import Iterable

from predictions.errors import Conflict, Denied
from predictions.models import Outcome, Proposal, User
from predictions.models.choices import ProposalState
from predictions.when import display


def proposals_overtake(*, outcomes: Iterable[Outcome], by: User | None, now: dt.datetime) -> None:
    """Close what waits on the questions of these outcomes; the questions must be locked.

    Denied for who made it: their own word does not become an outcome past the second pair of eyes.
    """
    by_question = {outcome.question_id: outcome for outcome in outcomes if not outcome.reopens}
    for proposal in Proposal.objects.waiting().filter(question__in=by_question):
        _refuse_own(proposal, by)
        _close(proposal, ProposalState.OVERTAKEN, by_question[proposal.question_id], by, now)


def proposal_confirm(
    *, proposal: Proposal, outcome: Outcome, by: User | None, now: dt.datetime
) -> None:
    """Close a proposal by the outcome that was made of it, before that overtakes what waits.

    One with another answer does not confirm it. Raises Conflict unless the proposal waits on the
    question, which must be locked; Denied for who made it.
    """
    held = proposal_waiting(proposal)
    if held.question_id != outcome.question_id:
        raise Conflict(f"this proposal is about {held.question.key}; confirm it there")
    _refuse_own(held, by)
    if by is None:
        raise Denied("own-proposal", "the service itself is no second pair of eyes")
    same = (held.answer, held.void_reason) == (outcome.answer, outcome.void_reason)
    state = ProposalState.CONFIRMED if same else ProposalState.OVERTAKEN
    _close(held, state, outcome, by, now)


def _refuse_own(proposal: Proposal, by: User | None) -> None:
    if by is not None and by.pk == proposal.proposed_by_id:
        raise Denied(
            "own-proposal",
            "whoever proposed an outcome does not confirm it: let somebody else look, or decline "
            "the proposal first",
        )


def proposal_waiting(proposal: Proposal) -> Proposal:
    """The proposal as it is now. Raises Conflict, which says who and when, if it does not wait."""
    related = Proposal.objects.select_related("question", "decided_by", "proposed_by")
    held = related.get(pk=proposal.pk)
    if held.state != ProposalState.WAITING:
        raise Conflict(
            f"this proposal was {held.state} on {display(held.decided_at)} by "
            f"{held.decided_by or 'the service'}; look at {held.question.key} again"
        )
    return held


def _close(
    proposal: Proposal, state: str, outcome: Outcome, by: User | None, now: dt.datetime
) -> None:
    proposal.state, proposal.outcome = state, outcome
    proposal.decided_by, proposal.decided_at = by, now
    proposal.save(update_fields=["state", "outcome", "decided_by", "decided_at"])
