"""Predictions as scoring sees them, with the outcome that stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from predictions import copying

Ids = NDArray[np.void]  # uuids, 16 bytes each
Ints = NDArray[np.int64]

MILLION = 1_000_000

# As `querysets.PredictionQuerySet.with_state` says it; a test holds the two equal. OFFSET 0 keeps
# the planner from reading all outcomes for those of a few questions.
_LINES = """
SELECT p.id, p.question_id, p.forecaster_id,
    coalesce(o.id, '00000000-0000-0000-0000-000000000000'),
    CASE WHEN o.id IS NULL THEN 0 WHEN o.answer IS NULL THEN 1
        WHEN p.made_at >= o.settled_at THEN 2 ELSE 3 END::bigint,
    (q.kind = 'binary')::int::bigint,
    CASE WHEN q.kind <> 'binary' OR o.answer IS NULL THEN 0 WHEN o.answer = 'yes' THEN 1000000
        WHEN o.answer = 'no' THEN 0 ELSE o.answer::numeric * 1000000 END::bigint,
    coalesce(p.probability * 1000000, 0)::bigint,
    coalesce(p.low * 1000000, p.probability * 1000000, 0)::bigint,
    coalesce(p.high * 1000000, p.probability * 1000000, 0)::bigint,
    p.made_at, q.opened_at, coalesce(least(o.settled_at, q.due_at), q.opened_at)
FROM predictions_prediction p JOIN predictions_question q ON q.id = p.question_id
LEFT JOIN (
    SELECT s.* FROM predictions_question q CROSS JOIN LATERAL (
        SELECT id, question_id, answer, settled_at FROM predictions_outcome o
        WHERE o.question_id = q.id AND NOT o.reopens
            AND NOT EXISTS (SELECT FROM predictions_outcome c WHERE c.corrects_id = o.id)
        OFFSET 0) s
    WHERE q.id = ANY(%s)
) o ON o.question_id = q.id
WHERE {where}
ORDER BY p.question_id, p.forecaster_id, p.made_at, p.revision
"""
_COLUMNS = {
    "id": copying.UUID,
    "question": copying.UUID,
    "forecaster": copying.UUID,
    "outcome": copying.UUID,
    **dict.fromkeys(
        ("state", "binary", "answer", "p", "low", "high", "made", "opened", "closed"),
        copying.NUMBER,
    ),
}


class State(IntEnum):
    """As `PredictionQuerySet.with_state` says it."""

    OPEN = 0
    VOID = 1
    LATE = 2
    SCORED = 3


@dataclass(frozen=True)
class Selection:
    """Which predictions: all on these questions, or one forecaster's."""

    questions: Sequence[UUID]
    forecaster: UUID | None = None

    def where(self, prediction: str) -> tuple[str, list[Any]]:
        """SQL that holds for its predictions, whose table has this name, and its values."""
        condition, values = f"{prediction}.question_id = ANY(%s)", [list(self.questions)]
        if self.forecaster is None:
            return condition, values
        return f"{condition} AND {prediction}.forecaster_id = %s", [*values, self.forecaster]


@dataclass(frozen=True)
class Lines:
    """Predictions, by question, forecaster, and in the order in which each was made.

    Arrays of one length. `outcome` is 16 zeros where the question is open. `answer`, `p`, `low` and
    `high` are of yes, in millionths; they say nothing where `binary` is false. Times are in
    microseconds; `closed` is when the world decided, or when the question closed before that.
    """

    id: Ids
    question: Ids
    forecaster: Ids
    outcome: Ids
    state: Ints
    binary: NDArray[np.bool_]
    answer: Ints
    p: Ints
    low: Ints
    high: Ints
    made: Ints
    opened: Ints
    closed: Ints

    @property
    def counted(self) -> NDArray[np.bool_]:
        """Those scored on yes or no: what means and totals are made of."""
        counted: NDArray[np.bool_] = self.binary & (self.state == State.SCORED)
        return counted


def read_lines(selection: Selection) -> Lines:
    where, values = selection.where("p")
    values = [list(selection.questions), *values]
    found = copying.read(_LINES.format(where=where), values, _COLUMNS)
    columns = {
        name: found[name] if kind == copying.UUID else found[name].astype(np.int64)
        for name, kind in _COLUMNS.items()
    }
    return Lines(**{**columns, "binary": columns["binary"] == 1})
