"""Conditional questions become void, and open again, by themselves."""

from itertools import pairwise
from typing import Any

import pytest

from ledger import journal
from ledger.models import Entry
from predictions import services
from predictions.errors import Conflict, Invalid
from predictions.models import Outcome, Question, Score
from predictions.scorecards import scoreboard
from tests.making import Maker

pytestmark = pytest.mark.django_db


def verdicts(question: Question) -> list[str]:
    """The chain of a question's outcomes, the first one first."""
    chain, last = [], question.outcomes.filter(corrects=None).first()
    while last:
        chain.append(last.verdict)
        last = Outcome.objects.filter(corrects=last).first()
    return chain


VOID = "void (condition not met)"


def standing(question: Question) -> Outcome:
    outcome = question.outcome
    assert outcome is not None
    return outcome


@pytest.mark.parametrize(
    ("answer", "void_reason", "asked"),
    [("no", "", "yes"), ("yes", "", "no"), (None, "ambiguous", "yes"), (None, "withdrawn", "no")],
)
def test_a_question_is_void_by_itself_when_its_condition_fails(
    make: Maker, answer: str | None, void_reason: str, asked: str
) -> None:
    condition = make.question(key="C")
    question = make.conditional(condition, asked, key="D")
    make.prediction(question=question)
    decided = make.outcome(condition, answer, void_reason=void_reason)
    void = standing(question)
    assert (void.void_reason, void.follows, void.entered_by) == ("condition_not_met", decided, None)
    assert void.settled_at == decided.settled_at
    said = answer or "void"
    assert void.rationale == (
        f"The question is conditional on C = {asked}. C is {said}, so the condition was not met. "
        "This followed by itself."
    )
    assert not Score.objects.exists()
    assert (scoreboard().total.void, scoreboard().total.open) == (1, 0)


def test_a_question_whose_condition_is_met_stays_open(make: Maker) -> None:
    condition = make.question()
    question = make.conditional(condition, "yes")
    make.outcome(condition, "yes")
    assert question.outcome is None
    make.outcome(question, "no")
    assert verdicts(question) == ["no"]


def test_what_hangs_on_what_is_void_is_void_too_however_deep(make: Maker) -> None:
    questions = [make.question()]
    for _ in range(30):
        questions.append(make.conditional(questions[-1]))
    decided = make.outcome(questions[0], "no")
    assert Outcome.objects.count() == 31
    assert {standing(question).settled_at for question in questions} == {decided.settled_at}
    for above, question in pairwise(questions):
        assert standing(question).follows == standing(above)
    make.withdraw(decided)
    assert not Outcome.objects.current().exists()
    assert Question.objects.due(make.now).count() == 31


def test_every_conditional_of_a_question_follows_in_the_order_of_keys(make: Maker) -> None:
    condition = make.question()
    for key in ("B", "A", "C"):
        make.conditional(condition, "yes", key=key)
    met = make.conditional(condition, "no", key="met")
    make.outcome(condition, "no")
    journal.flush()
    voided = Entry.objects.filter(kind="outcome.entered").order_by("sequence")[1:]
    assert [entry.subject for entry in voided] == ["question:A", "question:B", "question:C"]
    assert {entry.actor for entry in voided} == {"system"}
    assert met.outcome is None


def test_an_answer_that_was_there_is_corrected_and_its_scores_reversed(make: Maker) -> None:
    condition = make.question()
    question = make.prediction("0.7", question=make.conditional(condition)).question
    event = make.event(question)
    before = make.outcome(question, "yes", evidence=[event])
    decided = make.outcome(condition, "no")
    assert verdicts(question) == ["yes", VOID]
    assert not Score.objects.standing().exists()
    corrected = make.correct(decided, "yes")
    again = standing(question)
    assert verdicts(question) == ["yes", VOID, "yes"]
    assert (again.follows, again.settled_at) == (corrected, before.settled_at)
    assert list(again.evidence.all()) == [event]
    assert "so the earlier answer stands again" in again.rationale
    [brier] = Score.objects.standing().filter(rule="brier")
    assert (brier.outcome, f"{brier.value:f}") == (again, "0.090000000")


def test_corrected_and_corrected_back_everything_is_as_it_was(make: Maker) -> None:
    condition = make.question()
    answered, still_open, below = (make.conditional(condition) for _ in range(3))
    deepest = make.conditional(below)
    for question in (condition, answered, still_open, deepest):
        make.prediction(question=question)
    make.outcome(answered, "no")
    outcome = make.outcome(condition, "yes")
    before = scoreboard()
    for _ in range(2):
        outcome = make.correct(outcome, "no")
        assert (scoreboard().total.void, scoreboard().total.scored) == (3, 1)
        outcome = make.correct(outcome, "yes")
        assert scoreboard() == before
    assert verdicts(answered) == ["no", VOID, "no", VOID, "no"]
    assert verdicts(still_open) == [VOID, "open again", VOID, "open again"]
    assert verdicts(deepest) == [VOID, "open again", VOID, "open again"]


def test_a_void_follows_the_outcome_that_stands_and_its_date(make: Maker) -> None:
    condition = make.question()
    question = make.conditional(condition)
    first = make.outcome(condition, "no")
    earlier = first.settled_at.replace(month=5)
    second = make.correct(first, None, void_reason="ambiguous", settled_at=earlier)
    void = standing(question)
    assert (void.follows, void.settled_at) == (second, earlier)
    make.correct(second, "yes")
    assert verdicts(question) == [VOID, VOID, "open again"]


@pytest.mark.parametrize("reason", ["ambiguous", "condition_not_met", "withdrawn"])
def test_what_somebody_declared_void_stays_as_they_left_it(make: Maker, reason: str) -> None:
    condition = make.question()
    question = make.conditional(condition)
    by_hand = make.outcome(question, None, void_reason=reason)
    decided = make.outcome(condition, "no")
    make.correct(decided, "yes")
    assert question.outcome == by_hand
    assert question.outcomes.count() == 1


def test_a_void_that_came_by_itself_may_be_made_one_by_hand(make: Maker) -> None:
    condition = make.question()
    question = make.conditional(condition)
    decided = make.outcome(condition, "no")
    by_hand = make.correct(standing(question), None, void_reason="withdrawn")
    make.withdraw(decided)
    assert question.outcome == by_hand


def test_while_the_condition_fails_no_answer_is_entered_and_none_is_taken_back(make: Maker) -> None:
    condition = make.question(key="C")
    question = make.conditional(condition, key="D")
    make.outcome(condition, "no")
    void = standing(question)
    told = "it is conditional on C = yes, which is no; it stays void unless that outcome is"
    with pytest.raises(Conflict, match="D already has an outcome"):
        make.outcome(question, "yes")
    with pytest.raises(Conflict, match=f"D cannot be yes: {told}"):
        make.correct(void, "yes")
    with pytest.raises(Conflict, match=f"D cannot be open again: {told}"):
        make.withdraw(void)
    assert verdicts(question) == [VOID]


def test_a_question_on_a_condition_that_has_failed_is_void_at_once(make: Maker) -> None:
    condition = make.question()
    decided = make.outcome(condition, "no")
    question = make.conditional(condition)
    assert standing(question).follows == decided
    assert make.conditional(condition, "no").outcome is None
    journal.flush()
    entries = Entry.objects.filter(subject=question.subject).order_by("sequence")
    assert [entry.kind for entry in entries] == ["question.opened", "outcome.entered"]


def test_withdrawing_the_condition_opens_what_had_followed(make: Maker) -> None:
    condition = make.question()
    question = make.conditional(condition)
    withdrawn = make.withdraw(make.outcome(condition, "no"))
    question.refresh_from_db()
    last = question.outcomes.latest_words().get()
    assert (last.reopens, last.follows, question.due_version) == (True, withdrawn, 2)
    assert question.review_at == make.now
    make.outcome(question, "yes")
    assert verdicts(question) == [VOID, "open again", "yes"]


def test_a_partial_answer_neither_meets_a_condition_nor_fails_it(make: Maker) -> None:
    condition = make.question(partial=True)
    question, other = make.conditional(condition, "yes"), make.conditional(condition, "no")
    decided = make.outcome(condition, "0.4")
    assert (question.outcome, other.outcome) == (None, None)
    make.outcome(question, "no")
    make.correct(decided, "no")
    assert verdicts(question) == ["no", VOID]
    assert other.outcome is None


def test_the_ledger_holds_the_whole_story(make: Maker) -> None:
    condition = make.question(key="C")
    question = make.prediction("0.7", question=make.conditional(condition, key="D")).question
    make.outcome(question, "yes")
    make.correct(make.outcome(condition, "no"), "yes")
    journal.flush()
    told = [
        (entry.kind, journal.body_of(entry)["facts"].get("outcome", [{}])[0].get("follows_id"))
        for entry in Entry.objects.filter(subject="question:D").order_by("sequence")[2:]
    ]
    no, yes = condition.outcomes.order_by("corrects_id")[1], condition.outcome
    assert yes is not None
    assert told == [
        ("outcome.entered", None),
        ("scores.posted", None),
        ("outcome.corrected", str(no.pk)),
        ("scores.reversed", None),
        ("outcome.corrected", str(yes.pk)),
        ("scores.posted", None),
    ]


def test_what_nobody_noticed_so_far_is_applied_once(make: Maker) -> None:
    condition = make.question()
    question = make.conditional(condition)
    make.outcome(condition, "no")
    assert services.condition_apply(question=question, now=make.now) is None
    assert verdicts(question) == [VOID]
    assert services.condition_apply(question=condition, now=make.now) is None


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"condition_answer": "0.4"}, "condition_answer"),
        ({"condition_question": None}, "condition"),
    ],
)
def test_a_condition_names_a_question_and_the_whole_answer_it_asks_for(
    make: Maker, given: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid, match=f"^{field}"):
        make.question(**{"condition_question": make.question(), "condition_answer": "yes", **given})
