"""On a database that could lose what it acknowledged, no part of the service starts."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from config.embedded import OWNER_URL, ROOT
from tests.integration.test_embedded import MakeUser, data_dir, query, running, users
from tests.integration.test_roles import as_superuser
from tests.ports import free_port

__all__ = ["data_dir", "running", "users"]  # fixtures

CELERY = ["-m", "celery", "--app", "config.celery", "--quiet"]


def parts(folder: Path) -> dict[str, tuple[list[str], int]]:
    """How each part of the service is started, and the code with which it refuses."""
    web = ["-m", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{free_port()}"]
    return {
        "make run": (["-m", "config.run"], 2),
        "web": ([*web, "--config", "python:config.gunicorn", "--log-level", "warning"], 3),
        "worker": ([*CELERY, "worker", "--concurrency", "1", "--loglevel", "ERROR"], 2),
        "beat": ([*CELERY, "beat", "--schedule", str(folder / "beat"), "--pidfile="], 2),
    }


def start(arguments: list[str], urls: dict[str, str]) -> subprocess.CompletedProcess[str]:
    inherited = {name: os.environ[name] for name in os.environ if name != OWNER_URL}
    environ = {"DJANGO_SETTINGS_MODULE": "config.settings", "PORT": str(free_port())}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**inherited, **environ, **urls},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("setting", ["synchronous_commit", "fsync", "full_page_writes"])
def test_every_part_refuses_to_start_in_one_line(
    users: MakeUser, data_dir: Path, tmp_path: Path, setting: str
) -> None:
    place = data_dir, users(data_dir).urls()
    if setting == "synchronous_commit":
        # Whoever has the service's password may do this to its role.
        query(place[1], "ALTER ROLE prediction_ledger SET synchronous_commit = off", "DATABASE_URL")
    else:
        as_superuser(place, f"ALTER SYSTEM SET {setting} = off", "SELECT pg_reload_conf()")
    started = parts(tmp_path)
    if setting != "synchronous_commit":  # for one they all refuse, for the others alike
        started = {"web": started["web"]}
    for part, (arguments, code) in started.items():
        refused = start(arguments, place[1])
        assert refused.returncode == code, (part, refused.stderr)
        assert refused.stderr.count("\n") == 1, refused.stderr
        [line] = refused.stderr.splitlines()
        assert line.startswith(f"{part}: the database runs with {setting} off")
    assert query(place[1], "SELECT to_regclass('ledger_entry')") is None
