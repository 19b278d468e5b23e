import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from predictions.scoring.comparison import compare, skill_against

SCORES = st.integers(0, 10**9).map(lambda billionths: billionths / 10**9)
PAIRS = st.lists(st.tuples(SCORES, SCORES), min_size=2, max_size=40)


@given(PAIRS)
def test_the_interval_is_that_of_the_paired_t_test(pairs: list[tuple[float, float]]) -> None:
    first, second = np.array(pairs).T
    made = compare(first, second)
    if np.ptp(first - second) < 1e-6:  # where nothing differs scipy warns, and divides by 0
        return
    expected = stats.ttest_rel(first, second).confidence_interval(0.95)
    assert made.interval == pytest.approx((expected.low, expected.high), abs=1e-9)
    assert made.difference == pytest.approx(np.mean(first) - np.mean(second), abs=1e-9)


@given(PAIRS)
def test_who_is_first_changes_the_sign_alone(pairs: list[tuple[float, float]]) -> None:
    first, second = np.array(pairs).T
    here, there = compare(first, second), compare(second, first)
    assert (here.wins, here.ties, here.losses) == (there.losses, there.ties, there.wins)
    assert here.wins + here.ties + here.losses == len(pairs)
    assert here.difference == pytest.approx(-(there.difference or 0), abs=1e-12)


def test_a_lower_score_wins_and_what_differs_by_rounding_ties() -> None:
    first = np.array([0.1, 0.4, (0.1 + 0.2) / 2])
    second = np.array([0.2, 0.3, 0.15])
    assert first[2] != second[2]
    made = compare(first, second)
    assert (made.wins, made.ties, made.losses) == (1, 1, 1)


def test_one_question_has_a_difference_and_no_interval() -> None:
    made = compare(np.array([0.1]), np.array([0.4]))
    assert made.difference == pytest.approx(-0.3)
    assert made.interval is None


def test_nothing_shared_is_nothing_compared() -> None:
    made = compare(np.array([]), np.array([]))
    assert (made.wins, made.ties, made.losses) == (0, 0, 0)
    assert made.difference is None
    assert made.interval is None
    assert skill_against(np.array([]), np.array([])) is None


def test_skill_is_measured_against_the_others() -> None:
    own, others = np.array([0.1, 0.3]), np.array([0.2, 0.6])
    assert skill_against(own, others) == pytest.approx(0.5)
    assert skill_against(others, own) == pytest.approx(-1)
    assert skill_against(own, own) == 0
    assert skill_against(own, np.zeros(2)) is None
