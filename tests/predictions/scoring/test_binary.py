import math

import numpy as np
import pytest
import scoringrules
from hypothesis import assume, example, given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from sklearn.metrics import brier_score_loss, log_loss

from predictions.scoring.binary import (
    RULES,
    Rule,
    brier,
    log_score,
    range_scores,
    scores,
    spherical,
)
from predictions.scoring.rounding import posted_units

PROBABILITIES = st.floats(0, 1)
ANSWERS = st.sampled_from([0.0, 1.0])
EACH_RULE = pytest.mark.parametrize("rule", [brier, log_score, spherical])


def one(p: float) -> np.ndarray:
    return np.array([p])


def lists_of(*columns: st.SearchStrategy[float]) -> st.SearchStrategy[np.ndarray]:
    """Columns of one length, at least one long."""
    return st.lists(st.tuples(*columns), min_size=1).map(lambda rows: np.array(rows).T)


@pytest.mark.parametrize(
    ("p", "o", "brier_score", "log", "of_spherical"),
    [
        (0.5, 1, 0.25, math.log(2), 1 - math.sqrt(0.5)),
        (0.95, 0, 0.9025, -math.log(0.05), 1 - 0.05 / math.sqrt(0.905)),
        (0.10, 0, 0.01, -math.log(0.9), 1 - 0.9 / math.sqrt(0.82)),
        (1.0, 1, 0.0, -math.log(0.99), 0.0),
        (1.0, 0, 1.0, -math.log(0.01), 1.0),
        (0.0, 1, 1.0, -math.log(0.01), 1.0),
        (0.5, 0.3, 0.04, math.log(2), 1 - math.sqrt(0.5)),
        (1.0, 0.5, 0.25, -(math.log(0.99) + math.log(0.01)) / 2, 0.5),
    ],
)
def test_scores_worked_out_by_hand(
    p: float, o: float, brier_score: float, log: float, of_spherical: float
) -> None:
    assert brier(one(p), one(o))[0] == pytest.approx(brier_score, abs=1e-12)
    assert log_score(one(p), one(o))[0] == pytest.approx(log, abs=1e-12)
    assert spherical(one(p), one(o))[0] == pytest.approx(of_spherical, abs=1e-12)


@given(lists_of(PROBABILITIES, ANSWERS))
def test_brier_equals_other_libraries(given_: np.ndarray) -> None:
    p, o = given_
    assert brier(p, o) == pytest.approx(scoringrules.brier_score(o, p), abs=1e-9)
    assert brier(p, o).mean() == pytest.approx(brier_score_loss(o, p, pos_label=1), abs=1e-9)


@given(lists_of(PROBABILITIES, ANSWERS))
def test_log_equals_other_libraries_of_the_clipped_probability(given_: np.ndarray) -> None:
    p, o = given_
    clipped = np.clip(p, 0.01, 0.99)
    assert log_score(p, o) == pytest.approx(scoringrules.log_score(o, clipped), abs=1e-9)
    assert log_score(p, o).mean() == pytest.approx(log_loss(o, clipped, labels=[0, 1]), abs=1e-9)


@given(PROBABILITIES, PROBABILITIES)
def test_spherical_is_the_angle_between_what_was_said_and_what_happened(p: float, o: float) -> None:
    # The gain of the paper is the length of the answer's shadow on the forecast's direction.
    angle = math.atan2(p, 1 - p) - math.atan2(o, 1 - o)
    expected = 1 - math.hypot(o, 1 - o) * math.cos(angle)
    assert spherical(one(p), one(o))[0] == pytest.approx(expected, abs=1e-9)


@given(lists_of(PROBABILITIES, ANSWERS))
def test_scores_of_yes_and_no_are_those_of_the_plain_formulas_to_the_last_bit(
    given_: np.ndarray,
) -> None:
    p, o = given_
    assert_array_equal(brier(p, o), (p - o) * (p - o))
    of_fact = np.clip(np.where(o == 1, p, 1 - p), 0.01, 0.99)
    assert_array_equal(log_score(p, o), -np.log(of_fact))


@given(lists_of(PROBABILITIES, PROBABILITIES))
def test_a_partial_answer_is_that_much_yes_and_that_much_no(given_: np.ndarray) -> None:
    p, o = given_
    for rule in (log_score, spherical):
        parts = o * rule(p, np.ones_like(p)) + (1 - o) * rule(p, np.zeros_like(p))
        assert rule(p, o) == pytest.approx(parts, abs=1e-9)


@EACH_RULE
@given(truth=st.floats(0.01, 0.99), said=PROBABILITIES)
def test_nobody_can_expect_to_do_better_than_by_saying_what_they_believe(
    rule: Rule, truth: float, said: float
) -> None:
    def expected(p: float) -> float:
        return float(truth * rule(one(p), one(1))[0] + (1 - truth) * rule(one(p), one(0))[0])

    assert expected(truth) <= expected(said) + 1e-12
    assume(abs(min(max(said, 0.01), 0.99) - truth) > 1e-3)
    assert expected(truth) < expected(said) - 1e-8


@pytest.mark.parametrize("truth", [0.0, 0.003, 0.999, 1.0])
def test_the_log_score_is_proper_beyond_its_clip_too(truth: float) -> None:
    said = np.linspace(0, 1, 1001)
    expected = truth * log_score(said, said * 0 + 1) + (1 - truth) * log_score(said, said * 0)
    at_truth = truth * log_score(one(truth), one(1)) + (1 - truth) * log_score(one(truth), one(0))
    assert at_truth[0] <= expected.min() + 1e-12


@EACH_RULE
@given(o=PROBABILITIES, said=PROBABILITIES)
def test_a_partial_answer_is_best_met_by_saying_it(rule: Rule, o: float, said: float) -> None:
    assert rule(one(o), one(o))[0] <= rule(one(said), one(o))[0] + 1e-12


@EACH_RULE
@given(PROBABILITIES)
def test_yes_and_no_are_treated_alike(rule: Rule, p: float) -> None:
    assert rule(one(p), one(1))[0] == pytest.approx(rule(one(1 - p), one(0))[0], abs=1e-9)


def test_blocks_leave_no_seam() -> None:
    p = np.random.default_rng(5).random(150_000).reshape(3, -1)
    for o in (np.round(p), np.where(p < 0.9999, np.round(p), 0.5)):
        at_once = scores(p, o)
        assert list(at_once) == list(RULES)
        for name, rule in RULES.items():
            rows = [rule(*row) for row in zip(p, o, strict=True)]
            assert_array_equal(at_once[name], rows)


@EACH_RULE
@given(lists_of(PROBABILITIES, ANSWERS))
def test_yes_and_no_as_booleans_are_scored_as_ones_and_zeros(
    rule: Rule, given_: np.ndarray
) -> None:
    p, o = given_
    assert_array_equal(rule(p, o == 1), rule(p, o))
    assert_array_equal(rule(np.array([[0.25, 0.5]]), np.array([[True, False]])).shape, (1, 2))


def test_columns_that_are_not_contiguous_are_scored_alike() -> None:
    table = np.array([[0.2, 1.0], [0.9, 0.0], [0.4, 1.0]])
    assert brier(*table.T) == pytest.approx([0.64, 0.81, 0.36])


@EACH_RULE
@pytest.mark.parametrize("wrong", [-0.01, 1.0000001, math.nan, math.inf, -math.inf])
def test_what_is_no_probability_is_refused_by_name(rule: Rule, wrong: float) -> None:
    good = np.array([0.5, 0.0, 1.0])
    bad = np.array([0.5, wrong, 1.0])
    with pytest.raises(ValueError, match=r"p must lie in \[0, 1\]; it holds"):
        rule(bad, good)
    with pytest.raises(ValueError, match=r"o must lie in \[0, 1\]; it holds"):
        rule(good, bad)


@EACH_RULE
def test_arrays_of_different_shapes_are_refused_by_name(rule: Rule) -> None:
    with pytest.raises(ValueError, match=r"o has shape \(2,\), p \(1,\)"):
        rule(np.array([0.5]), np.array([1.0, 0.0]))


@EACH_RULE
def test_minus_zero_is_zero_and_nothing_has_no_scores(rule: Rule) -> None:
    assert rule(one(-0.0), one(-0.0)) == rule(one(0), one(0))
    assert rule(np.array([]), np.array([])).shape == (0,)


@given(lists_of(PROBABILITIES, PROBABILITIES, PROBABILITIES, PROBABILITIES | ANSWERS))
@example(np.array([[0.1], [0.1], [0.1], [0.1]]))
@example(np.array([[0.1, 0.2], [0.1, 0.3], [0.1, 0.4], [1.0, 0.0]]))
def test_a_range_bounds_whatever_lies_in_it(given_: np.ndarray) -> None:
    low, p, high = np.sort(given_[:3], axis=0)
    o, within = given_[3], np.linspace(low, high, 101)
    found = range_scores(low, p, high, o)
    assert list(found) == list(RULES)
    for name, (score, best, worst) in found.items():
        rule = RULES[name]
        assert_array_equal(score, rule(p, o))
        assert (best <= score).all()
        assert (score <= worst).all()
        tried = np.array([rule(row, o) for row in within])
        assert (best <= tried.min(axis=0) + 1e-12).all()
        assert worst == pytest.approx(tried.max(axis=0), abs=1e-12)


def ranged(low: float, p: float, high: float, o: float) -> dict[str, tuple[float, float, float]]:
    found = range_scores(one(low), one(p), one(high), one(o))
    return {name: (score[0], best[0], worst[0]) for name, (score, best, worst) in found.items()}


def test_a_range_gives_the_best_and_the_worst_that_its_words_allow() -> None:
    found = ranged(0.8, 0.95, 0.99, 0)
    assert found["brier"] == pytest.approx((0.9025, 0.64, 0.9801))
    score, best, worst = found["log"]
    assert best < score < worst
    assert worst == pytest.approx(-math.log(0.01))


def test_a_partial_answer_within_the_range_is_met_at_best() -> None:
    found = ranged(0.2, 0.7, 0.9, 0.4)
    assert found["brier"] == pytest.approx((0.09, 0, 0.25))
    _, best, worst = found["log"]
    assert best == pytest.approx(-(0.4 * math.log(0.4) + 0.6 * math.log(0.6)))
    assert worst == pytest.approx(-(0.4 * math.log(0.9) + 0.6 * math.log(0.1)))


MILLIONTHS = st.integers(0, 10**6).map(lambda millionth: millionth / 10**6)


@given(lists_of(MILLIONTHS, MILLIONTHS, MILLIONTHS, MILLIONTHS))
def test_what_is_posted_never_lies_outside_its_range(given_: np.ndarray) -> None:
    low, p, high = np.sort(given_[:3], axis=0)
    for figures in range_scores(low, p, high, given_[3]).values():
        value, best, worst = map(posted_units, figures)
        assert (best <= value).all()
        assert (value <= worst).all()


def test_no_predictions_give_no_figures() -> None:
    nothing = np.array([])
    found = range_scores(nothing, nothing, nothing, nothing)
    assert all(figure.size == 0 for figures in found.values() for figure in figures)
