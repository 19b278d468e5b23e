import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest

from predictions.models import Forecaster, Question
from tests.making import Maker

# Makes so many questions, settled yes and no in turns, on each of which the forecasters said what
# their function gives for its number.
Says = dict[Forecaster, Callable[[int], str]]
OPENED = dt.datetime(2026, 2, 1, tzinfo=dt.UTC)
SETTLED = dt.datetime(2026, 9, 1, tzinfo=dt.UTC)


@pytest.fixture
def settled(make: Maker) -> Callable[[int, Says], list[Question]]:
    def _settled(number: int, says: Says) -> list[Question]:
        questions = []
        for place in range(number):
            question = make.question(opened_at=OPENED)
            for forecaster, said in says.items():
                make.prediction(
                    said(place), question=question, forecaster=forecaster, made_at=OPENED
                )
            make.outcome(question, "no" if place % 2 else "yes", settled_at=SETTLED)
            questions.append(question)
        return questions

    return _settled


def brier(p: str, answer: str) -> float:
    return float((Decimal(p) - (answer == "yes")) ** 2)
