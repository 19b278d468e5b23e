"""How gunicorn starts: `gunicorn --config python:config.gunicorn config.wsgi`."""

import subprocess
import sys

from config import embedded


def on_starting(server: object) -> None:
    """Before any worker: two that refused at once would say it twice, and gunicorn the rest.

    Asked in a process of its own, since what this one imports its workers could not reload.
    """
    embedded.ensure()
    command = [sys.executable, "-m", "config.durability", "web"]
    asked = subprocess.run(command, cwd=embedded.ROOT, check=False)  # noqa: S603
    if asked.returncode:
        sys.exit(asked.returncode)
