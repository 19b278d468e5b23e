"""Two forecasters on the questions that they share."""

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db.models import Q

from predictions.errors import Invalid, NotFound
from predictions.models import Forecaster, Question
from predictions.scorecards import lines, narrowing, others
from predictions.scorecards.scope import Scope
from predictions.scoring.comparison import compare


@dataclass(frozen=True)
class Shared:
    """One question on which both were scored: the mean Brier score of each, lower is better."""

    question: str
    text: str
    first: float
    second: float


@dataclass(frozen=True)
class HeadToHead:
    """The comparison of two forecasters, keys and names.

    `difference` is the mean over shared questions of first less second: below 0 the first did
    better. `interval` is its 95 % interval; None with fewer than two questions.
    """

    first: str
    second: str
    first_name: str
    second_name: str
    shared: tuple[Shared, ...]
    wins: int
    ties: int
    losses: int
    difference: float | None
    interval: tuple[float, float] | None

    def as_json(self) -> dict[str, Any]:
        """Plain objects, lists, strings and numbers."""
        return dataclasses.asdict(self)


def head_to_head(first_key: str, second_key: str, scope: Scope = Scope()) -> HeadToHead:  # noqa: B008 -- frozen
    """On questions of yes or no, each once, with the mean over all revisions of either.

    Of the predictions in a scope, which names no forecaster. Raises NotFound for a key that none
    has, and Invalid where both are the same or the scope is wrong; either names the field.
    """
    if scope.forecaster:
        raise Invalid("forecaster", "does not go with a comparison of two; leave it out")
    if first_key == second_key:
        raise Invalid("second", f"is {second_key!r}, as first is; give two forecasters")
    first, second = _forecaster("first", first_key), _forecaster("second", second_key)
    among = Q(forecaster__in=[first, second]) & narrowing.whose(scope)
    scored = lines.read(scope, among).settled()
    shared = _shared(scored, first, second)
    compared = compare(
        *(np.array([getattr(s, who) for s in shared]) for who in ("first", "second"))
    )
    return HeadToHead(
        first=first.key,
        second=second.key,
        first_name=str(first),
        second_name=str(second),
        shared=shared,
        wins=compared.wins,
        ties=compared.ties,
        losses=compared.losses,
        difference=compared.difference,
        interval=compared.interval,
    )


def _forecaster(field: str, key: str) -> Forecaster:
    try:
        return Forecaster.objects.get(key=key)
    except Forecaster.DoesNotExist:
        raise NotFound(f"{field}: there is no forecaster with the key {key!r}") from None


def _shared(scored: lines.Lines, *two: Forecaster) -> tuple[Shared, ...]:
    """The questions on which both were scored, by key."""
    means = [_means(scored, forecaster) for forecaster in two]
    shared = set(means[0]) & set(means[1])
    questions = Question.objects.in_bulk([scored.questions[number] for number in shared])
    return tuple(
        sorted(
            (
                Shared(question.key, question.text, *(by_question[number] for by_question in means))
                for number in shared
                for question in [questions[scored.questions[number]]]
            ),
            key=lambda each: each.question,
        )
    )


def _means(scored: lines.Lines, forecaster: Forecaster) -> dict[int, float]:
    """The mean Brier score on each question, by number."""
    if forecaster.pk not in scored.forecasters:
        return {}
    own = scored.where(scored.forecaster == scored.forecasters.index(forecaster.pk))
    questions, means = others.by_question(own)
    return dict(zip(questions.tolist(), means.tolist(), strict=True))
