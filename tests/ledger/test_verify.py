"""What verification finds when somebody with every right on the database changes something."""

import datetime as dt
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from ledger import replay
from ledger.errors import NotSnapshot
from predictions import services
from predictions.models import FACTS, Fact
from seeds.loader import load
from tests.conftest import NOW
from tests.guards import as_owner, lifted
from tests.making import Maker

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def loaded() -> None:
    load(now=NOW)


def tamper(statement: str) -> None:
    with lifted(), connection.cursor() as cursor:
        cursor.execute(statement)
        assert cursor.rowcount > 0, "the attack itself failed"


def findings() -> list[str]:
    """What is found, but for the guards that the test itself has lifted."""
    return [
        f"{finding.place}: {finding.problem}"
        for finding in replay.verify().findings
        if "its guard" not in finding.problem
    ]


@pytest.mark.usefixtures("loaded")
def test_an_untouched_ledger_is_intact() -> None:
    result = replay.verify()
    assert result.intact
    assert result.size > 100
    assert result.rows == sum(model._default_manager.count() for model in FACTS)


def test_an_empty_ledger_is_intact() -> None:
    assert replay.verify().intact


@pytest.mark.usefixtures("loaded")
@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (
            "UPDATE ledger_entry SET body = convert_to(replace(convert_from(body, 'UTF8'),"
            " '\"The Sun\"', '\"The Moon\"'), 'UTF8') WHERE kind = 'outlet.recorded'",
            "its bytes do not give its leaf hash",
        ),
        (
            'UPDATE ledger_entry SET body = convert_to(\'{"actor":"","facts":[],"kind":"",\''
            ' || \'"subject":"","time":"","uuid":"\' || uuid || \'"}\', \'UTF8\')'
            " WHERE sequence = 7",
            "entry 7: does not have an entry's form",
        ),
        (
            "UPDATE ledger_entry SET leaf_hash = sha256('x') WHERE sequence = 7",
            "entry 7: its bytes",
        ),
        ("DELETE FROM ledger_entry WHERE sequence = 7", "entry 8: expected sequence 7"),
        (
            "DELETE FROM ledger_entry WHERE sequence = (SELECT size FROM ledger_head)",
            "head: says",
        ),
        ("UPDATE ledger_head SET root = sha256('x')", "head: root"),
        ("UPDATE ledger_head SET size = size - 1", "head: says"),
        ("UPDATE ledger_head SET frontier = '{}'", "head: its frontier"),
        ("UPDATE ledger_head SET frontier = '{NULL}'", "head: its frontier"),
        ("UPDATE ledger_head SET last_time = '2099-01-01'", "head: its time"),
        ("UPDATE ledger_head SET last_time = 'infinity'", "log: cannot be read"),
        ("DELETE FROM ledger_head", "head: there are 0 of it"),
        (
            "INSERT INTO ledger_staged (uuid, body) VALUES (gen_random_uuid(), 'x')",
            "ledger_staged: holds 1 rows",
        ),
    ],
)
def test_a_change_of_the_log_is_found_and_named(statement: str, expected: str) -> None:
    tamper(statement)
    assert any(expected in finding for finding in findings())


@pytest.mark.usefixtures("loaded")
def test_entries_that_were_swapped_are_found() -> None:
    for old, new in ((7, 1_000_000), (8, 7), (1_000_000, 8)):
        tamper(f"UPDATE ledger_entry SET sequence = {new} WHERE sequence = {old}")
    found = findings()
    assert any(finding.startswith("entry 8: its time") for finding in found)
    assert any(finding.startswith("head: root") for finding in found)


@pytest.mark.parametrize("model", FACTS, ids=lambda model: str(model._meta.model_name))
def test_a_change_of_any_column_of_a_table_of_facts_is_found(
    model: type[Fact], one_of_each: None
) -> None:
    table = model._meta.db_table
    with lifted(), unconstrained(table), connection.cursor() as cursor:
        for field in model._meta.concrete_fields:
            cursor.execute(f"CREATE TEMP TABLE kept AS SELECT * FROM {table} LIMIT 1")
            column = connection.ops.quote_name(str(field.column))
            kind = str(field.db_type(connection)).split("(")[0]
            value = CHANGES[kind].format(column)
            cursor.execute(
                f"UPDATE {table} SET {column} = {value} WHERE id = (SELECT id FROM kept)"
                " RETURNING id"
            )
            [key] = cursor.fetchone()
            found = findings()
            cursor.execute(f"DELETE FROM {table} WHERE id = %s", [key])
            missing = findings()
            cursor.execute(f"INSERT INTO {table} SELECT * FROM kept; DROP TABLE kept")
            name = model._meta.model_name
            assert any(finding.startswith(f"{name} {key}: ") for finding in found), column
            assert any(finding.startswith(f"{name} ") for finding in missing), column
        assert findings() == []


def test_a_forged_column_beside_the_body_is_found(one_of_each: None) -> None:
    for column, value in (("actor", "'user:7'"), ("subject", "'question:Q1'"), ("time", "'2020'")):
        with as_owner(), connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE ledger_entry ALTER {column} DROP EXPRESSION IF EXISTS")
        tamper(f"UPDATE ledger_entry SET {column} = {value} WHERE sequence = 3")
        assert f"entry 3: its column {column} is not what it says" in findings()
    with (
        as_owner(),
        connection.cursor() as cursor,
    ):  # as the migration made them, for the tests to come
        for column in ("actor", "subject", "time"):
            cursor.execute(f"ALTER TABLE ledger_entry DROP COLUMN {column}")
            cursor.execute(
                f"ALTER TABLE ledger_entry ADD {column} text NOT NULL"
                f" GENERATED ALWAYS AS (ledger_field(body, '{column}')) STORED"
            )
        cursor.execute("CREATE INDEX ledger_entry_subject ON ledger_entry (subject, sequence)")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE predictions_event SET happened_on = 'infinity'",
        "UPDATE predictions_prediction SET made_at = '-infinity'",
    ],
)
def test_what_cannot_even_be_read_is_a_finding_and_no_crash(
    one_of_each: None, statement: str
) -> None:
    tamper(statement)
    assert findings()


@pytest.mark.parametrize(
    ("table", "trigger"),
    [
        ("ledger_entry", "ledger_entry_append_only"),
        ("ledger_head", "ledger_head_only_grows"),
        ("ledger_staged", "ledger_append"),
        ("predictions_score", "score_stays"),
        ("predictions_question", "question_has_entry"),
    ],
)
def test_a_guard_that_was_switched_off_is_found(table: str, trigger: str) -> None:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")
        try:
            [finding] = replay.verify().findings
        finally:
            always = "" if trigger == "ledger_append" else "ALWAYS"
            cursor.execute(f"ALTER TABLE {table} ENABLE {always} TRIGGER {trigger}")
    assert (finding.place, trigger in finding.problem) == (table, True)


def test_a_row_that_no_entry_knows_is_found(one_of_each: None) -> None:
    tamper(
        "INSERT INTO predictions_topic (id, entry, key, name)"
        " SELECT gen_random_uuid(), entry, 'smuggled', name FROM predictions_topic LIMIT 1"
    )
    [finding] = findings()
    assert "no ledger entry knows this row" in finding


def test_a_changed_score_is_also_found_by_computing_it_again(
    one_of_each: None,
) -> None:
    tamper("UPDATE predictions_score SET best = 0 WHERE rule = 'log' AND best > 0")
    assert any("recomputed it is" in finding for finding in findings())


def test_a_prediction_whose_scores_were_taken_away_is_found(one_of_each: None) -> None:
    tamper(
        "DELETE FROM predictions_score WHERE reverses_id IS NULL AND NOT EXISTS"
        " (SELECT FROM predictions_score r WHERE r.reverses_id = predictions_score.id)"
    )
    assert any("has no brier score" in finding for finding in findings())


def test_verification_refuses_to_run_inside_a_transaction() -> None:
    with pytest.raises(NotSnapshot), transaction.atomic():
        replay.verify()


def test_the_command_says_intact_and_exits_0(one_of_each: None) -> None:
    out = io.StringIO()
    call_command("verify_ledger", stdout=out)
    assert out.getvalue().startswith("intact: ")


def test_the_command_names_the_place_and_exits_1(one_of_each: None) -> None:
    tamper("UPDATE predictions_question SET text = 'Will it rain?'")
    out = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("verify_ledger", "--json", stdout=out)
    assert ended.value.code == 1
    told = json.loads(out.getvalue())
    assert told["intact"] is False
    assert told["findings"][0]["place"].startswith("question ")
    assert "text: the ledger says" in told["findings"][0]["problem"]


# What an attacker writes instead, by type of column; always another value.
CHANGES = {
    "varchar": "'~' || substr({0}, 2)",
    "text": "{0} || '~'",
    "date": "{0} + 1",
    "timestamp with time zone": "coalesce({0} + interval '1 microsecond', now())",
    "numeric": "coalesce({0} + 0.000001, 0.5)",
    "boolean": "NOT {0}",
    "bigint": "coalesce({0} + 1, 1)",
    "integer": "coalesce({0} + 1, 1)",
    "uuid": "gen_random_uuid()",
    "jsonb": "jsonb_build_array({0}, 'x')",
}


@pytest.fixture
def one_of_each(make: Maker) -> None:
    """At least one row in every table of facts, a correction among them."""
    topic = services.topic_record(key="harvest", name="Harvest", by=None)
    outlet = services.outlet_record(key="press", name="The Press", by=None)
    phrase = services.phrase_record(
        phrase="likely",
        low=Decimal("0.55"),
        point=Decimal("0.7"),
        high=Decimal("0.8"),
        source="test",
        source_title="Written for the tests",
        by=None,
    )
    article = make.article(outlet=outlet)
    question = make.question(topic=topic)
    forecaster = make.forecaster()
    make.prediction(
        question=question,
        forecaster=forecaster,
        article=article,
        reference="T1",
        probability=None,
        phrase=phrase,
        basis="verbal",
        passages=[{"offset": 4, "quote": "harvest will fail"}],
    )
    services.statement_record(
        article=article,
        forecaster=forecaster,
        kind="unscorable",
        reason="maxim",
        passages=[{"offset": 4, "quote": "harvest"}],
        by=None,
        now=make.now,
    )
    event = make.event(question)
    services.review_record(
        question=question,
        note="Not yet.",
        by=None,
        now=make.now,
        next_at=make.now + dt.timedelta(days=9),
    )
    outcome = make.outcome(question, "no", evidence=[event])
    services.outcome_correct(
        outcome=outcome, verdict=make.verdict("yes"), reason="Misread.", by=None, now=make.now
    )


@contextmanager
def unconstrained(table: str) -> Iterator[None]:
    """No constraint on the table, nor on others that refer to it; back as they were at the end."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE contype IN ('c', 'f') AND %s::regclass IN (conrelid, confrelid)",
            [table],
        )
        constraints = cursor.fetchall()
        for owner, name, _ in constraints:
            cursor.execute(f"ALTER TABLE {owner} DROP CONSTRAINT {name}")
        try:
            yield
        finally:
            for owner, name, definition in constraints:
                cursor.execute(f"ALTER TABLE {owner} ADD CONSTRAINT {name} {definition}")
