import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scoringrules
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, log_loss

from predictions.scoring import binary, choice

Rule = Callable[[np.ndarray, np.ndarray], np.ndarray]
RULES = [choice.brier, choice.log_score, choice.spherical, choice.ranked_probability_score]
EACH_RULE = pytest.mark.parametrize("rule", RULES)


def distributions(options: int) -> st.SearchStrategy[np.ndarray]:
    return (
        st.lists(st.floats(0, 1), min_size=options, max_size=options)
        .filter(lambda weights: sum(weights) > 1e-3)
        .map(lambda weights: np.array(weights) / sum(weights))
    )


@st.composite
def answered(draw: Any) -> tuple[np.ndarray, np.ndarray]:
    options = draw(st.integers(2, 6))
    rows = draw(st.lists(distributions(options), min_size=1, max_size=8))
    outcome = st.lists(st.integers(0, options - 1), min_size=len(rows), max_size=len(rows))
    return np.array(rows), np.array(draw(outcome))


def expected(rule: Rule, truth: np.ndarray, said: np.ndarray) -> float:
    """The mean score of `said` if options come out as `truth` says."""
    options = np.arange(truth.size)
    return float(truth @ rule(np.tile(said, (truth.size, 1)), options))


def test_scores_worked_out_by_hand() -> None:
    p, outcome = np.array([[0.5, 0.3, 0.2]]), np.array([1])
    assert choice.brier(p, outcome) == pytest.approx([0.25 + 0.49 + 0.04])
    assert choice.log_score(p, outcome) == pytest.approx([-math.log(0.3)])
    assert choice.spherical(p, outcome) == pytest.approx([1 - 0.3 / math.sqrt(0.38)])
    assert choice.ranked_probability_score(p, outcome) == pytest.approx([(0.25 + 0.04) / 2])


@given(answered())
def test_brier_equals_another_library(given_: tuple[np.ndarray, np.ndarray]) -> None:
    p, outcome = given_
    if p.shape[1] > 2:  # Two options sklearn takes for yes and no, and halves.
        labels = np.arange(p.shape[1])
        theirs = brier_score_loss(outcome, p, labels=labels, scale_by_half=False)
        assert choice.brier(p, outcome).mean() == pytest.approx(theirs, abs=1e-9)
    one_hot = np.eye(p.shape[1])[outcome]
    by_option = scoringrules.brier_score(one_hot, p)
    assert choice.brier(p, outcome) == pytest.approx(by_option.sum(axis=1), abs=1e-9)


@given(answered())
def test_log_equals_another_library_where_no_option_is_below_the_floor(
    given_: tuple[np.ndarray, np.ndarray],
) -> None:
    p, outcome = given_
    p = 0.7 * p + 0.3 / p.shape[1]
    theirs = log_loss(outcome, p, labels=np.arange(p.shape[1]))
    assert choice.log_score(p, outcome).mean() == pytest.approx(theirs, abs=1e-9)


@given(answered())
def test_log_is_of_the_nearest_distribution_that_has_the_floor(
    given_: tuple[np.ndarray, np.ndarray],
) -> None:
    # Of max(0.01, t p_j), the nearest by divergence, t is where they sum to 1; by bisection.
    for row, came_out in zip(*given_, strict=True):
        low, high = 0.0, 2.0
        for _ in range(80):
            middle = (low + high) / 2
            low, high = (
                (middle, high) if np.maximum(0.01, middle * row).sum() < 1 else (low, middle)
            )
        ours = choice.log_score(row[None], np.array([came_out]))[0]
        assert ours == pytest.approx(-math.log(max(0.01, low * row[came_out])), abs=1e-9)


@given(answered())
def test_ranked_probability_score_equals_another_library(
    given_: tuple[np.ndarray, np.ndarray],
) -> None:
    p, outcome = given_
    theirs = scoringrules.rps_score(outcome + 1, p) / (p.shape[1] - 1)
    assert choice.ranked_probability_score(p, outcome) == pytest.approx(theirs, abs=1e-9)


@given(answered())
def test_spherical_equals_the_formula_of_the_paper(given_: tuple[np.ndarray, np.ndarray]) -> None:
    p, outcome = given_
    gains = [row[at] / math.hypot(*row) for row, at in zip(p.tolist(), outcome, strict=True)]
    assert choice.spherical(p, outcome) == pytest.approx(1 - np.array(gains), abs=1e-9)


@given(st.floats(0, 1), st.integers(0, 1))
def test_two_options_are_scored_as_yes_and_no(p: float, o: int) -> None:
    said, outcome = np.array([[1 - p, p]]), np.array([o])
    as_binary = {
        rule: rule(np.array([p]), np.array([float(o)]))[0]
        for rule in (binary.brier, binary.log_score, binary.spherical)
    }
    assert choice.brier(said, outcome)[0] == pytest.approx(2 * as_binary[binary.brier], abs=1e-9)
    assert choice.log_score(said, outcome)[0] == pytest.approx(
        as_binary[binary.log_score], abs=1e-9
    )
    assert choice.spherical(said, outcome)[0] == pytest.approx(
        as_binary[binary.spherical], abs=1e-9
    )
    assert choice.ranked_probability_score(said, outcome)[0] == pytest.approx(
        as_binary[binary.brier], abs=1e-9
    )


@EACH_RULE
@given(options=st.integers(2, 5), data=st.data())
def test_nobody_can_expect_to_do_better_than_by_saying_what_they_believe(
    rule: Rule, options: int, data: st.DataObject
) -> None:
    truth, said = data.draw(distributions(options)), data.draw(distributions(options))
    assert expected(rule, truth, truth) <= expected(rule, truth, said) + 1e-12
    # Strictly so; of the log score, where neither touches the floor.
    truth, said = (0.7 * each + 0.3 / options for each in (truth, said))
    if np.abs(truth - said).max() > 1e-2:
        assert expected(rule, truth, truth) < expected(rule, truth, said) - 1e-7


def test_sure_forecasts_gain_nothing_by_the_floor() -> None:
    truth, said = np.array([0.015, 0.015, 0.97]), np.array([0.0, 0.0, 1.0])
    clipped_each = -math.log(0.99) * 0.97 - math.log(0.01) * 0.03
    assert clipped_each < expected(choice.log_score, truth, truth)  # as a bare clip would have it
    assert expected(choice.log_score, truth, truth) < expected(choice.log_score, truth, said)


def test_in_order_a_near_miss_costs_less_than_a_far_one() -> None:
    p = np.array([[0.8, 0.2, 0.0], [0.8, 0.2, 0.0]])
    near, far = choice.ranked_probability_score(p, np.array([1, 2]))
    assert near < far
    worst = choice.ranked_probability_score(np.array([[1.0, 0, 0, 0]]), np.array([3]))
    assert worst == pytest.approx([1.0])


@EACH_RULE
@pytest.mark.parametrize(
    ("p", "outcome", "said"),
    [
        ([0.5, 0.5], [0], r"p has shape \(2,\); give a row a prediction"),
        ([[1.0]], [0], "of two options or more"),
        ([[0.5, 0.6]], [0], "p must sum to 1 in each row; row 0 does not"),
        ([[0.5, 0.5], [0.5, 0.4]], [0, 0], "row 1 does not"),
        ([[1.5, -0.5]], [0], r"p must lie in \[0, 1\]; it holds 1.5"),
        ([[math.nan, 1.0]], [0], r"p must lie in \[0, 1\]; it holds nan"),
        ([[0.5, 0.5]], [2], "outcome must hold numbers from 0 to 1"),
        ([[0.5, 0.5]], [-1], "outcome must hold numbers from 0 to 1"),
        ([[0.5, 0.5]], [0.0], "outcome must hold whole numbers; it holds float64"),
        ([[0.5, 0.5]], [0, 1], r"outcome has shape \(2,\); it must be \(1,\)"),
    ],
)
def test_what_is_wrong_is_refused_by_name(
    rule: Rule, p: list[Any], outcome: list[Any], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        rule(np.array(p), np.array(outcome))


@EACH_RULE
def test_no_predictions_have_no_scores(rule: Rule) -> None:
    assert rule(np.empty((0, 3)), np.array([], dtype=np.int64)).shape == (0,)


def test_the_log_score_takes_as_many_options_as_its_floor_leaves_room_for() -> None:
    p = np.zeros((1, 99))
    p[0, 0] = 1
    assert choice.log_score(p, np.array([5])) == pytest.approx([-math.log(0.01)])
    assert choice.log_score(p, np.array([0])) == pytest.approx([-math.log(0.02)])
    even = np.append(p, [[0.0]], axis=1)
    assert choice.log_score(even, np.array([0])) == pytest.approx([math.log(100)])
    with pytest.raises(ValueError, match="p has 101 options; the log score takes at most 100"):
        choice.log_score(np.full((1, 101), 1 / 101), np.array([0]))
