"""Bundled servers of one test's own: what it does to them, no other test notices."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from config.embedded import ROOT, wait_until
from tests import prepared
from tests.environs import without_servers

# Becomes a user of the servers, tells what leads to them, and leaves when its standard input ends.
_USER = """
import json, os, sys
from config import embedded
embedded.ensure()
print(json.dumps(dict(os.environ)), flush=True)
sys.stdin.read()
"""


@dataclass(frozen=True)
class Servers:
    """Where they live, and the environment of a process that is to use them."""

    folder: Path
    environ: dict[str, str]

    def postmaster(self) -> int:
        """PostgreSQL's first process; 0 while there is none."""
        try:
            return int((self.folder / "postgres" / "postmaster.pid").read_text().split()[0])
        except (FileNotFoundError, IndexError):
            return 0

    def crash_postgres(self) -> None:
        """As `pg_ctl stop -m immediate`: nothing is written out. Returns when it answers anew."""
        before = self.postmaster()
        os.kill(before, signal.SIGQUIT)
        assert wait_until(lambda: self.postmaster() not in (0, before) and self._answers(), 30)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.environ["DATABASE_URL"]).close()
        except psycopg.OperationalError:
            return False
        return True

    def start(self, *command: str, log: Path) -> subprocess.Popen[bytes]:
        """A Python process that uses them."""
        with log.open("ab") as output:
            return subprocess.Popen(
                [sys.executable, *command],
                cwd=ROOT,
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    def run(self, *command: str) -> str:
        """What a Python command prints; one that fails fails the test."""
        done = subprocess.run(
            [sys.executable, *command],
            cwd=ROOT,
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@contextmanager
def own_servers() -> Iterator[Servers]:
    """Servers with a migrated database, in a folder that is gone with them."""
    # Not below pytest's own folder, which every session that starts closes to other accounts.
    with tempfile.TemporaryDirectory(prefix="prediction-ledger-test-") as name:
        folder = Path(name).resolve() / "data"
        is_migrated = prepared.begin(folder)
        user = _user(folder)
        try:
            assert user.stdout
            line = user.stdout.readline()
            assert line, "the servers did not start"
            servers = Servers(folder, json.loads(line))
            if not is_migrated:
                servers.run("manage.py", "migrate", "--verbosity", "0")
            yield servers
        finally:
            user.communicate(timeout=90)


def _user(folder: Path) -> subprocess.Popen[str]:
    settings = {"DATA_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "config.settings"}
    return subprocess.Popen(
        [sys.executable, "-c", _USER],
        cwd=ROOT,
        env=without_servers() | settings,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
