"""Proposing an outcome, and the second pair of eyes."""

from typing import Any

import pytest

from predictions.models import Outcome, Proposal, User
from tests.admin.conftest import allow
from tests.admin.pages import Pages, text_of, verdict
from tests.making import Maker

PROPOSE, OUTCOME = "predictions_question_propose", "predictions_question_outcome"
DECLINE = "predictions_question_decline"


@pytest.fixture
def proposing(looking: Pages, viewer: User) -> Pages:
    """The admin, signed in as somebody who may propose and no more."""
    allow(viewer, "add_proposal")
    return looking


def confirm(pages: Pages, proposal: Proposal, **given: Any) -> Any:
    query = f"?proposal={proposal.pk}"
    return pages.confirm(OUTCOME, proposal.question_id, data=verdict(**given), query=query)


def test_an_outcome_is_proposed_with_its_scores_seen(
    proposing: Pages, viewer: User, make: Maker
) -> None:
    question = make.question()
    make.prediction("0.7", question=question)
    assert "Propose outcome" in proposing.question(question)
    shown = proposing.preview(PROPOSE, question.pk, data=verdict())
    assert "Mean Brier score 0.090" in text_of(shown)
    assert not Proposal.objects.exists()
    said = text_of(proposing.confirm(PROPOSE, question.pk, data=verdict()))
    assert f"Proposed for {question.key}: yes. Somebody else confirms it." in said
    assert "Waiting for a second pair of eyes" in said
    assert Proposal.objects.get().proposed_by == viewer
    assert question.outcome is None


def test_who_recorded_a_prediction_proposes_an_outcome_all_the_same(
    proposing: Pages, viewer: User, make: Maker, settings: Any
) -> None:
    settings.FOUR_EYES = True
    question = make.prediction(by=viewer).question
    assert proposing.get(PROPOSE, question.pk).status_code == 200
    proposing.confirm(PROPOSE, question.pk, data=verdict())
    assert Proposal.objects.get().proposed_by == viewer


def test_the_page_of_the_outcome_begins_with_what_was_proposed(
    desk: Pages, viewer: User, make: Maker, adjudicator: User
) -> None:
    question = make.question()
    event = make.event(question)
    proposal = make.proposal(question, viewer, "no", evidence=[event], rationale="It rained.")
    shown = desk.get("predictions_question_change", question.pk).content.decode()
    assert f"?proposal={proposal.pk}" in shown
    page = desk.get(OUTCOME, question.pk, proposal=proposal.pk)
    assert "vera proposed this on" in text_of(page)
    initial = page.context["form"].initial
    assert (initial["answer"], initial["rationale"]) == ("no", "It rained.")
    assert initial["evidence"] == [str(event.pk)]
    confirm(desk, proposal, answer="no")
    proposal.refresh_from_db()
    assert (proposal.state, proposal.decided_by) == ("confirmed", adjudicator)
    assert question.outcome is not None
    assert question.outcome.entered_by == adjudicator


def test_who_proposed_it_is_told_that_another_confirms(
    desk: Pages, make: Maker, adjudicator: User
) -> None:
    proposal = make.proposal(make.question(), adjudicator)
    told = confirm(desk, proposal)
    assert told.status_code == 403
    assert "let somebody else look" in text_of(told)
    assert "Look at it and confirm" not in desk.question(proposal.question)
    assert not Outcome.objects.exists()


def test_a_proposal_that_was_declined_meanwhile_is_not_confirmed(
    desk: Pages, viewer: User, make: Maker
) -> None:
    proposal = make.proposal(make.question(), viewer)
    desk.post(DECLINE, proposal.question_id, proposal.pk, data={"note": "Not yet."})
    told = confirm(desk, proposal)
    assert told.status_code == 409
    assert "was declined on" in text_of(told)
    assert "by ada" in text_of(told)
    assert not Outcome.objects.exists()


def test_declining_takes_a_reason(desk: Pages, viewer: User, make: Maker) -> None:
    proposal = make.proposal(make.question(), viewer)
    page = desk.get(DECLINE, proposal.question_id, proposal.pk)
    assert "vera proposed yes" in text_of(page)
    refused = desk.post(DECLINE, proposal.question_id, proposal.pk, data={"note": " "})
    assert list(refused.context["form"].errors) == ["note"]
    done = desk.post(DECLINE, proposal.question_id, proposal.pk, data={"note": "Not yet."})
    assert "Declined: yes for" in text_of(done)
    again = desk.post(DECLINE, proposal.question_id, proposal.pk, data={"note": "Again."})
    assert again.status_code == 409


def test_one_takes_back_what_one_proposed_but_does_not_decline_anothers(
    proposing: Pages, viewer: User, make: Maker, adjudicator: User
) -> None:
    own = make.proposal(make.question(), viewer)
    others = make.proposal(make.question(), adjudicator)
    assert "Take it back" in proposing.question(own.question)
    refused = proposing.post(DECLINE, others.question_id, others.pk, data={"note": "No."})
    assert refused.status_code == 403
    proposing.post(DECLINE, own.question_id, own.pk, data={"note": "I misread it."})
    assert list(Proposal.objects.waiting()) == [others]


def test_a_second_proposal_is_told_of_the_first(
    proposing: Pages, make: Maker, adjudicator: User
) -> None:
    question = make.question()
    make.proposal(question, adjudicator)
    assert "Propose outcome" not in proposing.question(question)
    told = proposing.confirm(PROPOSE, question.pk, data=verdict(answer="no"))
    assert told.status_code == 409
    assert "has a proposal already: yes, by ada on" in text_of(told)


def test_a_wrong_proposal_names_the_field(proposing: Pages, make: Maker) -> None:
    question = make.question()
    for given, field in (({"settled_on": "2999-01-01"}, "settled_on"), ({"answer": ""}, "answer")):
        refused = proposing.confirm(PROPOSE, question.pk, data=verdict(**given))
        assert list(refused.context["form"].errors) == [field]
    assert not Proposal.objects.exists()


def test_a_proposal_is_found_under_its_own_question_only(
    desk: Pages, viewer: User, make: Maker
) -> None:
    proposal = make.proposal(make.question(), viewer)
    other = make.question()
    assert desk.get(OUTCOME, other.pk, proposal=proposal.pk).status_code == 404
    assert desk.get(DECLINE, other.pk, proposal.pk).status_code == 404


def test_who_looks_only_may_neither_propose_nor_see_the_list(looking: Pages, make: Maker) -> None:
    question = make.question()
    assert "Propose outcome" not in looking.question(question)
    assert looking.get(PROPOSE, question.pk).status_code == 403
    assert looking.post(PROPOSE, question.pk, data=verdict()).status_code == 403
    assert looking.get("predictions_proposal_changelist").status_code == 403


def test_the_list_leads_to_what_waits(desk: Pages, viewer: User, make: Maker) -> None:
    proposal = make.proposal(make.question(), viewer)
    assert "waiting" in text_of(desk.get("predictions_proposal_changelist"))
    page = desk.get("predictions_proposal_change", proposal.pk).content.decode()
    assert f"/outcome/?proposal={proposal.pk}" in page
