"""Entries in transactions of their own against INSERT-and-commit of the same bytes."""

from collections.abc import Callable, Iterator
from itertools import count

from django.db import connection, transaction

from ledger import journal
from tests.bench import logs
from tests.bench.harness import Prepared, Row, in_turns, rounds_for, speed_row

ROUNDS = 9
TRANSACTIONS = 150
BARE = "bench_bare", "sequence bigint PRIMARY KEY, body bytea NOT NULL"


def rows(size: int) -> Iterator[Row]:
    transactions = max(10, min(TRANSACTIONS, size // 100))
    rounds = rounds_for(size, ROUNDS)
    for entries, at_least in ((1, 0.6), (10, None)):
        logs.clear()
        named = "a single append" if entries == 1 else f"{entries} appends in one transaction"
        times = in_turns(
            _appends(transactions, entries), _inserts(transactions, entries), rounds=rounds
        )
        yield speed_row(
            f"{named} against INSERT and commit", times, each=transactions, at_least=at_least
        )


def _appends(transactions: int, entries: int) -> Prepared:
    def prepare() -> Callable[[], object]:
        said = [[logs.facts_of(entry) for entry in range(entries)] for _ in range(transactions)]

        def act() -> None:
            for transaction_ in said:
                with transaction.atomic():
                    for facts in transaction_:
                        journal.append(
                            kind="bench.made", subject="bench:1", actor="system", facts=facts
                        )

        return act

    return prepare


def _inserts(transactions: int, entries: int) -> Prepared:
    logs.make_table(*BARE)
    statement = f"INSERT INTO {BARE[0]} (sequence, body) VALUES (%s, %s)"
    sequence = count(1)

    def prepare() -> Callable[[], object]:
        bodies = [draft.body for draft in logs.drafts(entries)]

        def act() -> None:
            for _ in range(transactions):
                with transaction.atomic():
                    for body in bodies:
                        with connection.cursor() as cursor:
                            cursor.execute(statement, [next(sequence), body])

        return act

    return prepare
