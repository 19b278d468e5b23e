from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from predictions.scoring.bootstrap import RESAMPLES, bootstrap_means

# Sums of sixty-fourths are exact, so that ties are the same ones in whatever order they are summed.
SCORES = st.integers(0, 64).map(lambda part: part / 64)


def ratio(sums: Any, counts: Any, axis: int) -> Any:
    return sums.sum(axis=axis) / counts.sum(axis=axis)


def bootstrap_mean(
    values: np.ndarray,
    clusters: np.ndarray,
    *,
    seed: int,
    resamples: int = RESAMPLES,
    confidence: float = 0.95,
) -> tuple[float, float] | None:
    """Of one figure."""
    table = values[:, np.newaxis]
    found = bootstrap_means(table, clusters, seed=seed, resamples=resamples, confidence=confidence)
    return found[0] if found else None


def by_scipy(values: Any, clusters: Any, seed: int, confidence: float) -> tuple[float, float]:
    """Of cluster sums and sizes, drawn in pairs from the same generator."""
    numbers = sorted(set(clusters.tolist()))
    sums = np.array([values[clusters == number].sum() for number in numbers])
    counts = np.array([np.count_nonzero(clusters == number) for number in numbers])
    done = stats.bootstrap(
        (sums, counts),
        ratio,
        paired=True,
        vectorized=True,
        n_resamples=500,
        confidence_level=confidence,
        method="BCa",
        rng=np.random.default_rng(seed),
    )
    return done.confidence_interval.low, done.confidence_interval.high


@settings(max_examples=60)
@given(
    drawn=st.lists(st.tuples(SCORES, st.integers(0, 12)), min_size=6, max_size=60),
    seed=st.integers(0, 2**32),
    confidence=st.sampled_from([0.8, 0.9, 0.95]),
)
def test_the_interval_is_scipys_bca_of_the_ratio_of_sums(
    drawn: list[tuple[float, int]], seed: int, confidence: float
) -> None:
    values, clusters = np.array([v for v, _ in drawn]), np.array([c for _, c in drawn])
    means = {float(values[clusters == number].mean()) for number in set(clusters.tolist())}
    if len(means) < 2:  # scipy has no answer where every resample is the same
        return
    ours = bootstrap_mean(values, clusters, seed=seed, resamples=500, confidence=confidence)
    assert ours == pytest.approx(by_scipy(values, clusters, seed, confidence), abs=1e-9)


def test_blocks_do_not_show() -> None:
    rng = np.random.default_rng(2)
    values, clusters = rng.integers(0, 65, 4_000) / 64, np.arange(4_000)
    ours = bootstrap_mean(values, clusters, seed=9, resamples=500)  # 2 blocks of 250 resamples
    assert ours == pytest.approx(by_scipy(values, clusters, 9, 0.95), abs=1e-9)


def test_figures_of_one_resampling_have_the_intervals_of_each_alone() -> None:
    rng = np.random.default_rng(4)
    values, clusters = rng.random((90, 3)), np.arange(90) % 30
    together = bootstrap_means(values, clusters, seed=1)
    assert together is not None
    for figure, interval in zip(values.T, together, strict=True):
        assert bootstrap_mean(figure, clusters, seed=1) == pytest.approx(interval, abs=1e-12)


def test_revising_ten_times_does_not_narrow_the_interval() -> None:
    values = np.random.default_rng(5).random(25)
    once = bootstrap_mean(values, np.arange(25), seed=1)
    often = bootstrap_mean(np.repeat(values, 10), np.repeat(np.arange(25), 10), seed=1)
    assert often == pytest.approx(once)


def test_a_seed_gives_the_same_interval_every_time() -> None:
    values, clusters = np.arange(30) ** 2 / 1_024, np.arange(30)
    first = bootstrap_mean(values, clusters, seed=3)
    assert first == bootstrap_mean(values, clusters, seed=3)
    assert first != bootstrap_mean(values, clusters, seed=4)
    # Of PCG64, which is the same on every machine.
    assert first == pytest.approx((0.19606526337, 0.37501327364), abs=1e-9)


def test_the_interval_stays_within_the_scores() -> None:
    interval = bootstrap_mean(np.array([0.0, 0.0, 0.0, 1.0]), np.arange(4), seed=1)
    assert interval is not None
    assert 0 <= interval[0] < 0.25 < interval[1] <= 1


@pytest.mark.parametrize("score", [0.0, 0.1, 1.0])
def test_scores_all_alike_leave_no_doubt(score: float) -> None:
    clusters = np.array([1, 1, 2, 3, 3, 3])
    assert bootstrap_mean(np.full(6, score), clusters, seed=1) == pytest.approx((score, score))


@pytest.mark.parametrize("size", [0, 1, 3])
def test_fewer_than_two_questions_have_no_interval(size: int) -> None:
    assert bootstrap_mean(np.full(size, 0.2), np.full(size, 7), seed=1) is None
