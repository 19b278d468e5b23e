"""Personal parts beside the log: commitments, their openings, and what verification finds."""

import hashlib
import hmac
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from ledger import journal, parts, replay
from ledger.models import Entry, Part
from predictions.errors import Invalid
from predictions.models import Article, Forecaster, User
from predictions.services.erasure import forecaster_erase
from predictions.services.posting import post
from seeds.loader import load
from tests.conftest import NOW
from tests.guards import as_owner, lifted
from tests.making import Maker

pytestmark = pytest.mark.django_db(transaction=True)

ADA = {"key": "ada-l", "name": "Ada Lovelace", "note": "Countess."}


@pytest.fixture
def ada(make: Maker) -> Forecaster:
    return make.forecaster(**ADA)


def tamper(statement: str, *values: Any) -> None:
    with lifted(), connection.cursor() as cursor:
        cursor.execute(statement, values)
        assert cursor.rowcount > 0, "the attack itself failed"


def findings() -> list[str]:
    """What the whole verification finds, and what is found of the parts alone."""
    found = replay.verify().findings
    of_parts = [finding for finding in found if finding.place.startswith("part ")]
    assert of_parts == list(parts.verify())
    return [f"{finding.place}: {finding.problem}" for finding in found]


def facts_of(kind: str, table: str) -> dict[str, Any]:
    entry = Entry.objects.filter(kind=kind).latest("sequence")
    facts: dict[str, Any] = journal.body_of(entry)["facts"][table][0]
    return facts


def test_no_entry_of_the_seeds_holds_a_forecaster_or_a_byline_in_clear() -> None:
    load(now=NOW)
    bodies = [bytes(entry.body) for entry in Entry.objects.all()]
    for forecaster in Forecaster.objects.all():
        for part in (forecaster.key, forecaster.name, forecaster.note):
            assert part
            assert not [body for body in bodies if part.encode() in body], part
    for article in Article.objects.all():
        # As a value of its own: a free text may say "not stated" as well.
        value = json.dumps(article.byline).encode()
        assert not [body for body in bodies if value in body], article.byline
    assert replay.verify().intact


def test_an_entry_holds_the_hmac_of_each_personal_column(ada: Forecaster) -> None:
    facts = facts_of("forecaster.recorded", "forecaster")
    assert facts["kind"] == "person"
    for field in ("key", "name", "note"):
        part = Part.objects.get(owner=ada.pk, field=field)
        expected = hmac.new(bytes(part.salt), ADA[field].encode(), hashlib.sha256).hexdigest()
        assert facts[field] == {"hmac": expected}
        assert len(bytes(part.salt)) == 32
    assert Entry.objects.get().subject == f"forecaster:{ada.pk}"


def test_the_same_value_of_the_same_column_keeps_its_commitment(ada: Forecaster) -> None:
    with transaction.atomic():
        once, twice = (
            parts.conceal(owner=ada.pk, facts=ada.facts(), personal=ada.personal) for _ in range(2)
        )
    assert once == twice
    assert once["name"] == facts_of("forecaster.recorded", "forecaster")["name"]
    assert Part.objects.count() == 3


def test_equal_names_of_two_forecasters_have_different_commitments(make: Maker) -> None:
    make.forecaster(name="Ada Lovelace")
    make.forecaster(name="Ada Lovelace")
    made = Entry.objects.filter(kind="forecaster.recorded")
    names = {journal.body_of(e)["facts"]["forecaster"][0]["name"]["hmac"] for e in made}
    assert len(names) == 2


def test_a_part_that_was_not_committed_leaves_nothing(make: Maker) -> None:
    with transaction.atomic():
        make.forecaster(**ADA)
        transaction.set_rollback(True)
    assert not Part.objects.exists()


def test_a_row_recorded_before_parts_were_kept_apart_still_verifies(make: Maker) -> None:
    row = Forecaster(kind="person", **ADA)
    with transaction.atomic():
        row.entry = uuid.uuid4()
        row.save(force_insert=True)
        facts = {"forecaster": [row.facts()]}
        journal.append(
            kind="forecaster.recorded",
            subject="forecaster:ada-l",
            actor="system",
            facts=facts,
            uuid=row.entry,
        )
    assert replay.verify().intact
    assert parts.openings([facts]) == [[]]
    assert parts.revealed(facts) == facts


def test_a_changed_value_has_a_part_of_its_own_and_both_open(ada: Forecaster) -> None:
    first = facts_of("forecaster.recorded", "forecaster")
    rename(ada, "Ada King")
    second = facts_of("forecaster.amended", "forecaster")
    assert (first["key"], first["note"]) == (second["key"], second["note"])
    opened = parts.openings([{"forecaster": [first]}, {"forecaster": [second]}])
    names = [[one.part for one in several if one.path.endswith(".name")] for several in opened]
    assert names == [["Ada Lovelace"], ["Ada King"]]
    rename(ada, "Ada Lovelace")
    assert facts_of("forecaster.amended", "forecaster") == first
    assert Part.objects.count() == 4
    assert replay.verify().intact


def rename(forecaster: Forecaster, name: str) -> None:
    """As an amendment would."""
    with transaction.atomic():
        forecaster.name = name
        post(kind="forecaster.amended", by=None, rows=[forecaster])


# What an attacker writes instead, by column; always another value.
CHANGES = {
    "commitment": "sha256(commitment)",
    "owner": "gen_random_uuid()",
    "field": "field || '_'",
    "salt": "sha256(salt)",
    "part": "part || ' II'",
}


@pytest.mark.parametrize("column", CHANGES)
@pytest.mark.parametrize("field", ["key", "name", "note"])
def test_a_change_of_any_column_of_a_part_is_found(
    ada: Forecaster, column: str, field: str
) -> None:
    assert set(CHANGES) == {column.name for column in Part._meta.concrete_fields}
    tamper(f"UPDATE ledger_part SET {column} = {CHANGES[column]} WHERE field = %s", field)
    assert any(finding.startswith("part ") for finding in findings())


def test_parts_that_were_swapped_between_rows_or_columns_are_found(make: Maker) -> None:
    first, second = make.forecaster(), make.forecaster()
    tamper(
        "UPDATE ledger_part SET owner = CASE WHEN owner = %s THEN %s ELSE %s END",
        first.pk,
        second.pk,
        first.pk,
    )
    assert len([one for one in findings() if "no entry commits this row" in one]) == 6
    tamper(
        "UPDATE ledger_part SET owner = CASE WHEN owner = %s THEN %s ELSE %s END,"
        " field = CASE field WHEN 'key' THEN 'name' WHEN 'name' THEN 'key' ELSE field END",
        first.pk,
        second.pk,
        first.pk,
    )
    assert len([one for one in findings() if "no entry commits this row and column" in one]) == 4


def test_a_part_that_was_deleted_without_an_erasure_is_found(ada: Forecaster) -> None:
    tamper("DELETE FROM ledger_part WHERE field = 'name'")
    found = findings()
    assert any("no later entry says that it was erased" in finding for finding in found)
    assert any(finding.startswith(f"forecaster {ada.pk}: name") for finding in found)


def test_a_part_that_was_added_is_found(ada: Forecaster) -> None:
    salt = b"s" * 32
    with connection.cursor() as cursor:  # which no guard refuses
        cursor.execute(
            "INSERT INTO ledger_part VALUES (%s, %s, 'name', %s, 'Bo')",
            [parts.commitment(salt, "Bo"), ada.pk, salt],
        )
    [finding] = findings()
    assert "(name of" in finding
    assert "no entry commits this row and column to it" in finding


def test_a_part_that_comes_back_after_its_erasure_is_found(ada: Forecaster) -> None:
    kept = Part.objects.get(field="name")
    forecaster_erase(forecaster=ada, reason="request", by=None, now=NOW)
    kept.save(force_insert=True)
    [finding] = findings()
    assert "is still there, though its row was erased" in finding


def test_a_name_changed_in_its_table_and_its_part_alike_is_found(ada: Forecaster) -> None:
    """With a salt of the attacker's own the commitment would be another, and no entry knows it."""
    salt = b"s" * 32
    tamper("UPDATE predictions_forecaster SET name = 'Bo'")
    tamper(
        "UPDATE ledger_part SET part = 'Bo', salt = %s, commitment = %s WHERE field = 'name'",
        salt,
        parts.commitment(salt, "Bo"),
    )
    found = findings()
    assert any(finding.startswith(f"forecaster {ada.pk}: name") for finding in found)
    assert any("no entry commits this row and column to it" in finding for finding in found)


def test_the_collector_takes_what_has_not_an_entrys_form() -> None:
    collector = parts.Collector()
    for body in (
        {},
        {"facts": None},
        {"facts": [], "kind": "x.erased"},
        {"facts": {"x": 1, "y": [1], "z": [{"name": {"hmac": "0" * 63}}]}, "kind": 7},
        {"facts": {"x": [{"id": 1}, {}, 2]}, "kind": "x.erased"},
    ):
        collector.see(1, body)
    assert list(collector.findings()) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_part SET part = 'Bo'",
        "UPDATE ledger_part SET part = part",
        "DELETE FROM ledger_part",
        "TRUNCATE ledger_part",
    ],
)
def test_no_part_is_changed_or_deleted_directly(ada: Forecaster, statement: str) -> None:
    refusal = pytest.raises(DatabaseError, match=r"on ledger_part is refused|permission denied")
    with refusal, connection.cursor() as cursor:
        cursor.execute(statement)
    assert Part.objects.count() == 3


def staged(kind: str, facts: dict[str, Any]) -> uuid.UUID:
    made = journal.append(kind=kind, subject="test:1", actor="system", facts=facts)
    return made.uuid


def test_erasing_needs_an_entry_of_the_same_transaction_that_says_so(
    ada: Forecaster, make: Maker
) -> None:
    other = make.forecaster()
    row = {"id": str(ada.pk)}
    unfit: list[tuple[str, dict[str, Any]]] = [
        ("forecaster.amended", {"forecaster": [row]}),
        ("forecaster.erased", {"forecaster": [{"id": str(other.pk)}]}),
        ("forecaster.erased", {"article": [row]}),
        ("forecaster.erased", {"forecaster": []}),
        ("forecaster.erased", {"forecaster": str(ada.pk)}),
        ("forecasterxerased", {"forecaster": [row]}),
        (".erased", {"forecaster": [row]}),
    ]
    for kind, facts in unfit:
        with refused(), transaction.atomic():
            parts.erase(owner=ada.pk, entry=staged(kind, facts))
    with refused(), transaction.atomic():
        staged("forecaster.erased", {"forecaster": [row]})
        parts.erase(owner=ada.pk, entry=uuid.uuid4())
    with transaction.atomic():
        earlier = staged("test.erased", {"test": [row]})
    with refused(), transaction.atomic():
        parts.erase(owner=ada.pk, entry=earlier)
    assert Part.objects.filter(owner=ada.pk).count() == 3


@contextmanager
def refused() -> Iterator[None]:
    with pytest.raises(DatabaseError, match=r"erasing .* is refused"):
        yield


@pytest.mark.parametrize(
    "trigger", ["ledger_part_stays", "ledger_part_only_erased", "ledger_part_no_truncate"]
)
def test_a_guard_of_the_parts_that_was_switched_off_is_found(trigger: str) -> None:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE ledger_part DISABLE TRIGGER {trigger}")
        try:
            [finding] = findings()
        finally:
            cursor.execute(f"ALTER TABLE ledger_part ENABLE ALWAYS TRIGGER {trigger}")
    assert finding == f"ledger_part: its guard {trigger} is gone or switched off"


def test_the_api_shows_a_stranger_what_opens_each_commitment(ada: Forecaster, make: Maker) -> None:
    make.article(byline="Ada Lovelace")
    api = APIClient()
    rows = api.get("/api/v1/ledger/entries/").json()["results"]
    assert [len(row["openings"]) for row in rows] == [3, 1]
    for row in rows:
        assert api.get(f"/api/v1/ledger/entries/{row['sequence']}/").json() == row
        for opening in row["openings"]:
            said = row["body"]
            for step in opening["path"].replace("[", ".").replace("]", "").split("."):
                said = said[int(step)] if step.isdigit() else said[step]
            assert said == {"hmac": opening["hmac"]}
            salt, part = bytes.fromhex(opening["salt"]), opening["part"].encode()
            assert hmac.new(salt, part, hashlib.sha256).hexdigest() == opening["hmac"]


def test_what_was_erased_opens_no_more(ada: Forecaster) -> None:
    forecaster_erase(forecaster=ada, reason="request", by=None, now=NOW)
    rows = APIClient().get("/api/v1/ledger/entries/").json()["results"]
    assert [row["openings"] for row in rows] == [[], []]
    assert rows[1]["body"]["facts"]["forecaster"][0]["name"] == "(erased)"


def test_people_see_the_opened_parts_marked_and_the_erased_ones_as_erased(
    ada: Forecaster, adjudicator: User, client: Client
) -> None:
    facts = journal.body_of(Entry.objects.get())["facts"]
    name = facts["forecaster"][0]["name"]
    shown = parts.revealed(facts)["forecaster"][0]
    assert shown["name"] == {**name, "part": "Ada Lovelace"}
    assert (shown["kind"], shown["id"]) == ("person", str(ada.pk))
    client.force_login(adjudicator)
    page = reverse("admin:ledger_entry_change", args=[1])
    assert "Ada Lovelace" in client.get(page).content.decode()
    forecaster_erase(forecaster=ada, reason="request", by=None, now=NOW)
    assert parts.revealed(facts)["forecaster"][0]["name"] == "(erased)"
    assert "Ada Lovelace" not in client.get(page).content.decode()


def test_a_part_that_does_not_fit_is_not_shown_as_if_it_did(ada: Forecaster) -> None:
    facts = journal.body_of(Entry.objects.get())["facts"]
    tamper("UPDATE ledger_part SET part = 'Bo' WHERE field = 'name'")
    tamper("UPDATE ledger_part SET owner = gen_random_uuid() WHERE field = 'key'")
    shown = parts.revealed(facts)["forecaster"][0]
    for field in ("name", "key"):
        assert shown[field]["part"] == "(what is kept of it does not fit: it was changed)"


def test_the_parts_of_many_rows_are_found_by_one_query(
    make: Maker, django_assert_num_queries: Any
) -> None:
    owners = [make.forecaster().pk for _ in range(3)]
    with django_assert_num_queries(1):
        assert len(parts.commitments_of(owners)) == 9
    with django_assert_num_queries(1):
        assert parts.openings([{}, {}]) == [[], []]


def test_the_command_finds_a_part_that_was_changed(
    ada: Forecaster, capsys: pytest.CaptureFixture[str]
) -> None:
    tamper("UPDATE ledger_part SET salt = sha256(salt) WHERE field = 'name'")
    with pytest.raises(SystemExit):
        call_command("verify_ledger")
    assert "do not give its commitment" in capsys.readouterr().out


def test_nothing_new_may_look_erased(make: Maker) -> None:
    with pytest.raises(Invalid, match=r"^byline: \(erased\) is kept"):
        make.article(byline=" (erased) ")
