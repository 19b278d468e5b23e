from itertools import groupby
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression

from predictions.scoring.decomposition import Corp, Murphy, corp, murphy

PROBABILITIES = st.integers(0, 10**6).map(lambda millionths: millionths / 10**6)
ROUND = st.integers(0, 10).map(lambda tenths: tenths / 10)
ANSWERS = st.sampled_from([0.0, 1.0]) | st.integers(0, 100).map(lambda percent: percent / 100)
PAIRS = st.lists(st.tuples(PROBABILITIES | ROUND, ANSWERS), min_size=1, max_size=60)
Pairs = list[tuple[float, float]]


def arrays(pairs: Pairs) -> Any:
    return np.array(pairs).T


@given(PAIRS)
def test_murphys_parts_are_those_summed_up_group_by_group(pairs: Pairs) -> None:
    base = sum(o for _, o in pairs) / len(pairs)
    reliability = resolution = 0.0
    for p, group in groupby(sorted(pairs), key=lambda pair: pair[0]):
        came = [o for _, o in group]
        mean = sum(came) / len(came)
        reliability += len(came) * (p - mean) ** 2 / len(pairs)
        resolution += len(came) * (mean - base) ** 2 / len(pairs)
    made = murphy(*arrays(pairs))
    assert made is not None
    assert made.reliability == pytest.approx(reliability, abs=1e-9)
    assert made.resolution == pytest.approx(resolution, abs=1e-9)


@given(PAIRS)
def test_the_parts_add_up_to_the_mean_brier_score_partial_answers_too(pairs: Pairs) -> None:
    p, o = arrays(pairs)
    brier = float(np.mean((p - o) ** 2))
    m, c = murphy(p, o), corp(p, o)
    assert m is not None
    assert c is not None
    assert m.reliability - m.resolution + m.uncertainty == pytest.approx(brier, abs=1e-12)
    assert c.miscalibration - c.discrimination + c.uncertainty == pytest.approx(brier, abs=1e-12)
    assert min(m.reliability, m.resolution, c.miscalibration, c.discrimination) >= 0


@given(PAIRS)
def test_corps_parts_are_what_scikit_learns_recalibration_saves(pairs: Pairs) -> None:
    p, o = arrays(pairs)
    fitted = IsotonicRegression().fit(p, o).predict(p)
    after = np.mean((fitted - o) ** 2)
    made = corp(p, o)
    assert made is not None
    assert made.miscalibration == pytest.approx(np.mean((p - o) ** 2) - after, abs=1e-9)
    assert made.discrimination == pytest.approx(np.var(o) - after, abs=1e-9)


@given(PAIRS)
def test_corp_sees_no_more_than_murphy_does(pairs: Pairs) -> None:
    m, c = murphy(*arrays(pairs)), corp(*arrays(pairs))
    assert m is not None
    assert c is not None
    assert c.miscalibration <= m.reliability + 1e-12
    assert c.discrimination <= m.resolution + 1e-12


def test_uncertainty_is_that_of_the_base_rate() -> None:
    made = murphy(np.full(10, 0.5), np.array([1.0] * 3 + [0.0] * 7))
    assert made is not None
    assert made.uncertainty == pytest.approx(0.3 * 0.7)
    assert made.reliability == pytest.approx(0.04)
    assert made.resolution == pytest.approx(0)


@pytest.mark.parametrize("o", [0.0, 1.0])
def test_all_right_and_all_alike_leaves_nothing_to_explain(o: float) -> None:
    assert murphy(np.full(3, o), np.full(3, o)) == Murphy(0, 0, 0)
    assert corp(np.full(3, o), np.full(3, o)) == Corp(0, 0, 0)


def test_all_sure_and_all_wrong_is_discrimination_that_murphy_credits_and_corp_does_not() -> None:
    p, o = np.array([0.0, 1.0]), np.array([1.0, 0.0])
    assert murphy(p, o) == Murphy(1.0, 0.25, 0.25)
    assert corp(p, o) == Corp(0.75, 0.0, 0.25)


def test_nothing_has_no_parts() -> None:
    nothing = np.array([])
    assert murphy(nothing, nothing) is None
    assert corp(nothing, nothing) is None
