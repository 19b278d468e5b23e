"""What the service's role can do, and that whatever it can do too much is found."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from psycopg.conninfo import make_conninfo

from ledger import guards, roles
from predictions.models import FACTS, Fact
from tests.guards import as_owner

OWNER, SERVICE = "prediction_ledger_owner", "prediction_ledger"


@contextmanager
def signed_in(**whom: Any) -> Iterator[psycopg.Connection]:
    """A session of its own on the test database: the service's, unless somebody else is named."""
    name = connection.settings_dict["NAME"]
    conninfo = make_conninfo(os.environ["DATABASE_URL"], dbname=name, **whom)
    with psycopg.connect(conninfo, autocommit=True) as session:
        yield session


@contextmanager
def changed(statements: list[str], back: list[str]) -> Iterator[None]:
    """What only a superuser can do to a role, and undone."""
    password = Path(settings.DATA_DIR / "secrets" / "database_superuser").read_text()
    with signed_in(user="postgres", password=password) as superuser:
        try:
            for statement in statements:
                superuser.execute(statement.encode())
            yield
        finally:
            for statement in back:
                superuser.execute(statement.encode())


def deviations_after(statement: str) -> list[str]:
    """In the test's own transaction, which is rolled back."""
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(statement)
    return list(roles.deviations())


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_entry SET body = body",
        "DELETE FROM ledger_entry",
        "TRUNCATE ledger_entry",
        "SELECT FROM ledger_entry FOR UPDATE",
        "BEGIN; LOCK TABLE ledger_entry IN EXCLUSIVE MODE",
        "COPY ledger_entry (sequence, body) FROM PROGRAM 'cat'",
        "UPDATE ledger_head SET size = 0",
        "INSERT INTO ledger_head VALUES (2, 0, 'x', '{}', 'epoch')",
        "DELETE FROM ledger_head",
        "UPDATE ledger_staged SET body = 'x'",
        "DELETE FROM ledger_staged",
        "UPDATE predictions_outcome SET answer = 'no'",
        "UPDATE predictions_score SET value = 0",
        "DELETE FROM predictions_question",
        "TRUNCATE predictions_question CASCADE",
        "DELETE FROM django_migrations",
        "ALTER TABLE ledger_entry DISABLE TRIGGER ALL",
        "ALTER TABLE ledger_entry OWNER TO prediction_ledger",
        "DROP TRIGGER ledger_entry_append_only ON ledger_entry",
        "DROP TABLE ledger_entry CASCADE",
        "DROP FUNCTION ledger_refuse CASCADE",
        "ALTER FUNCTION ledger_refuse() RENAME TO nothing",
        "CREATE TRIGGER mine BEFORE INSERT ON ledger_entry EXECUTE FUNCTION ledger_refuse()",
        "CREATE TABLE public.mine ()",
        "CREATE TEMPORARY TABLE ledger_entry ()",
        "CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql RETURN 1",
        "CREATE SCHEMA mine",
        "CREATE DATABASE mine",
        "CREATE ROLE mine",
        "ALTER ROLE prediction_ledger SUPERUSER",
        "GRANT prediction_ledger_owner TO prediction_ledger",
        "SET session_replication_role = replica",
        "SET ROLE prediction_ledger_owner",
        "SET SESSION AUTHORIZATION prediction_ledger_owner",
        "SELECT ledger_advance(NULL, 1, NULL, now())",
    ],
)
def test_who_signs_in_as_the_service_is_refused(statement: str) -> None:
    with signed_in() as session, pytest.raises(psycopg.errors.InsufficientPrivilege):
        session.execute(statement.encode())


@pytest.mark.django_db
def test_the_service_can_neither_switch_off_a_guard_nor_is_one_off() -> None:
    assert list(guards.log_deviations()) == []
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, session_user")
        assert cursor.fetchone() == (SERVICE, OWNER)


@pytest.mark.django_db
def test_nothing_deviates_after_a_migration_and_there_is_nothing_to_note() -> None:
    assert list(roles.deviations()) == []
    assert roles.note() is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("GRANT UPDATE ON ledger_entry TO {role}", "may UPDATE table public.ledger_entry"),
        ("GRANT UPDATE (body) ON ledger_entry TO {role}", "may UPDATE table public.ledger_entry"),
        ("GRANT INSERT ON ledger_head TO PUBLIC", "may INSERT table public.ledger_head"),
        ("GRANT TRUNCATE ON ledger_head TO {role}", "may TRUNCATE table public.ledger_head"),
        ("GRANT TRIGGER ON ledger_entry TO {role}", "may TRIGGER table public.ledger_entry"),
        ("GRANT REFERENCES ON ledger_entry TO {role}", "may REFERENCES table public.ledger_entry"),
        (
            "GRANT DELETE ON predictions_event TO PUBLIC",
            "may DELETE table public.predictions_event",
        ),
        (
            "GRANT UPDATE ON predictions_score TO {role}",
            "may UPDATE table public.predictions_score",
        ),
        (
            "GRANT DELETE ON django_migrations TO {role}",
            "may DELETE table public.django_migrations",
        ),
        (
            "REVOKE INSERT ON predictions_event FROM {role}",
            "lacks INSERT on table public.predictions_event",
        ),
        (
            "REVOKE SELECT ON ledger_entry FROM {role}; GRANT SELECT (body) ON ledger_entry"
            " TO {role}",
            "lacks SELECT on table public.ledger_entry",
        ),
        (
            "REVOKE USAGE ON predictions_message_id_seq FROM {role}",
            "lacks USAGE on sequence public.predictions_message_id_seq",
        ),
        (
            "GRANT UPDATE ON ledger_staged_id_seq TO {role}",
            "may UPDATE sequence public.ledger_staged_id_seq",
        ),
        (
            "GRANT EXECUTE ON FUNCTION ledger_append_staged TO PUBLIC",
            "may EXECUTE routine public.ledger_append_staged()",
        ),
        (
            "CREATE FUNCTION ledger_rewrite(int) RETURNS int LANGUAGE sql SECURITY DEFINER"
            " RETURN 1",
            "may EXECUTE routine public.ledger_rewrite(integer)",
        ),
        (
            "CREATE VIEW entries AS SELECT * FROM ledger_entry; GRANT ALL ON entries TO PUBLIC",
            "may UPDATE table public.entries",
        ),
        ("CREATE TABLE ledger_later ()", "lacks SELECT on table public.ledger_later"),
        ("GRANT CREATE ON SCHEMA public TO PUBLIC", "may CREATE in schema public"),
        ("REVOKE USAGE ON SCHEMA public FROM PUBLIC, {role}", "lacks USAGE of schema public"),
        ("GRANT TEMPORARY ON DATABASE {database} TO PUBLIC", "may TEMP in the database"),
        ("GRANT CREATE ON DATABASE {database} TO {role}", "may CREATE in the database"),
    ],
)
def test_each_privilege_too_many_or_too_few_is_found(statement: str, expected: str) -> None:
    database = connection.ops.quote_name(connection.settings_dict["NAME"])
    found = deviations_after(statement.format(role=SERVICE, database=database))
    assert f"{SERVICE} {expected}" in found


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("TABLE ledger_entry", "table ledger_entry"),
        ("FUNCTION ledger_refuse()", "function ledger_refuse()"),
    ],
)
def test_ownership_given_to_the_service_is_found(given: str, words: str) -> None:
    found = deviations_after(
        f"GRANT CREATE ON SCHEMA public TO {SERVICE}; ALTER {given} OWNER TO {SERVICE}"
    )
    assert f"{words} belongs to {SERVICE}, not to {OWNER}" in found


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("statements", "back", "expected"),
    [
        (
            [f"ALTER ROLE {SERVICE} SUPERUSER"],
            [f"ALTER ROLE {SERVICE} NOSUPERUSER"],
            [f"{SERVICE} is a superuser"],
        ),
        (
            [f"ALTER ROLE {SERVICE} BYPASSRLS CREATEROLE"],
            [f"ALTER ROLE {SERVICE} NOBYPASSRLS NOCREATEROLE"],
            [f"{SERVICE} may bypass row security", f"{SERVICE} may make roles"],
        ),
        (
            [f"REVOKE {SERVICE} FROM {OWNER}", f"GRANT {OWNER} TO {SERVICE}"],
            [f"REVOKE {OWNER} FROM {SERVICE}", f"GRANT {SERVICE} TO {OWNER}"],
            [
                f"{SERVICE} is a member of pg_database_owner",
                f"{SERVICE} is a member of {OWNER}",
            ],
        ),
        (
            ["CREATE ROLE mighty SUPERUSER", f"GRANT mighty TO {SERVICE}"],
            ["DROP ROLE mighty"],
            [f"{SERVICE} is a superuser through mighty"],
        ),
        (
            [f"GRANT pg_write_server_files TO {SERVICE}"],
            [f"REVOKE pg_write_server_files FROM {SERVICE}"],
            [f"{SERVICE} is a member of pg_write_server_files"],
        ),
        (
            [f"GRANT SET ON PARAMETER session_replication_role TO {SERVICE}"],
            [f"REVOKE SET ON PARAMETER session_replication_role FROM {SERVICE}"],
            [f"{SERVICE} may SET session_replication_role"],
        ),
        (  # a privilege that must first be fetched by SET ROLE
            [
                "CREATE ROLE editors",
                "GRANT UPDATE ON ledger_head TO editors",
                f"GRANT editors TO {SERVICE} WITH INHERIT FALSE",
            ],
            ["DROP OWNED BY editors", "DROP ROLE editors"],
            [f"{SERVICE} may UPDATE table public.ledger_head"],
        ),
        (
            ["CREATE ROLE third", "ALTER TABLE predictions_event OWNER TO third"],
            [f"ALTER TABLE predictions_event OWNER TO {OWNER}", "DROP ROLE third"],
            [f"table predictions_event belongs to third, not to {OWNER}"],
        ),
    ],
)
def test_what_a_role_is_or_could_become_is_found(
    statements: list[str], back: list[str], expected: list[str]
) -> None:
    connection.ensure_connection()  # while the owner still may act as the service
    with changed(statements, back):
        assert list(roles.deviations()) == expected
    assert list(roles.deviations()) == []


def acls() -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT oid, relacl::text FROM pg_class UNION ALL SELECT oid, proacl::text FROM pg_proc"
            " UNION ALL SELECT oid, nspacl::text FROM pg_namespace UNION ALL"
            " SELECT oid, datacl::text FROM pg_database UNION ALL"
            " SELECT oid, rolpassword FROM pg_roles ORDER BY 1, 2"
        )
        return list(cursor.fetchall())


@pytest.mark.django_db(transaction=True)
def test_a_second_migration_changes_nothing() -> None:
    before = acls()
    call_command("migrate", verbosity=0)
    assert acls() == before


@pytest.mark.django_db(transaction=True)
def test_a_migration_takes_back_what_was_granted_beside_it() -> None:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(
            f"GRANT ALL ON ledger_entry TO {SERVICE} WITH GRANT OPTION;"
            f" GRANT UPDATE (body), REFERENCES (body) ON ledger_entry TO {SERVICE};"
            " GRANT EXECUTE ON FUNCTION ledger_refuse TO PUBLIC;"
            f" REVOKE ALL ON predictions_event FROM {SERVICE}"
        )
    assert len(list(roles.deviations())) > 5
    for looking in ({"plan": True}, {"check_unapplied": True}):
        call_command("migrate", verbosity=0, **looking)
        assert list(roles.deviations())
    call_command("migrate", verbosity=0)
    assert list(roles.deviations()) == []


@pytest.mark.django_db(transaction=True)
def test_the_owner_acts_beside_the_service_whose_session_keeps_what_it_holds() -> None:
    with connection.cursor() as served:
        served.execute("SELECT pg_advisory_lock(4711), pg_backend_pid()")
        [_, pid] = served.fetchone()
        with roles.as_owner(), connection.cursor() as cursor:
            cursor.execute("SELECT current_user, current_database()")
            assert cursor.fetchone() == (OWNER, connection.settings_dict["NAME"])
            cursor.execute("SELECT pg_try_advisory_lock(4711)")
            assert cursor.fetchone() == (False,)
        served.execute("SELECT pg_advisory_unlock(4711), pg_backend_pid()")
        assert served.fetchone() == (True, pid)


def test_an_undeclared_table_of_the_log_may_be_read_and_any_other_written() -> None:
    assert roles.expected_grants(["ledger_unheard_of", "django_session"]) == {
        "ledger_unheard_of": {"SELECT"},
        "django_session": {"SELECT", "INSERT", "UPDATE", "DELETE"},
    }


@pytest.mark.django_db
@pytest.mark.parametrize("model", FACTS, ids=lambda model: str(model._meta.model_name))
def test_what_is_declared_final_is_what_the_guards_refuse_to_update(model: type[Fact]) -> None:
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgtype::int & 16 <> 0 FROM pg_trigger WHERE tgrelid = to_regclass(%s)"
            " AND tgname = %s",
            [table, f"{model._meta.model_name}_stays"],
        )
        [guarded] = cursor.fetchone()
    assert guarded is model.final
    assert ("UPDATE" in roles.expected_grants([table])[table]) is not guarded


# -- what sessions begin with, and what stands beside the schema ----------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("whose", "setting"),
    [
        ("DATABASE {database}", "search_path = evil, pg_catalog, public"),
        ("DATABASE {database}", "default_transaction_read_only = on"),
        ("DATABASE {database}", "default_transaction_isolation = serializable"),
        ("DATABASE {database}", "row_security = off"),
        ("DATABASE {database}", "synchronous_commit = off"),
        ("ROLE {role}", "default_transaction_read_only = on"),
        ("ROLE {role} IN DATABASE {database}", "search_path = evil"),
        ("ROLE {role}", "role = other"),
    ],
)
def test_what_a_role_or_the_database_sets_for_sessions_is_found(whose: str, setting: str) -> None:
    whose = whose.format(role=SERVICE, database=connection.settings_dict["NAME"])
    name, _, value = setting.partition(" = ")
    connection.ensure_connection()
    back = [f"ALTER {whose} RESET {name}", "DROP ROLE other"]
    with changed([f"CREATE ROLE other; ALTER {whose} SET {setting}"], back):
        assert list(roles.deviations()) == [
            f"sessions begin with {name} = {value}, by ALTER {whose} SET:"
            f" run ALTER {whose} RESET {name}"
        ]


@pytest.mark.django_db(transaction=True)
def test_what_every_role_begins_with_is_found_and_what_is_harmless_is_not() -> None:
    database = connection.settings_dict["NAME"]
    harmless = (
        f"ALTER DATABASE {database} SET search_path = public;"
        f" ALTER ROLE {SERVICE} SET synchronous_commit = remote_apply;"
        f" ALTER ROLE {SERVICE} SET statement_timeout = '1min'"
    )
    statements = [harmless, "ALTER ROLE ALL SET session_replication_role = replica"]
    back = [
        "ALTER ROLE ALL RESET ALL",
        f"ALTER DATABASE {database} RESET ALL",
        f"ALTER ROLE {SERVICE} RESET ALL",
    ]
    connection.ensure_connection()
    with changed(statements, back):
        [found] = roles.deviations()
    assert "run ALTER ROLE ALL RESET session_replication_role" in found


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (
            "CREATE SCHEMA back; GRANT USAGE ON SCHEMA back TO PUBLIC",
            [f"{SERVICE} has USAGE of schema back, and nothing of ours is there"],
        ),
        (
            f"CREATE SCHEMA back; GRANT CREATE ON SCHEMA back TO {SERVICE}",
            [f"{SERVICE} has CREATE of schema back, and nothing of ours is there"],
        ),
        (
            "CREATE SCHEMA back; CREATE FUNCTION back.door(q text) RETURNS void LANGUAGE plpgsql"
            " SECURITY DEFINER AS 'BEGIN EXECUTE q; END'",
            ["the function back.door(q text) takes its owner's rights and is not one of ours"],
        ),
        (
            "CREATE FUNCTION alike(oid, regclass) RETURNS boolean LANGUAGE sql RETURN true;"
            " CREATE OPERATOR = (LEFTARG = oid, RIGHTARG = regclass, FUNCTION = alike)",
            ["the operator =(oid,regclass) in schema public is not one of ours"],
        ),
        (
            "CREATE EXTENSION citext SCHEMA public; ALTER EXTENSION citext ADD TABLE ledger_entry;"
            f" GRANT UPDATE ON ledger_entry TO {SERVICE}",
            [f"{SERVICE} may UPDATE table public.ledger_entry"],
        ),
    ],
)
def test_a_back_door_beside_what_is_ours_is_found(statement: str, expected: list[str]) -> None:
    found = deviations_after(statement)
    assert [problem for problem in found if " routine public.alike" not in problem] == expected


@pytest.mark.django_db(transaction=True)
def test_a_session_of_the_service_begins_as_ours_whatever_its_role_has_set() -> None:
    names = ("default_transaction_read_only", "default_transaction_isolation", "search_path")
    options = settings.DATABASES["default"]["OPTIONS"]["options"]
    with signed_in() as before:
        for name, value in zip(names, ("on", "serializable", "evil"), strict=True):
            before.execute(f"ALTER ROLE {SERVICE} SET {name} = {value}".encode())
        try:
            with signed_in(options=options) as session:
                begun = [session.execute(f"SHOW {name}".encode()).fetchone() for name in names]
        finally:
            before.execute(f"ALTER ROLE {SERVICE} RESET ALL".encode())
    assert begun == [("off",), ("read committed",), ("public,pg_temp",)]
