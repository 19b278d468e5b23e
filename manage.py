#!/usr/bin/env python
"""The project's commands. Works alone: starts the bundled servers if no real ones are named."""

import os
import sys

from config import embedded


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        embedded.ensure()
    except embedded.EmbeddedError as error:
        sys.stderr.write(f"manage.py: {error}\n")
        return 2
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
    return 0


if __name__ == "__main__":
    sys.exit(main())
