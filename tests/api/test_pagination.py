"""Cursors: ties, gaps, missing values, and rows that come in between."""

import datetime as dt
from typing import Any

import pytest
from rest_framework.test import APIClient

from predictions.when import end_of
from tests.making import Maker


def _walk(api: APIClient, address: str) -> list[Any]:
    rows = []
    while address:
        page = api.get(address).json()
        rows += page["results"]
        address = page["next"]
    return rows


def test_rows_that_tie_in_their_order_are_neither_lost_nor_shown_twice(
    api: APIClient, make: Maker
) -> None:
    question = make.question()
    made = {str(make.prediction(question=question).pk) for _ in range(7)}
    rows = _walk(api, "/api/v1/predictions/?page_size=2&ordering=-made_at")
    assert len(rows) == 7
    assert {row["id"] for row in rows} == made


@pytest.mark.parametrize(
    ("ordering", "expected"),
    [
        ("due_at", ["Early", "Late", "None-1", "None-2"]),
        ("-due_at", ["None-2", "None-1", "Late", "Early"]),
    ],
)
def test_missing_values_come_last_and_first_when_descending(
    api: APIClient, make: Maker, ordering: str, expected: list[str]
) -> None:
    make.question(key="Late", due_at=end_of(dt.date(2030, 1, 1)))
    make.question(key="None-1", due_at=None, due_rule="when it ends")
    make.question(key="Early", due_at=end_of(dt.date(2029, 1, 1)))
    make.question(key="None-2", due_at=None, due_rule="when it ends")
    rows = _walk(api, f"/api/v1/questions/?page_size=1&ordering={ordering}")
    keys = [row["key"] for row in rows]
    assert sorted(keys) == sorted(expected)
    # Ties are settled by an id that is made at random.
    assert [key[:4] for key in keys] == [key[:4] for key in expected]


def test_a_row_added_meanwhile_moves_no_other_between_pages(api: APIClient, make: Maker) -> None:
    for key in ("B", "D", "F"):
        make.question(key=key)
    first = api.get("/api/v1/questions/?page_size=2").json()
    make.question(key="A")
    make.question(key="E")
    second = api.get(first["next"]).json()
    assert [row["key"] for row in first["results"] + second["results"]] == ["B", "D", "E", "F"]


def test_a_cursor_serves_only_the_list_and_ordering_it_was_given_for(
    api: APIClient, make: Maker, refused: Any
) -> None:
    for _ in range(3):
        make.prediction()
    cursor = api.get("/api/v1/predictions/?page_size=1").json()["next"].split("?")[1]
    refused(api.get(f"/api/v1/predictions/?{cursor}&ordering=question"), 400, "cursor")
    refused(api.get(f"/api/v1/questions/?{cursor}"), 400, "cursor")


def test_a_cursor_that_was_tampered_with_is_refused(
    api: APIClient, make: Maker, refused: Any
) -> None:
    make.question()
    make.question()
    address = api.get("/api/v1/questions/?page_size=1").json()["next"]
    refused(api.get(address.replace("cursor=ey", "cursor=fy")), 400, "cursor")


def test_filters_and_page_size_travel_with_the_links(api: APIClient, make: Maker) -> None:
    question = make.question()
    for _ in range(3):
        make.prediction(question=question)
        make.prediction()
    rows = _walk(api, f"/api/v1/predictions/?page_size=1&question={question.key}")
    assert [row["question"] for row in rows] == [question.key] * 3
