"""The predictions of a scope as arrays: the one read from which every figure of a card is made."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any
from uuid import UUID

import numpy as np
from django.db import connection
from django.db.models import Case, Q, QuerySet, Value, When
from numpy.typing import NDArray

from predictions.models import Outcome, Prediction, Score
from predictions.models.choices import Rule
from predictions.scorecards import narrowing
from predictions.scorecards.scope import Scope

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]


class State(IntEnum):
    """As `PredictionQuerySet.with_state` says it."""

    OPEN = 0
    VOID = 1
    LATE = 2
    SCORED = 3


@dataclass(frozen=True)
class Lines:
    """One row a prediction, by forecaster, question and when they were made.

    `rows` has the fields of `_COLUMNS`. `question` and `forecaster` number those of each row, equal
    where they are the same, as in `questions` and `forecasters`.
    """

    rows: NDArray[np.void]
    question: Integers
    forecaster: Integers
    questions: Sequence[UUID]
    forecasters: Sequence[UUID]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, name: str) -> Floats:
        """A figure of every row, NaN where there is none. Times are seconds since 1970."""
        figure: Floats = self.rows[name]
        return figure

    def where(self, mask: Mask) -> "Lines":
        return Lines(
            self.rows[mask],
            self.question[mask],
            self.forecaster[mask],
            self.questions,
            self.forecasters,
        )

    @property
    def own(self) -> Mask:
        """Whether a row is in the scope; the others are by others, on the like of it."""
        mask: Mask = self.rows["own"] == 1
        return mask

    @property
    def binary(self) -> Mask:
        """Whether a row is on a question of yes or no."""
        mask: Mask = self.rows["binary"] == 1
        return mask

    def settled(self) -> "Lines":
        """The rows that bear the figures: scored, on questions of yes or no."""
        return self.where(self.is_in(State.SCORED) & self.binary & ~np.isnan(self["brier"]))

    def is_in(self, state: State) -> Mask:
        mask: Mask = self.rows["state"] == state
        return mask

    @property
    def series(self) -> Integers:
        """Numbers the series of revisions, one forecaster's on one question, that each row is in.

        From 0 and ascending, as the rows are in that order.
        """
        return np.cumsum(self._begins) - 1

    @property
    def firsts(self) -> Integers:
        """The row that begins each series."""
        return np.flatnonzero(self._begins)

    @property
    def _begins(self) -> Mask:
        pair = self.forecaster * len(self.questions) + self.question
        begins: Mask = np.diff(pair, prepend=-1) != 0
        return begins

    def prediction(self, row: int) -> UUID:
        return UUID(bytes=self.rows["id"][row].tobytes())


def read(scope: Scope, among: Q = Q()) -> Lines:  # noqa: B008 -- immutable
    """The predictions of a scope, and those of others that are like them but for who made them.

    One statement, so that states and scores are of one moment, whatever is entered meanwhile.
    Raises Invalid, naming the field of the scope.
    """
    narrowing.check(scope)
    rows = _copied(_statement(scope, among))
    forecasters, forecaster = _numbered(rows["forecaster"])
    questions, question = _numbered(rows["question"])
    return Lines(rows, question, forecaster, questions, forecasters)


def _numbered(keys: NDArray[np.void]) -> tuple[list[UUID], Integers]:
    numbers: dict[bytes, int] = {}
    index = [numbers.setdefault(key, len(numbers)) for key in keys.tolist()]
    return [UUID(bytes=key) for key in numbers], np.array(index, dtype=np.int64)


# A name, how it is computed, and how both sides hold it: bytes of a fixed number, so that a million
# rows are read as one array. What is null is NaN.
_COLUMNS = (
    ("id", "said.id", "uuid"),
    ("forecaster", "said.forecaster", "uuid"),
    ("question", "said.question", "uuid"),
    ("own", "said.own", "smallint"),
    ("binary", "(said.kind = 'binary')::int", "smallint"),
    (
        "state",
        f"""CASE WHEN settled.question IS NULL THEN {State.OPEN}
            WHEN settled.answer IS NULL THEN {State.VOID}
            WHEN said.made >= settled.at THEN {State.LATE} ELSE {State.SCORED} END""",
        "smallint",
    ),
    ("p", "said.p", "float8"),
    (
        "o",
        """CASE WHEN said.kind <> 'binary' THEN NULL WHEN settled.answer = 'yes' THEN 1
            WHEN settled.answer = 'no' THEN 0 ELSE settled.answer::float8 END""",
        "float8",
    ),
    ("made", "extract(epoch FROM said.made)", "float8"),
    ("opened", "extract(epoch FROM said.opened)", "float8"),
    ("settled", "extract(epoch FROM settled.at)", "float8"),
    # When it stopped counting: when the world decided, or when the question closed.
    ("closed", "extract(epoch FROM least(settled.at, said.due))", "float8"),
    # When it was to close at the latest.
    ("scheduled", "extract(epoch FROM coalesce(said.due, settled.at))", "float8"),
    *((rule, f"by_{rule}.value", "float8") for rule in Rule.values),
    ("brier_best", "by_brier.best", "float8"),
    ("brier_worst", "by_brier.worst", "float8"),
)
_BYTES = {"uuid": "V16", "smallint": ">i2", "float8": ">f8"}
_ON_THE_WIRE = np.dtype(
    [
        ("fields", ">i2"),
        *(
            field
            for name, _, kind in _COLUMNS
            for field in ((f"{name} length", ">i4"), (name, _BYTES[kind]))
        ),
    ]
)
_HERE = np.dtype([(name, _BYTES[kind].replace(">", "=")) for name, _, kind in _COLUMNS])
_SAID = "said (id, forecaster, made, revision, p, own, question, kind, opened, due)"
# PostgreSQL's binary COPY format: signature, flags and no header extension; −1 ends it.
_HEADER, _TRAILER = 19, 2


def _copied(statement: str) -> NDArray[np.void]:
    data = bytearray()
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for part in copy:
            data += part
    count = (len(data) - _HEADER - _TRAILER) // _ON_THE_WIRE.itemsize
    wire = np.frombuffer(data, _ON_THE_WIRE, count=count, offset=_HEADER)
    rows = np.empty(count, _HERE)
    for name in _HERE.names or ():
        rows[name] = wire[name]
    return rows


def _statement(scope: Scope, among: Q) -> str:
    """Joins, for a million subqueries take longer; what stands is what the querysets say stands."""
    tables = {
        _SAID: _said(scope, among),
        "settled (question, at, answer)": _settled(),
        **{f"by_{rule} (prediction, value, best, worst)": _earned(rule) for rule in Rule.values},
    }
    queries = {name: rows.query.sql_with_params() for name, rows in tables.items()}
    named = ", ".join(f"{name} AS ({sql})" for name, (sql, _) in queries.items())
    columns = ", ".join(
        f"coalesce(({value})::float8, 'NaN')" if kind == "float8" else f"({value})::{kind}"
        for _, value, kind in _COLUMNS
    )
    statement = f"""COPY (WITH {named} SELECT {columns} FROM said
        LEFT JOIN settled ON settled.question = said.question
        {" ".join(f"LEFT JOIN by_{rule} ON by_{rule}.prediction = said.id" for rule in Rule.values)}
        ORDER BY said.forecaster, said.question, said.made, said.revision
        ) TO STDOUT (FORMAT BINARY)"""  # noqa: S608 -- of our own constants; values are composed in
    params = [value for _, values in queries.values() for value in values]
    composed = connection.ops.compose_sql(statement, params)  # type: ignore[attr-defined]
    return str(composed)


def _said(scope: Scope, among: Q) -> QuerySet[Any, Any]:
    whose = narrowing.whose(scope)
    own = Case(When(whose, then=1), default=0) if whose else Value(1)
    rows = Prediction.objects.filter(narrowing.which(scope), among).annotate(own=own)
    question = ("question", "question__kind", "question__opened_at", "question__due_at")
    own_columns = ("id", "forecaster", "made_at", "revision", "probability", "own")
    return rows.order_by().values_list(*own_columns, *question)


def _settled() -> QuerySet[Any, Any]:
    return Outcome.objects.current().order_by().values_list("question", "settled_at", "answer")


def _earned(rule: str) -> QuerySet[Any, Any]:
    standing = Score.objects.standing().filter(rule=rule)
    return standing.order_by().values_list("prediction", "value", "best", "worst")
