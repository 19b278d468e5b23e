"""Two roles in operation: the bundled servers, those made by an earlier version, and real ones."""

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import psycopg
import pytest

from config.embedded import OWNER_URL, ROOT
from tests import prepared
from tests.integration.service import Service, service
from tests.integration.test_embedded import USER, MakeUser, Place, data_dir, query, running, users

__all__ = ["data_dir", "running", "users"]  # fixtures
WRITING = "-c default_transaction_read_only=off -c statement_timeout=0"


def manage(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            OWNER_URL: "",
            "REDIS_URL": "redis://none",
            "EMAIL_URL": "smtp://none",
            **environ,
        },
        capture_output=True,
        text=True,
        timeout=120,
    )


def as_superuser(place: Place, *statements: str, database: str = "prediction_ledger") -> None:
    folder, urls = place
    with psycopg.connect(
        urls["DATABASE_URL"],
        user="postgres",
        password=(folder / "secrets" / "database_superuser").read_text(),
        dbname=database,
        autocommit=True,
    ) as superuser:
        for statement in statements:
            superuser.execute(statement.encode())


def url_of(place: Place, role: str, password: str, database: str) -> str:
    sockets = unquote(place[1]["DATABASE_URL"].rpartition("=")[2])
    return f"postgresql://{role}:{password}@:5432/{database}?host={sockets.replace('/', '%2F')}"


def deviations(**environ: str) -> list[str | None]:
    told = manage(
        "shell", "--no-imports", "-c",
        "import json; from ledger import roles;"
        " print(json.dumps([*roles.deviations(), roles.note()]))",
        **environ,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    found: list[str | None] = json.loads(told.stdout)
    return found


# -- the bundled server ----------------------------------------------------------------------------


def test_the_owner_makes_databases_and_the_services_role_does_not(running: Place) -> None:
    _, urls = running
    query(urls, "CREATE DATABASE test_prediction_ledger")
    for statement in ("CREATE DATABASE another", "CREATE TABLE mine ()", "CREATE SCHEMA mine"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            query(urls, statement, "DATABASE_URL")
    for role in ("DATABASE_URL", OWNER_URL):
        asked = "SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user"
        assert query(urls, asked, role) is False


def test_only_the_owner_may_act_as_the_other_role(running: Place) -> None:
    _, urls = running
    query(urls, "SET ROLE prediction_ledger")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        query(urls, "SET ROLE prediction_ledger_owner", "DATABASE_URL")


def test_an_owner_goes_with_its_database(users: MakeUser, data_dir: Path) -> None:
    """Named alone it is replaced; beside a database of the operator's it is not the bundled one."""
    for given, expected in (
        ({OWNER_URL: "postgres://old"}, "postgresql://prediction_ledger_owner:"),
        ({"DATABASE_URL": "postgres://own"}, "None"),
        ({"DATABASE_URL": "postgres://own", OWNER_URL: "postgres://theirs"}, "postgres://theirs"),
    ):
        extra = json.dumps(given).removeprefix("{")
        script = USER.replace("sys.argv[1]}", f"sys.argv[1], {extra}")
        assert str(users(data_dir, script).urls().get(OWNER_URL)).startswith(expected)


def test_what_the_service_sets_for_itself_to_lock_it_out_is_gone_at_the_next_start(
    users: MakeUser, data_dir: Path
) -> None:
    user = users(data_dir)
    urls = user.urls()
    assert manage("migrate", **urls).returncode == 0
    for where in ("", "IN DATABASE prediction_ledger "):
        for setting in ("default_transaction_read_only = on", "statement_timeout = 1"):
            with psycopg.connect(urls["DATABASE_URL"], options=WRITING) as session:
                session.execute(f"ALTER ROLE prediction_ledger {where}SET {setting}".encode())
    user.leave()
    assert deviations(**users(data_dir).urls()) == [None]


def test_what_the_database_begins_sessions_with_stops_neither_start_nor_migration(
    users: MakeUser, data_dir: Path
) -> None:
    user = users(data_dir)
    place = data_dir, user.urls()
    as_superuser(
        place,
        "ALTER DATABASE prediction_ledger SET default_transaction_read_only = on",
        "ALTER DATABASE prediction_ledger SET search_path = evil, public",
        database="postgres",
    )
    user.leave()
    urls = users(data_dir).urls()
    with psycopg.connect(urls["DATABASE_URL"], options=WRITING) as session:
        session.execute("ALTER ROLE prediction_ledger SET row_security = off")
    migrated = manage("migrate", **urls)  # by an owner who may not change the service's role
    assert migrated.returncode == 0, migrated.stderr
    assert manage("load_seeds", **urls).returncode == 0
    *found, note = deviations(**urls)
    assert [str(one).rpartition(": run ALTER ")[2] for one in found] == [
        "DATABASE prediction_ledger RESET default_transaction_read_only",
        "DATABASE prediction_ledger RESET search_path",
        "ROLE prediction_ledger RESET row_security",
    ]
    assert note is None


def test_an_address_keeps_its_own_options_and_none_of_them_beats_ours(running: Place) -> None:
    _, urls = running
    own = "-c%20search_path%3Devil%20-c%20statement_timeout%3D7s"
    asked = (
        "from django.db import connection; from ledger import roles\n"
        "def told():\n"
        "    with connection.cursor() as cursor:\n"
        "        cursor.execute(\"SELECT current_setting('search_path'),"
        " current_setting('statement_timeout')\")\n"
        "        print(*cursor.fetchone(), sep='|')\n"
        "told()\n"
        "with roles.as_owner(): told()\n"
        "told()"
    )
    given = {**urls, "DATABASE_URL": f"{urls['DATABASE_URL']}&options={own}"}
    environ = {"PGOPTIONS": "-c statement_timeout=9s", **given}
    told = manage("shell", "--no-imports", "-c", asked, **environ)
    lines = ["public,pg_temp|7s", "public,pg_temp|9s", "public,pg_temp|7s"]
    assert told.stdout.splitlines() == lines, told.stderr


# -- the running service --------------------------------------------------------------------------


def post(running: Service, token: str, address: str, body: dict[str, Any]) -> dict[str, Any]:
    request = urllib.request.Request(
        f"{running.address}/api/v1/{address}/",
        json.dumps(body).encode(),
        {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            told: dict[str, Any] = json.loads(answer.read())
    except urllib.error.HTTPError as error:
        raise AssertionError(error.read()) from error
    return told


def test_the_running_parts_do_all_their_work_without_the_owners_password(tmp_path: Path) -> None:
    folder = tmp_path / "var"
    prepared.begin(folder)
    with service(folder) as one:
        one.wait_until_ready()
        secret = (folder / "secrets" / "database_owner").read_text()
        parts = one.children("gunicorn") + one.children("celery")
        assert len(parts) >= 5
        for part in parts:
            environ = part.environ()
            assert OWNER_URL not in environ
            assert not any(secret in value for value in environ.values())
            assert environ["DATABASE_URL"].startswith("postgresql://prediction_ledger:")

        token = one.manage("create_token", "test", "--scope", "record", "--scope", "adjudicate")
        event = {
            "key": "talks-fail",
            "title": "The talks fail",
            "happened_on": "2026-01-05",
            "sources": [{"name": "The Press", "url": "https://example.org/talks"}],
            "bearings": [{"question": "Q16", "bearing": "settles"}],
        }
        post(one, token.stdout.strip(), "events", event)
        verdict = {
            "question": "Q16",
            "answer": "yes",
            "settled_at": "2026-01-05",
            "rationale": "Both sides said so.",
            "evidence": ["talks-fail"],
        }
        assert post(one, token.stdout.strip(), "outcomes", verdict)["scores"]
        assert one.manage("send_reports").returncode == 0
        assert one.manage("verify_ledger").stdout.startswith("intact: ")
        flushed = one.manage("flush", "--no-input")
        assert flushed.returncode != 0
        assert one.manage("verify_ledger").stdout.startswith("intact: ")


# -- clusters of an earlier version ---------------------------------------------------------------


@pytest.mark.parametrize("half_way", [False, True])
def test_a_cluster_where_the_service_owned_everything_is_brought_up_to_date(
    users: MakeUser, data_dir: Path, half_way: bool
) -> None:
    user = users(data_dir)
    place = data_dir, user.urls()
    alone = place[1]["DATABASE_URL"]
    as_superuser(
        place,
        "ALTER DATABASE prediction_ledger OWNER TO prediction_ledger",
        "ALTER ROLE prediction_ledger CREATEDB",
        "DROP ROLE prediction_ledger_owner",
    )
    (data_dir / "secrets" / "database_owner").unlink()
    assert "owns its tables" in manage("migrate", DATABASE_URL=alone).stdout
    assert manage("load_seeds", DATABASE_URL=alone).returncode == 0
    [note] = deviations(DATABASE_URL=alone)
    assert note
    assert "can lift the guards" in note
    if half_way:  # where the earlier start crashed
        as_superuser(
            place,
            "CREATE ROLE prediction_ledger_owner",
            "ALTER DATABASE prediction_ledger OWNER TO prediction_ledger_owner",
        )
    user.leave()

    urls = users(data_dir).urls()
    owned = "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'"
    assert query(urls, owned) == "prediction_ledger_owner"
    refused = manage("scoreboard", **urls)
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "manage.py migrate" in refused.stderr
    assert manage("migrate", **urls).returncode == 0
    assert deviations(**urls) == [None]
    assert manage("verify_ledger", **urls).stdout.startswith("intact: ")
    created = "SELECT rolcreatedb FROM pg_roles WHERE rolname = current_user"
    assert query(urls, created, "DATABASE_URL") is False


# -- real servers ---------------------------------------------------------------------------------


@pytest.fixture
def real(running: Place) -> dict[str, str]:
    """A database of the superuser's, and a service's role that does not exist yet."""
    as_superuser(running, "DROP DATABASE IF EXISTS real", "DROP ROLE IF EXISTS real_service")
    as_superuser(running, "CREATE DATABASE real")
    secret = (running[0] / "secrets" / "database_superuser").read_text()
    return {
        OWNER_URL: url_of(running, "postgres", secret, "real"),
        "DATABASE_URL": url_of(running, "real_service", "a%20quote%27s%20secret", "real"),
    }


def test_an_owner_who_may_make_roles_makes_the_services(real: dict[str, str]) -> None:
    for _ in range(2):
        migrated = manage("migrate", **real)
        assert migrated.returncode == 0, migrated.stderr
    assert deviations(**real) == [None]
    assert manage("load_seeds", **real).returncode == 0
    assert manage("verify_ledger", **real).stdout.startswith("intact: ")
    query(real, "ALTER ROLE real_service SET default_transaction_read_only = on", "DATABASE_URL")
    assert len(deviations(**real)) == 2
    assert manage("migrate", **real).returncode == 0
    assert deviations(**real) == [None]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        query(real, "TRUNCATE ledger_entry", "DATABASE_URL")
    # The running parts know of no owner, and ask the catalogue.
    query(real, "GRANT DELETE ON ledger_entry TO real_service")
    [found, note] = deviations(DATABASE_URL=real["DATABASE_URL"])
    assert (found, note) == ("real_service may DELETE table public.ledger_entry", None)


def test_one_who_may_not_is_told_what_an_administrator_must_run(
    running: Place, real: dict[str, str]
) -> None:
    as_superuser(
        running,
        "DROP ROLE IF EXISTS modest",
        "CREATE ROLE modest LOGIN PASSWORD 'modest'",
        "ALTER DATABASE real OWNER TO modest",
    )
    owner = url_of(running, "modest", "modest", "real")
    refused = manage("migrate", DATABASE_URL=real["DATABASE_URL"], DATABASE_OWNER_URL=owner)
    assert refused.returncode == 1
    [line] = refused.stderr.strip().splitlines()
    assert """CREATE ROLE "real_service" LOGIN PASSWORD""" in line
    assert query({OWNER_URL: owner}, "SELECT to_regclass('ledger_entry')") is None

    as_superuser(running, "CREATE ROLE \"real_service\" LOGIN PASSWORD 'a quote''s secret'")
    both = {"DATABASE_URL": real["DATABASE_URL"], OWNER_URL: owner}
    assert manage("migrate", **both).returncode == 0
    assert deviations(**both) == [None]
    as_superuser(running, "DROP DATABASE real", "DROP ROLE modest")


@pytest.mark.parametrize(
    ("owner", "problem"),
    [
        ("postgresql://somebody:x@:5432/another", "must name the same database"),
        ("postgresql://:5432/ledger", "must each name their role"),
    ],
)
def test_urls_that_do_not_go_together_are_refused_in_one_line(owner: str, problem: str) -> None:
    url = "postgresql://ledger:x@:5432/ledger"
    refused = manage("migrate", DATABASE_URL=url, DATABASE_OWNER_URL=owner)
    assert (refused.returncode, refused.stdout) == (2, "")
    [line] = refused.stderr.splitlines()
    assert problem in line
