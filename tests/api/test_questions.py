"""`/api/v1/questions/`"""

from typing import Any

import pytest
from rest_framework.test import APIClient

from predictions.models import Question
from tests.making import Maker

BODY: dict[str, Any] = {
    "key": "New",
    "text": "Will the bridge open in 2030?",
    "criteria": "Yes if a car crosses it. Otherwise no.",
    "opened_at": "2026-01-31",
    "due_at": "2030-12-31",
    "horizon_basis": "stated",
}


@pytest.mark.usefixtures("seeded")
def test_a_question_shows_the_outcome_that_stands(api: APIClient) -> None:
    row = api.get("/api/v1/questions/Q2/").json()
    assert row["topic"] == "war-in-ukraine"
    assert row["state"] == "settled"
    assert row["opened_at"] == "2023-06-25T23:59:59.999999Z"
    outcome = row["outcome"]
    assert outcome["answer"] == "yes"
    assert outcome["evidence"] == ["2024-02-17-avdiivka-taken"]
    assert outcome["is_current"] is True


@pytest.mark.usefixtures("seeded")
def test_an_open_question_has_no_outcome(api: APIClient) -> None:
    row = api.get("/api/v1/questions/Q16/").json()
    assert (row["state"], row["outcome"]) == ("open", None)


@pytest.mark.usefixtures("seeded")
def test_questions_by_state(api: APIClient) -> None:
    for state, count in {"open": 2, "void": 3, "settled": 13}.items():
        rows = api.get(f"/api/v1/questions/?state={state}").json()["results"]
        assert [row["state"] for row in rows] == [state] * count


def test_questions_by_due_date_and_topic(api: APIClient, make: Maker) -> None:
    question = make.question()
    on = "/api/v1/questions/"
    assert len(api.get(f"{on}?due_after=2026-10-30&due_until=2026-10-31").json()["results"]) == 1
    assert api.get(f"{on}?due_after=2026-10-31").json()["results"] == []
    assert api.get(f"{on}{question.key}/").json()["condition_question"] is None


def test_posting_a_question_opens_it(recording: APIClient) -> None:
    answer = recording.post("/api/v1/questions/", BODY, format="json")
    assert answer.status_code == 201
    assert answer.headers["Location"] == "http://testserver/api/v1/questions/New/"
    row = answer.json()
    assert (row["state"], row["review_at"]) == ("open", "2030-12-31T23:59:59.999999Z")
    assert row["partial"] is False
    assert recording.get(answer.headers["Location"]).json() == row


def test_posting_a_question_can_name_its_condition_and_reviewer(
    recording: APIClient, make: Maker, adjudicator: Any
) -> None:
    first = make.question()
    body = {
        **BODY,
        "condition_question": first.key,
        "condition_answer": "yes",
        "reviewer": f"user:{adjudicator.pk}",
        "review_every_days": 30,
    }
    row = recording.post("/api/v1/questions/", body, format="json").json()
    assert row["condition_question"] == first.key
    assert row["reviewer"] == f"user:{adjudicator.pk}"
    assert row["review_at"] == "2026-03-02T23:59:59.999999Z"


def test_posting_a_question_on_a_condition_that_failed_answers_that_it_is_void(
    recording: APIClient, make: Maker
) -> None:
    condition = make.question()
    decided = make.outcome(condition, "no")
    named = {"condition_question": condition.key, "condition_answer": "yes", "partial": True}
    row = recording.post("/api/v1/questions/", BODY | named, format="json").json()
    assert (row["state"], row["partial"]) == ("void", True)
    assert row["outcome"]["follows"] == str(decided.pk)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"key": "with space"}, "key"),
        ({"key": None}, "key"),
        ({"text": ""}, "text"),
        ({"criteria": 7}, "criteria"),
        ({"opened_at": "soon"}, "opened_at"),
        ({"opened_at": "0001-01-01T00:00:00+12:00"}, "opened_at"),
        ({"opened_at": 20260131}, "opened_at"),
        ({"horizon_basis": "guessed"}, "horizon_basis"),
        ({"kind": "guess"}, "kind"),
        ({"partial": "yes"}, "partial"),
        ({"partial": 1}, "partial"),
        ({"topic": "no-such-topic"}, "topic"),
        ({"reviewer": "user:999999"}, "reviewer"),
        ({"review_every_days": 0}, "review_every_days"),
        ({"review_every_days": True}, "review_every_days"),
        ({"review_every_days": 10**400}, "review_every_days"),
        ({"tpyo": 1}, "tpyo"),
    ],
)
def test_posting_a_question_that_cannot_be_kept_names_the_field(
    recording: APIClient, refused: Any, change: dict[str, Any], field: str
) -> None:
    refused(recording.post("/api/v1/questions/", BODY | change, format="json"), 400, field)
    assert not Question.objects.exists()


def test_a_key_that_is_taken_is_refused(recording: APIClient, make: Maker, refused: Any) -> None:
    make.question(key="New")
    refused(recording.post("/api/v1/questions/", BODY, format="json"), 400, "key")
