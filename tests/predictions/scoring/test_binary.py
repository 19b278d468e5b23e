import math
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from predictions.scoring.binary import Figures, brier, log_score, score_all
from predictions.scoring.rounding import posted

PROBABILITIES = st.floats(0, 1)


def one(p: float) -> np.ndarray:
    return np.array([p])


@pytest.mark.parametrize(
    ("p", "happened", "brier_score", "log"),
    [
        (0.5, 1, 0.25, math.log(2)),
        (0.95, 0, 0.9025, -math.log(0.05)),
        (0.10, 0, 0.01, -math.log(0.9)),
        (1.0, 1, 0.0, -math.log(0.99)),
        (1.0, 0, 1.0, -math.log(0.01)),
        (0.0, 1, 1.0, -math.log(0.01)),
    ],
)
def test_scores_worked_out_by_hand(p: float, happened: int, brier_score: float, log: float) -> None:
    assert brier(one(p), one(happened))[0] == pytest.approx(brier_score, abs=1e-12)
    assert log_score(one(p), one(happened))[0] == pytest.approx(log, abs=1e-12)


@pytest.mark.parametrize("rule", [brier, log_score])
@given(truth=st.floats(0.01, 0.99), said=PROBABILITIES)
def test_nobody_can_expect_to_do_better_than_by_saying_what_they_believe(
    rule: object, truth: float, said: float
) -> None:
    def expected(p: float) -> float:
        yes, no = rule(one(p), one(1)), rule(one(p), one(0))  # type: ignore[operator]
        return float(truth * yes[0] + (1 - truth) * no[0])

    assert expected(truth) <= expected(said) + 1e-12


@given(PROBABILITIES)
def test_yes_and_no_are_treated_alike(p: float) -> None:
    for rule in (brier, log_score):
        assert rule(one(p), one(1))[0] == pytest.approx(rule(one(1 - p), one(0))[0], abs=1e-9)


def test_posted_rounds_half_to_even_at_nine_places() -> None:
    assert posted(0.1) == Decimal("0.100000000")
    assert posted(2**-10) == Decimal("0.000976562")  # 0.0009765625, exactly between
    assert posted(3 * 2**-10) == Decimal("0.002929688")  # 0.0029296875, exactly between


def test_a_range_gives_the_best_and_the_worst_that_its_words_allow() -> None:
    [[of_brier, of_log]] = score_all(
        [(Decimal("0.8"), Decimal("0.95"), Decimal("0.99"))], Decimal(0)
    )
    assert of_brier == Figures(
        "brier", Decimal("0.902500000"), Decimal("0.640000000"), Decimal("0.980100000")
    )
    assert of_log.best < of_log.value < of_log.worst
    assert of_log.worst == posted(-math.log(0.01))


def test_no_predictions_give_no_figures() -> None:
    assert score_all([], Decimal(1)) == []
