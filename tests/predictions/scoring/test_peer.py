"""The sweep against a plain reading of the formulas, forecast by forecast, moment by moment."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from predictions.scoring import baseline, peer
from predictions.scoring.happened import of_cdf, of_options
from predictions.scoring.ordering import sorted_by
from predictions.scoring.standing import Forecasts, Questions, Scored, pairs

# Few moments, so that many changes fall on one.
MOMENTS = st.integers(-2, 12).map(float) | st.floats(-2, 12)


@dataclass(frozen=True)
class Case:
    forecasts: Forecasts
    counted: np.ndarray
    moments: np.ndarray


@st.composite
def cases(draw: Any) -> Case:
    asked = draw(
        st.lists(
            st.tuples(st.floats(0.5, 12), st.floats(0, 1), st.booleans()), min_size=1, max_size=3
        )
    )
    ends = st.just(math.inf) | MOMENTS
    rows = draw(
        st.lists(
            st.tuples(
                st.integers(0, len(asked) - 1),
                st.integers(0, 3),
                MOMENTS,
                ends,
                st.floats(1e-3, 2),
                st.booleans(),
            ),
            max_size=14,
        )
    )
    columns = list(zip(*rows, strict=True)) or [()] * 6
    scheduled = np.array([each[0] for each in asked])
    questions = Questions(
        opened=np.zeros(len(asked)),
        closed=scheduled * np.array([each[1] for each in asked]),
        scheduled=scheduled,
        continuous=np.array([each[2] for each in asked]),
    )
    kinds = (np.int64, np.int64, np.float64, np.float64, np.float64)
    given_: list[Any] = [
        np.array(column, dtype=kind) for column, kind in zip(columns[:5], kinds, strict=True)
    ]
    moments = draw(st.lists(MOMENTS, min_size=len(asked), max_size=len(asked)))
    return Case(
        Forecasts(questions, *given_),
        np.array(columns[5], dtype=np.bool_),
        np.array(moments),
    )


def by_hand(case: Case) -> list[tuple[float, float]]:
    """(peer score, coverage) of each forecast: at each pair of changes, against all who stand."""
    forecasts, asked = case.forecasts, case.forecasts.questions
    found = []
    for own in range(forecasts.p.size):
        question = forecasts.question[own]
        opened, closed = asked.opened[question], asked.closed[question]
        others = np.flatnonzero(forecasts.question == question)
        changes = {opened, closed, *forecasts.start[others], *forecasts.end[others]}
        times = sorted(time for time in changes if opened <= time <= closed)
        score = coverage = 0.0
        for since, until in pairwise(times):
            if not forecasts.start[own] <= since < forecasts.end[own]:
                continue
            share = (until - since) / (asked.scheduled[question] - opened)
            standing = [
                math.log(forecasts.p[other])
                for other in others
                if case.counted[other] and forecasts.start[other] <= since < forecasts.end[other]
            ]
            coverage += share
            score += share * against(math.log(forecasts.p[own]), standing)
        found.append((score / (2 if asked.continuous[question] else 1), coverage))
    return found


def against(log: float, standing: list[float]) -> float:
    count = len(standing)
    if count < 2:
        return 0.0
    return 100 * count / (count - 1) * (log - sum(standing) / count)


def of_each(scored: Scored) -> np.ndarray:
    return np.array([scored.score, scored.coverage]).T


@given(cases())
def test_the_sweep_equals_rescanning(case: Case) -> None:
    found = of_each(peer.time_averaged(case.forecasts, counted=case.counted))
    assert found == pytest.approx(np.array(by_hand(case)).reshape(-1, 2), abs=1e-9)


@given(cases())
def test_at_a_moment_each_is_held_against_those_who_stood_right_before(case: Case) -> None:
    forecasts = case.forecasts
    expected = []
    for own in range(forecasts.p.size):
        at, question = case.moments[forecasts.question[own]], forecasts.question[own]
        standing = [
            math.log(p)
            for p, counts, other, start, end in zip(
                forecasts.p,
                case.counted,
                forecasts.question,
                forecasts.start,
                forecasts.end,
                strict=True,
            )
            if counts and other == question and start < at <= end
        ]
        stands = forecasts.start[own] <= at < forecasts.end[own]
        halved = 2 if forecasts.questions.continuous[question] else 1
        points = against(math.log(forecasts.p[own]), standing) / halved
        expected.append((points * stands, float(stands)))
    found = of_each(peer.spot(forecasts, case.moments, counted=case.counted))
    assert found == pytest.approx(np.array(expected).reshape(-1, 2), abs=1e-9)


@given(cases())
def test_what_some_gain_on_a_question_the_others_lose(case: Case) -> None:
    scored = peer.time_averaged(case.forecasts)
    sums = np.bincount(case.forecasts.question, weights=scored.score)
    assert sums == pytest.approx(np.zeros(sums.size), abs=1e-9)


def crowd(questions: int, forecasters: int, seed: int) -> Forecasts:
    """Three revisions of each forecaster on each question, in any order, times in seconds."""
    chance = np.random.default_rng(seed)
    opened = chance.uniform(1e9, 1.7e9, questions)
    scheduled = opened + chance.uniform(1e6, 1e7, questions)
    asked = Questions(
        opened, chance.uniform(opened, scheduled), scheduled, chance.random(questions) < 0.3
    )
    question = np.repeat(np.arange(questions), forecasters * 3)
    made = np.sort(chance.random((questions * forecasters, 3)), axis=1)
    starts = opened[question] + made.ravel() * (scheduled - opened)[question]
    ends = np.append(starts[1:], math.inf)
    ends[2::3] = math.inf
    mixed = chance.permutation(question.size)
    forecaster = np.tile(np.repeat(np.arange(forecasters), 3), questions)
    p = chance.uniform(0.01, 0.99, question.size)
    given_: list[Any] = [each[mixed] for each in (question, forecaster, starts, ends, p)]
    return Forecasts(asked, *given_)


def test_many_questions_are_scored_as_each_alone() -> None:
    forecasts = crowd(questions=400, forecasters=80, seed=3)
    at_once = of_each(peer.time_averaged(forecasts))
    for question in range(0, 400, 13):
        alone = forecasts.question == question
        asked = Questions(*(each[[question]] for each in vars(forecasts.questions).values()))
        one = Forecasts(
            asked,
            np.zeros(alone.sum(), dtype=np.int64),
            *(getattr(forecasts, name)[alone] for name in ("forecaster", "start", "end", "p")),
        )
        assert at_once[alone] == pytest.approx(of_each(peer.time_averaged(one)), abs=1e-9)


@pytest.mark.parametrize("truth", [0.05, 0.4, 0.97])
def test_nobody_can_expect_to_do_better_than_by_saying_what_they_believe(truth: float) -> None:
    """Against a crowd that says what it says, of options and at any time."""
    said = np.array([truth, *np.linspace(0.01, 0.99, 50)])
    expected = {name: np.zeros(said.size) for name in ("baseline", "peer")}
    for weight, gave in ((truth, said), (1 - truth, 1 - said)):
        for at, own in enumerate(gave):
            forecasts = Forecasts(
                Questions(*map(np.array, ([0.0], [8.0], [10.0], [False]))),
                np.zeros(3, dtype=np.int64),
                np.arange(3),
                np.array([2.0, 0.0, 3.0]),
                np.array([math.inf, math.inf, 6.0]),
                np.array([own, gave[5], gave[30]]),
            )
            expected["peer"][at] += weight * peer.time_averaged(forecasts).score[0]
            scored = baseline.time_averaged(forecasts, np.full(3, 0.5))
            expected["baseline"][at] += weight * scored.score[0]
    for name in expected:
        others = np.abs(said - truth) > 1e-3
        assert (expected[name][others] < expected[name][0] - 1e-6).all(), name


@given(cases())
def test_pairs_add_up_what_each_forecaster_earned_on_a_question(case: Case) -> None:
    scored = peer.time_averaged(case.forecasts)
    by_pair: dict[tuple[int, int], list[float]] = {}
    keys = zip(case.forecasts.question.tolist(), case.forecasts.forecaster.tolist(), strict=True)
    for key, values in zip(keys, of_each(scored), strict=True):
        score, coverage = by_pair.setdefault(key, [0.0, 0.0])
        by_pair[key] = [score + values[0], coverage + values[1]]
    found = pairs(case.forecasts)
    assert list(zip(found.question, found.forecaster, strict=True)) == sorted(by_pair)
    expected = [by_pair[key] for key in sorted(by_pair)]
    assert of_each(found.sums(scored)) == pytest.approx(np.array(expected).reshape(-1, 2), abs=1e-9)


@given(
    st.lists(st.tuples(st.floats(0, 1e12) | st.integers(0, 3).map(float), st.integers(0, 2**40)))
)
def test_the_order_is_that_of_lexsort(rows: list[tuple[float, int]]) -> None:
    first = np.array([row[0] for row in rows], dtype=np.float64)
    last = np.array([row[1] for row in rows], dtype=np.int64)
    assert sorted_by(first, last).tolist() == np.lexsort((first, last)).tolist()


QUESTIONS = Questions(*map(np.array, ([0.0], [8.0], [10.0], [False])))


def forecast(**changed: Any) -> Forecasts:
    given_ = {"question": [0], "forecaster": [0], "start": [1.0], "end": [math.inf], "p": [0.5]}
    return Forecasts(
        QUESTIONS, **{name: np.array(each) for name, each in (given_ | changed).items()}
    )


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: forecast(p=[0.0]), "p must lie above 0: clip it first"),
        (lambda: forecast(p=[math.nan]), "p must hold finite numbers"),
        (lambda: forecast(question=[1]), "question must hold numbers from 0 to 0"),
        (lambda: forecast(forecaster=[-1]), "forecaster must hold numbers from 0"),
        (lambda: forecast(start=[-math.inf]), "start must hold finite numbers"),
        (lambda: forecast(start=[1.0, 2.0]), r"start has shape \(2,\), p \(1,\)"),
        (lambda: forecast(end=[math.nan]), "end must hold times, or infinity"),
        (lambda: replace(QUESTIONS, opened=np.array([10.0])), "opened must lie before scheduled"),
        (
            lambda: replace(QUESTIONS, closed=np.array([11.0])),
            "closed must not lie after scheduled",
        ),
        (lambda: replace(QUESTIONS, closed=np.array([math.nan])), "closed must hold finite"),
        (lambda: replace(QUESTIONS, closed=np.zeros(2)), r"closed has shape \(2,\), opened"),
        (
            lambda: baseline.time_averaged(forecast(), np.array([1.0])),
            "ignorant must lie between 0 and 1",
        ),
        (
            lambda: baseline.time_averaged(forecast(), np.array([0.5, 0.5])),
            r"ignorant has shape \(2,\), p \(1,\)",
        ),
        (
            lambda: peer.time_averaged(forecast(), counted=np.array([True, True])),
            r"counted has shape \(2,\), p \(1,\)",
        ),
        (lambda: peer.spot(forecast(), np.zeros(2)), r"moments has shape \(2,\), opened \(1,\)"),
        (lambda: of_options(np.array([0.5]), np.array([0])), r"probabilities has shape \(1,\)"),
        (lambda: of_options(np.array([[0.5, 0.5]]), np.array([2])), "outcome must hold numbers"),
        (lambda: of_cdf(np.array([0.5]), np.array([0]), np.array([0])), r"cdf has shape \(1,\)"),
        (
            lambda: of_cdf(np.array([[0.1, 0.9]]), np.array([3]), np.array([0])),
            "bucket must hold numbers from 0 to 2",
        ),
        (
            lambda: of_cdf(np.array([[0.1, 0.9]]), np.array([1]), np.array([3])),
            "open_bounds must hold numbers from 0 to 2",
        ),
    ],
)
def test_what_is_wrong_is_refused_by_name(make: Callable[[], object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        make()
