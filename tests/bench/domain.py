"""A whole write of the domain, row and entry, against INSERT-and-commit of the bare row."""

import datetime as dt
import uuid
from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import count
from typing import Any

from django.db import connection, transaction

from predictions import services
from predictions.models import Fact, Forecaster, Prediction, Question, Topic
from predictions.when import end_of
from tests.bench import logs
from tests.bench.harness import Prepared, Row, in_turns, rounds_for, speed_row

ROUNDS = 9
WRITES = 100
DAY = dt.date(2026, 1, 31)
_numbers = count(1)


def rows(size: int) -> Iterator[Row]:
    writes, rounds = max(5, min(WRITES, size // 200)), rounds_for(size, ROUNDS)
    logs.clear()
    for name, record, model, at_least in (
        ("a topic, row and entry,", _topic, Topic, 0.35),
        ("a prediction, row and entry,", _prediction(), Prediction, None),
    ):
        times = in_turns(_services(record, writes), _inserts(record, model, writes), rounds=rounds)
        named = f"{name} against INSERT and commit of the row"
        yield speed_row(named, times, each=writes, at_least=at_least)


def _topic() -> Fact:
    number = next(_numbers)
    return services.topic_record(key=f"topic-{number}", name=f"The harvest of {number}", by=None)


def _prediction() -> Callable[[], Fact]:
    forecaster = services.forecaster_record(key="almanac", name="Almanac", kind="person", by=None)
    question = services.question_open(
        key="Q1",
        text="Will the harvest fail in 2026?",
        criteria="Yes if the ministry says so by the end of the year. Otherwise no.",
        opened_at=end_of(DAY),
        due_at=end_of(dt.date(2026, 10, 31)),
        horizon_basis="stated",
        by=None,
        now=end_of(DAY),
    )
    return lambda: _record(question, forecaster)


def _record(question: Question, forecaster: Forecaster) -> Fact:
    return services.prediction_record(
        question=question,
        forecaster=forecaster,
        made_at=end_of(DAY),
        basis="stated",
        probability=Decimal("0.7"),
        note="It is almost certain to rain in May, said the almanac.",
        by=None,
        now=dt.datetime(2026, 11, 23, tzinfo=dt.UTC),
    )


def _services(record: Callable[[], Fact], writes: int) -> Prepared:
    def act() -> None:
        for _ in range(writes):
            record()

    return lambda: act


def _inserts(record: Callable[[], Fact], model: type[Fact], writes: int) -> Prepared:
    """The row as it is stored, with all its indexes, and none of the guards."""
    table = f"bench_{model._meta.model_name}"
    logs.make_table(table, f"LIKE {model._meta.db_table} INCLUDING ALL")
    columns = [str(field.column) for field in model._meta.concrete_fields]
    quoted = ", ".join(map(connection.ops.quote_name, columns))
    statement = f"INSERT INTO {table} ({quoted}) VALUES ({', '.join(['%s'] * len(columns))})"
    row = record()
    fresh = count(1)

    def prepare() -> Callable[[], object]:
        values = [_values(row, next(fresh)) for _ in range(writes)]

        def act() -> None:
            for cells in values:
                with transaction.atomic(), connection.cursor() as cursor:
                    cursor.execute(statement, cells)

        return act

    return prepare


def _values(row: Fact, number: int) -> list[Any]:
    """As Django hands them to the database; what must be unique is new."""
    new = {"id": uuid.uuid4(), "entry": uuid.uuid4(), "key": f"bare-{number}", "revision": number}
    return [
        field.get_db_prep_save(new.get(field.name, getattr(row, field.attname)), connection)
        for field in row._meta.concrete_fields
    ]
