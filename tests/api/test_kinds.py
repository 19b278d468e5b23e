"""Questions of options, numbers and dates over the wire."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from predictions.api.examples import PREDICTIONS, QUESTIONS
from tests.making import Maker

QUESTION = {
    "key": "CROP",
    "text": "How will the ministry rate the harvest?",
    "criteria": "As its report says.",
    "opened_at": "2026-01-31",
    "due_at": "2026-10-31",
    "horizon_basis": "stated",
}
SAID = {"made_at": "2026-02-01", "basis": "stated"}
ENTERED = {"settled_at": "2026-09-01", "rationale": "The ministry said so."}
OPTIONS = {"kind": "choice", "options": ["poor", "Grünkern", "good"]}


@pytest.mark.parametrize(
    ("asked", "said", "answer", "earned"),
    [
        (
            OPTIONS,
            {"distribution": {"good": 0.2, "Grünkern": 0.3, "poor": 0.5}},
            "Grünkern",
            {"brier": 0.78, "log": 1.203972804},
        ),
        (
            {**OPTIONS, "ordered": True},
            {"distribution": {"poor": 0.5, "Grünkern": 0.3, "good": 0.2}},
            "good",
            {"rps": 0.445, "log": 1.609437912},
        ),
        (
            {"kind": "numeric", "unit": "tonnes"},
            {"quantiles": {"0.1": -8, "0.5": 12.5, "0.9": 30.000001}},
            "12.5",
            {"crps": 2.5333334},
        ),
        (
            {"kind": "date"},
            {"quantiles": {"0.25": "2026-05-01", "0.75": "2026-06-01"}},
            "2026-06-11",
            {"crps": 17.75},
        ),
    ],
)
def test_a_question_of_each_kind_is_opened_forecast_answered_and_scored(
    client_with: Callable[..., APIClient],
    make: Maker,
    asked: dict[str, Any],
    said: dict[str, Any],
    answer: str,
    earned: dict[str, float],
) -> None:
    client = client_with("record", "adjudicate")

    def post(where: str, body: dict[str, Any]) -> dict[str, Any]:
        sent = client.post(f"/api/v1/{where}/", body, format="json")
        assert sent.status_code == 201, sent.content
        told: dict[str, Any] = sent.json()
        return told

    opened = post("questions", {**QUESTION, **asked})
    assert asked.items() <= opened.items()
    recorded = post(
        "predictions",
        {**SAID, "question": "CROP", "forecaster": make.forecaster().key, **said},
    )
    assert recorded["probability"] is recorded["low"] is recorded["high"] is None
    assert {name: recorded[name] for name in said} == said
    listed = client.get("/api/v1/predictions/?question=CROP").json()["results"]
    assert [row["distribution"] or row["quantiles"] for row in listed] == list(said.values())
    entered = post("outcomes", {**ENTERED, "question": "CROP", "answer": answer})
    assert {row["rule"]: row["value"] for row in entered["scores"]} == earned
    assert client.get("/api/v1/questions/CROP/").json()["outcome"]["answer"] == answer
    scores = client.get("/api/v1/scores/").json()["results"]
    assert {row["rule"]: row["best"] for row in scores} == earned


def test_the_examples_of_the_documentation_are_taken(recording: APIClient, make: Maker) -> None:
    make.forecaster(key="almanac")
    make.dated(key="FIRST-FROST")
    for where, examples in (("questions", QUESTIONS), ("predictions", PREDICTIONS)):
        for example in examples:
            sent = recording.post(f"/api/v1/{where}/", example.value, format="json")
            assert sent.status_code == 201, (example.summary, sent.content)


def test_the_options_come_back_in_the_questions_order(api: APIClient, make: Maker) -> None:
    question = make.choice("zebra", "ant", "cat")
    make.spread(question, "0.5", "0.3", "0.2")
    [row] = api.get("/api/v1/predictions/").json()["results"]
    assert list(row["distribution"].items()) == [("zebra", 0.5), ("ant", 0.3), ("cat", 0.2)]


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"kind": "choice"}, "options"),
        ({"kind": "choice", "options": "poor"}, "options"),
        ({"kind": "choice", "options": ["poor", 2]}, "options"),
        ({"kind": "choice", "options": ["poor", "poor"]}, "options"),
        ({**OPTIONS, "ordered": "yes"}, "ordered"),
        ({"kind": "numeric"}, "unit"),
        ({"kind": "numeric", "unit": 3}, "unit"),
        ({"kind": "date", "unit": "days"}, "unit"),
        ({"kind": "guess"}, "kind"),
    ],
)
def test_a_question_that_does_not_fit_its_kind_is_refused_by_its_field(
    recording: APIClient, refused: Any, asked: dict[str, Any], field: str
) -> None:
    sent = recording.post("/api/v1/questions/", {**QUESTION, **asked}, format="json")
    assert any(name.startswith(field) for name in _fields(refused(sent, 400)))


def _fields(problem: dict[str, Any]) -> list[str]:
    return [error["field"] for error in problem["errors"]]


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ('"distribution": [["a", 1], ["b", 0]]', "distribution"),
        ('"distribution": {"a": "1", "b": "0"}', "distribution"),
        ('"distribution": {"a": true, "b": 0}', "distribution"),
        ('"distribution": {"a": null, "b": 1}', "distribution"),
        ('"distribution": {"a": 0.5}', "distribution"),
        ('"distribution": {"a": 0.99999999999999999999, "b": 0}', "distribution"),
        ('"distribution": {"a": 1e999999, "b": 0}', "distribution"),
        ('"distribution": {"a": 0.5, "a": 0.5}', None),
        ('"distribution": null', "distribution"),
        ('"quantiles": [0.1, 0.9]', "quantiles"),
        ('"quantiles": {"0.1": {}, "0.9": 2}', "quantiles"),
        ('"quantiles": {"0.1": 1, "0.9": 2}', "quantiles"),
        ('"probability": 0.5', "probability"),
        ('"basis": "verbal", "distribution": {"a": 1, "b": 0}', None),
    ],
)
def test_a_forecast_that_does_not_fit_its_question_is_refused_by_its_field(
    recording: APIClient, make: Maker, refused: Any, said: str, field: str | None
) -> None:
    question, forecaster = make.choice("a", "b").key, make.forecaster().key
    named = f'"question": "{question}", "forecaster": "{forecaster}", "made_at": "2026-02-01"'
    body = f'{{{named}, "basis": "stated", {said}}}'
    sent = recording.post("/api/v1/predictions/", body, content_type="application/json")
    refused(sent, 400, field)


def test_an_answer_that_is_no_option_is_refused_with_the_options(
    adjudicating: APIClient, make: Maker, refused: Any
) -> None:
    body = {**ENTERED, "question": make.choice("a", "b").key, "answer": "c"}
    problem = refused(adjudicating.post("/api/v1/outcomes/", body, format="json"), 400, "answer")
    assert "give one of: a, b" in str(problem)
