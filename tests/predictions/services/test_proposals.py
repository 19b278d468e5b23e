"""Outcomes that wait for a second pair of eyes."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from predictions import services
from predictions.errors import Conflict, Denied, Invalid
from predictions.models import Outcome, Proposal, Question, User
from predictions.services.outcomes import Verdict
from tests.making import Maker


@pytest.fixture
def editor(db: None) -> User:
    return User.objects.create_user("eve")


def confirm(make: Maker, proposal: Proposal, by: User, **given: Any) -> Outcome:
    verdict: Verdict = make.verdict(**{"answer": proposal.answer, **given})
    return services.outcome_enter(
        question=proposal.question, verdict=verdict, by=by, now=make.now, proposal=proposal
    )


def decline(make: Maker, proposal: Proposal, by: User, note: str = "Too early.") -> Proposal:
    return services.proposal_decline(proposal=proposal, note=note, by=by, now=make.now)


def test_a_proposal_waits_and_scores_nothing(make: Maker, editor: User) -> None:
    question = make.question()
    event = make.event(question)
    proposal = make.proposal(question, editor, evidence=[event])
    assert list(Proposal.objects.waiting()) == [proposal]
    assert list(proposal.evidence.all()) == [event]
    assert proposal.verdict == "yes"
    assert question.outcome is None


def test_the_longest_waiting_comes_first(make: Maker, editor: User) -> None:
    proposals = [make.proposal(make.question(), editor) for _ in range(2)]
    assert list(Proposal.objects.waiting()) == proposals


def test_somebody_else_confirms_it_by_entering_the_outcome(
    make: Maker, editor: User, adjudicator: User
) -> None:
    proposal = make.proposal(make.question(), editor)
    outcome = confirm(make, proposal, adjudicator)
    proposal.refresh_from_db()
    assert (proposal.state, proposal.outcome) == ("confirmed", outcome)
    assert (proposal.decided_by, proposal.decided_at) == (adjudicator, make.now)
    assert outcome.entered_by == adjudicator
    assert not Proposal.objects.waiting().exists()


def test_who_proposed_it_does_not_confirm_it(make: Maker, adjudicator: User) -> None:
    proposal = make.proposal(make.question(), adjudicator)
    with pytest.raises(Denied, match="somebody else"):
        confirm(make, proposal, adjudicator)
    assert proposal.question.outcome is None
    assert list(Proposal.objects.waiting()) == [proposal]


def test_the_service_itself_is_no_second_pair_of_eyes(make: Maker, editor: User) -> None:
    proposal = make.proposal(make.question(), editor)
    with pytest.raises(Denied):
        confirm(make, proposal, None)  # type: ignore[arg-type]


def test_another_answer_overtakes_it(make: Maker, editor: User, adjudicator: User) -> None:
    proposal = make.proposal(make.question(), editor)
    outcome = confirm(make, proposal, adjudicator, answer="no")
    proposal.refresh_from_db()
    assert (proposal.state, proposal.outcome) == ("overtaken", outcome)


def test_an_outcome_from_elsewhere_overtakes_it(make: Maker, editor: User) -> None:
    proposal = make.proposal(make.question(), editor)
    other = make.proposal(make.question(), editor)
    outcome = make.outcome(proposal.question)
    proposal.refresh_from_db()
    assert (proposal.state, proposal.outcome) == ("overtaken", outcome)
    assert proposal.decided_by is None
    assert list(Proposal.objects.waiting()) == [other]


def test_an_import_overtakes_it(make: Maker, editor: User) -> None:
    proposal = make.proposal(make.question(), editor)
    verdicts = {proposal.question: make.verdict()}
    [outcome] = services.outcomes_enter(verdicts=verdicts, by=None, now=make.now)
    proposal.refresh_from_db()
    assert (proposal.state, proposal.outcome) == ("overtaken", outcome)


def test_a_failed_condition_overtakes_it(make: Maker, editor: User) -> None:
    condition = make.question()
    proposal = make.proposal(make.conditional(condition), editor)
    make.outcome(condition, "no")
    proposal.refresh_from_db()
    assert proposal.state == "overtaken"
    assert proposal.outcome is not None
    assert proposal.outcome.is_void


def test_it_is_declined_with_a_reason_and_then_stays_so(
    make: Maker, editor: User, adjudicator: User
) -> None:
    proposal = make.proposal(make.question(), editor)
    with pytest.raises(Invalid, match="note"):
        decline(make, proposal, adjudicator, " ")
    decline(make, proposal, adjudicator)
    proposal.refresh_from_db()
    assert (proposal.state, proposal.note, proposal.decided_by) == (
        "declined",
        "Too early.",
        adjudicator,
    )
    with pytest.raises(Conflict, match="was declined on 2026-11-23 09:00 UTC by ada"):
        decline(make, proposal, editor)
    with pytest.raises(Conflict, match="was declined"):
        confirm(make, proposal, adjudicator)
    assert make.proposal(proposal.question, editor).state == "waiting"


def test_one_proposal_a_question_waits(make: Maker, editor: User, adjudicator: User) -> None:
    question = make.question()
    waiting = make.proposal(question, editor)
    with pytest.raises(Conflict, match="T1 has a proposal already: yes, by eve on 2026-11-23"):
        make.proposal(question, adjudicator, "no")
    waiting.pk = None
    with pytest.raises(IntegrityError, match="proposal_waiting_once"), transaction.atomic():
        waiting.save(force_insert=True)


def test_a_question_with_an_outcome_takes_no_proposal(make: Maker, editor: User) -> None:
    question: Question = make.question()
    make.outcome(question)
    with pytest.raises(Conflict, match="already has an outcome"):
        make.proposal(question, editor)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"answer": "perhaps"}, "answer"),
        ({"answer": None}, "answer"),
        ({"rationale": " "}, "rationale"),
        ({"answer": None, "void_reason": "bored"}, "void_reason"),
    ],
)
def test_what_could_not_be_entered_cannot_be_proposed(
    make: Maker, editor: User, given: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        make.proposal(make.question(), editor, **given)
    assert refused.value.field == field
    assert not Proposal.objects.exists()


def test_evidence_must_bear_on_the_question(make: Maker, editor: User) -> None:
    stray = make.event(make.question())
    with pytest.raises(Invalid, match="is not linked"):
        make.proposal(make.question(), editor, evidence=[stray])


def test_a_proposal_is_confirmed_on_its_own_question(
    make: Maker, editor: User, adjudicator: User
) -> None:
    proposal = make.proposal(make.question(), editor)
    with pytest.raises(Conflict, match="confirm it there"):
        services.outcome_enter(
            question=make.question(),
            verdict=make.verdict(),
            by=adjudicator,
            now=make.now,
            proposal=proposal,
        )
    assert not Outcome.objects.exists()


def test_the_database_refuses_a_confirmation_by_who_proposed_it(make: Maker, editor: User) -> None:
    proposal = make.proposal(make.question(), editor)
    outcome = make.outcome(make.question())
    with pytest.raises(IntegrityError, match="proposal_confirmed_by_another"), transaction.atomic():
        Proposal.objects.filter(pk=proposal.pk).update(
            state="confirmed", outcome=outcome, decided_by=editor, decided_at=make.now
        )


def test_who_proposed_it_does_not_enter_it_past_the_proposal(
    make: Maker, adjudicator: User
) -> None:
    question = make.question()
    proposal = make.proposal(question, adjudicator)
    with pytest.raises(Denied, match="does not confirm it"):
        services.outcome_enter(
            question=question, verdict=make.verdict(), by=adjudicator, now=make.now
        )
    services.proposal_decline(
        proposal=proposal, note="I looked again.", by=adjudicator, now=make.now
    )
    outcome = services.outcome_enter(
        question=question, verdict=make.verdict(), by=adjudicator, now=make.now
    )
    assert outcome.answer == "yes"
