"""Baseline and peer against what Metaculus' own code gives; the figures' source and licence stand
in the data file."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from predictions.scoring import baseline, peer
from predictions.scoring.happened import Happened, of_cdf, of_options
from predictions.scoring.standing import Forecasts, Questions, Scored

VECTORS = json.loads(Path(__file__).with_name("metaculus_vectors.json").read_text())


def vectors(rule: str) -> list[Any]:
    return [pytest.param(vector, id=f"{rule}-{at}") for at, vector in enumerate(VECTORS[rule])]


def happened(vector: Any, forecast: Any) -> Happened:
    """What one forecast gave to what happened."""
    bucket = np.array([vector["resolution_bucket"]])
    if "p_yes" in forecast:
        return of_options(np.array([[1 - forecast["p_yes"], forecast["p_yes"]]]), bucket)
    if "probs" in forecast:
        return of_options(np.array([forecast["probs"]], dtype=np.float64), bucket)
    cdf = forecast["cdf"] if "cdf" in forecast else np.linspace(*forecast["cdf_linspace"])
    return of_cdf(np.array([cdf]), bucket, np.array([vector.get("open_bounds_count", 0)]))


def read(vector: Any) -> tuple[Forecasts, np.ndarray, np.ndarray]:
    """The forecasts of one vector, what the ignorant would give, and which of them count."""
    asked = vector["forecasts"] + vector.get("base_forecasts", [])
    found = [happened(vector, forecast) for forecast in asked]
    # Spot vectors name no times of the question, and need none.
    times = [vector.get(name, at) for name, at in (("open", 0.0), ("actual_close", 10.0))]
    questions = Questions(
        opened=np.array(times[:1]),
        closed=np.array(times[1:]),
        scheduled=np.array([vector.get("scheduled_close", 10.0)]),
        continuous=np.array([vector["type"] == "numeric"]),
    )
    forecasts = Forecasts(
        questions,
        question=np.zeros(len(asked), dtype=np.int64),
        forecaster=np.arange(len(asked)),
        start=np.array([forecast["start"] for forecast in asked]),
        end=np.array([np.inf if each["end"] is None else each["end"] for each in asked]),
        p=np.concatenate([each.p for each in found]),
    )
    counted = np.ones(len(asked), dtype=np.bool_)
    if "base_forecasts" in vector:
        counted[: len(vector["forecasts"])] = False
    return forecasts, np.concatenate([each.ignorant for each in found]), counted


def assert_as_expected(scored: Scored, vector: Any) -> None:
    count = len(vector["expected"])
    for name in ("score", "coverage"):
        expected = [each[name] for each in vector["expected"]]
        assert getattr(scored, name)[:count] == pytest.approx(expected, abs=1e-8, rel=0)


@pytest.mark.parametrize("vector", vectors("baseline_time_averaged"))
def test_baseline_over_time_is_that_of_metaculus(vector: Any) -> None:
    forecasts, ignorant, _ = read(vector)
    assert_as_expected(baseline.time_averaged(forecasts, ignorant), vector)


@pytest.mark.parametrize("vector", vectors("baseline_spot"))
def test_baseline_at_a_moment_is_that_of_metaculus(vector: Any) -> None:
    forecasts, ignorant, _ = read(vector)
    assert_as_expected(baseline.spot(forecasts, ignorant, np.array([vector["spot_time"]])), vector)


@pytest.mark.parametrize("vector", vectors("peer_time_averaged"))
def test_peer_over_time_is_that_of_metaculus(vector: Any) -> None:
    forecasts, _, counted = read(vector)
    assert_as_expected(peer.time_averaged(forecasts, counted=counted), vector)


@pytest.mark.parametrize("vector", vectors("peer_spot"))
def test_peer_at_a_moment_is_that_of_metaculus(vector: Any) -> None:
    forecasts, _, counted = read(vector)
    moments = np.array([vector["spot_time"]])
    assert_as_expected(peer.spot(forecasts, moments, counted=counted), vector)


@pytest.mark.parametrize("vector", vectors("peer_time_averaged"))
def test_seconds_since_1970_do_as_well_as_days_since_the_opening(vector: Any) -> None:
    forecasts, _, counted = read(vector)
    since = 1.7e9
    asked = forecasts.questions
    questions = replace(
        asked,
        **{
            name: since + 86_400 * getattr(asked, name)
            for name in ("opened", "closed", "scheduled")
        },
    )
    later = replace(
        forecasts,
        questions=questions,
        start=since + 86_400 * forecasts.start,
        end=since + 86_400 * forecasts.end,
    )
    assert_as_expected(peer.time_averaged(later, counted=counted), vector)
