from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from sklearn.isotonic import IsotonicRegression

from predictions.scoring.calibration import Calibration, calibration

PROBABILITIES = st.integers(0, 10**6).map(lambda millionths: millionths / 10**6)
ROUND = st.integers(0, 20).map(lambda twentieths: twentieths / 20)


def forecasts(p: st.SearchStrategy[float] = PROBABILITIES | ROUND, least: int = 1) -> Any:
    """Pairs of (p, o)."""
    return st.lists(st.tuples(p, st.sampled_from([0.0, 1.0])), min_size=least, max_size=60)


def drawn(pairs: list[tuple[float, float]], **given_: Any) -> Calibration:
    p, o = np.array(pairs).T
    made = calibration(p, o, seed=1, **given_)
    assert made is not None
    return made


@given(forecasts())
def test_bins_are_those_of_scikit_learn(pairs: list[tuple[float, float]]) -> None:
    # Theirs are closed above, so ours are theirs of what was said of no.
    p, o = np.array(pairs).T
    shares, means = calibration_curve(1 - o, 1 - p, n_bins=8)
    ours = drawn(pairs, bins=8).bins
    assert [1 - made.share for made in reversed(ours)] == pytest.approx(list(shares), abs=1e-9)
    assert [1 - made.mean_probability for made in reversed(ours)] == pytest.approx(
        list(means), abs=1e-9
    )


@pytest.mark.parametrize("bins", [4, 5, 10, 20, 25, 50, 100])
@pytest.mark.parametrize("percent", [0, 15, 29, 35, 57, 58, 70, 95, 99, 100])
def test_a_probability_on_the_edge_of_a_bin_begins_it(percent: int, bins: int) -> None:
    [made] = drawn([(percent / 100, 1.0)], bins=bins).bins
    expected = min(percent * bins // 100, bins - 1)
    assert (made.low, made.high) == (expected / bins, (expected + 1) / bins)


def test_the_last_bin_is_closed_and_empty_bins_are_left_out() -> None:
    made = drawn([(0.95, 1.0), (1.0, 1.0), (0.0, 0.0)]).bins
    assert [(each.low, each.high, each.count) for each in made] == [(0.0, 0.1, 1), (0.9, 1.0, 2)]


@given(forecasts())
def test_the_curve_is_the_isotonic_regression_of_scikit_learn(
    pairs: list[tuple[float, float]],
) -> None:
    curve = drawn(pairs).curve
    p, o = np.array(pairs).T
    expected = IsotonicRegression().fit(p, o).predict(curve.p)
    assert list(curve.p) == sorted(set(p))
    assert curve.recalibrated == pytest.approx(expected, abs=1e-9)
    assert curve.counts.sum() == len(pairs)


def test_the_curve_by_hand_pools_what_would_descend() -> None:
    curve = drawn([(0.2, 0.0), (0.4, 1.0), (0.6, 0.0), (0.6, 1.0), (0.9, 1.0)]).curve
    assert list(curve.p) == [0.2, 0.4, 0.6, 0.9]
    assert list(curve.recalibrated) == pytest.approx([0, 2 / 3, 2 / 3, 1])
    assert list(curve.counts) == [1, 1, 2, 1]


def test_a_partial_answer_counts_by_its_part() -> None:
    made = drawn([(0.3, 0.25), (0.3, 0.75)])
    assert made.bins[0].share == 0.5
    assert list(made.curve.recalibrated) == [0.5]


def test_the_same_seed_gives_the_same_band_and_another_seed_another() -> None:
    p, o = np.linspace(0, 1, 41), np.repeat([0.0, 1.0], [20, 21])
    bands = [calibration(p, o, seed=seed) for seed in (5, 5, 6)]
    first, second, third = (band.curve.low.tolist() for band in bands if band)
    assert first == second != third


def test_the_band_of_one_probability_is_that_of_the_binomial() -> None:
    curve = drawn([(0.3, 0.0)] * 100).curve
    # 5 % and 95 % of 100 draws at 0.3 are 23 and 38 (binomial), here of 1,000 resamples.
    assert curve.low[0] == pytest.approx(0.23, abs=0.011)
    assert curve.high[0] == pytest.approx(0.38, abs=0.011)


def test_calibrated_forecasts_lie_in_the_band_about_nine_times_in_ten() -> None:
    rng, inside = np.random.default_rng(3), 0
    p = rng.integers(1, 20, 400) / 20
    for seed in range(60):
        curve = calibration(p, (rng.random(400) < p).astype(float), seed=seed)
        assert curve is not None
        at_half = int(np.searchsorted(curve.curve.p, 0.5))
        inside += bool(
            curve.curve.low[at_half]
            <= curve.curve.recalibrated[at_half]
            <= curve.curve.high[at_half]
        )
    assert 47 <= inside <= 60


def test_saying_the_same_ten_times_on_one_question_does_not_narrow_the_band() -> None:
    p, questions = np.full(200, 0.5), np.repeat(np.arange(20), 10)
    o = (questions % 2).astype(float)
    alone = calibration(p, o, seed=1)
    together = calibration(p, o, seed=1, questions=questions)
    once = calibration(p[::10], o[::10], seed=1)
    assert alone is not None
    assert together is not None
    assert once is not None
    assert together.curve.low == pytest.approx(once.curve.low)
    assert together.curve.low[0] < alone.curve.low[0] - 0.05


@pytest.mark.parametrize("sure", [0.0, 1.0])
def test_where_all_is_sure_the_band_has_no_width(sure: float) -> None:
    curve = drawn([(sure, 1.0), (sure, 1.0)]).curve
    assert list(curve.low) == list(curve.high) == [sure]
    assert list(curve.recalibrated) == [1.0]


def test_one_prediction_has_a_bin_and_a_point() -> None:
    made = drawn([(0.7, 1.0)])
    assert len(made.bins) == 1
    assert (made.curve.recalibrated[0], made.curve.low[0], made.curve.high[0]) == (1, 0, 1)


def test_a_curve_through_very_many_probabilities_is_drawn_by_ten_thousandths() -> None:
    p = np.arange(0, 10**6, 50) / 10**6
    made = calibration(p, (p > 0.5).astype(float), seed=1)
    assert made is not None
    assert made.curve.p.size == 10_001
    assert made.curve.counts.sum() == p.size


def test_nothing_has_no_calibration() -> None:
    assert calibration(np.array([]), np.array([]), seed=1) is None
