"""Several who act on a condition and what hangs on it, at the same moment."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier, Event

import pytest
from django.db import connection
from django.utils import timezone

from predictions import importing
from predictions.audit import check_scores
from predictions.errors import Conflict
from predictions.models import Outcome, Phrase, Prediction, Question, Score, SeriesTotal
from predictions.services.imports import predictions_import
from predictions.services.rescoring import rescore
from tests.ledger.others import another, in_background, run, wait_for
from tests.making import Maker

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 4
HELD = "SELECT 1 FROM predictions_question WHERE key = %s FOR NO KEY UPDATE NOWAIT"


def at_once(*acts: Callable[[], object]) -> list[str]:
    """What became of each act; of a deadlock, the database would end one with its error."""
    start = Barrier(len(acts))

    def act(doing: Callable[[], object]) -> str:
        try:
            start.wait(timeout=20)
            doing()
        except Conflict:
            return "refused"
        else:
            return "done"
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as all_of_them:
        return list(all_of_them.map(act, acts))


@pytest.fixture
def make() -> Maker:
    return Maker(timezone.now())


def test_two_adjudicators_on_a_condition_and_its_conditional_never_block_each_other(
    make: Maker,
) -> None:
    for number in range(ROUNDS):
        # The keys in the order that is against the families'.
        condition = make.question(key=f"z{number}")
        question = make.conditional(condition, key=f"y{number}")
        below = make.conditional(question, key=f"x{number}")
        make.prediction(question=question)
        done = at_once(
            partial(make.outcome, condition, "no"),
            partial(make.outcome, question, "yes"),
            partial(make.outcome, below, "yes"),
        )
        assert done[0] == "done"
        for row in (question, below):
            assert row.outcome is not None
            assert row.outcome.void_reason == "condition_not_met"
    assert not Score.objects.standing().exists()


def test_whoever_reads_a_phrase_anew_waits_for_an_outcome_and_it_for_them(make: Maker) -> None:
    phrase = make.phrase()
    condition = make.question(key="z")
    question = make.conditional(condition, key="a")
    for row in (condition, question):
        make.prediction(None, basis="verbal", phrase=phrase, question=row)
    entering: Callable[[], Outcome] = partial(make.outcome, condition, "yes")
    for read in (("0.1", "0.2", "0.3"), ("0.2", "0.3", "0.4"), ("0.3", "0.4", "0.5")):
        assert at_once(partial(make.revise, phrase, *read), entering) == ["done", "done"]
        phrase = Phrase.objects.current().get()
        entering = partial(make.correct, condition.outcomes.current().get(), "yes")
        [standing] = Score.objects.standing().filter(rule="brier")
        assert float(standing.value) == pytest.approx((1 - float(read[1])) ** 2)


def test_a_phrase_is_read_anew_on_the_condition_before_what_hangs_on_it(make: Maker) -> None:
    phrase = make.phrase()
    condition = make.question(key="z")
    for row in (condition, make.conditional(condition, key="a")):
        make.prediction(None, basis="verbal", phrase=phrase, question=row)
    with another() as other, another() as third:
        other.set_autocommit(False)
        run(other, HELD, ["z"])
        revising = in_background(partial(make.revise, phrase, "0.1", "0.2", "0.3"))
        wait_for(lambda: waiting() == 1)
        assert run(third, HELD, ["a"]) == [(1,)]
        other.rollback()
        revising.join(timeout=20)
    assert Phrase.objects.count() == 2


def test_everything_is_scored_anew_on_the_condition_before_what_hangs_on_it(make: Maker) -> None:
    condition = make.question(key="z")
    # Ids are random: of so many, some come before the condition's.
    below = [make.conditional(condition, key=f"a{number}").key for number in range(20)]
    with another() as other, another() as third:
        other.set_autocommit(False)
        run(other, HELD, ["z"])
        scoring = in_background(lambda: rescore(by=None, now=make.now))
        wait_for(lambda: waiting() == 1)
        assert [run(third, HELD, [key]) for key in below] == [[(1,)]] * len(below)
        other.rollback()
        scoring.join(timeout=20)
    assert not scoring.is_alive()


def test_a_conditional_opened_while_its_condition_is_decided_is_void(make: Maker) -> None:
    condition = make.question(key="z")
    with another() as other:
        other.set_autocommit(False)
        run(other, "SELECT 1 FROM predictions_question WHERE key = 'z' FOR NO KEY UPDATE")
        deciding = in_background(lambda: make.outcome(condition, "no"))
        wait_for(lambda: waiting() == 1)
        opening = in_background(lambda: make.conditional(condition, key="a"))
        wait_for(lambda: waiting() == 2)
        other.rollback()
        for thread in (deciding, opening):
            thread.join(timeout=20)
            assert not thread.is_alive()
    opened = Question.objects.get(key="a")
    assert opened.outcome is not None
    assert opened.outcome.follows == condition.outcome


def test_a_prediction_is_never_read_by_a_version_that_was_replaced_meanwhile(make: Maker) -> None:
    phrase = make.phrase()
    question = make.question()
    with another() as other:
        other.set_autocommit(False)
        run(other, "SELECT pg_advisory_xact_lock(hashtext(%s))", [f"read {phrase.subject}"])
        recording = in_background(
            lambda: make.prediction(None, basis="verbal", phrase=phrase, question=question)
        )
        wait_for(lambda: waiting() == 1)
        assert not question.predictions.exists()
        other.rollback()
        recording.join(timeout=20)
    assert question.predictions.count() == 1


def waiting() -> int:
    with another() as looking:
        return len(run(looking, "SELECT DISTINCT pid FROM pg_locks WHERE NOT granted"))


IMPORTED = "question,forecaster,made_at,probability,outcome,resolved_at\n"


def import_begun(*lines: str, once: Event, go_on: Event) -> threading.Thread:
    """An import that stops after its first predictions, where it holds everybody's total."""

    def stop(done: int, total: int) -> None:
        once.set()
        go_on.wait(timeout=20)

    found = importing.read((IMPORTED + "\n".join(lines)).encode())
    return in_background(
        lambda: predictions_import(read=found, by=None, now=timezone.now(), progress=stop)
    )


def test_what_an_import_makes_void_is_held_before_a_prediction_on_it_is_scored(
    make: Maker,
) -> None:
    question = make.conditional(make.question(key="z"), key="a")
    forecaster, article = make.prediction("0.3", question=question).forecaster, make.article()
    once, go_on = Event(), Event()
    first = import_begun("z,crowd,2026-02-02,0.7,no,2026-06-01", once=once, go_on=go_on)
    assert once.wait(timeout=20)
    second = in_background(
        lambda: make.prediction("0.4", question=question, forecaster=forecaster, article=article)
    )
    wait_for(lambda: waiting() == 1)
    go_on.set()
    for thread in (first, second):
        thread.join(timeout=20)
        assert not thread.is_alive()
    assert question.outcome is not None
    assert [series.void for series in SeriesTotal.objects.filter(question=question)] == [2]
    assert list(check_scores()) == []


def test_an_import_and_a_prediction_on_one_of_its_later_questions_never_block_each_other(
    make: Maker,
) -> None:
    questions = [make.question() for _ in range(501)]  # the last is of another batch
    lines = [f"{question.key},crowd,2026-02-02,0.7,," for question in questions]
    once, go_on = Event(), Event()
    first = import_begun(*lines, once=once, go_on=go_on)
    assert once.wait(timeout=20)
    second = in_background(lambda: make.prediction("0.4", question=questions[-1]))
    wait_for(lambda: waiting() == 1)
    go_on.set()
    for thread in (first, second):
        thread.join(timeout=60)
        assert not thread.is_alive()
    assert questions[-1].predictions.count() == 2
    assert Prediction.objects.count() == 502
