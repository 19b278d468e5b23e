"""Every column of every table of the log, of facts and of what is derived, changed in turn."""

from typing import Any

import pytest
from django.db import connection

from ledger import checkpoints
from predictions.models import FACTS, Fact
from tests.guards import lifted
from tests.ledger import logs
from tests.ledger.attacks import findings, one_of_each, unconstrained
from tests.making import Maker

pytestmark = pytest.mark.django_db(transaction=True)

# What an attacker writes instead, by type of column; always another value.
CHANGES = {
    "varchar": "'~' || substr({0}, 2)",
    "text": "{0} || '~'",
    "date": "{0} + 1",
    "timestamp with time zone": "coalesce({0} + interval '1 microsecond', now())",
    "numeric": "coalesce({0} + 0.000001, 0.5)",
    "boolean": "NOT {0}",
    "smallint": "{0} + 7",
    "bigint": "coalesce({0} + 1000, 1)",
    "integer": "coalesce({0} + 1, 1)",
    "uuid": "gen_random_uuid()",
    "jsonb": "jsonb_build_array({0}, 'x')",
    "bytea": "set_byte({0}, 0, get_byte({0}, 0) # 1)",
    "bytea[]": "{0}[2:]",
}
LOG = ("ledger_entry", "ledger_head", "ledger_node", "ledger_checkpoint", "ledger_part")


@pytest.fixture
def _rows(make: Maker) -> None:
    one_of_each(make)
    checkpoints.key_introduce()
    checkpoints.checkpoint_make()
    logs.write_log(300)
    checkpoints.checkpoint_make()


@pytest.mark.usefixtures("_rows")
@pytest.mark.parametrize("table", LOG)
@pytest.mark.parametrize("which", ["first", "last"])
def test_a_change_of_any_column_of_the_log_is_found(table: str, which: str) -> None:
    with lifted(), unconstrained(table):
        columns = columns_of(table)
        order = f"{columns[0][0]} {'DESC' if which == 'last' else ''}"
        for column, kind in columns:
            value = CHANGES[kind].format(column)
            place = f"WHERE ctid = (SELECT ctid FROM {table} ORDER BY {order} LIMIT 1)"
            found = changed(f"UPDATE {table} SET {column} = {value} {place}", table)
            assert found, f"{table}.{column}"
        assert changed(f"DELETE FROM {table} {place}", table), f"a deleted row of {table}"
        assert unguarded() == []


@pytest.mark.usefixtures("_rows")
@pytest.mark.parametrize("model", FACTS, ids=lambda model: str(model._meta.model_name))
def test_a_change_of_any_column_of_a_table_of_facts_is_found(model: type[Fact]) -> None:
    table, name = model._meta.db_table, model._meta.model_name
    with lifted(), unconstrained(table), connection.cursor() as cursor:
        for column, kind in columns_of(table):
            cursor.execute(f"CREATE TEMP TABLE kept AS SELECT * FROM {table} LIMIT 1")
            cursor.execute(
                f"UPDATE {table} SET {column} = {CHANGES[kind].format(column)}"
                " WHERE id = (SELECT id FROM kept) RETURNING id"
            )
            [key] = cursor.fetchone()
            found = unguarded()
            cursor.execute(f"DELETE FROM {table} WHERE id = %s", [key])
            missing = unguarded()
            cursor.execute(f"INSERT INTO {table} SELECT * FROM kept; DROP TABLE kept")
            assert any(finding.startswith(f"{name} {key}: ") for finding in found), column
            assert any(finding.startswith(f"{name} ") for finding in missing), column
        assert unguarded() == []


def columns_of(table: str) -> list[tuple[str, str]]:
    """Quoted name and type of every column there is, whatever the models say."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT quote_ident(attname), regexp_replace(regexp_replace("
            "format_type(atttypid, atttypmod), '\\(.*\\)', ''), '^character varying', 'varchar')"
            " FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped"
            " ORDER BY attnum",
            [table],
        )
        found: list[tuple[str, str]] = cursor.fetchall()
    return found


def changed(statement: str, table: str) -> list[str]:
    """What is found after a change, which is then undone to the byte."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMP TABLE kept AS SELECT * FROM {table}")
        cursor.execute(statement)
        assert cursor.rowcount == 1, "the attack itself failed"
        found = unguarded()
        cursor.execute(f"DELETE FROM {table}")
        cursor.execute(f"INSERT INTO {table} SELECT * FROM kept; DROP TABLE kept")
    return found


def unguarded(**options: Any) -> list[str]:
    """What is found, but for the guards that the test itself has lifted."""
    return [
        finding
        for finding in findings(**options)
        if "its guard" not in finding and not finding.startswith("database: ")
    ]
