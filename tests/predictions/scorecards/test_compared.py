"""What the home page and the report show of shared questions: a bounded few, the best first."""

import datetime as dt

import pytest

from predictions.scorecards import compared
from predictions.when import end_of
from tests.making import Maker

pytestmark = pytest.mark.django_db


def test_of_many_forecasters_the_best_are_shown_and_the_others_counted(make: Maker) -> None:
    question = make.question()
    for tenths in range(1, 9):
        make.prediction(f"0.{tenths}", question=question)
    make.outcome(question, "yes")
    [shared] = compared()
    assert [str(score.prediction.probability)[:3] for score in shared.scores] == [
        "0.8",
        "0.7",
        "0.6",
        "0.5",
        "0.4",
    ]
    assert shared.more == 3


def test_of_many_questions_the_last_due_are_shown(make: Maker) -> None:
    first, second = make.forecaster(), make.forecaster()
    for day in range(1, 13):
        question = make.question(due_at=end_of(dt.date(2026, 8, day)))
        for forecaster in (first, second):
            make.prediction(question=question, forecaster=forecaster)
        make.outcome(question, "no")
    shown = compared()
    assert [one.question.due_at.day for one in shown if one.question.due_at] == list(
        range(12, 2, -1)
    )
