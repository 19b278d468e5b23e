"""Taking an outcome back, and what is read of the question from then on."""

import pytest
from django.db.models import Sum

from ledger import journal
from ledger.models import Entry
from predictions import services
from predictions.errors import Conflict, Invalid
from predictions.models import Outcome, Prediction, Question, Score, User
from predictions.scorecards import scoreboard
from tests.making import Maker

pytestmark = pytest.mark.django_db


def kinds(question: Question) -> list[str]:
    journal.flush()
    return list(
        Entry.objects.filter(subject=question.subject)
        .order_by("sequence")
        .values_list("kind", flat=True)
    )


def test_a_withdrawn_outcome_leaves_the_question_open_and_due_anew(make: Maker) -> None:
    question = make.prediction("0.7").question
    outcome = make.outcome(question, "no")
    assert not Question.objects.due(make.now).exists()
    reopened = make.withdraw(outcome)
    question.refresh_from_db()
    assert (reopened.reopens, reopened.answer, reopened.corrects) == (True, None, outcome)
    assert (question.outcome, question.due_version, question.review_at) == (None, 2, make.now)
    assert list(Question.objects.due(make.now)) == [question]
    assert Prediction.objects.with_state().get().state == "open"


def test_a_withdrawal_reverses_what_was_earned(make: Maker) -> None:
    question = make.prediction("0.7").question
    before = scoreboard()
    make.withdraw(make.outcome(question, "no"))
    assert scoreboard() == before
    assert Score.objects.filter(rule="brier").aggregate(Sum("value"))["value__sum"] == 0
    assert not Score.objects.standing().exists()


def test_an_open_question_is_answered_again_and_scored_again(make: Maker) -> None:
    question = make.prediction("0.7").question
    reopened = make.withdraw(make.outcome(question, "no"))
    again = make.outcome(question, "yes")
    assert (question.outcome, again.corrects) == (again, reopened)
    assert again.correction_reason == "The question was open again."
    [brier] = Score.objects.standing().filter(rule="brier")
    assert (brier.outcome, f"{brier.value:f}") == (again, "0.090000000")
    make.withdraw(again)
    make.outcome(question, "no")
    assert Score.objects.standing().count() == 2
    assert Outcome.objects.current().count() == 1


def test_the_ledger_tells_of_each_act_and_who_did_it(make: Maker, adjudicator: User) -> None:
    question = make.prediction("0.7").question
    outcome = make.outcome(question, "no")
    services.outcome_withdraw(outcome=outcome, reason="Too early.", by=adjudicator, now=make.now)
    make.outcome(question, "yes")
    assert kinds(question)[2:] == [
        "outcome.entered",
        "scores.posted",
        "outcome.withdrawn",
        "scores.reversed",
        "outcome.entered",
        "scores.posted",
    ]
    entry = Entry.objects.get(kind="outcome.withdrawn")
    facts = journal.body_of(entry)["facts"]
    assert entry.actor == f"user:{adjudicator.pk}"
    assert facts["outcome"][0]["correction_reason"] == "Too early."
    assert facts["question"][0]["due_version"] == 2


def test_only_what_stands_is_withdrawn_and_with_a_reason(make: Maker) -> None:
    question = make.question()
    first = make.outcome(question, "no")
    with pytest.raises(Invalid, match=r"^correction_reason: is missing"):
        services.outcome_withdraw(outcome=first, reason=" ", by=None, now=make.now)
    second = make.correct(first, "yes")
    with pytest.raises(Conflict, match="was already corrected"):
        make.withdraw(first)
    reopened = make.withdraw(second)
    for outcome in (second, reopened):
        with pytest.raises(Conflict, match="is open again; enter an outcome instead"):
            make.withdraw(outcome)
        with pytest.raises(Conflict, match="is open again; enter an outcome instead"):
            make.correct(outcome)
    assert question.outcomes.count() == 3


def test_an_open_question_is_reviewed_and_predicted_on_without_an_article(make: Maker) -> None:
    question = make.question()
    make.withdraw(make.outcome(question, "no"))
    later = make.now.replace(year=2027)
    review = services.review_record(
        question=question, note="Still open.", next_at=later, by=None, now=make.now
    )
    assert review.due_version == 2
    make.prediction("0.4", question=question)
    assert scoreboard().total.open == 1


def test_a_void_is_withdrawn_too(make: Maker) -> None:
    question = make.prediction().question
    void = make.outcome(question, None, void_reason="ambiguous")
    make.withdraw(void)
    assert scoreboard().total.open == 1
