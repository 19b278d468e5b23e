"""Scoring everything anew: what is missing is posted, what is right stays, and it goes on."""

import threading
import uuid
from collections.abc import Callable

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection

from predictions import audit
from predictions.errors import Conflict
from predictions.models import Outcome, Prediction, Rescoring, Score, SeriesTotal, Total
from predictions.services.rescoring import recount, rescore
from predictions.services.totals import totals_recount
from tests.conftest import NOW
from tests.guards import lifted
from tests.ledger.others import another, run
from tests.making import Maker, write
from tests.predictions.services.test_totals import assert_recounted

pytestmark = pytest.mark.django_db


@pytest.fixture
def unscored(make: Maker) -> list[Prediction]:
    """Predictions whose questions have outcomes, as a version without scores would have left."""
    predictions = [make.prediction(f"0.{number}") for number in range(1, 6)]
    for prediction in predictions:
        outcome = Outcome(
            question=prediction.question,
            answer="yes",
            settled_at=make.verdict().settled_at,
            rationale="The ministry said so.",
            entered_at=make.now,
        )
        write("outcome.entered", [outcome])
    return predictions


def test_what_is_missing_is_posted_and_a_second_pass_does_nothing(
    unscored: list[Prediction],
) -> None:
    assert len(list(audit.check_scores())) > 10
    first = rescore(by=None, now=NOW)
    assert (first.predictions, first.posted, first.reversed) == (5, 10, 0)
    assert_recounted()
    second = rescore(by=None, now=NOW)
    assert (second.predictions, second.posted, second.reversed) == (5, 0, 0)
    assert Score.objects.count() == 10


def test_a_score_that_nothing_has_earned_is_reversed(unscored: list[Prediction]) -> None:
    wrong = Score(
        prediction=unscored[0],
        outcome=unscored[0].question.outcome,
        rule="brier",
        posted_at=NOW,
        **dict.fromkeys(("value", "best", "worst"), 1),
    )
    write("scores.posted", [wrong])
    done = rescore(by=None, now=NOW)
    assert (done.posted, done.reversed) == (10, 1)
    rounds = Score.objects.filter(prediction=unscored[0], rule="brier").order_by("round", "value")
    assert [(score.round, str(score.value)) for score in rounds] == [
        (1, "-1.000000000"),
        (1, "1.000000000"),
        (2, "0.810000000"),
    ]
    assert_recounted()


class Stopped(Exception):
    pass


def stop_after(batches: int) -> Callable[[Rescoring, int], None]:
    seen: list[int] = []

    def progress(done: Rescoring, total: int) -> None:
        seen.append(done.predictions)
        if len(seen) == batches:
            raise Stopped

    return progress


def test_a_pass_that_was_broken_off_goes_on_where_it_was(unscored: list[Prediction]) -> None:
    with pytest.raises(Stopped):
        rescore(by=None, now=NOW, at_once=1, progress=stop_after(2))
    broken_off = Rescoring.objects.get()
    assert (broken_off.predictions, broken_off.posted, broken_off.ended_at) == (2, 4, None)
    told: list[tuple[int, int]] = []
    done = rescore(
        by=None,
        now=NOW,
        at_once=1,
        progress=lambda done, total: told.append((done.predictions, total)),
    )
    assert told == [(3, 5), (4, 5), (5, 5)]
    assert done.pk == broken_off.pk
    assert (done.predictions, done.posted, done.ended_at) == (5, 10, NOW)
    assert_recounted()


def test_a_broken_off_pass_can_be_begun_anew(unscored: list[Prediction]) -> None:
    with pytest.raises(Stopped):
        rescore(by=None, now=NOW, at_once=1, progress=stop_after(2))
    done = rescore(by=None, now=NOW, anew=True)
    assert (done.predictions, done.posted) == (5, 6)
    assert Rescoring.objects.count() == 1


def test_lost_totals_are_counted_anew(make: Maker) -> None:
    make.outcome(make.prediction("0.3").question, "no")
    make.prediction("0.6")
    before = list(Total.objects.values())
    for model in (Total, SeriesTotal):
        model.objects.all().delete()
    recount()
    assert_recounted()
    assert list(Total.objects.values()) == before


@pytest.mark.django_db(transaction=True)
def test_a_count_that_is_broken_off_leaves_no_totals_that_would_be_taken_for_whole(
    make: Maker,
) -> None:
    last = max((make.prediction().question for _ in range(4)), key=lambda question: question.pk)
    for model in (Total, SeriesTotal):
        model.objects.all().delete()
    with another() as other, connection.cursor() as cursor:
        other.set_autocommit(False)
        run(other, "SELECT 1 FROM predictions_question WHERE id = %s FOR UPDATE", [last.pk])
        cursor.execute("SET lock_timeout = '50ms'")
        try:
            with pytest.raises(OperationalError):
                recount(at_once=1)
        finally:
            cursor.execute("RESET lock_timeout")
            other.rollback()
    assert not Total.objects.exists()
    recount(at_once=1)
    assert_recounted()


def test_totals_of_one_question_can_be_counted_anew(make: Maker) -> None:
    question = make.prediction("0.3").question
    make.prediction("0.3")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE predictions_seriestotal SET predictions = 7 WHERE TRUE")
    totals_recount(questions=[question.pk])
    left = SeriesTotal.objects.exclude(question=question).get()
    assert (SeriesTotal.objects.get(question=question).predictions, left.predictions) == (1, 7)


def test_the_command_says_what_was_done(
    unscored: list[Prediction], capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("rescore")
    assert capsys.readouterr().out == (
        "5 predictions: 10 scores posted, 0 reversed; all totals recounted\n"
    )


@pytest.mark.django_db(transaction=True)
def test_a_second_pass_at_the_same_time_is_refused(unscored: list[Prediction]) -> None:
    refusals: list[Exception] = []

    def second() -> None:
        try:
            rescore(by=None, now=NOW)
        except Conflict as refusal:
            refusals.append(refusal)
        finally:
            connection.close()

    def meanwhile(done: Rescoring, total: int) -> None:
        other = threading.Thread(target=second)
        other.start()
        other.join()

    rescore(by=None, now=NOW, progress=meanwhile)
    assert [str(refusal) for refusal in refusals] == ["another pass is under way; wait for its end"]
    assert Rescoring.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_score_that_stands_twice_is_found(make: Maker) -> None:
    prediction = make.prediction("0.7")
    make.outcome(prediction.question, "yes")
    again = Score.objects.get(prediction=prediction, rule="brier")
    again.pk, again.round = uuid.uuid4(), 2
    with lifted():
        again.save(force_insert=True)
    assert [str(finding.problem) for finding in audit.check_scores()] == [
        f"counts, but nothing earns it by outcome {again.outcome_id}"
    ]
