import numpy as np
import pytest
from scipy import stats

from predictions.scoring import summary


def test_the_interval_of_unclustered_values_is_that_of_students_t() -> None:
    values = np.array([0.1, 0.4, 0.35, 0.8, 0.05])
    expected = stats.t.interval(0.95, 4, loc=values.mean(), scale=stats.sem(values))
    assert summary.clustered_interval(values, np.arange(5)) == pytest.approx(expected)


def test_values_said_twice_on_a_question_do_not_narrow_the_interval() -> None:
    values, clusters = np.array([0.1, 0.4, 0.35, 0.8]), np.arange(4)
    once = summary.clustered_interval(values, clusters)
    twice = summary.clustered_interval(np.repeat(values, 2), np.repeat(clusters, 2))
    assert twice == pytest.approx(once)


def test_one_question_has_no_interval() -> None:
    assert summary.clustered_interval(np.array([0.1, 0.2]), np.array([7, 7])) is None
    assert summary.clustered_interval(np.array([]), np.array([], dtype=np.int64)) is None


def test_skill_is_measured_against_the_base_rate() -> None:
    assert summary.skill(0.25, 0.25) == 0
    assert summary.skill(0.0, 0.25) == 1
    assert summary.skill(0.3, 0.16) == pytest.approx(1 - 0.3 / 0.16)
    assert summary.skill(0.1, 0.0) is None
    assert summary.skill(None, None) is None


def test_sharpness_is_the_brier_score_that_calibrated_forecasts_would_earn() -> None:
    assert summary.sharpness(np.array([0.5, 0.5])) == 0.25
    assert summary.sharpness(np.array([0.0, 1.0])) == 0
    assert summary.sharpness(np.array([0.9, 0.2])) == pytest.approx((0.09 + 0.16) / 2)
    assert summary.sharpness(np.array([])) is None


@pytest.mark.parametrize(
    ("p", "o", "expected"),
    [
        ([0.7, 0.3, 0.2, 0.9], [1, 0, 1, 0], 0.5),
        ([0.5, 0.5], [1, 0], 0.5),
        ([0.500001, 0.499999], [1, 1], 0.5),
        ([0.8, 0.8], [0.75, 0.25], 0.5),  # partial answers, on either side of half
        ([0.8, 0.1], [0.5, 0], 1.0),  # half and half is left out
        ([0.0, 1.0], [0, 1], 1.0),
        ([0.8], [0.5], None),
        ([], [], None),
    ],
)
def test_hits_are_on_the_right_side_of_one_half(
    p: list[float], o: list[float], expected: float | None
) -> None:
    assert summary.hit_rate(np.array(p), np.array(o)) == expected


def test_vagueness_is_the_share_of_statements_that_could_not_be_scored() -> None:
    assert summary.vagueness_rate(3, 1) == 0.25
    assert summary.vagueness_rate(0, 2) == 1
    assert summary.vagueness_rate(5, 0) == 0
    assert summary.vagueness_rate(0, 0) is None
