"""Outcomes of several questions that one event settles."""

import pytest

from predictions import services
from predictions.errors import Conflict, Invalid, Several
from predictions.models import Bearing, Outcome, Question, User
from predictions.services.outcomes import Verdict
from tests.making import Maker


def decide(
    make: Maker, verdicts: dict[Question, Verdict], event: object = None, by: User | None = None
) -> list[Outcome]:
    return services.outcomes_decide(
        verdicts=verdicts,
        event=event,  # type: ignore[arg-type]
        by=by,
        now=make.now,
    )


def test_all_are_entered_on_one_event_which_is_linked_where_it_was_not(make: Maker) -> None:
    linked, other = make.question(), make.question()
    make.prediction(question=other)
    event = make.event(linked, bearing="yes")
    verdicts = {
        linked: make.verdict("yes", evidence=[event]),
        other: make.verdict("no", evidence=[event]),
    }
    outcomes = decide(make, verdicts, event)
    assert [outcome.answer for outcome in outcomes] == ["yes", "no"]
    assert all(list(outcome.evidence.all()) == [event] for outcome in outcomes)
    bearings = Bearing.objects.order_by("question__key").values_list("bearing", flat=True)
    assert list(bearings) == ["yes", "settles"]
    assert outcomes[1].scores.count() == 2


def test_what_is_wrong_is_said_of_each_and_none_is_entered(make: Maker) -> None:
    right, settled, wrong = make.question(), make.question(), make.question()
    make.outcome(settled)
    event = make.event()
    verdicts = {
        question: make.verdict(answer, evidence=[event])
        for question, answer in ((right, "yes"), (settled, "no"), (wrong, "perhaps"))
    }
    with pytest.raises(Several) as refused:
        decide(make, verdicts, event)
    assert list(refused.value.refused) == [settled.key, wrong.key]
    assert isinstance(refused.value.refused[settled.key], Conflict)
    assert isinstance(refused.value.refused[wrong.key], Invalid)
    assert Outcome.objects.count() == 1
    assert not Bearing.objects.exists()


def test_one_that_is_void_by_anothers_answer_is_told_so(make: Maker) -> None:
    condition = make.question(key="A")
    follower = make.conditional(condition, key="B")
    with pytest.raises(Several, match="B: B already has an outcome"):
        decide(make, {condition: make.verdict("no"), follower: make.verdict("yes")})
    entered = decide(make, {condition: make.verdict("yes"), follower: make.verdict("no")})
    assert [outcome.answer for outcome in entered] == ["yes", "no"]


def test_one_that_was_open_again_is_answered_anew(make: Maker) -> None:
    question = make.question()
    make.withdraw(make.outcome(question))
    [outcome] = decide(make, {question: make.verdict("no")})
    assert outcome.corrects is not None
    assert outcome.corrects.reopens
