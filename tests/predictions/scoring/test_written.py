import datetime as dt
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from predictions.scoring.adding import in_order
from predictions.scoring.written import (
    day_number,
    written_date,
    written_distribution,
    written_number,
    written_quantiles,
)

millionths = st.integers(-(10**12), 10**12).map(lambda units: Decimal(units).scaleb(-6))


@given(millionths)
def test_a_number_is_written_without_loss_and_the_same_again(number: Decimal) -> None:
    written = written_number(number)
    assert Decimal(written) == number
    assert written_number(written) == written_number(f"{number:.6f}") == written
    assert "E" not in written


@given(st.dates())
def test_a_date_is_written_as_it_is_and_days_count(day: dt.date) -> None:
    written = written_date(day)
    assert written == day.isoformat()
    assert day_number(written) == (day - dt.date(1, 1, 1)).days + 1


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=20))
def test_a_distribution_is_written_in_the_order_of_the_options(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), 10**6]
    shares = [Decimal(high - low).scaleb(-6) for low, high in pairwise(edges)]
    options = [f"option {place}" for place in range(len(shares))]
    said = dict(reversed(list(zip(options, shares, strict=True))))
    written = written_distribution(said, options)
    assert [option for option, _ in written] == options
    assert [Decimal(share) for _, share in written] == shares
    assert written_distribution(dict(written), options) == written


@given(
    st.dictionaries(st.integers(1, 999_999), millionths, min_size=2, max_size=100).map(
        lambda said: dict(zip(said, sorted(said.values()), strict=True))
    )
)
def test_quantiles_are_written_from_the_lowest_level(said: dict[int, Decimal]) -> None:
    by_level = dict(zip(sorted(said), sorted(said.values()), strict=True))
    shuffled = {str(Decimal(level).scaleb(-6)): by_level[level] for level in said}
    written = written_quantiles(shuffled, dates=False)
    assert [Decimal(level) for level, _ in written] == [
        Decimal(level).scaleb(-6) for level in by_level
    ]
    assert [Decimal(value) for _, value in written] == list(by_level.values())
    assert written_quantiles(dict(written), dates=False) == written


@pytest.mark.parametrize("text", ["", "1,5", "0x10", "NaN", "-Infinity", "sNaN", "1e7", "1e999999"])
def test_what_is_no_number_here_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a number here"):
        written_number(text)


def test_sums_run_from_the_left() -> None:
    big = np.array([[1e16, *[1.0] * 20], [*[1.0] * 20, 1e16]])
    assert in_order(big).tolist() == [1e16, 1e16 + 20]
