"""Totals are kept up with each prediction and outcome, and are what a recount gives."""

import dataclasses
import datetime as dt
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from predictions import audit, services
from predictions.models import Prediction, Score, SeriesTotal, Total
from predictions.models.totals import EVERYBODY
from predictions.scorecards import Totals, scoreboard
from predictions.when import end_of
from tests.conftest import NOW
from tests.making import Maker
from tests.predictions.recount import recounted

DAYS = st.integers(0, 250).map(lambda day: end_of(dt.date(2026, 1, 31) + dt.timedelta(day)))
MILLIONTHS = st.one_of(st.sampled_from([0, 150_000, 350_000, 10**6]), st.integers(0, 10**6))
PREDICTION = st.tuples(
    st.integers(0, 3),
    st.integers(0, 2),
    st.lists(MILLIONTHS, min_size=3, max_size=3).map(sorted),
    DAYS,
)
VERDICT = st.tuples(st.integers(0, 3), st.sampled_from(["yes", "no", "0.4", None]), DAYS)


def assert_recounted() -> None:
    board = scoreboard()
    assert_same(board.total, recounted(Prediction.objects.select_related("question")))
    for row in board.forecasters:
        of_one = Prediction.objects.filter(forecaster__key=row.forecaster)
        assert_same(row.totals, recounted(of_one.select_related("question")))
    assert list(audit.check_scores()) == []


def assert_same(totals: Totals, expected: dict[str, Any]) -> None:
    found = dataclasses.asdict(totals)
    for name, value in expected.items():
        # Float64 and exact decimals may differ in which way they round a digit that is just half.
        assert found[name] == (value if value is None else pytest.approx(value, abs=1.5e-9)), name


class TestAnyHistory(TestCase):
    @given(steps=st.lists(st.one_of(PREDICTION, VERDICT), max_size=14))
    @settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
    def test_totals_are_those_of_a_recount_after_any_history(self, steps: list[Any]) -> None:
        make = Maker(NOW)
        forecasters = [make.forecaster() for _ in range(3)]
        article = make.article()
        questions = [make.question(partial=True) for _ in range(4)]
        for step in steps:
            if len(step) == 4:
                question, forecaster, range_, made_at = step
                low, p, high = (f"{part / 10**6:.6f}" for part in range_)
                make.prediction(
                    p,
                    low=low,
                    high=high,
                    question=questions[question],
                    forecaster=forecasters[forecaster],
                    article=article,
                    made_at=made_at,
                )
            else:
                self.decide(make, questions[step[0]], *step[1:])
        assert_recounted()

    def decide(self, make: Maker, question: Any, answer: str | None, settled_at: Any) -> None:
        given = {"settled_at": settled_at, "void_reason": "" if answer else "ambiguous"}
        verdict, standing = make.verdict(answer, **given), question.outcome
        if standing is None:
            services.outcome_enter(question=question, verdict=verdict, by=None, now=NOW)
        else:
            services.outcome_correct(
                outcome=standing, verdict=verdict, reason="Misread.", by=None, now=NOW
            )


@pytest.mark.django_db
def test_corrected_and_corrected_back_every_total_is_exactly_what_it_was(make: Maker) -> None:
    question = make.prediction("0.123457").question
    for p in ("0.3", "0.987654", "1"):
        make.prediction(p, question=question)
    make.outcome(make.prediction("0.4").question, "no")
    first = make.outcome(question, "yes")
    before = all_totals(), scoreboard()
    second = correct(make, first, "no")
    assert all_totals() != before[0]
    correct(make, second, "yes")
    assert (all_totals(), scoreboard()) == before
    assert Score.objects.filter(prediction__question=question).count() == 8 * 5


def correct(make: Maker, outcome: Any, answer: str) -> Any:
    return services.outcome_correct(
        outcome=outcome, verdict=make.verdict(answer), reason="Misread.", by=None, now=make.now
    )


def all_totals() -> list[Any]:
    keys = ("question", "forecaster")
    series = SeriesTotal.objects.order_by(*keys).values()
    totals = Total.objects.order_by("whose").values()
    return [{**row, "id": None} for row in [*series, *totals]]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        f"UPDATE predictions_total SET brier = brier + 1 WHERE whose = '{EVERYBODY}'",
        f"UPDATE predictions_total SET log = log - 1 WHERE whose <> '{EVERYBODY}'",
        "UPDATE predictions_seriestotal SET mean_brier = mean_brier + 1",
        f"DELETE FROM predictions_total WHERE whose = '{EVERYBODY}'",
        "DELETE FROM predictions_seriestotal",
        "UPDATE predictions_seriestotal SET question_id = gen_random_uuid()",
    ],
)
def test_totals_that_were_meddled_with_are_found(make: Maker, statement: str) -> None:
    make.outcome(make.prediction("0.7").question, "yes")
    assert list(audit.check_scores()) == []
    with connection.cursor() as cursor:
        cursor.execute(statement)
    assert list(audit.check_scores())
