"""What predictions of options, numbers and dates have earned."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from predictions.models import Prediction
from predictions.models.choices import QuestionKind, Rule
from predictions.reckoning.lines import Lines, State
from predictions.reckoning.rows import EARNED, RULES
from predictions.scoring import choice, quantiles
from predictions.scoring.rounding import posted_units
from predictions.scoring.written import Pairs, day_number, written_distribution, written_quantiles

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Group:
    """Predictions that are scored alike: of one kind, on as many options or levels."""

    kind: str
    ordered: bool
    width: int


@dataclass(frozen=True)
class _Said:
    """What was forecast: probabilities, or levels and quantiles; and what came out: the place of
    the option, or the number, of a date in days."""

    group: _Group
    levels: list[float]
    values: list[float]
    came_out: float


def earned_otherwise(lines: Lines) -> NDArray[np.void]:
    """What the predictions on questions that are not of yes or no have earned (`EARNED`).

    Reads what they say in a statement of its own, if there are any. What does not fit its question
    earns nothing: no service has written it, and verification finds it by its entry.
    """
    places = np.flatnonzero(~lines.binary & (lines.state == State.SCORED))
    if not len(places):
        return np.empty(0, EARNED)
    found = _read([UUID(bytes=key) for key in lines.id[places].tolist()])
    groups: dict[_Group, list[tuple[int, _Said]]] = {}
    for place in places.tolist():
        said = found.get(UUID(bytes=lines.id[place].tobytes()))
        if said is not None:
            groups.setdefault(said.group, []).append((place, said))
    parts = [_earned(lines, group, rows) for group, rows in groups.items()]
    return np.concatenate([np.empty(0, EARNED), *parts])


def _earned(lines: Lines, group: _Group, rows: list[tuple[int, _Said]]) -> NDArray[np.void]:
    """Best and worst are the value: nothing here is read off words."""
    places = [place for place, _ in rows]
    scores = _scores(group, [said for _, said in rows])
    found = np.empty((len(rows), len(scores)), EARNED)
    for column, (rule, losses) in zip(found.T, scores.items(), strict=True):
        column["prediction"], column["outcome"] = lines.id[places], lines.outcome[places]
        column["rule"] = RULES.index(rule)
        column["value"] = column["best"] = column["worst"] = posted_units(losses)
    return found.ravel()


def _scores(group: _Group, rows: list[_Said]) -> dict[str, Floats]:
    values = np.array([said.values for said in rows])
    came_out = np.array([said.came_out for said in rows])
    if group.kind != QuestionKind.CHOICE:
        levels = np.array([said.levels for said in rows])
        return {Rule.CRPS: quantiles.crps_from_quantiles(levels, values, came_out)}
    by_distance = group.ordered
    rules: dict[str, Callable[[Floats, NDArray[np.int64]], Floats]] = {
        Rule.RPS if by_distance else Rule.BRIER: (
            choice.ranked_probability_score if by_distance else choice.brier
        ),
        Rule.LOG: choice.log_score,
    }
    return {name: rule(values, came_out.astype(np.int64)) for name, rule in rules.items()}


def _read(predictions: list[UUID]) -> dict[UUID, _Said | None]:
    rows = Prediction.objects.with_state().filter(pk__in=predictions).order_by()
    columns = ("distribution", "quantiles", "outcome_answer")
    question = ("question__kind", "question__ordered", "question__options")
    return {key: _said(*told) for key, *told in rows.values_list("pk", *question, *columns)}


def _said(
    kind: str, ordered: bool, options: list[str], distribution: Any, quantiles: Any, answer: str
) -> _Said | None:
    """None for what is not as it is written; so nothing else is ever scored."""
    try:
        if kind == QuestionKind.CHOICE:
            return _of_options(ordered, options, distribution, answer)
        return _of_quantiles(kind, quantiles, answer)
    except (TypeError, ValueError):
        return None


def _of_options(ordered: bool, options: list[str], pairs: Pairs, answer: str) -> _Said:
    _check_written(pairs, written_distribution(dict(pairs), options))
    shares = [float(share) for _, share in pairs]
    group = _Group(QuestionKind.CHOICE, ordered, len(options))
    return _Said(group, [], shares, options.index(answer))


def _of_quantiles(kind: str, pairs: Pairs, answer: str) -> _Said:
    dates = kind == QuestionKind.DATE
    _check_written(pairs, written_quantiles(dict(pairs), dates=dates))
    number: Callable[[str], float] = day_number if dates else float
    levels = [float(level) for level, _ in pairs]
    values = [number(value) for _, value in pairs]
    return _Said(_Group(kind, False, len(pairs)), levels, values, number(answer))


def _check_written(pairs: Pairs, written: Pairs) -> None:
    if pairs != written:
        raise ValueError(f"{pairs} is not how it is written")
