import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scoringrules
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import mean_pinball_loss

from predictions.scoring.quantiles import (
    crps_from_quantiles,
    interval_score,
    pinball,
    weighted_interval_score,
)

NUMBERS = st.floats(-1e3, 1e3)
SYMMETRIC = np.array([0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975])
EACH_RULE = pytest.mark.parametrize("rule", [pinball, weighted_interval_score, crps_from_quantiles])
Rule = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def forecasts(levels: int) -> st.SearchStrategy[tuple[np.ndarray, np.ndarray]]:
    """Rows of ascending values, and what was observed."""
    row = st.tuples(st.lists(NUMBERS, min_size=levels, max_size=levels).map(sorted), NUMBERS)
    return st.lists(row, min_size=1, max_size=6).map(
        lambda rows: (
            np.array([values for values, _ in rows]),
            np.array([seen for _, seen in rows]),
        )
    )


LEVELS = st.lists(
    st.integers(1, 999).map(lambda thousandth: thousandth / 1000),
    min_size=4,
    max_size=4,
    unique=True,
).map(lambda levels: np.array(sorted(levels)))


def test_scores_worked_out_by_hand() -> None:
    levels, values, seen = np.array([0.1, 0.5, 0.9]), np.array([[2.0, 5.0, 7.0]]), np.array([9.0])
    assert pinball(levels, values, seen) == pytest.approx(np.array([[0.7, 2.0, 1.8]]))
    assert crps_from_quantiles(levels, values, seen) == pytest.approx([2 * 4.5 / 3])
    of_interval = 5 + 2 / 0.2 * 2
    assert interval_score(values[:, 0], values[:, 2], seen, np.array(0.2)) == of_interval
    assert weighted_interval_score(levels, values, seen) == pytest.approx(
        [(0.5 * 4 + 0.1 * of_interval) / 1.5]
    )


@given(LEVELS, forecasts(4))
def test_pinball_equals_other_libraries(
    levels: np.ndarray, given_: tuple[np.ndarray, np.ndarray]
) -> None:
    values, seen = given_
    theirs = scoringrules.quantile_score(seen[:, None], values, levels)
    assert pinball(levels, values, seen) == pytest.approx(theirs, abs=1e-9)
    for at, level in enumerate(levels):
        assert pinball(levels, values, seen)[:, at].mean() == pytest.approx(
            mean_pinball_loss(seen, values[:, at], alpha=level), abs=1e-9
        )


@given(forecasts(2), st.floats(0.001, 0.999))
def test_interval_score_equals_another_library(
    given_: tuple[np.ndarray, np.ndarray], alpha: float
) -> None:
    (lower, upper), seen = given_[0].T, given_[1]
    theirs = scoringrules.interval_score(seen, lower, upper, alpha)
    ours = interval_score(lower, upper, seen, np.array(alpha))
    assert ours == pytest.approx(np.atleast_1d(theirs), rel=1e-12, abs=1e-9)


@given(forecasts(7))
def test_weighted_interval_score_equals_another_library(
    given_: tuple[np.ndarray, np.ndarray],
) -> None:
    values, seen = given_
    lower, upper = values[:, :3], values[:, :3:-1]
    # Its numpy part weighs the median where it should weigh its error; that we add ourselves.
    of_intervals = scoringrules.weighted_interval_score(
        seen, values[:, 3], lower, upper, 2 * SYMMETRIC[:3], 0.0, SYMMETRIC[:3], backend="numpy"
    )
    theirs = np.atleast_1d(of_intervals) + 0.5 * np.abs(seen - values[:, 3]) / 3.5
    assert weighted_interval_score(SYMMETRIC, values, seen) == pytest.approx(theirs, abs=1e-9)


@given(LEVELS, forecasts(4))
def test_crps_from_quantiles_equals_another_library(
    levels: np.ndarray, given_: tuple[np.ndarray, np.ndarray]
) -> None:
    values, seen = given_
    theirs = scoringrules.crps_quantile(seen, values, levels, backend="numpy")
    assert crps_from_quantiles(levels, values, seen) == pytest.approx(
        np.atleast_1d(theirs), abs=1e-9
    )


@given(forecasts(7))
def test_of_symmetric_levels_it_is_the_weighted_interval_score(
    given_: tuple[np.ndarray, np.ndarray],
) -> None:
    assert crps_from_quantiles(SYMMETRIC, *given_) == pytest.approx(
        weighted_interval_score(SYMMETRIC, *given_), abs=1e-9
    )


def test_of_many_even_levels_it_comes_to_the_crps() -> None:
    levels = (np.arange(4000) + 0.5) / 4000
    seen = np.array([-1.5, 0.0, 0.3, 2.5])
    values = np.tile(stats.norm.ppf(levels), (4, 1))
    whole = scoringrules.crps_normal(seen, 0.0, 1.0)
    assert crps_from_quantiles(levels, values, seen) == pytest.approx(whole, abs=1e-4)


@EACH_RULE
@given(
    might=st.lists(st.integers(-50, 50), min_size=1, max_size=12),
    said=st.lists(NUMBERS, min_size=7, max_size=7).map(sorted),
)
def test_nobody_can_expect_to_do_better_than_by_saying_the_quantiles_they_believe_in(
    rule: Rule, might: list[int], said: list[float]
) -> None:
    """Of what `might` come out, each is as likely."""
    seen = np.array(might, dtype=np.float64)
    truth = np.quantile(seen, SYMMETRIC, method="inverted_cdf")

    def expected(values: Any) -> Any:
        return rule(SYMMETRIC, np.tile(values, (seen.size, 1)), seen).mean(axis=0)

    assert (expected(truth) <= expected(said) + 1e-9).all()


@given(
    might=st.lists(st.integers(-50, 50), min_size=1, max_size=12),
    ends=st.tuples(NUMBERS, NUMBERS).map(sorted),
    alpha=st.floats(0.01, 0.99),
)
def test_an_interval_is_best_from_quantile_to_quantile(
    might: list[int], ends: list[float], alpha: float
) -> None:
    seen = np.array(might, dtype=np.float64)
    truth = np.quantile(seen, [alpha / 2, 1 - alpha / 2], method="inverted_cdf")

    def expected(lower: float, upper: float) -> float:
        all_alike = np.ones_like(seen)
        return float(
            interval_score(lower * all_alike, upper * all_alike, seen, np.array(alpha)).mean()
        )

    assert expected(*truth) <= expected(*ends) + 1e-6


def test_where_quantiles_are_unique_anything_else_is_worse() -> None:
    levels = np.array([0.1, 0.5, 0.9])
    might = stats.expon.ppf((np.arange(2000) + 0.5) / 2000)
    truth = stats.expon.ppf(levels)
    means = {
        shift: crps_from_quantiles(levels, np.tile(truth + shift, (2000, 1)), might).mean()
        for shift in (-0.05, 0.0, 0.05)
    }
    assert means[0.0] < min(means[-0.05], means[0.05]) - 1e-4


def test_levels_may_differ_from_row_to_row() -> None:
    levels = np.array([[0.1, 0.5, 0.9], [0.25, 0.5, 0.75]])
    values, seen = np.array([[1.0, 2.0, 3.0]] * 2), np.array([4.0, 0.0])
    for rule in (pinball, weighted_interval_score, crps_from_quantiles):
        each = [rule(levels[at], values[at : at + 1], seen[at : at + 1])[0] for at in (0, 1)]
        assert rule(levels, values, seen) == pytest.approx(np.array(each))


@EACH_RULE
@pytest.mark.parametrize(
    ("levels", "values", "observed", "said"),
    [
        ([0.5], [1.0], [1.0], r"values has shape \(1,\); give a row a prediction"),
        ([], [[]], [1.0], r"values has shape \(1, 0\)"),
        ([0.1, 0.5], [[1.0, 2.0, 3.0]], [1.0], r"levels has shape \(2,\), values \(1, 3\)"),
        ([0.5], [[1.0]], [1.0, 2.0], r"observed has shape \(2,\); give one a row"),
        ([0.5], [[math.inf]], [1.0], "values must hold finite numbers; it holds inf"),
        ([0.5], [[1.0]], [math.nan], "observed must hold finite numbers; it holds nan"),
        ([0.0, 0.5, 1.0], [[1.0, 2.0, 3.0]], [1.0], "levels must lie between 0 and 1"),
        ([0.5, 0.5, 0.9], [[1.0, 2.0, 3.0]], [1.0], "levels must ascend in each row"),
        ([0.1, 0.5, 0.9], [[1.0, 3.0, 2.0]], [1.0], "values must not descend in each row"),
    ],
)
def test_what_is_wrong_is_refused_by_name(
    rule: Rule, levels: list[Any], values: list[Any], observed: list[Any], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        rule(np.array(levels), np.array(values), np.array(observed))


@pytest.mark.parametrize("levels", [[0.1, 0.5, 0.8], [0.1, 0.9], [0.1, 0.4, 0.9]])
def test_the_weighted_interval_score_needs_a_median_between_central_intervals(
    levels: list[float],
) -> None:
    values = np.arange(len(levels), dtype=np.float64)[None]
    with pytest.raises(ValueError, match=r"levels must hold 0\.5 and be symmetric about it"):
        weighted_interval_score(np.array(levels), values, np.array([1.0]))


@pytest.mark.parametrize(
    ("lower", "upper", "observed", "alpha", "said"),
    [
        ([2.0], [1.0], [1.0], 0.1, "lower must not lie above upper"),
        ([1.0], [2.0], [1.0], 0.0, "alpha must lie between 0 and 1"),
        ([1.0], [2.0], [1.0], math.nan, "alpha must lie between 0 and 1"),
        ([1.0, 1.0], [2.0], [1.0], 0.1, r"upper has shape \(1,\), lower \(2,\)"),
        ([1.0], [math.nan], [1.0], 0.1, "upper must hold finite numbers"),
        ([1.0], [2.0], [math.inf], 0.1, "observed must hold finite numbers"),
    ],
)
def test_an_interval_that_is_none_is_refused_by_name(
    lower: list[float], upper: list[float], observed: list[float], alpha: float, said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        interval_score(np.array(lower), np.array(upper), np.array(observed), np.array(alpha))
