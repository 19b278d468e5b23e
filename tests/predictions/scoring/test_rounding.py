import math
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from predictions.scoring.rounding import posted, posted_units

ANY = st.floats(-9e6, 9e6)


def close_to_a_tie(units: int, steps: int) -> float:
    """A few floats away from the middle between two units."""
    found = (units + 0.5) / 1e9
    for _ in range(abs(steps)):
        found = math.nextafter(found, math.copysign(math.inf, steps))
    return found


TIES = st.builds(close_to_a_tie, st.integers(-(10**10), 10**10), st.integers(-3, 3))
EXACT_TIES = st.integers(-(2**30), 2**30).map(lambda odd: (2 * odd + 1) * 2.0**-10)


def test_posted_rounds_half_to_even_at_nine_places() -> None:
    assert posted(0.1) == Decimal("0.100000000")
    assert posted(2**-10) == Decimal("0.000976562")  # 0.0009765625, exactly between
    assert posted(3 * 2**-10) == Decimal("0.002929688")  # 0.0029296875, exactly between


@given(st.lists(ANY | TIES | EXACT_TIES, min_size=1))
@example([0.0, -0.0, 5e-324, 1.0, 4.605170185988091])
def test_many_scores_are_rounded_as_each_alone(scores: list[float]) -> None:
    found = posted_units(np.array(scores))
    assert found.dtype == np.int64
    assert [Decimal(int(units)).scaleb(-9) for units in found] == list(map(posted, scores))


def test_a_product_that_only_seems_to_lie_between_two_units_is_decided_by_the_exact_decimal() -> (
    None
):
    said = [close_to_a_tie(units, 0) for units in range(1_000)]
    only_seems = [
        score
        for score in said
        if abs(score * 1e9 - round(score * 1e9)) == 0.5
        and (Decimal(score) * 10**9) % 1 != Decimal("0.5")
    ]
    bare = np.rint(np.array(only_seems) * 1e9)
    assert (posted_units(np.array(only_seems)) != bare).any()


def test_scores_keep_their_shape() -> None:
    assert posted_units(np.array([[0.25, 2**-10]])).tolist() == [[250_000_000, 976_562]]
    assert posted_units(np.array([])).shape == (0,)


@pytest.mark.parametrize("score", [math.nan, math.inf, -math.inf, 9.1e6, -9.1e6])
def test_a_score_too_large_to_count_in_units_is_refused(score: float) -> None:
    with pytest.raises(ValueError, match=r"scores must be smaller than 9,007,199"):
        posted_units(np.array([0.1, score]))
