"""Who and what the ids in entries are, asked for together."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import CharField, F, Model, QuerySet, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Concat

from predictions.models import (
    Event,
    Forecaster,
    Outcome,
    Outlet,
    Phrase,
    Question,
    Topic,
    User,
)

_USER = "user:"
_SERVICE = {"system": "the service"}
# Columns that name a row of another table; those of users are of numbers.
_OF_USERS = ("reviewer_id",)
_PHRASE = Concat(
    "phrase",
    Value(" ("),
    "source",
    Value(", version "),
    Cast("version", CharField()),
    Value(")"),
    output_field=CharField(),
)
_NAMED: dict[str, tuple[type[Model], Combinable]] = {
    "topic_id": (Topic, F("name")),
    "outlet_id": (Outlet, F("name")),
    "forecaster_id": (Forecaster, F("name")),
    "question_id": (Question, F("key")),
    "event_id": (Event, F("title")),
    "phrase_id": (Phrase, _PHRASE),
    "corrects_id": (Outcome, F("answer")),
    "outcome_id": (Outcome, F("answer")),
    "follows_id": (Outcome, F("question__key")),
}


@dataclass(frozen=True)
class Names:
    """Names by id, and people by `user:<id>`."""

    rows: Mapping[str, str] = field(default_factory=dict)
    people: Mapping[str, str] = field(default_factory=dict)

    def of(self, key: Any) -> str:
        return self.people.get(f"{_USER}{key}") or self.rows.get(str(key)) or str(key)

    def actor(self, actor: str) -> str:
        return self.people.get(actor) or _SERVICE.get(actor) or actor


def fetched(rows: Iterable[tuple[str, Mapping[str, Any]]], actors: Iterable[str] = ()) -> Names:
    """The names that these rows (with their tables) refer to: in one query.

    The ledger knows people by number alone; histories are for those who may know the name.
    """
    wanted: dict[str, set[str]] = {}
    users = set(actors)
    for _, row in rows:
        for column in _NAMED.keys() & row.keys():
            if row[column]:
                wanted.setdefault(column, set()).add(str(row[column]))
        users.update(f"{_USER}{row[name]}" for name in _OF_USERS if row.get(name))
    queries = [_query(column, keys) for column, keys in sorted(wanted.items())]
    if numbers := [user.removeprefix(_USER) for user in users if user.startswith(_USER)]:
        queries.append(_people(numbers))
    if not queries:
        return Names()
    together: QuerySet[Any, Any] = queries[0].union(*queries[1:], all=True)
    called = dict(together)
    people = {key: name for key, name in called.items() if key.startswith(_USER)}
    return Names({key: called[key] or "void" for key in called.keys() - people}, people)


def _query(column: str, keys: set[str]) -> "QuerySet[Any, Any]":
    model, name = _NAMED[column]
    rows: QuerySet[Any, Any] = model._default_manager.filter(pk__in=keys).order_by()
    return _called(rows, Cast("pk", CharField()), name)


def _people(numbers: list[str]) -> "QuerySet[Any, Any]":
    key = Concat(Value(_USER), Cast("pk", CharField()), output_field=CharField())
    return _called(User.objects.filter(pk__in=numbers).order_by(), key, F("username"))


def _called(rows: "QuerySet[Any, Any]", key: Combinable, name: Combinable) -> "QuerySet[Any, Any]":
    told: QuerySet[Any, Any] = rows.annotate(told=key, called=Cast(name, CharField()))
    return told.values_list("told", "called")
