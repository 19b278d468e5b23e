import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from predictions.scoring.histogram import Histogram, histogram

TENTHS = tuple(part / 10 for part in range(11))


@given(st.lists(st.integers(0, 10**9).map(lambda billionths: billionths / 10**9)))
def test_counts_are_those_counted_one_by_one(values: list[float]) -> None:
    expected = [0] * 10
    for value in values:
        expected[max(i for i in range(10) if TENTHS[i] <= value)] += 1
    assert histogram(np.array(values), TENTHS) == Histogram(TENTHS, tuple(expected))


def test_an_edge_begins_its_bin_and_the_last_bin_has_its_end() -> None:
    assert histogram(np.array(TENTHS), TENTHS).counts == (1,) * 9 + (2,)


def test_edges_may_be_unequally_far_apart() -> None:
    assert histogram(np.array([0.0, 0.01, 0.25, 0.9]), (0, 0.01, 0.25, 1)).counts == (1, 1, 2)


@pytest.mark.parametrize("beyond", [-0.001, 1.001, float("nan")])
def test_a_value_beyond_the_edges_is_refused(beyond: float) -> None:
    with pytest.raises(ValueError, match="lies beyond the edges"):
        histogram(np.array([0.5, beyond]), TENTHS)
