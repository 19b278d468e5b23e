import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import Sum

from ledger import journal
from ledger.models import Entry
from predictions import services
from predictions.errors import Conflict, Invalid
from predictions.models import Fact, Outcome, Question, Score, User
from predictions.scorecards import scoreboard
from predictions.when import end_of
from tests.guards import as_owner
from tests.making import Maker, write

pytestmark = pytest.mark.django_db


def figures() -> dict[str, Decimal]:
    standing = Score.objects.standing().values_list("rule", "value")
    return dict(standing)


def test_outcome_enter_scores_what_was_said_before(make: Maker) -> None:
    prediction = make.prediction("0.7")
    make.outcome(prediction.question, "yes")
    assert figures() == {"brier": Decimal("0.090000000"), "log": Decimal("0.356674944")}


def test_outcome_enter_refuses_a_second_outcome_without_correction(make: Maker) -> None:
    question = make.question()
    make.outcome(question, "no")
    with pytest.raises(Conflict, match=rf"{question.key} already has an outcome \(no, entered"):
        make.outcome(question, "yes")
    assert Outcome.objects.count() == 1


def test_outcome_correct_keeps_both_and_posts_scores_anew(make: Maker) -> None:
    question = make.prediction("0.7").question
    first = make.outcome(question, "no")
    second = services.outcome_correct(
        outcome=first, verdict=make.verdict("yes"), reason="Misread.", by=None, now=make.now
    )
    assert list(question.outcomes.order_by("corrects")) == [second, first]
    assert question.outcome == second
    postings = [
        (score.outcome_id, score.value)
        for score in Score.objects.filter(rule="brier").order_by("-outcome_id")
    ]
    assert sorted(postings, key=lambda posting: posting[1]) == [
        (first.pk, Decimal("-0.490000000")),
        (second.pk, Decimal("0.090000000")),
        (first.pk, Decimal("0.490000000")),
    ]


def test_corrected_and_corrected_back_every_total_is_what_it_was(make: Maker) -> None:
    question = make.prediction("0.7").question
    outcome = make.outcome(question, "no")
    before = scoreboard()
    for answer in ("yes", "no"):
        outcome = services.outcome_correct(
            outcome=outcome, verdict=make.verdict(answer), reason="Misread.", by=None, now=make.now
        )
    assert scoreboard() == before
    sums = Score.objects.filter(rule="brier").aggregate(Sum("value"))
    assert sums["value__sum"] == Decimal("0.49")


def test_an_outcome_is_corrected_once(make: Maker) -> None:
    first = make.outcome(make.question(), "no")
    correction: dict[str, Any] = {
        "verdict": make.verdict("yes"),
        "reason": "Misread.",
        "by": None,
        "now": make.now,
    }
    services.outcome_correct(outcome=first, **correction)
    with pytest.raises(Conflict, match="already corrected"):
        services.outcome_correct(outcome=first, **correction)


def test_a_void_question_scores_nobody(make: Maker) -> None:
    question = make.prediction().question
    make.outcome(question, None, void_reason="ambiguous")
    assert not Score.objects.exists()
    assert scoreboard().total.void == 1


def test_a_prediction_made_when_the_question_was_settled_is_late(make: Maker) -> None:
    question = make.question()
    settled = end_of(dt.date(2026, 9, 1))
    for moment in (settled - dt.timedelta(microseconds=1), settled):
        make.prediction(question=question, made_at=moment)
    make.outcome(question, "yes", settled_at=settled)
    total = scoreboard().total
    assert (total.scored, total.late) == (1, 1)


def test_a_prediction_recorded_after_the_outcome_is_scored_at_once(make: Maker) -> None:
    question = make.question()
    make.outcome(question, "yes")
    with pytest.raises(Invalid, match=r"^article: is missing"):
        make.prediction("0.99", question=question)
    make.prediction("0.7", question=question, article=make.article())
    assert figures()["brier"] == Decimal("0.09")


@pytest.mark.parametrize(
    ("verdict", "field"),
    [
        ({"answer": "maybe"}, "answer"),
        ({"answer": None}, "answer"),
        ({"answer": "yes", "void_reason": "ambiguous"}, "void_reason"),
        ({"answer": None, "void_reason": "boring"}, "void_reason"),
        ({"settled_at": end_of(dt.date(2026, 11, 24))}, "settled_at"),
        ({"settled_at": end_of(dt.date(2025, 1, 1))}, "settled_at"),
        ({"rationale": " "}, "rationale"),
        ({"rationale": "nul \x00"}, "rationale"),
        ({"rationale": "half \ud800"}, "rationale"),
        ({"rationale": "long " * 20_000}, "rationale"),
    ],
)
def test_a_verdict_that_does_not_fit_names_the_field_and_writes_nothing(
    make: Maker, verdict: dict[str, Any], field: str
) -> None:
    question = make.prediction().question
    with pytest.raises(Invalid) as refused:
        services.outcome_enter(
            question=question, verdict=make.verdict(**verdict), by=None, now=make.now
        )
    assert refused.value.field == field
    journal.flush()
    assert not Outcome.objects.exists()
    assert not Score.objects.exists()
    assert not Entry.objects.filter(kind__startswith="outcome").exists()


def test_evidence_must_be_linked_to_the_question(make: Maker) -> None:
    event = make.event(make.question())
    with pytest.raises(Invalid, match="is not linked to"):
        make.outcome(make.question(), evidence=[event])


def test_a_correction_needs_its_reason(make: Maker) -> None:
    outcome = make.outcome(make.question(), "no")
    with pytest.raises(Invalid, match="correction_reason"):
        services.outcome_correct(
            outcome=outcome, verdict=make.verdict(), reason=" ", by=None, now=make.now
        )


def test_the_ledger_tells_of_the_outcome_and_then_of_its_scores(
    make: Maker, adjudicator: User
) -> None:
    question = make.prediction("0.7").question
    event = make.event(question)
    outcome = services.outcome_enter(
        question=question,
        verdict=make.verdict("yes", evidence=[event]),
        by=adjudicator,
        now=make.now,
    )
    journal.flush()
    entered, posted = Entry.objects.filter(subject=f"question:{question.key}").order_by("sequence")[
        2:
    ]
    assert (entered.kind, entered.actor) == ("outcome.entered", f"user:{adjudicator.pk}")
    facts = journal.body_of(entered)["facts"]
    assert facts["outcome"][0]["answer"] == "yes"
    assert facts["outcomeevidence"][0]["event_id"] == str(event.pk)
    assert posted.kind == "scores.posted"
    assert journal.body_of(posted)["facts"]["of_outcome"] == str(outcome.pk)


def test_many_scores_are_chunked_into_entries_that_fit(make: Maker) -> None:
    question = make.question()
    for _ in range(80):
        make.prediction(question=question)
    make.outcome(question, "yes")
    journal.flush()
    entries = Entry.objects.filter(kind="scores.posted")
    assert entries.count() == 2
    assert sum(len(journal.body_of(entry)["facts"]["score"]) for entry in entries) == 160


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE predictions_outcome SET answer = 'no'",
        "DELETE FROM predictions_score",
        "UPDATE predictions_score SET value = 0",
        "TRUNCATE predictions_outcome CASCADE",
        "UPDATE predictions_question SET text = 'Will it rain?'",
        "DELETE FROM predictions_question",
    ],
)
def test_the_database_refuses_what_no_entry_tells(make: Maker, statement: str) -> None:
    make.outcome(make.prediction().question, "yes")
    refused = pytest.raises(DatabaseError, match="is refused")
    with as_owner(), connection.cursor() as cursor, refused:
        cursor.execute(statement)


@pytest.mark.django_db(transaction=True)
def test_a_row_saved_past_the_services_is_refused_at_commit(make: Maker) -> None:
    question = make.question()
    question.text = "Will it rain?"
    with pytest.raises(DatabaseError, match="no ledger entry"), transaction.atomic():
        question.save()
    assert Question.objects.get().text != "Will it rain?"


def commit(kind: str, row: Fact) -> None:
    """Write a row past the rules of the services, but with its entry, as far as a commit."""
    with transaction.atomic():
        write(kind, [row])
        connection.check_constraints()


def test_the_database_refuses_a_score_of_another_question_or_of_a_late_prediction(
    make: Maker,
) -> None:
    question = make.question()
    outcome = make.outcome(question, "yes")
    late = make.prediction(question=question, made_at=outcome.settled_at, article=make.article())
    nothing = dict.fromkeys(("value", "best", "worst"), Decimal(0))
    for prediction in (make.prediction(), late):
        score = Score(
            prediction=prediction, outcome=outcome, rule="brier", posted_at=make.now, **nothing
        )
        with pytest.raises(DatabaseError, match="a score is refused"):
            commit("scores.posted", score)


def test_the_database_refuses_a_correction_of_another_questions_outcome(make: Maker) -> None:
    outcome, other = (make.outcome(make.question(), "yes") for _ in range(2))
    stray = Outcome(
        question=outcome.question,
        corrects=other,
        correction_reason="Misread.",
        answer="no",
        settled_at=make.now,
        rationale="So.",
        entered_at=make.now,
    )
    with pytest.raises(DatabaseError, match="one_of_its_question"):
        commit("outcome.corrected", stray)
