"""The four-eyes rule: who recorded a prediction on a question does not adjudicate it."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.utils import timezone

from predictions import importing, services
from predictions.errors import Denied
from predictions.models import Outcome, Prediction, Question, User
from predictions.services.eyes import barred
from predictions.services.imports import predictions_import
from tests.making import Maker


@pytest.fixture(autouse=True)
def in_force(settings: Any) -> None:
    settings.FOUR_EYES = True


@pytest.fixture
def bo(db: None) -> User:
    user = User.objects.create_user("bo", "bo@example.org")
    user.groups.add(*Group.objects.filter(name="adjudicator"))
    return user


def enter(make: Maker, question: Question, by: User | None) -> Outcome:
    return services.outcome_enter(question=question, verdict=make.verdict(), by=by, now=make.now)


def correct(make: Maker, outcome: Outcome, by: User) -> Outcome:
    return services.outcome_correct(
        outcome=outcome, verdict=make.verdict("no"), reason="Misread.", by=by, now=make.now
    )


def withdraw(make: Maker, outcome: Outcome, by: User) -> Outcome:
    return services.outcome_withdraw(outcome=outcome, reason="Too early.", by=by, now=make.now)


def test_who_recorded_a_prediction_does_not_enter_the_outcome(
    make: Maker, adjudicator: User, bo: User
) -> None:
    question = make.prediction(by=bo).question
    with pytest.raises(Denied) as refused:
        enter(make, question, bo)
    assert str(refused.value) == (
        f"bo has recorded or amended predictions that hang on {question.key} and does not "
        "adjudicate them; another adjudicator must, such as ada"
    )
    assert refused.value.rule == "four-eyes"
    assert not Outcome.objects.exists()
    assert enter(make, question, adjudicator).answer == "yes"


def test_superusers_are_bound_too(make: Maker, adjudicator: User) -> None:
    question = make.prediction(by=adjudicator).question
    with pytest.raises(Denied, match="there is none yet: an administrator can name one"):
        enter(make, question, adjudicator)


def test_who_is_barred_as_well_is_not_named(make: Maker, adjudicator: User, bo: User) -> None:
    question = make.prediction(by=bo).question
    make.prediction(question=question, by=adjudicator)
    cy = User.objects.create_user("cy", "cy@example.org")
    cy.groups.add(*Group.objects.filter(name="adjudicator"))
    User.objects.create_user("dee", "dee@example.org", is_active=False, is_superuser=True)
    with pytest.raises(Denied, match=r"another adjudicator must, such as cy$"):
        enter(make, question, bo)


def test_nor_corrects_it_nor_withdraws_it(make: Maker, adjudicator: User, bo: User) -> None:
    question = make.prediction(by=bo).question
    outcome = enter(make, question, adjudicator)
    for act in (correct, withdraw):
        with pytest.raises(Denied, match="bo has recorded or amended predictions"):
            act(make, outcome, bo)
    assert question.outcome == outcome


def test_nor_enters_outcomes_of_several_questions_of_which_one_is_barred(
    make: Maker, bo: User
) -> None:
    barring, other = make.prediction(by=bo).question, make.prediction().question
    verdicts = {question: make.verdict() for question in (barring, other)}
    with pytest.raises(Denied, match=rf"predictions that hang on {barring.key} and does not"):
        services.outcomes_enter(verdicts=verdicts, by=bo, now=make.now)
    assert not Outcome.objects.exists()


def test_who_entered_an_outcome_records_no_prediction_that_it_scores(
    make: Maker, adjudicator: User, bo: User
) -> None:
    question, article = make.question(), make.article()
    outcome = enter(make, question, bo)
    with pytest.raises(Denied, match="bo has entered the outcome of"):
        make.prediction(question=question, article=article, by=bo)
    drafted = Prediction(
        question=question,
        forecaster=make.forecaster(),
        article=article,
        made_at=question.opened_at,
        probability="0.5",
        basis="stated",
    )
    with pytest.raises(Denied, match="bo has entered the outcome of"):
        services.predictions_record(predictions=[drafted], by=bo, now=make.now)
    assert not Prediction.objects.exists()
    recorded = make.prediction(question=question, article=article, by=adjudicator)
    with pytest.raises(Denied, match="bo has entered the outcome of"):
        services.prediction_amend(
            prediction=recorded, changes={"note": "N."}, reason="Misread.", by=bo, now=make.now
        )
    withdraw(make, outcome, bo)
    make.prediction(question=question, article=article, by=bo)


def test_who_made_a_mistake_mends_it(make: Maker, bo: User) -> None:
    outcome = enter(make, make.prediction().question, bo)
    withdraw(make, correct(make, outcome, bo), bo)


def test_the_service_itself_is_not_bound(make: Maker) -> None:
    enter(make, make.prediction(by=None).question, None)


def test_where_it_is_not_in_force_everybody_may(make: Maker, bo: User, settings: Any) -> None:
    settings.FOUR_EYES = False
    question = make.prediction(by=bo).question
    assert barred(bo, [question.pk]) == set()
    outcome = enter(make, question, bo)
    make.prediction(question=question, article=make.article(), by=bo)
    withdraw(make, outcome, bo)


def test_a_file_with_predictions_and_their_outcome_is_refused_whole(make: Maker, bo: User) -> None:
    columns = "question,forecaster,made_at,probability,due_at,outcome"
    row = "H1,almanac,2026-02-01,0.7,2026-03-01"
    read = importing.read(f"{columns}\n{row},yes\n".encode())
    with pytest.raises(Denied, match="bo has recorded or amended predictions that hang on H1"):
        predictions_import(read=read, by=bo, now=make.now)
    assert not Question.objects.exists()
    open_still = importing.read(f"{columns}\n{row},\n".encode())
    assert predictions_import(read=open_still, by=bo, now=make.now).predictions == 1


def test_a_list_asks_as_often_for_all_its_questions_as_for_one(
    make: Maker, bo: User, django_assert_num_queries: Any
) -> None:
    mine = [make.prediction(by=bo).question for _ in range(3)]
    others = [make.prediction().question for _ in range(3)]
    make.prediction(question=mine[0], by=bo)
    with django_assert_num_queries(3):
        found = barred(bo, [question.pk for question in (*mine, *others)])
    assert found == {question.pk for question in mine}
    with django_assert_num_queries(0):
        assert barred(None, [mine[0].pk]) == barred(bo, []) == set()


@pytest.mark.django_db(transaction=True)
def test_of_a_prediction_and_an_outcome_by_one_person_at_one_moment_one_is_refused(
    adjudicator: User,
) -> None:
    make = Maker(timezone.now())
    for _ in range(4):
        question, article = make.question(), make.article()
        forecaster = make.forecaster()
        record = partial(
            make.prediction,
            question=question,
            article=article,
            forecaster=forecaster,
            by=adjudicator,
        )
        with ThreadPoolExecutor(2) as both:
            done = list(both.map(denied, (record, partial(enter, make, question, adjudicator))))
        assert sorted(done) == [False, True]
        assert (
            question.predictions.exists() is not Outcome.objects.filter(question=question).exists()
        )


def denied(act: Any) -> bool:
    try:
        act()
    except Denied:
        return True
    else:
        return False
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_who_amended_a_prediction_does_not_enter_the_outcome(make: Maker, bo: User) -> None:
    prediction = make.prediction("0.2")
    services.prediction_amend(
        prediction=prediction,
        changes={"probability": Decimal("0.9")},
        reason="Written down wrongly.",
        by=bo,
        now=make.now,
    )
    with pytest.raises(Denied):
        enter(make, prediction.question, bo)
    assert barred(bo, [prediction.question_id]) == {prediction.question_id}


def test_who_recorded_on_what_hangs_on_an_answer_does_not_give_that_answer(
    make: Maker, bo: User
) -> None:
    top, apart = make.question(), make.question()
    below = make.conditional(make.conditional(top, "yes"), "yes")
    make.prediction(question=below, by=bo)
    assert barred(bo, [top.pk, apart.pk, below.pk]) == {top.pk, below.pk}
    with pytest.raises(Denied):
        enter(make, top, bo)
    assert enter(make, apart, bo).answer == "yes"
