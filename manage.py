#!/usr/bin/env python
"""The project's commands. Works alone: starts the bundled servers if no real ones are named."""

import os
import sys
from importlib.util import find_spec

from config import embedded


def main() -> int:
    if not find_spec("django"):
        return complain("use .venv/bin/python manage.py (`make run` makes it)")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        embedded.ensure()
    except embedded.EmbeddedError as error:
        return complain(str(error))
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line
    from django.db import OperationalError, ProgrammingError

    try:
        execute_from_command_line(sys.argv)
    except ProgrammingError as error:
        if "permission denied" in str(error):
            return complain(f"{error}; `manage.py migrate` grants the service what it needs")
        if "does not exist" not in str(error):
            raise
        return complain("the database has no tables yet; run `manage.py migrate` first")
    except ImproperlyConfigured as error:
        return complain(str(error))
    except OperationalError as error:
        return complain(f"the database does not answer: {error}")
    return 0


def complain(problem: str) -> int:
    """One line on stderr; the exit code of what could not run."""
    sys.stderr.write(f"manage.py: {' '.join(problem.split())}\n")
    return 2


if __name__ == "__main__":
    try:
        code = main()
    except KeyboardInterrupt:
        code = 130
        sys.stderr.write("\nmanage.py: stopped\n")
    sys.exit(code)
