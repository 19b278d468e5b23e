"""`Idempotency-Key`"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from predictions.models import IdempotencyKey, Outcome, Prediction, Score
from tests.making import Maker

OUTCOMES, PREDICTIONS = "/api/v1/outcomes/", "/api/v1/predictions/"


@pytest.fixture
def outcome(make: Maker) -> dict[str, Any]:
    question = make.question(key="Q1")
    make.prediction(question=question)
    return {"question": "Q1", "answer": "yes", "settled_at": "2026-09-01", "rationale": "So."}


@pytest.fixture
def prediction(make: Maker) -> dict[str, Any]:
    return {
        "question": make.question().key,
        "forecaster": make.forecaster().key,
        "made_at": "2026-01-31",
        "basis": "stated",
        "probability": 0.000001,
    }


def _send(client: APIClient, address: str, body: Any, key: str = "once") -> Any:
    return client.post(address, body, format="json", headers={"Idempotency-Key": key})


def test_the_same_request_again_gets_the_same_answer_and_is_not_done_twice(
    recording: APIClient, prediction: dict[str, Any]
) -> None:
    first = _send(recording, PREDICTIONS, prediction)
    again = _send(recording, PREDICTIONS, prediction)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again.headers["Location"] == first.headers["Location"]
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert Prediction.objects.count() == 1


def test_an_outcome_sent_again_is_answered_instead_of_refused(
    adjudicating: APIClient, outcome: dict[str, Any]
) -> None:
    first = _send(adjudicating, OUTCOMES, outcome)
    respelt = dict(reversed(outcome.items()))
    again = _send(adjudicating, OUTCOMES, respelt)
    assert (again.status_code, again.content) == (201, first.content)
    assert (Outcome.objects.count(), Score.objects.count()) == (1, 2)


def test_the_same_key_for_another_request_is_refused(
    recording: APIClient, prediction: dict[str, Any], refused: Any
) -> None:
    _send(recording, PREDICTIONS, prediction)
    refused(_send(recording, PREDICTIONS, prediction | {"probability": 0.8}), 422)
    refused(_send(recording, "/api/v1/events/", prediction), 422)
    assert Prediction.objects.count() == 1


def test_a_refused_request_may_be_mended_and_sent_under_its_key(
    recording: APIClient, prediction: dict[str, Any], refused: Any
) -> None:
    refused(_send(recording, PREDICTIONS, prediction | {"probability": 1.2}), 400, "probability")
    assert not IdempotencyKey.objects.exists()
    assert _send(recording, PREDICTIONS, prediction).status_code == 201


def test_a_key_is_the_tokens_own(
    client_with: Callable[..., APIClient], prediction: dict[str, Any]
) -> None:
    for _ in range(2):
        assert _send(client_with("record"), PREDICTIONS, prediction).status_code == 201
    assert Prediction.objects.count() == 2


def test_without_a_key_or_with_another_a_request_is_done_again(
    recording: APIClient, prediction: dict[str, Any]
) -> None:
    for key in ("one", "two"):
        _send(recording, PREDICTIONS, prediction, key)
    recording.post(PREDICTIONS, prediction, format="json")
    assert Prediction.objects.count() == 3


@pytest.mark.parametrize("key", ["", "x" * 201, "tab\there", "caf\u00e9"])
def test_a_key_that_cannot_be_kept_is_refused(
    recording: APIClient, prediction: dict[str, Any], refused: Any, key: str
) -> None:
    refused(_send(recording, PREDICTIONS, prediction, key), 400, "Idempotency-Key")


def test_a_key_does_not_open_what_the_token_does_not(
    recording: APIClient, outcome: dict[str, Any], refused: Any
) -> None:
    refused(_send(recording, OUTCOMES, outcome), 403)


@pytest.mark.django_db(transaction=True)
def test_of_two_simultaneous_requests_one_acts_and_both_are_answered_alike(
    adjudicating: APIClient, outcome: dict[str, Any]
) -> None:
    together = Barrier(4)

    def send(_: int) -> tuple[int, bytes]:
        try:
            together.wait(timeout=10)
            answer = _send(adjudicating, OUTCOMES, outcome)
            return answer.status_code, answer.content
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as callers:
        answers = set(callers.map(send, range(4)))
    assert len(answers) == 1
    assert answers.pop()[0] == 201
    assert (Outcome.objects.count(), Score.objects.count()) == (1, 2)
