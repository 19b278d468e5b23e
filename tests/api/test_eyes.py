"""The four-eyes rule over HTTP: a problem of its own type."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from predictions import services
from predictions.models import Outcome, Prediction, User
from tests.making import Maker

TYPE = "urn:prediction-ledger:problem:four-eyes"


@pytest.fixture(autouse=True)
def in_force(settings: Any) -> None:
    settings.FOUR_EYES = True


def test_who_recorded_a_prediction_is_refused_the_outcome(
    adjudicating: APIClient, make: Maker, adjudicator: User, refused: Callable[..., dict[str, Any]]
) -> None:
    question = make.prediction(by=adjudicator).question
    body = {
        "question": question.key,
        "answer": "yes",
        "settled_at": "2026-09-01",
        "rationale": "The ministry said so.",
    }
    problem = refused(adjudicating.post("/api/v1/outcomes/", body, format="json"), 403, kind=TYPE)
    assert problem["detail"].startswith(
        f"ada has recorded or amended predictions that hang on {question.key} and"
    )
    assert not Outcome.objects.exists()


def test_who_entered_the_outcome_is_refused_a_prediction(
    recording: APIClient, make: Maker, adjudicator: User, refused: Callable[..., dict[str, Any]]
) -> None:
    question, forecaster, article = make.question(), make.forecaster(), make.article()
    services.outcome_enter(question=question, verdict=make.verdict(), by=adjudicator, now=make.now)
    body = {
        "question": question.key,
        "forecaster": forecaster.key,
        "article": article.key,
        "made_at": "2026-02-01",
        "basis": "stated",
        "probability": 0.7,
    }
    problem = refused(recording.post("/api/v1/predictions/", body, format="json"), 403, kind=TYPE)
    assert problem["detail"].startswith(f"ada has entered the outcome of {question.key} and")
    assert not Prediction.objects.exists()
