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
    """The names that these rows (with their tables) refer to: in one query, and one for people.

    The ledger knows people by number alone; histories are for those who may know the name.
    """
    wanted: dict[str, set[str]] = {}
    users = set(actors)
    for _, row in rows:
        for column in _NAMED.keys() & row.keys():
            if row[column]:
                wanted.setdefault(column, set()).add(str(row[column]))
        users.update(f"{_USER}{row[name]}" for name in _OF_USERS if row.get(name))
    return Names(_names(wanted), _people(users))


def _names(wanted: Mapping[str, set[str]]) -> dict[str, str]:
    queries = [_query(column, keys) for column, keys in sorted(wanted.items())]
    if not queries:
        return {}
    together: QuerySet[Any, Any] = queries[0].union(*queries[1:], all=True)
    return {str(key): name or "void" for key, name in together}


def _query(column: str, keys: set[str]) -> "QuerySet[Any, Any]":
    model, name = _NAMED[column]
    rows: QuerySet[Any, Any] = model._default_manager.filter(pk__in=keys).order_by()
    called: QuerySet[Any, Any] = rows.annotate(called=Cast(name, CharField()))
    return called.values_list("pk", "called")


def _people(users: set[str]) -> dict[str, str]:
    numbers = [user.removeprefix(_USER) for user in users if user.startswith(_USER)]
    if not numbers:
        return {}
    people = User.objects.filter(pk__in=numbers).values_list("pk", "username")
    return {f"{_USER}{pk}": name for pk, name in people}
