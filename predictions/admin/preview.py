"""What outcomes would do, for people to see and for the service to hold against what it does."""

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

import numpy as np
from django.db.models import F, Window
from django.db.models.functions import RowNumber
from numpy.typing import NDArray

from predictions.models import Outcome, OutcomeEvidence, Prediction, Question
from predictions.models.choices import Rule
from predictions.reckoning import FIGURES, RULES, Changes
from predictions.services.rehearsal import Heard

_WRITTEN = ("prediction", "rule", *FIGURES, "round", "reverses")
Figures = dict[str, Decimal]
# (prediction, rule) → its figures
Postings = dict[tuple[UUID, str], Figures]


@dataclass(frozen=True)
class Mark:
    """A score, or a mean of scores, as it would be, and as it stands until then; None for none."""

    rule: str
    then: Figures | None
    now: Figures | None

    @property
    def name(self) -> str:
        return str(Rule(self.rule).label)

    @property
    def change(self) -> Decimal | None:
        """Of the value; below zero is better."""
        return self.then["value"] - self.now["value"] if self.then and self.now else None


@dataclass(frozen=True)
class Row:
    """A prediction, its state, and its scores under the rules of the means, in their order."""

    prediction: Prediction
    state: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class Effect:
    """What one outcome does to the predictions on its question."""

    outcome: Outcome
    question: Question
    follows: bool
    # How many predictions there are, and of them in each state that is there.
    predictions: int
    states: dict[str, int]
    means: tuple[Mark, ...]
    # The latest of them.
    rows: tuple[Row, ...]

    @property
    def compares(self) -> bool:
        """Whether scores stand now."""
        return any(mark.now for mark in self.means)


@dataclass(frozen=True)
class Seal:
    """Digests of what somebody said, and of what that did to all there was."""

    said: str
    done: str


@dataclass(frozen=True)
class Preview:
    effects: tuple[Effect, ...]
    seal: Seal


def preview(outcomes: Sequence[Outcome], heard: Sequence[Heard], *, rows: int) -> Preview:
    """Outcomes that were written in this transaction, with so many rows each."""
    every = [*outcomes, *_consequences(outcomes)]
    changes = {question: one.changes for one in heard for question in one.questions}
    shown = _latest([outcome.question_id for outcome in every], rows)
    effects = [
        _effect(outcome, changes[outcome.question_id], shown.get(outcome.question_id, []))
        for outcome in every
    ]
    return Preview(tuple(effects), _seal(outcomes, every, heard))


def seal(outcomes: Sequence[Outcome], heard: Sequence[Heard]) -> Seal:
    """The seal that the preview of the same acts has."""
    return _seal(outcomes, [*outcomes, *_consequences(outcomes)], heard)


def _consequences(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """What followed by itself, and from that; it ends, for a condition is older."""
    found: list[Outcome] = []
    level = list(outcomes)
    while level:
        following = Outcome.objects.filter(follows__in=level).select_related("question")
        level = list(following.order_by("question__key"))
        found += level
    return found


def _latest(questions: Sequence[UUID], rows: int) -> dict[UUID, list[Prediction]]:
    place = Window(RowNumber(), partition_by="question", order_by=[F("made_at").desc(), "id"])
    numbered = Prediction.objects.filter(question__in=questions).annotate(place=place)
    latest = numbered.filter(place__lte=rows).values_list("pk", flat=True)
    found: dict[UUID, list[Prediction]] = {}
    of_them = Prediction.objects.filter(pk__in=list(latest)).select_related(
        "forecaster", "question"
    )
    for prediction in of_them.with_state().order_by("-made_at", "id"):
        found.setdefault(prediction.question_id, []).append(prediction)
    return found


def _effect(outcome: Outcome, changes: Changes, latest: list[Prediction]) -> Effect:
    wanted = {prediction.pk for prediction in latest}
    then, now = _postings(changes.postings, wanted), _postings(changes.reversals, wanted, -1)
    rules = [rule for rule in RULES if _any(changes, rule)]
    return Effect(
        outcome=outcome,
        question=outcome.question,
        follows=outcome.follows_id is not None,
        predictions=changes.predictions,
        states=_states(outcome, changes),
        means=tuple(
            Mark(rule, _mean(changes.postings, rule), _mean(changes.reversals, rule, -1))
            for rule in rules
        ),
        rows=tuple(
            Row(
                prediction,
                prediction.state,
                tuple(
                    Mark(rule, then.get((prediction.pk, rule)), now.get((prediction.pk, rule)))
                    for rule in rules
                ),
            )
            for prediction in latest
        ),
    )


def _states(outcome: Outcome, changes: Changes) -> dict[str, int]:
    total = changes.predictions
    if outcome.reopens or outcome.is_void:
        counts = {"open" if outcome.reopens else "void": total}
    else:
        # Whatever is neither void nor late is scored under one rule at least.
        scored = len(np.unique(changes.postings["prediction"].copy().view("S16")))
        counts = {"scored": scored, "late": total - scored}
    return {state: count for state, count in counts.items() if count}


def _any(changes: Changes, rule: str) -> bool:
    return any(len(_under(rows, rule)) for rows in (changes.postings, changes.reversals))


def _under(rows: NDArray[np.void], rule: str) -> NDArray[np.void]:
    found: NDArray[np.void] = rows[rows["rule"] == RULES.index(rule)]
    return found


def _postings(rows: NDArray[np.void], wanted: set[UUID], sign: int = 1) -> Postings:
    """The rows about these predictions; a reversal has the sign turned."""
    keys = np.array([key.bytes for key in wanted], "S16")
    mask = np.isin(rows["prediction"].copy().view("S16"), keys)
    return {
        (UUID(bytes=row["prediction"].tobytes()), RULES[row["rule"]]): {
            name: _decimal(sign * int(row[name])) for name in FIGURES
        }
        for row in rows[mask]
    }


def _mean(rows: NDArray[np.void], rule: str, sign: int = 1) -> Figures | None:
    under = _under(rows, rule)
    if not len(under):
        return None
    return {name: _decimal(sign * round(float(under[name].mean()))) for name in FIGURES}


def _decimal(billionths: int) -> Decimal:
    return Decimal(billionths).scaleb(-9)


def _seal(outcomes: Sequence[Outcome], every: Sequence[Outcome], heard: Sequence[Heard]) -> Seal:
    events: dict[UUID, list[str]] = {outcome.pk: [] for outcome in outcomes}
    for row in OutcomeEvidence.objects.filter(outcome__in=outcomes):
        events[row.outcome_id].append(str(row.event_id))
    said = [[*_said(outcome), sorted(events[outcome.pk])] for outcome in outcomes]
    follows = [[*_said(outcome), outcome.question.due_version] for outcome in every]
    posted = [_digest_of(one.changes) for one in heard]
    return Seal(_digest(said), _digest([follows, posted]))


def _said(outcome: Outcome) -> list[Any]:
    """All of an outcome but who entered it when, and its names, which no two acts share."""
    return [
        str(outcome.question_id),
        outcome.answer,
        outcome.void_reason,
        outcome.reopens,
        outcome.settled_at.astimezone(dt.UTC).isoformat(),
        outcome.rationale,
        outcome.correction_reason,
    ]


def _digest_of(changes: Changes) -> list[Any]:
    """The count and the postings and reversals, whatever their order."""
    digests: list[Any] = [changes.predictions]
    for rows in (changes.reversals, changes.postings):
        kind = np.dtype([(name, rows.dtype[name]) for name in _WRITTEN])
        data, width = rows[list(_WRITTEN)].astype(kind).tobytes(), kind.itemsize
        parts = sorted(map(partial(_part, data, width), range(len(rows))))
        digests.append(hashlib.sha256(b"".join(parts)).hexdigest())
    return digests


def _part(data: bytes, width: int, place: int) -> bytes:
    return data[place * width : (place + 1) * width]


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()
