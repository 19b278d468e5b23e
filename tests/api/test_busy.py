"""What a caller is told when others were writing, or the database is away."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, transaction
from rest_framework.test import APIClient

from ledger import journal
from ledger.errors import DifferentEntry
from predictions.api.problems import fault_of
from predictions.models import IdempotencyKey, Prediction
from tests.ledger.others import (
    another,
    end_session,
    head_held,
    hold_head,
    in_background,
    own_pid,
    run,
    wait_for,
)
from tests.making import Maker

pytestmark = pytest.mark.django_db(transaction=True)

PREDICTIONS = "/api/v1/predictions/"


@pytest.fixture
def recording(recording: APIClient) -> APIClient:
    """As a real caller, who sees an answer where a test would see what went wrong."""
    recording.raise_request_exception = False
    return recording


@pytest.fixture
def prediction(make: Maker) -> dict[str, Any]:
    return {
        "question": make.question().key,
        "forecaster": make.forecaster().key,
        "made_at": "2026-01-31",
        "basis": "stated",
        "probability": 0.7,
    }


@contextmanager
def cut_off() -> Iterator[None]:
    """The server has ended our connection, and we do not know yet."""
    end_session(own_pid())
    try:
        yield
    finally:
        connection.close()


def test_a_write_that_never_gets_its_turn_is_told_to_come_again(
    recording: APIClient, prediction: dict[str, Any], refused: Any
) -> None:
    size = journal.head().size
    with head_held(function="ledger_append_staged()", lock_timeout="50ms"):
        answer = recording.post(
            PREDICTIONS, prediction, format="json", headers={"Idempotency-Key": "k"}
        )
    problem = refused(answer, 503)
    assert "nothing was written" in problem["detail"]
    assert int(answer.headers["Retry-After"]) > 0
    assert journal.head().size == size
    assert not Prediction.objects.exists()
    assert not IdempotencyKey.objects.exists()
    assert recording.post(PREDICTIONS, prediction, format="json").status_code == 201


def test_a_write_that_is_held_up_a_little_is_done_once_all_the_same(
    recording: APIClient, prediction: dict[str, Any]
) -> None:
    """It waits in vain once, and is done again under its key without being asked to."""
    with head_held(function="ledger_append_staged()", lock_timeout="600ms") as other:
        letting_go = threading.Timer(0.9, other.rollback)
        letting_go.start()
        answer = recording.post(
            PREDICTIONS, prediction, format="json", headers={"Idempotency-Key": "k"}
        )
        letting_go.join()
    assert answer.status_code == 201
    assert "Idempotent-Replayed" not in answer.headers
    assert Prediction.objects.count() == IdempotencyKey.objects.count() == 1


@pytest.mark.parametrize("method", ["get", "post"])
def test_without_a_database_a_caller_is_told_to_come_again(
    recording: APIClient, prediction: dict[str, Any], refused: Any, method: str
) -> None:
    with cut_off():
        answer = getattr(recording, method)(PREDICTIONS, prediction, format="json")
    refused(answer, 503)
    assert int(answer.headers["Retry-After"]) > 0
    assert not Prediction.objects.exists()


def test_a_database_that_goes_away_within_a_write_leaves_none_of_it(
    recording: APIClient, prediction: dict[str, Any], refused: Any
) -> None:
    pid = own_pid()
    size = journal.head().size

    def cut_off_when_it_waits() -> None:
        with another() as looking:
            waits = "SELECT 1 FROM pg_locks WHERE pid = %s AND NOT granted"
            wait_for(lambda: run(looking, waits, [pid]))
        end_session(pid)

    with another() as other:
        other.set_autocommit(False)
        hold_head(other)
        ending = in_background(cut_off_when_it_waits)
        try:
            answer = recording.post(PREDICTIONS, prediction, format="json")
        finally:
            ending.join(timeout=30)
            connection.close()
    refused(answer, 503)
    assert journal.head().size == size
    assert journal.waiting("ledger_staged") == 0
    assert not Prediction.objects.exists()


def test_an_entry_that_says_something_else_is_a_conflict() -> None:
    with transaction.atomic():
        made = journal.append(kind="test.made", subject="test:1", actor="system", facts={})
    with pytest.raises(DifferentEntry) as refusal, transaction.atomic():
        journal.append(
            kind="test.other", subject="test:1", actor="system", facts={}, uuid=made.uuid
        )
    fault = fault_of(refusal.value)
    assert fault.status == 409
    assert str(made.uuid) in fault.detail
