"""`/api/v1/ledger/entries/`"""

import base64
import hashlib
import json

import pytest
from django.db import connection
from rest_framework.test import APIClient

from ledger import journal
from ledger.models import Entry
from tests.guards import lifted
from tests.making import Maker

ADDRESS = "/api/v1/ledger/entries/"


@pytest.fixture(autouse=True)
def _entries(make: Maker) -> None:
    make.outcome(make.prediction().question)
    journal.flush()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # or no guard could be lifted below


def test_an_entry_shows_its_bytes_from_which_its_leaf_hash_follows(api: APIClient) -> None:
    row = api.get(f"{ADDRESS}1/").json()
    body = base64.b64decode(row["body_base64"])
    assert body == bytes(Entry.objects.get(sequence=1).body)
    assert row["leaf_hash"] == hashlib.sha256(b"\x00" + body).hexdigest()
    assert row["body"] == json.loads(body)
    for name in ("kind", "subject", "actor", "time", "uuid"):
        assert row[name] == row["body"][name]


def test_entries_come_by_sequence_without_gaps(api: APIClient) -> None:
    rows = api.get(ADDRESS).json()["results"]
    assert [row["sequence"] for row in rows] == list(range(1, len(rows) + 1))
    backwards = api.get(f"{ADDRESS}?ordering=-sequence").json()["results"]
    assert backwards == rows[::-1]


def test_entries_are_filtered_by_what_they_say(api: APIClient) -> None:
    rows = api.get(ADDRESS).json()["results"]
    for name in ("kind", "subject", "actor", "uuid"):
        found = api.get(ADDRESS, {name: rows[-1][name]}).json()["results"]
        assert found == [row for row in rows if row[name] == rows[-1][name]]
    assert api.get(f"{ADDRESS}?sequence_after=2&sequence_until=3").json()["results"] == rows[2:3]
    later = api.get(ADDRESS, {"time_after": rows[1]["time"]}).json()["results"]
    assert later == rows[2:]


def test_a_sequence_that_is_not_there_is_not_found(api: APIClient) -> None:
    for sequence in ("0", "99999", "9" * 40, "9" * 5000, "one", "-1"):
        assert api.get(f"{ADDRESS}{sequence}/").status_code == 404


def test_bytes_that_were_changed_are_shown_as_they_are(api: APIClient) -> None:
    with lifted(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE ledger_entry SET body = convert_to("
            "replace(convert_from(body, 'UTF8'), ',', ', '), 'UTF8') WHERE sequence = 1"
        )
    answer = api.get(f"{ADDRESS}1/")
    assert answer.status_code == 200
    assert answer.json()["body"] is None
    assert base64.b64decode(answer.json()["body_base64"]).startswith(b'{"actor"')
