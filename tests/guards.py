"""Lifting the database's guards: what a test needs to clean up, and what an attacker would do."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.db.backends.utils import CursorWrapper

from ledger.privileges import Role


@contextmanager
def as_owner() -> Iterator[None]:
    """The same session, and transaction if there is one, with the rights of the tables' owner."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        [before] = cursor.fetchone()
        cursor.execute("RESET ROLE")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"SET ROLE {Role(before).quoted}")


@contextmanager
def lifted() -> Iterator[None]:
    """All triggers of the project off, and back on as they were; the owner acts meanwhile."""
    with as_owner(), _lifted():
        yield


@contextmanager
def _lifted() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text, tgname, tgenabled FROM pg_trigger"
            " JOIN pg_class ON pg_class.oid = tgrelid"
            " WHERE NOT tgisinternal AND relnamespace = 'public'::regnamespace"
        )
        triggers = cursor.fetchall()
        # All in one statement: each by itself is a commit, and there are many.
        _alter(cursor, [(table, f"DISABLE TRIGGER {name}") for table, name, _ in triggers])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            _alter(
                cursor,
                [
                    (table, f"ENABLE {'ALWAYS' if enabled == 'A' else ''} TRIGGER {name}")
                    for table, name, enabled in triggers
                ],
            )


def _alter(cursor: CursorWrapper, changes: list[tuple[str, str]]) -> None:
    cursor.execute("; ".join(f"ALTER TABLE {table} {change}" for table, change in changes))
