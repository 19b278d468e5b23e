"""A log that grows, its signer, and what an attacker with every right does to it."""

import dataclasses
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from ledger import journal, merkle
from ledger.checkpoint_audit import Audit
from ledger.export import bodies
from ledger.models import Entry
from tests.guards import as_owner, lifted


def write_log(count: int, *, kind: str = "test.made") -> list[int]:
    """Append so many entries in one batch; returns their sequences."""
    drafts = [
        journal.draft(kind=kind, subject=f"test:{number}", actor="system", facts={"number": number})
        for number in range(count)
    ]
    with as_owner(), transaction.atomic():
        return journal.append_many(drafts)


def leaves_of(entries: Iterable[Entry]) -> list[bytes]:
    """Leaf hashes, from the bytes."""
    return [merkle.leaf_hash(bytes(entry.body)) for entry in entries]


def append(*places: int) -> None:
    """An entry each, in one transaction."""
    with transaction.atomic():
        for place in places or (0,):
            journal.append(
                kind="test.made", subject="test:1", actor="system", facts={"place": place}
            )


def execute(statement: str, *values: Any) -> int:
    with connection.cursor() as cursor:
        # Without values a percent sign is one.
        cursor.execute(statement, values or None)
        return int(cursor.rowcount)


def tamper(statement: str, *values: Any) -> None:
    with lifted():
        assert execute(statement, *values) > 0, "the attack itself failed"


def head_follows() -> None:
    """The attacker makes the head that of the entries there are."""
    tree = merkle.Frontier()
    for body in bodies():
        tree.add(merkle.leaf_hash(body))
    tamper(
        "UPDATE ledger_head SET size = %s, root = %s, frontier = %s",
        tree.size,
        tree.root(),
        tree.nodes,
    )


def cut(size: int) -> None:
    """Take away what comes after the first `size` entries, head and all."""
    tamper("DELETE FROM ledger_entry WHERE sequence > %s", size)
    head_follows()


def roots() -> dict[int, bytes]:
    tree = merkle.Frontier()
    found = {0: tree.root()}
    for body in bodies():
        tree.add(merkle.leaf_hash(body))
        found[tree.size] = tree.root()
    return found


def found() -> list[str]:
    """What verification finds of the checkpoints."""
    audit = Audit.begin()
    with transaction.atomic():
        wanted = audit.sizes()
        known = {size: root for size, root in roots().items() if size in wanted}
        size = journal_size()
        return [f"{place}: {problem}" for place, problem in audit.findings(known.get, size)]


def journal_size() -> int:
    return sum(1 for _ in bodies())


def state() -> dict[str, Any]:
    said: dict[str, Any] = json.loads(state_file().read_text())
    return said


def state_file() -> Path:
    return Path(settings.LEDGER_STATE_FILE)


def key_file() -> Path:
    return Path(settings.LEDGER_KEY_FILE)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@dataclasses.dataclass
class Backup:
    """The database's log as it was, as `pg_dump` would keep it."""

    entries: list[tuple[Any, ...]]
    checkpoints: list[tuple[Any, ...]]

    @classmethod
    def take(cls) -> "Backup":
        with connection.cursor() as cursor:
            cursor.execute("SELECT sequence FROM ledger_entry")
            entries = cursor.fetchall()
            cursor.execute("SELECT number FROM ledger_checkpoint")
            return cls(entries, cursor.fetchall())

    def restore(self) -> None:
        """What came after it is gone; what was before has not changed."""
        with lifted():
            execute("DELETE FROM ledger_entry WHERE sequence > %s", len(self.entries))
            execute("DELETE FROM ledger_checkpoint WHERE number > %s", len(self.checkpoints))
        head_follows()
