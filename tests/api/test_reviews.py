"""`/api/v1/reviews/`"""

from typing import Any

import pytest
from rest_framework.test import APIClient

from predictions.models import Review
from tests.making import Maker

ADDRESS = "/api/v1/reviews/"
BODY = {"question": "Q1", "note": "No figures yet.", "next_at": "2999-01-01"}


def test_posting_a_review_moves_the_question_on(recording: APIClient, make: Maker) -> None:
    make.question(key="Q1")
    answer = recording.post(ADDRESS, BODY, format="json")
    assert answer.status_code == 201
    assert answer.json()["due_version"] == 1
    question = recording.get("/api/v1/questions/Q1/").json()
    assert (question["due_version"], question["review_at"]) == (2, "2999-01-01T23:59:59.999999Z")
    (row,) = recording.get(f"{ADDRESS}?question=Q1").json()["results"]
    assert row == answer.json()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"question": "Q9"}, "question"),
        ({"note": ""}, "note"),
        ({"next_at": "2020-01-01"}, "next_at"),
        ({"next_at": "9999-12-31T23:59:59Z"}, "next_at"),
        ({"next_at": {}}, "next_at"),
        ({"due_version": 1}, "due_version"),
        ({"reviewed_by": "user:1"}, "reviewed_by"),
    ],
)
def test_a_review_that_cannot_be_kept_names_the_field(
    recording: APIClient, make: Maker, refused: Any, change: dict[str, Any], field: str
) -> None:
    make.question(key="Q1")
    refused(recording.post(ADDRESS, BODY | change, format="json"), 400, field)
    assert not Review.objects.exists()


def test_a_question_with_an_outcome_is_not_reviewed(
    recording: APIClient, make: Maker, refused: Any
) -> None:
    make.outcome(make.question(key="Q1"))
    refused(recording.post(ADDRESS, BODY, format="json"), 409)
