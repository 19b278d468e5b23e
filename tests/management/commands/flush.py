from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.commands import flush
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from ledger.merkle import EMPTY_ROOT
from tests.guards import lifted

# Filled by migrations, for good.
KEPT = ("django_migrations", "django_content_type", "auth_permission")
# Of 8 kB. What is deleted takes up its place until a table is truncated.
FEW_PAGES = 100


class Command(flush.Command):
    """Empties the test database, which refuses to forget unless its guards are lifted.

    A test fills few of the tables with few rows. To truncate them all takes far longer than that.
    """

    def handle(self, **options: Any) -> None:
        with transaction.atomic(), lifted(), connection.cursor() as cursor:
            tables = _pages(cursor)
            if max(tables.values()) > FEW_PAGES:
                cursor.execute(f"TRUNCATE {', '.join(tables)}")
            else:
                for table in _filled(cursor, tables):
                    cursor.execute(f"DELETE FROM {table}")
                # Triggers are not switched on again while references wait to be checked.
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            _begin_log(cursor)
        # A signer that remembered the old log would refuse the new one.
        Path(settings.LEDGER_STATE_FILE).unlink(missing_ok=True)


def _pages(cursor: CursorWrapper) -> dict[str, int]:
    """Each table that a test may fill, and how many pages it has."""
    cursor.execute(
        "SELECT oid::regclass::text, pg_relation_size(oid) / 8192 FROM pg_class"
        " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        " AND relname <> ALL (%s)",
        [list(KEPT)],
    )
    return dict(cursor.fetchall())


def _filled(cursor: CursorWrapper, tables: dict[str, int]) -> list[str]:
    each = (f"SELECT '{table}' WHERE EXISTS (SELECT FROM {table})" for table in tables)
    cursor.execute(" UNION ALL ".join(each))
    return [table for (table,) in cursor.fetchall()]


def empty_log() -> None:
    """The log alone begins anew, which is quicker."""
    with lifted(), connection.cursor() as cursor:
        cursor.execute(
            "TRUNCATE ledger_entry, ledger_node, ledger_staged, ledger_batch, ledger_head,"
            " ledger_checkpoint"
        )
        _begin_log(cursor)


def _begin_log(cursor: CursorWrapper) -> None:
    cursor.execute("INSERT INTO ledger_head VALUES (1, 0, %s, '{}', 'epoch')", [EMPTY_ROOT])
