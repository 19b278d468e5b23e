import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from predictions.scoring.revisions import OverTime, each_once, last_before_close, time_weighted

Series = list[tuple[float, float]]


def over_time(made: Any, score: Any, *, opened: float, closed: float) -> tuple[float, float] | None:
    """Of one series."""
    found = time_weighted(
        np.zeros(len(made), dtype=np.int64),
        np.array(made, dtype=np.float64),
        np.array(score, dtype=np.float64),
        opened=np.array([opened]),
        closed=np.array([closed]),
    )
    return (found.score[0], found.coverage[0]) if found.valid[0] else None


def test_each_revision_is_weighed_by_how_long_it_stood() -> None:
    # Open from 0 to 100; 0.4 stands from 20 to 60, 0.1 from 60 to 100.
    assert over_time([20, 60], [0.4, 0.1], opened=0, closed=100) == pytest.approx(
        ((40 * 0.4 + 40 * 0.1) / 80, 0.8)
    )


def test_a_prediction_older_than_the_opening_counts_from_the_opening() -> None:
    assert over_time([-50], [0.3], opened=0, closed=10) == pytest.approx((0.3, 1.0))


def test_of_two_revisions_at_the_same_moment_the_last_stands() -> None:
    assert over_time([5, 5], [0.9, 0.1], opened=0, closed=10) == pytest.approx((0.1, 0.5))
    assert over_time([-5, -2], [0.9, 0.1], opened=0, closed=10) == pytest.approx((0.1, 1.0))


@pytest.mark.parametrize("late", [10, 11])
def test_what_was_made_at_the_close_or_later_does_not_count(late: float) -> None:
    assert over_time([5, late], [0.4, 0.9], opened=0, closed=10) == pytest.approx((0.4, 0.5))
    assert over_time([late], [0.9], opened=0, closed=10) is None


@pytest.mark.parametrize("opened", [10, 20])
def test_where_no_time_passed_there_is_no_score_over_time(opened: float) -> None:
    assert over_time([5], [0.3], opened=opened, closed=10) is None


def test_a_series_without_predictions_has_no_score() -> None:
    assert over_time([], [], opened=0, closed=10) is None


TIMES = st.integers(-3, 13).map(float) | st.floats(-3, 13)
SERIES: st.SearchStrategy[Series] = st.lists(st.tuples(TIMES, st.floats(0, 1)), max_size=6).map(
    lambda rows: sorted(rows, key=lambda row: row[0])
)
MANY = st.lists(st.tuples(SERIES, TIMES, TIMES), min_size=1, max_size=5)


def flat(many: list[tuple[Series, float, float]]) -> tuple[np.ndarray, ...]:
    """series, made, score, opened, closed."""
    rows = [(at, *row) for at, (series, _, _) in enumerate(many) for row in series]
    series, made, score = np.array(rows, dtype=np.float64).reshape(-1, 3).T
    opened, closed = np.array([ends for _, *ends in many]).T
    return series.astype(np.int64), made, score, opened, closed


def by_hand(series: Series, opened: float, closed: float) -> tuple[float, float, bool]:
    """What stands from each moment at which anything happens until the next."""
    times = sorted({opened, closed, *(made for made, _ in series)})
    stood = total = 0.0
    for since, until in pairwise(times):
        so_far = [score for made, score in series if made <= since]
        if opened <= since < closed and so_far:
            stood += until - since
            total += (until - since) * so_far[-1]
    return (total / stood, stood / (closed - opened), True) if stood > 0 else (0.0, 0.0, False)


@given(MANY)
def test_many_series_are_weighed_as_each_alone(many: list[tuple[Series, float, float]]) -> None:
    series, made, score, opened, closed = flat(many)
    found = time_weighted(series, made, score, opened=opened, closed=closed)
    assert isinstance(found, OverTime)
    expected = np.array([by_hand(*each) for each in many])
    # What stood for less than rounding leaves of the clock has a score that rounding decides.
    clear = (expected[:, 1] * (closed - opened) > 1e-6) | (expected[:, 1] == 0)
    assert found.valid[clear].tolist() == expected[clear, 2].tolist()
    assert found.score[clear] == pytest.approx(expected[clear, 0], abs=1e-9)
    assert found.coverage == pytest.approx(expected[:, 1], abs=1e-9)


@given(MANY)
def test_the_last_before_the_close_is_the_one_that_stood_then(
    many: list[tuple[Series, float, float]],
) -> None:
    series, made, _, _, closed = flat(many)
    expected = []
    for rows, _, close in many:
        before = sum(made < close for made, _ in rows)
        expected += [at == before - 1 for at in range(len(rows))]
    assert last_before_close(series, made, closed=closed).tolist() == expected


@given(MANY)
def test_each_prediction_counts_once(many: list[tuple[Series, float, float]]) -> None:
    series, _, score, _, _ = flat(many)
    means, valid = each_once(series, score, count=len(many))
    assert valid.tolist() == [bool(rows) for rows, _, _ in many]
    expected = [sum(score for _, score in rows) / max(len(rows), 1) for rows, _, _ in many]
    assert means == pytest.approx(expected, abs=1e-9)


GOOD = {"series": [0, 0, 1], "made": [1.0, 2.0, 0.0], "opened": [0.0, 0.0], "closed": [5.0, 5.0]}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"series": [1, 0, 0]}, "series and made must be sorted"),
        ({"made": [2.0, 1.0, 0.0]}, "series and made must be sorted"),
        ({"series": [0, 0, 2]}, "series must hold numbers from 0 to 1"),
        ({"series": [0.0, 0.0, 1.0]}, "series must hold whole numbers; it holds float64"),
        ({"series": [0, 0]}, r"series has shape \(2,\); it must be \(3,\)"),
        ({"made": [1.0, math.nan, 0.0]}, "made must hold finite numbers; it holds nan"),
        ({"closed": [5.0, math.inf]}, "closed must hold finite numbers; it holds inf"),
    ],
)
def test_what_is_wrong_is_refused_by_name(changed: dict[str, Any], said: str) -> None:
    given_ = {name: np.array(each) for name, each in (GOOD | changed).items()}
    with pytest.raises(ValueError, match=said):
        time_weighted(score=np.zeros(given_["made"].size), **given_)
    del given_["opened"]
    with pytest.raises(ValueError, match=said):
        last_before_close(**given_)


def test_shapes_that_differ_are_refused_by_name() -> None:
    given_ = {name: np.array(each) for name, each in GOOD.items()}
    with pytest.raises(ValueError, match=r"score has shape \(2,\), made \(3,\)"):
        time_weighted(score=np.zeros(2), **given_)
    with pytest.raises(ValueError, match=r"opened has shape \(1,\), closed \(2,\)"):
        time_weighted(score=np.zeros(3), **given_ | {"opened": np.zeros(1)})
    with pytest.raises(ValueError, match="opened must hold finite numbers; it holds nan"):
        time_weighted(score=np.zeros(3), **given_ | {"opened": np.array([0.0, math.nan])})
    with pytest.raises(ValueError, match=r"series has shape \(3,\); it must be \(2,\)"):
        each_once(given_["series"], np.zeros(2), count=2)
