"""What was forecast, as people read it."""

from typing import Any

import pytest

from predictions.models import Prediction, Question
from predictions.templatetags.figures import rule_name, said

SHARES = [["oats", "0.100000"], ["rye", "0.600000"], ["wheat", "0.300000"]]
LEVELS = [["0.100000", "-8.000000"], ["0.500000", "12.500000"], ["0.900000", "30.000000"]]
DAYS = [["0.250000", "2026-05-01"], ["0.750000", "2026-06-10"]]


@pytest.mark.parametrize(
    ("kind", "unit", "given", "words"),
    [
        ("binary", "", {"probability": 0.125}, "12.5 % yes"),
        ("choice", "", {"distribution": SHARES}, "rye 60 %, wheat 30 %, oats 10 %"),
        ("numeric", "tonnes", {"quantiles": LEVELS}, "10 %: -8, 50 %: 12.5, 90 %: 30 tonnes"),
        ("date", "", {"quantiles": DAYS}, "25 %: 2026-05-01, 75 %: 2026-06-10"),
    ],
)
def test_it_reads_by_the_kind_of_its_question(
    kind: str, unit: str, given: dict[str, Any], words: str
) -> None:
    assert said(Prediction(question=Question(kind=kind, unit=unit), **given)) == words


def test_of_many_options_the_likeliest_are_told() -> None:
    prediction = Prediction(question=Question(kind="choice"), distribution=SHARES)
    assert said(prediction, 2) == "rye 60 %, wheat 30 % and 1 more"


def test_rules_have_short_names() -> None:
    assert list(map(rule_name, ("brier", "log", "rps", "crps"))) == ["Brier", "log", "RPS", "CRPS"]
