from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.commands import flush
from django.db import connection

from ledger.merkle import EMPTY_ROOT
from tests.guards import lifted


class Command(flush.Command):
    """Empties the test database, which refuses to forget unless its guards are lifted."""

    def handle(self, **options: Any) -> None:
        with lifted():
            super().handle(**options)
            with connection.cursor() as cursor:
                cursor.execute(
                    "TRUNCATE ledger_entry, ledger_node, ledger_staged, ledger_batch, ledger_head,"
                    " ledger_checkpoint, ledger_part"
                )
                # A signer that remembered the old log would refuse the new one.
                Path(settings.LEDGER_STATE_FILE).unlink(missing_ok=True)
                cursor.execute(
                    "INSERT INTO ledger_head VALUES (1, 0, %s, '{}', 'epoch')", [EMPTY_ROOT]
                )


def empty_log() -> None:
    """The log alone begins anew, which is quicker."""
    with lifted():
        _empty_log()


def _empty_log() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "TRUNCATE ledger_entry, ledger_node, ledger_staged, ledger_batch, ledger_head,"
            " ledger_checkpoint"
        )
        cursor.execute("INSERT INTO ledger_head VALUES (1, 0, %s, '{}', 'epoch')", [EMPTY_ROOT])
