"""Whatever is thrown at it: never a server error, nothing half-written, the ledger in step."""

import json
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.db.models import Model
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from ledger import journal
from ledger.models import Entry
from predictions import services
from predictions.models import FACTS, IdempotencyKey
from predictions.models.base import BEFORE
from tests.making import Maker

BODIES: dict[str, dict[str, Any]] = {
    "outcomes": {
        "question": "Q1",
        "answer": "yes",
        "void_reason": "ambiguous",
        "settled_at": "2026-09-01",
        "rationale": "The ministry said so.",
        "evidence": ["event"],
        "corrects": "4f2f3c0a-6f0e-4a53-9a53-0d5a3f1c9e11",
        "correction_reason": "A slip.",
        "reopens": False,
    },
    "reviews": {"question": "Q1", "note": "Still open.", "next_at": "2999-01-01"},
    "events": {
        "key": "event-2",
        "happened_on": "2026-09-01",
        "title": "The harvest",
        "text": "It failed.",
        "sources": [{"name": "The ministry", "url": "https://example.org/"}],
        "bearings": [{"question": "Q1", "bearing": "yes", "note": "Indeed."}],
    },
    "predictions": {
        "question": "Q1",
        "forecaster": "writer",
        "made_at": "2026-01-31",
        "basis": "stated",
        "probability": 0.7,
        "low": 0.6,
        "high": 0.8,
        "phrase": {"phrase": "surely", "source": "nowhere"},
        "article": "almanac",
        "reference": "A1",
        "passages": [{"offset": 3, "quote": "harvest"}],
        "hedge": "will",
        "side": "yes",
        "basis_note": "A number.",
        "horizon_note": "By May.",
        "note": "None.",
    },
    "questions": {
        "key": "Q2",
        "text": "Will it rain?",
        "criteria": "Yes if it does.",
        "opened_at": "2026-01-31",
        "horizon_basis": "stated",
        "kind": "binary",
        "topic": "weather",
        "due_at": "2026-12-31",
        "due_rule": "By the end.",
        "horizon_note": "Stated.",
        "notes": "None.",
        "condition": "If spring comes.",
        "condition_question": "Q1",
        "condition_answer": "yes",
        "review_every_days": 30,
        "partial": False,
    },
}
OPTIONAL = {"corrects", "correction_reason", "reopens", "phrase"}

NASTY = [
    "null",
    "true",
    "{}",
    "[]",
    '""',
    '" "',
    '"\\u0000"',
    '"a\\u0000b"',
    '"\\ud800"',
    '["\\ud800"]',
    '"e\\u0301"',
    '"\u202e\u2028"',
    "-0.0",
    "1.2",
    "-1",
    "1e400",
    "1e-400",
    "1e999999999",
    "1e9999999999999999999",
    "NaN",
    "9" * 400,
    "9" * 5000,
    "2147483648",
    "9007199254740993",
    '"10000-01-01"',
    '"0001-01-01"',
    '"9999-12-31"',
    '"8999-12-31T23:59:59.9999999Z"',
    '"9999-12-31T23:59:59-12:00"',
    '"0001-01-01T00:00:00+12:00"',
    '"2026-02-30"',
    '"2026-W01-1"',
    '"user:99999999999999999999"',
    f'"{"x" * 400}"',
    f'"{"x" * 70_000}"',
    f"{'[' * 900}{']' * 900}",
    "[" * 10_000,
    '[{"offset": true, "quote": "a"}]',
    '[{"name": "a", "url": "javascript:a"}]',
    '[{"question": "Q1", "bearing": "yes"}, {"question": "Q1", "bearing": "no"}]',
    "[[1]]",
    "",
    "}",
]
_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
    ),
    max_leaves=8,
)
garbage = st.sampled_from(NASTY) | _values.map(json.dumps)
# What may well be taken, and then must read back from the ledger as it stands in the table.
FREE_TEXT = {"rationale", "note", "notes", "title", "text", "criteria", "hedge", "basis_note"}
odd_text = st.text(min_size=1, max_size=30).map(json.dumps)


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, str]:
    """An address and a body that was right, but for one field or two."""
    name = draw(st.sampled_from(sorted(BODIES)))
    written = {field: json.dumps(value) for field, value in BODIES[name].items()}
    for field in draw(st.sampled_from([OPTIONAL, set()])) & written.keys():
        del written[field]
    if name == "outcomes":  # the two exclude each other
        del written[draw(st.sampled_from(["answer", "void_reason"]))]
    if draw(st.booleans()):
        written |= {field: draw(odd_text) for field in sorted(FREE_TEXT & written.keys())}
    else:
        fields = st.sampled_from([*BODIES[name], "reviewer", "something else"])
        for field in draw(st.lists(fields, min_size=1, max_size=2, unique=True)):
            written[field] = draw(garbage)
    return name, "{" + ", ".join(f'"{field}": {raw}' for field, raw in written.items()) + "}"


@pytest.fixture
def thrown_at(make: Maker, client_with: Any) -> APIClient:
    make.event(make.question(key="Q1"), key="event")
    make.forecaster(key="writer")
    make.article(key="almanac")
    services.topic_record(key="weather", name="Weather", by=None)
    point = Decimal("0.9")
    services.phrase_record(
        phrase="surely",
        low=point,
        point=point,
        high=point,
        source="nowhere",
        source_title="No table",
        by=None,
    )
    journal.flush()
    client: APIClient = client_with("record", "adjudicate")
    return client


def _rows() -> list[int]:
    models: list[type[Model]] = [*FACTS, IdempotencyKey, Entry]
    counts = ", ".join(f"(SELECT count(*) FROM {model._meta.db_table})" for model in models)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT (SELECT count(*) FROM ledger_staged), {counts}")
        return list(cursor.fetchone())


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(request=requests(), key=st.sampled_from([None, None, "once", "", "\t", "\xe9"]))
def test_no_body_is_a_server_error_or_leaves_half_of_itself(
    thrown_at: APIClient, request: tuple[str, str], key: str | None
) -> None:
    headers = {} if key is None else {"Idempotency-Key": key}
    with transaction.atomic():
        _throw(thrown_at, *request, headers)
        transaction.set_rollback(True)  # the next example finds everything as this one did


def _throw(client: APIClient, name: str, body: str, headers: dict[str, str]) -> None:
    before = _rows()
    sent = body.encode("utf-8", "surrogatepass")
    answer = client.post(f"/api/v1/{name}/", sent, content_type="application/json", headers=headers)
    assert answer.status_code in {201, 400, 409, 422}, answer.content
    if answer.status_code == 201:
        journal.flush()
        _hold_against_the_ledger(Entry.objects.latest("sequence"))
    else:
        assert answer.headers["Content-Type"] == "application/problem+json"
        answer.content.decode()
        assert _rows() == before


def _hold_against_the_ledger(entry: Entry) -> None:
    """Every row of which the last entry speaks reads back as it says."""
    for table, rows in journal.body_of(entry)["facts"].items():
        if not isinstance(rows, list) or table == BEFORE:
            continue
        model: Any = apps.get_model("predictions", table)
        for said in rows:
            assert model.objects.get(pk=said["id"]).facts() == said


QUERIES = {
    "articles": ["outlet", "published_after"],
    "forecasters": ["kind"],
    "questions": ["state", "topic", "due_after", "review_until"],
    "predictions": ["state", "question", "forecaster", "basis", "made_after"],
    "statements": ["article", "reason"],
    "events": ["question", "happened_until"],
    "reviews": ["question", "next_after"],
    "outcomes": ["answer", "is_current", "event", "settled_after"],
    "scores": ["prediction", "outcome", "rule", "stands", "posted_until"],
    "ledger/checkpoints": [],
    "ledger/entries": ["kind", "subject", "uuid", "sequence_after", "time_after"],
}
PAGING = ["ordering", "cursor", "page_size", "something else"]
ODD_VALUES = ["\x00", "-0", "1e999999999", "9" * 5000, "9999-12-31T23:59:59-12:00", "10000-01-01"]


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data(), value=st.text(max_size=12) | st.sampled_from(ODD_VALUES))
def test_no_query_is_a_server_error(thrown_at: APIClient, data: st.DataObject, value: str) -> None:
    name = data.draw(st.sampled_from(sorted(QUERIES)))
    parameter = data.draw(st.sampled_from([*QUERIES[name], *PAGING]))
    answer = thrown_at.get(f"/api/v1/{name}/", {parameter: value})
    assert answer.status_code in {200, 400}
    assert thrown_at.get(f"/api/v1/{name}/{quote(value, safe='')}/").status_code in {200, 404}
