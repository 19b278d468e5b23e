"""`/api/v1/events/`"""

from typing import Any

import pytest
from rest_framework.test import APIClient

from predictions.models import Bearing, Event
from tests.making import Maker

ADDRESS = "/api/v1/events/"


@pytest.fixture
def body(make: Maker) -> dict[str, Any]:
    make.question(key="Q1")
    make.question(key="Q2")
    return {
        "key": "2026-09-01-harvest",
        "happened_on": "2026-09-01",
        "title": "The ministry publishes the harvest",
        "sources": [{"name": "The ministry", "url": "https://example.org/harvest"}],
        "bearings": [
            {"question": "Q1", "bearing": "settles", "note": "By the figures."},
            {"question": "Q2", "bearing": "context"},
        ],
    }


@pytest.mark.usefixtures("seeded")
def test_an_event_says_what_it_bears_on(api: APIClient) -> None:
    row = api.get(f"{ADDRESS}2024-02-17-avdiivka-taken/").json()
    assert row["happened_on"] == "2024-02-17"
    assert {"question": "Q2", "bearing": "settles"}.items() <= row["bearings"][0].items()
    assert row["sources"][0].keys() == {"name", "url"}
    found = api.get(f"{ADDRESS}?question=Q2&happened_after=2024-02-16&happened_until=2024-02-17")
    assert [event["key"] for event in found.json()["results"]] == [row["key"]]


def test_posting_an_event_records_it_with_its_bearings(
    recording: APIClient, body: dict[str, Any]
) -> None:
    answer = recording.post(ADDRESS, body, format="json")
    assert answer.status_code == 201
    row = answer.json()
    assert sorted(bearing["question"] for bearing in row["bearings"]) == ["Q1", "Q2"]
    assert answer.headers["Location"].endswith("/api/v1/events/2026-09-01-harvest/")
    assert recording.get(answer.headers["Location"]).json() == row


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"key": "a/b"}, "key"),
        ({"key": "k" * 101}, "key"),
        ({"happened_on": "2999-01-01"}, "happened_on"),
        ({"happened_on": "2026-09-01T10:00:00Z"}, "happened_on"),
        ({"happened_on": 2026}, "happened_on"),
        ({"title": "x" * 301}, "title"),
        ({"sources": []}, "sources"),
        ({"sources": [{"name": "a", "url": "ftp://a"}]}, "sources"),
        ({"sources": [{"name": "a"}]}, "sources[0].url"),
        ({"sources": {"name": "a", "url": "https://a"}}, "sources"),
        ({"bearings": [{"question": "Q9", "bearing": "yes"}]}, "bearings[0].question"),
        ({"bearings": [{"question": "Q1", "bearing": "maybe"}]}, "bearings[0].bearing"),
        ({"bears_on": []}, "bears_on"),
    ],
)
def test_an_event_that_cannot_be_kept_names_the_field_and_leaves_nothing(
    recording: APIClient, body: dict[str, Any], refused: Any, change: dict[str, Any], field: str
) -> None:
    refused(recording.post(ADDRESS, body | change, format="json"), 400, field)
    assert not Event.objects.exists()


def test_an_event_bears_on_a_question_once(
    recording: APIClient, body: dict[str, Any], refused: Any
) -> None:
    body["bearings"] = [{"question": "Q1", "bearing": "yes"}, {"question": "Q1", "bearing": "no"}]
    refused(recording.post(ADDRESS, body, format="json"), 400)
    assert not Bearing.objects.exists()
