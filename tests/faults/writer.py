"""A writer that notes what was acknowledged: `python -m tests.faults.writer FOLDER NAME SEED`.

It begins anew after every failure of the server, with the same entries under the same uuids, and
ends when FOLDER/stop is there.
"""

import json
import random
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import django
from django.db import InterfaceError, OperationalError, connection, transaction

Act = Callable[[], list[str]]  # answers the uuids of its entries, once committed


def main(folder: Path, name: str, seed: int) -> None:
    chance = random.Random(seed)
    with (folder / f"{name}.acknowledged").open("a") as acknowledged:
        while not (folder / "stop").exists():
            choose = chance.choice((single, several, batch, imported, topic, mixed))
            entries = insist(choose(chance, name))
            acknowledged.write(json.dumps(entries) + "\n")
            acknowledged.flush()


def insist(act: Act) -> list[str]:
    """Until it is acknowledged, however often the server goes away."""
    from ledger.retries import retried

    while True:
        try:
            return retried(act)
        except (OperationalError, InterfaceError):
            connection.close()
            time.sleep(0.05)


def single(chance: random.Random, name: str) -> Act:
    return _transaction(chance, name, staged=1, copied=0)


def several(chance: random.Random, name: str) -> Act:
    return _transaction(chance, name, staged=chance.randint(2, 6), copied=0)


def batch(chance: random.Random, name: str) -> Act:
    return _transaction(chance, name, staged=0, copied=chance.choice((1, 7, 60, 300)))


def imported(chance: random.Random, name: str) -> Act:
    """A batch that the log's owner copies."""
    from ledger import roles

    copy = batch(chance, name)

    def act() -> list[str]:
        with roles.as_owner(), transaction.atomic():
            return copy()

    return act


def topic(chance: random.Random, name: str) -> Act:
    """A row and its entry."""
    from predictions import services
    from predictions.models import Topic

    key = _unique(chance, name)

    def act() -> list[str]:
        done = Topic.objects.filter(key=key).first()  # before its acknowledgement was lost
        row = done or services.topic_record(key=key, name=f"Topic {key}", by=None)
        return [str(row.entry)]

    return act


def mixed(chance: random.Random, name: str) -> Act:
    """A row, its entry, others, and a batch: all of them or none."""
    from predictions import services
    from predictions.models import Forecaster

    key = _unique(chance, name)
    others = _transaction(chance, name, staged=2, copied=30)

    def act() -> list[str]:
        row = Forecaster.objects.filter(key=key).first()
        with transaction.atomic():
            made = row or services.forecaster_record(
                key=key, name=f"Forecaster {key}", kind="person", by=None
            )
            return [str(made.entry), *others()]

    return act


def _transaction(chance: random.Random, name: str, *, staged: int, copied: int) -> Act:
    """Entries that say to which transaction they belong, and how many it has."""
    from ledger import journal

    about = {"transaction": _unique(chance, name), "of": staged + copied}
    drafts = [
        journal.draft(
            kind="test.made",
            subject=f"test:{name}",
            actor="system",
            facts={**about, "place": place, "text": "x" * chance.randint(0, 1500)},
            uuid=uuid.UUID(int=chance.getrandbits(128), version=4),
        )
        for place in range(staged + copied)
    ]
    facts = [json.loads(draft.body)["facts"] for draft in drafts]

    def act() -> list[str]:
        for draft, said in zip(drafts[:staged], facts, strict=False):
            journal.append(
                kind=draft.kind,
                subject=draft.subject,
                actor=draft.actor,
                facts=said,
                uuid=draft.uuid,
            )
        if copied:
            journal.append_many(drafts[staged:])
        return [str(draft.uuid) for draft in drafts]

    return act


def _unique(chance: random.Random, name: str) -> str:
    return f"{name}-{chance.getrandbits(64):x}"


if __name__ == "__main__":
    django.setup()
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
