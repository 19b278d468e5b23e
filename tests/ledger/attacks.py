"""What somebody with every right on the database does to it, and what verification then says."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from django.db import connection

from ledger import merkle, replay
from ledger.export import bodies
from predictions import services
from tests.guards import as_owner, lifted
from tests.ledger.logs import execute, head_follows, tamper
from tests.making import Maker


def define(statement: str) -> None:
    """Change tables, functions and rights, as their owner."""
    with as_owner():
        execute(statement)


def rewrite(sequence: int, old: str, new: str) -> None:
    """Replace a text in the body of an entry, which stays canonical."""
    tamper(
        "UPDATE ledger_entry SET body = convert_to(replace(convert_from(body, 'UTF8'), %s, %s),"
        " 'UTF8') WHERE sequence = %s",
        old,
        new,
        sequence,
    )


def recompute() -> None:
    """Make head and stored subtrees those of the entries there are."""
    head_follows()
    leaves = [merkle.leaf_hash(body) for body in bodies()]
    with lifted():
        execute("DELETE FROM ledger_node")
        for place in range(len(leaves) // 256):
            tile = leaves[place * 256 : (place + 1) * 256]
            values = place, b"".join(tile), merkle.root_of(tile)
            execute("INSERT INTO ledger_node VALUES (0, %s, %s, %s)", *values)


def cut(size: int) -> None:
    """Take away what comes after the first `size` entries."""
    tamper("DELETE FROM ledger_entry WHERE sequence > %s", size)


def findings(since: Any = None) -> list[str]:
    """What verification finds, a line each."""
    return [f"{found.place}: {found.problem}" for found in replay.verify(since=since).findings]


def finds(*words: str) -> bool:
    """Whether one finding holds all of these words."""
    return any(all(word in finding for word in words) for finding in findings())


def one_of_each(make: Maker) -> None:
    """At least one row in every table of facts, a correction among them."""
    topic = services.topic_record(key="harvest", name="Harvest", by=None)
    outlet = services.outlet_record(key="press", name="The Press", by=None)
    phrase = services.phrase_record(
        phrase="likely",
        low=Decimal("0.55"),
        point=Decimal("0.7"),
        high=Decimal("0.8"),
        source="test",
        source_title="Written for the tests",
        by=None,
    )
    article = make.article(outlet=outlet)
    question = make.question(topic=topic)
    forecaster = make.forecaster()
    make.prediction(
        question=question,
        forecaster=forecaster,
        article=article,
        reference="T1",
        probability=None,
        phrase=phrase,
        basis="verbal",
        passages=[{"offset": 4, "quote": "harvest will fail"}],
    )
    services.statement_record(
        article=article,
        forecaster=forecaster,
        kind="unscorable",
        reason="maxim",
        passages=[{"offset": 4, "quote": "harvest"}],
        by=None,
        now=make.now,
    )
    event = make.event(question)
    services.review_record(
        question=question,
        note="Not yet.",
        by=None,
        now=make.now,
        next_at=make.now + dt.timedelta(days=9),
    )
    outcome = make.outcome(question, "no", evidence=[event])
    services.outcome_correct(
        outcome=outcome, verdict=make.verdict("yes"), reason="Misread.", by=None, now=make.now
    )


@contextmanager
def unconstrained(table: str) -> Iterator[None]:
    """No constraint on the table, nor on others that refer to it; back as they were at the end."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE contype IN ('c', 'f') AND %s::regclass IN (conrelid, confrelid)",
            [table],
        )
        constraints = cursor.fetchall()
        for owner, name, _ in constraints:
            cursor.execute(f"ALTER TABLE {owner} DROP CONSTRAINT {name}")
        try:
            yield
        finally:
            for owner, name, definition in constraints:
                cursor.execute(f"ALTER TABLE {owner} ADD CONSTRAINT {name} {definition}")
