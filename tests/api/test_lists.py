"""What every list has in common: its shape, its parameters, and what it costs."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from ledger import journal
from tests.making import Maker

LISTS = (
    "articles",
    "forecasters",
    "questions",
    "predictions",
    "statements",
    "events",
    "reviews",
    "outcomes",
    "scores",
    "ledger/entries",
)


@pytest.fixture
def filled(seeded: None, make: Maker, recording: APIClient) -> None:
    """The seed articles, and what they lack: a review, and a correction."""
    for question in ("Q16", "Q17"):
        body = {"question": question, "note": "Still open.", "next_at": "2999-01-01"}
        assert recording.post("/api/v1/reviews/", body, format="json").status_code == 201
    journal.flush()


@pytest.mark.usefixtures("filled")
def test_a_list_answers_next_previous_and_results(api: APIClient) -> None:
    for name in LISTS:
        answer = api.get(f"/api/v1/{name}/")
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "application/json"
        page = answer.json()
        assert list(page) == ["next", "previous", "results"]
        assert page["results"], name


@pytest.mark.usefixtures("filled")
def test_a_list_takes_as_many_queries_for_one_row_as_for_all(
    api: APIClient, django_assert_num_queries: Any, django_assert_max_num_queries: Any
) -> None:
    for name in LISTS:
        with django_assert_max_num_queries(5) as for_one:
            api.get(f"/api/v1/{name}/?page_size=1")
        with django_assert_num_queries(len(for_one)):
            assert len(api.get(f"/api/v1/{name}/?page_size=500").json()["results"]) > 1, name


@pytest.mark.usefixtures("filled")
def test_following_next_shows_every_row_once_and_previous_leads_back(api: APIClient) -> None:
    for name in LISTS:
        whole = api.get(f"/api/v1/{name}/?page_size=500").json()["results"]
        pages = [page := api.get(f"/api/v1/{name}/?page_size=7").json()]
        while page["next"]:
            pages.append(page := api.get(page["next"]).json())
        assert [row for page in pages for row in page["results"]] == whole, name
        for earlier in reversed(pages[:-1]):
            page = api.get(page["previous"]).json()
            assert page["results"] == earlier["results"], name
        assert page["previous"] is None


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("no_such_filter=1", "no_such_filter"),
        ("ordering=no_such_column", "ordering"),
        ("ordering=--key", "ordering"),
        ("ordering=", "ordering"),
        ("ordering=id%00", "ordering"),
        ("page_size=0", "page_size"),
        ("page_size=501", "page_size"),
        ("page_size=many", "page_size"),
        ("page_size=%D9%A3", "page_size"),
        ("page_size=" + "9" * 5000, "page_size"),
        ("page_size=5&page_size=6", "page_size"),
        ("cursor=garbage", "cursor"),
        ("cursor=%F0%9F%92%A9:x", "cursor"),
    ],
)
def test_a_list_refuses_a_parameter_it_does_not_know(
    api: APIClient, refused: Callable[..., Any], query: str, field: str
) -> None:
    for name in LISTS:
        refused(api.get(f"/api/v1/{name}/?{query}"), 400, field)


def test_a_single_row_takes_no_parameters(
    api: APIClient, make: Maker, refused: Callable[..., Any]
) -> None:
    refused(api.get(f"/api/v1/questions/{make.question().key}/?page_size=3"), 400, "page_size")
    refused(api.get("/api/v1/scoreboard/?forecaster=x"), 400, "forecaster")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("predictions/?question=Q99", "question"),
        ("predictions/?question=%00", "question"),
        ("predictions/?state=lost", "state"),
        ("predictions/?state=", "state"),
        ("predictions/?made_after=yesterday", "made_after"),
        ("predictions/?made_after=100%25s", "made_after"),
        ("predictions/?made_after=10000-01-01", "made_after"),
        ("predictions/?made_after=2023-06-25T10:00:00", "made_after"),
        ("predictions/?made_until=9999-12-31T23:59:59-12:00", "made_until"),
        ("questions/?state=answered", "state"),
        ("questions/?topic=no-such-topic", "topic"),
        ("articles/?published_after=2023-13-01", "published_after"),
        ("events/?happened_until=10000-01-01", "happened_until"),
        ("outcomes/?is_current=maybe", "is_current"),
        ("outcomes/?event=no-such-event", "event"),
        ("scores/?prediction=not-a-uuid", "prediction"),
        ("scores/?outcome=00000000-0000-0000-0000-000000000000", "outcome"),
        ("scores/?rule=luck", "rule"),
        ("ledger/entries/?sequence_after=1e400", "sequence_after"),
        ("ledger/entries/?sequence_after=99999999999999999999", "sequence_after"),
        ("ledger/entries/?time_after=noon", "time_after"),
        ("ledger/entries/?uuid=17", "uuid"),
    ],
)
def test_a_filter_value_that_means_nothing_is_refused_by_its_name(
    api: APIClient, refused: Callable[..., Any], query: str, field: str
) -> None:
    refused(api.get(f"/api/v1/{query}"), 400, field)
