"""The predictions of a scope as arrays: the one read from which every figure of a card is made."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
from django.db.models import Case, Q, QuerySet, Value, When
from numpy.typing import NDArray

from predictions import copying
from predictions.models import Outcome, Prediction, Score
from predictions.models.choices import Rule
from predictions.reckoning import State
from predictions.scorecards import narrowing
from predictions.scorecards.scope import Scope

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]


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
        if mask.all():  # a million rows need no copy
            return self
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
    rows = copying.read(*_statement(scope, among), _COLUMNS).astype(_HERE)
    forecasters, forecaster = _numbered(rows["forecaster"])
    questions, question = _numbered(rows["question"])
    return Lines(rows, question, forecaster, questions, forecasters)


def _numbered(keys: NDArray[np.void]) -> tuple[list[UUID], Integers]:
    numbers: dict[bytes, int] = {}
    index = [numbers.setdefault(key, len(numbers)) for key in keys.tolist()]
    return [UUID(bytes=key) for key in numbers], np.array(index, dtype=np.int64)


# Figures by name, and how each is computed: whole numbers, then floats, of which null is NaN.
_NUMBERS = {
    "own": "said.own",
    "binary": "(said.kind = 'binary')::int",
    "state": f"""CASE WHEN settled.question IS NULL THEN {State.OPEN}
        WHEN settled.answer IS NULL THEN {State.VOID}
        WHEN said.made >= settled.at THEN {State.LATE} ELSE {State.SCORED} END""",
}
_FLOATS = {
    "p": "said.p",
    "o": """CASE WHEN said.kind <> 'binary' THEN NULL WHEN settled.answer = 'yes' THEN 1
        WHEN settled.answer = 'no' THEN 0 ELSE settled.answer::float8 END""",
    "made": "extract(epoch FROM said.made)",
    "opened": "extract(epoch FROM said.opened)",
    "settled": "extract(epoch FROM settled.at)",
    # When it stopped counting: when the world decided, or when the question closed.
    "closed": "extract(epoch FROM least(settled.at, said.due))",
    # When it was to close at the latest.
    "scheduled": "extract(epoch FROM coalesce(said.due, settled.at))",
    **{rule: f"by_{rule}.value" for rule in Rule.values},
    "brier_best": "by_brier.best",
    "brier_worst": "by_brier.worst",
}
_COLUMNS = {
    **dict.fromkeys(("id", "forecaster", "question"), copying.UUID),
    **dict.fromkeys(_NUMBERS, copying.NUMBER),
    **dict.fromkeys(_FLOATS, copying.FLOAT),
}
_HERE = np.dtype([(name, kind.replace(">", "=")) for name, kind in _COLUMNS.items()])
_SAID = "said (id, forecaster, made, revision, p, own, question, kind, opened, due, who, what)"
# By keys, for ids differ from one load to the next: the same facts are resampled alike.
_ORDER = 'said.who COLLATE "C", said.what COLLATE "C", said.made, said.revision'


def _statement(scope: Scope, among: Q) -> tuple[str, list[Any]]:
    """Joins, for a million subqueries take longer; what stands is what the querysets say stands."""
    tables = {
        _SAID: _said(scope, among),
        "settled (question, at, answer)": _settled(),
        **{f"by_{rule} (prediction, value, best, worst)": _earned(rule) for rule in Rule.values},
    }
    queries = {name: rows.query.sql_with_params() for name, rows in tables.items()}
    named = ", ".join(f"{name} AS ({sql})" for name, (sql, _) in queries.items())
    numbers = [f"({value})::bigint" for value in _NUMBERS.values()]
    floats = [f"coalesce(({value})::float8, 'NaN')" for value in _FLOATS.values()]
    earned = [f"LEFT JOIN by_{rule} ON by_{rule}.prediction = said.id" for rule in Rule.values]
    statement = f"""WITH {named}
        SELECT said.id, said.forecaster, said.question, {", ".join([*numbers, *floats])} FROM said
        LEFT JOIN settled ON settled.question = said.question {" ".join(earned)}
        ORDER BY {_ORDER}"""  # noqa: S608 -- our own words
    return statement, [value for _, values in queries.values() for value in values]


def _said(scope: Scope, among: Q) -> QuerySet[Any, Any]:
    whose = narrowing.whose(scope)
    own = Case(When(whose, then=1), default=0) if whose else Value(1)
    rows = Prediction.objects.filter(narrowing.which(scope), among).annotate(own=own)
    question = ("question", "question__kind", "question__opened_at", "question__due_at")
    keys = ("forecaster__key", "question__key")
    own_columns = ("id", "forecaster", "made_at", "revision", "probability", "own")
    return rows.order_by().values_list(*own_columns, *question, *keys)


def _settled() -> QuerySet[Any, Any]:
    return Outcome.objects.current().order_by().values_list("question", "settled_at", "answer")


def _earned(rule: str) -> QuerySet[Any, Any]:
    standing = Score.objects.standing().filter(rule=rule)
    return standing.order_by().values_list("prediction", "value", "best", "worst")
