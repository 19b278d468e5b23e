"""No part of the service starts on a database that could lose what it has acknowledged."""

import os
import sys

import django

from config import embedded

# By which gunicorn knows, of a worker, not to try again.
REFUSED_BOOT = 3


def insist(part: str, code: int) -> None:
    """End this process, with one line and `code`, if the database runs with an unsafe setting.

    One that does not answer takes no entries either: `/readyz` says so, and looks again later.
    Django must have been set up.
    """
    from django.db import OperationalError, connection

    from ledger.guards import unsafe_settings

    try:
        unsafe = list(unsafe_settings())
    except OperationalError:
        return
    finally:
        connection.close()  # processes that are forked from this one open their own
    if unsafe:
        # The real one: Celery has put a log in its place.
        (sys.__stderr__ or sys.stderr).write(
            f"{part}: the database runs with {' and '.join(unsafe)} off, so a crash could lose"
            " acknowledged entries; switch on what is off and start again\n"
        )
        sys.exit(code)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    embedded.ensure()
    django.setup(set_prefix=False)
    insist(sys.argv[1], REFUSED_BOOT)
