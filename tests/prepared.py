"""A migrated cluster, made once for all parts of a run, and copied by whoever begins with one.

Making one takes some seven seconds, most of which Django spends on models of long ago; copying one
takes less than one. The parts of a run are processes: the environment tells them where it is.
Where it tells nothing, as when one file is tried, servers begin empty and migrate.
"""

import os
import subprocess
import sys
from pathlib import Path

from config.embedded import ROOT
from tests.environs import without_servers

NAME = "TESTS_PREPARED"
_PARTS = ("postgres", "secrets")


def prepare(folder: Path) -> dict[str, str]:
    """Make one; answers with the environment that tells of it."""
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
        cwd=ROOT,
        env=without_servers() | {"DATA_DIR": str(folder)},
        check=True,
    )
    return {**os.environ, NAME: str(folder)}


def begin(data_dir: Path) -> bool:
    """Put a copy where servers will begin. False if none was made."""
    source = os.environ.get(NAME)
    if not source:
        return False
    data_dir.mkdir(parents=True, exist_ok=True)
    # With owners and modes, which PostgreSQL and the keeper insist on.
    files = [f"{source}/{part}" for part in _PARTS]
    subprocess.run(["cp", "-a", *files, str(data_dir)], check=True)  # noqa: S607
    return True
