"""Whether the database still guards the log: its triggers, and its durability."""

from collections.abc import Iterable, Iterator

from django.db import connection

# Each of these must be on, also for replicas ("always"), but for the append itself.
TRIGGERS = {
    "ledger_staged": ["ledger_append"],
    "ledger_entry": ["ledger_entry_append_only", "ledger_entry_no_truncate"],
    "ledger_head": ["ledger_head_only_grows", "ledger_head_stays", "ledger_head_no_truncate"],
    "ledger_checkpoint": [
        "ledger_checkpoint_in_order",
        "ledger_checkpoint_stays",
        "ledger_checkpoint_no_truncate",
    ],
}


def missing_triggers(table: str, names: Iterable[str]) -> Iterator[str]:
    """Those of a table's triggers that are gone or switched off."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgname FROM pg_trigger WHERE tgrelid = to_regclass(%s)"
            " AND tgenabled IN ('A', 'O')",
            [table],
        )
        active = {name for (name,) in cursor.fetchall()}
    yield from (name for name in names if name not in active)


def unsafe_settings() -> Iterator[str]:
    """Settings of the server under which an acknowledged entry could be lost in a crash."""
    for name in ("fsync", "synchronous_commit", "full_page_writes"):
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting(%s)", [name])
            [value] = cursor.fetchone()
        if value == "off":
            yield name
