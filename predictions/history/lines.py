"""A page of an object's history."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db.models import Count

from ledger.listing import COUNTED
from predictions.history.entries import Facts, Said, concerning, entries_before, read
from predictions.history.names import fetched
from predictions.history.words import TOLD, Told, because, rows_told, sentence
from predictions.models import Fact, Outcome
from predictions.models.choices import Rule

LINES = 50
# Of as many predictions as are counted, by every rule.
_POSTINGS = len(Rule) * (COUNTED + 1)
_NAMING = ("question", "prediction", "statement", "bearing", "outcome", "score")


@dataclass(frozen=True)
class Line:
    """One entry: what happened, why, who did it, and when."""

    sequence: int
    time: dt.datetime
    text: str
    because: str
    actor: str


@dataclass(frozen=True)
class History:
    """The newest lines first. `older` is the `until` of those before; None at the end."""

    lines: Sequence[Line]
    older: int | None


def history(row: Fact, *, until: int | None = None) -> History:
    """The entries that concern an object, in words: no more than `LINES`, those before `until`.

    A fixed number of queries, and by indexes, however many entries there are.
    """
    entries = concerning(row, until=until, most=LINES + 1)
    said = read(entries[:LINES])
    before = entries_before(said)
    names = fetched(_naming(said, before, row), actors=[one.actor for one in said])
    scored = _scored(said, row, cut=until is not None)
    lines = [_line(Told(one, row, names, before, scored)) for one in said]
    return History(lines, said[-1].sequence if len(entries) > LINES else None)


def _line(told: Told) -> Line:
    return Line(
        sequence=told.said.sequence,
        time=dt.datetime.fromisoformat(told.said.time),
        text=sentence(told),
        because=because(told.said),
        actor=told.names.actor(told.said.actor),
    )


def _naming(
    said: Sequence[Said], before: dict[str, Said], about: Fact
) -> Iterator[tuple[str, Facts]]:
    """The rows whose ids the sentences turn into names."""
    for one in said:
        for table in _NAMING:
            for row in rows_told(one, table, about)[:TOLD]:
                yield table, row
        for key, entry in one.before.items():
            for saying in (one, before.get(entry)):
                if saying and (found := saying.row(key)):
                    yield found


def _scored(said: Sequence[Said], row: Fact, *, cut: bool) -> dict[str, int]:
    """How many predictions each outcome scored when it was entered, where that can be told.

    Its postings follow it at once. Of those that go on beyond the page (`cut`) nothing is said.
    """
    if isinstance(row, Outcome):
        first = row.scores.filter(reverses=None, round=1).order_by()
        some = first.values("prediction")[:_POSTINGS]
        return {str(row.pk): some.aggregate(count=Count("prediction", distinct=True))["count"]}
    scored: dict[str, int] = {}
    predictions: set[str] = set()
    for one in said:  # the newest first
        if one.kind == "scores.posted":
            predictions |= {score["prediction_id"] for score in one.rows("score")}
        elif one.kind == "scores.reversed":
            continue
        else:
            if not cut:
                scored |= {outcome["id"]: len(predictions) for outcome in one.rows("outcome")}
            predictions, cut = set(), False
    return scored
