"""Search as people expect it, by indexes: every word stands in a row, or in what the row is about.

The columns of a row that are searched are one text to the database, in capitals; migration
`0011_lists` has an index of the trigrams of just these texts. What a row refers to is looked up
first: the planner does better with some ids than with a join.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib import messages
from django.db.models import F, Func, Model, Q, QuerySet, TextField, Value
from django.db.models.functions import Upper
from django.http import HttpRequest
from django.utils.text import smart_split, unescape_string_literal

from predictions.models import (
    Article,
    Event,
    Forecaster,
    Message,
    Outcome,
    Outlet,
    Phrase,
    Prediction,
    Question,
    Review,
    Statement,
    Topic,
)

SEARCHED: Mapping[type[Model], tuple[str, ...]] = {
    Topic: ("key", "name"),
    Outlet: ("key", "name"),
    Article: ("key", "title", "byline", "sha256"),
    Forecaster: ("key", "name", "note"),
    Phrase: ("phrase", "source", "source_title", "note"),
    Question: ("key", "text", "criteria", "condition", "notes"),
    Prediction: ("reference", "hedge"),
    Statement: ("reference", "hedge", "note"),
    Event: ("key", "title", "text"),
    Outcome: ("rationale", "correction_reason"),
    Review: ("note",),
    Message: ("subject", "recipient", "message_id"),
}
# Shorter words have no trigram of their own.
SHORTEST = 3
# Of what rows refer to: more than so many questions of one word say that it is no good word.
MOST = 500
_QUOTED = re.compile(r"^([\"']).*\1$", re.DOTALL)


class Text(Func):
    """The searched columns of a row as one text, as the index has it."""

    template = "UPPER(%(expressions)s)"
    arg_joiner = " || ' ' || "
    output_field = TextField()


class SearchedAdmin:
    """For a list that is searched by these means."""

    model: Any
    # Foreign keys to what is searched too.
    search_through: tuple[str, ...] = ()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Rows in which each word stands, in any order; words in quotes belong together."""
        if self.model not in SEARCHED and not self.search_through:
            found: tuple[QuerySet[Any], bool] = super().get_search_results(  # type: ignore[misc]
                request, queryset, search_term
            )
            return found
        if self.model in SEARCHED:
            queryset = queryset.alias(searched=_text_of(self.model))
        for word in words_of(search_term):
            queryset = queryset.filter(self._stands(request, word))
        return queryset, False

    def _stands(self, request: HttpRequest, word: str) -> Q:
        found = _in_text(self.model, word)
        for name in self.search_through:
            related = self.model._meta.get_field(name).related_model
            ids, more = _ids(related, word)
            if more:
                messages.warning(request, _too_many(word, related))
            found |= Q(**{f"{name}__in": ids})
        return found


def words_of(term: str) -> Iterable[str]:
    for word in smart_split(term):
        yield unescape_string_literal(word) if _QUOTED.match(word) and len(word) > 1 else word


def _text_of(model: type[Model]) -> Text:
    return Text(*(F(name) for name in SEARCHED[model]))


def _in_text(model: type[Model], word: str) -> Q:
    """Of short words no index knows; of those, keys that begin so."""
    if model not in SEARCHED:
        return Q(pk__in=[])
    if len(word) >= SHORTEST:
        return Q(searched__contains=Upper(Value(word)))
    if SEARCHED[model][0] != "key":
        return Q(pk__in=[])
    return (
        Q(key__startswith=word) | Q(key__startswith=word.upper()) | Q(key__startswith=word.lower())
    )


def _ids(model: type[Model], word: str) -> tuple[list[Any], bool]:
    rows = model._default_manager.alias(searched=_text_of(model)).filter(_in_text(model, word))
    ids = list(rows.order_by().values_list("pk", flat=True)[: MOST + 1])
    return ids[:MOST], len(ids) > MOST


def _too_many(word: str, model: Any) -> str:
    names = model._meta.verbose_name_plural
    return f"“{word}” stands in more than {MOST} {names}; what is about {MOST} of them is listed."
