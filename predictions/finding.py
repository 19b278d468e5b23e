"""Bounded looks for rows that people name: by the beginning of a key, by words, by likeness.

Words and likeness are asked of trigram indexes on what is written in capitals.
"""

import time
from collections.abc import Iterable
from typing import Any

from django.contrib.postgres.search import TrigramSimilarity
from django.db import OperationalError, connection, transaction
from django.db.models import Case, IntegerField, Model, Q, QuerySet, When
from django.db.models.functions import Length, Upper
from psycopg.errors import QueryCanceled

from ledger.parts import ERASED
from predictions.models import Article, Forecaster, Outlet, Phrase, Question, Topic, User

MOST = 10
# Of the trigrams of both texts taken together, how many are in both, for one to be the other's
# near-duplicate.
QUESTIONS_ALIKE = 0.45
NAMES_ALIKE = 0.5
# Looked for in turn, the likest first: among many of one pattern all are a bit alike.
_LIKENESSES = (0.95, 0.8, 0.65)
# Of so many that are alike the nearest are taken, and so long they are looked for.
_CANDIDATES = 500
LIKENESS_MILLISECONDS = 300
# Shorter words have no trigram of their own to be looked up by.
_SHORTEST_WORD = 3
_MOST_WORDS = 8
_HOLDING = 200

Alike = list[tuple[Any, float]]


class TooManyAlike(Exception):
    """Not all that may be alike was looked at: it would take too long."""


def questions_like(text: str, *, most: int = 5) -> Alike:
    """The recorded questions, open or settled, whose text is nearest to this one, and how near.

    Raises TooManyAlike, as does `forecasters_like`.
    """
    return _like(Question.objects.all(), "text", text, QUESTIONS_ALIKE, most)


def forecasters_like(name: str, *, most: int = 3) -> Alike:
    """The recorded forecasters whose name is nearest to this one."""
    known = Forecaster.objects.exclude(name=ERASED)
    return _like(known, "name", name, NAMES_ALIKE, most)


def _like(rows: QuerySet[Any], column: str, text: str, threshold: float, most: int) -> Alike:
    if not text.strip():
        return []
    try:
        with transaction.atomic():
            found = _likest((*_LIKENESSES, threshold), rows, column, text.upper(), most)
            # Nothing was written; what was set for this search ends with it.
            transaction.set_rollback(True)
            return found
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise TooManyAlike from error
        raise


def _likest(
    thresholds: Iterable[float], rows: QuerySet[Any], column: str, capitals: str, most: int
) -> Alike:
    until = time.monotonic() + LIKENESS_MILLISECONDS / 1_000
    for threshold in thresholds:
        _set(threshold, max(1, round((until - time.monotonic()) * 1_000)))
        if found := _at_least(rows, column, capitals, most):
            return found
    return []


def _at_least(rows: QuerySet[Any], column: str, capitals: str, most: int) -> Alike:
    written = rows.annotate(capitals=Upper(column))
    candidates = written.filter(capitals__trigram_similar=capitals).order_by()[:_CANDIDATES]
    found = (
        written.filter(pk__in=candidates.values("pk"))
        .annotate(likeness=TrigramSimilarity("capitals", capitals))
        .order_by("-likeness", "key")[:most]
    )
    return [(row, row.likeness) for row in found]


def _set(threshold: float, milliseconds: int) -> None:
    """The likeness is asked of the index itself, so few rows are looked at."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('pg_trgm.similarity_threshold', %s, true),"
            " set_config('statement_timeout', %s, true)",
            [str(threshold), str(milliseconds)],
        )


def find_questions(asked: str) -> QuerySet[Question]:
    return _find(Question.objects.all(), asked, "text")


def find_forecasters(asked: str) -> QuerySet[Forecaster]:
    return _find(Forecaster.objects.exclude(name=ERASED), asked, "name")


def find_outlets(asked: str) -> QuerySet[Outlet]:
    return _find(Outlet.objects.all(), asked, "name")


def find_topics(asked: str) -> QuerySet[Topic]:
    return _find(Topic.objects.all(), asked, "name")


def find_articles(asked: str) -> QuerySet[Article]:
    return _find(Article.objects.all(), asked, "title")


def find_users(asked: str) -> QuerySet[User]:
    """Who may sign in, by the name that they sign in with, or their own."""
    begins = Q(username__istartswith=asked) | Q(first_name__istartswith=asked)
    found = User.objects.filter(begins | Q(last_name__istartswith=asked), is_active=True)
    return found.order_by("username")[:MOST]


def find_phrases(asked: str) -> QuerySet[Phrase]:
    return Phrase.objects.current().filter(phrase__istartswith=asked.strip())[:MOST]


def _find(rows: QuerySet[Any], asked: str, column: str) -> QuerySet[Any]:
    """Rows whose key begins so, and those whose text holds all the words; a key itself is first."""
    asked = asked.strip()
    by_key = Q(key__startswith=asked) | Q(key__startswith=asked.upper())
    words = [word for word in asked.split() if len(word) >= _SHORTEST_WORD][:_MOST_WORDS]
    holds = [Q(**{f"{column}__icontains": word}) for word in words]
    exact = Case(When(key__iexact=asked, then=0), default=1, output_field=IntegerField())
    wanted = rows.filter(by_key).order_by("key").values("pk")[:MOST]
    if holds:
        # Some of those, where the words are in very many.
        holding = rows.filter(_all(holds)).order_by().values("pk")[:_HOLDING]
        wanted = wanted.union(holding, all=True)
    return rows.filter(pk__in=wanted).order_by(exact, "key")[:MOST]


def _all(conditions: Iterable[Q]) -> Q:
    together = Q()
    for condition in conditions:
        together &= condition
    return together


def phrases_in(hedge: str, lexicon: Iterable[Phrase]) -> list[Phrase]:
    """The rows of the lexicon whose words stand in the hedge: those with the longest words."""
    words = f" {' '.join(hedge.lower().split())} "
    spaced = "".join(sign if sign.isalnum() or sign in "'-" else " " for sign in words)
    inside = [
        row for row in lexicon if f" {row.phrase.lower()} " in f" {' '.join(spaced.split())} "
    ]
    longest = max((len(row.phrase) for row in inside), default=0)
    return [row for row in inside if len(row.phrase) == longest]


def next_key(rows: QuerySet[Any], prefix: str) -> str:
    """The key after the last that is this prefix and a number: Q18 after Q17."""
    return f"{prefix}{last_number(rows, 'key', prefix) + 1}"


def last_number(rows: QuerySet[Any], column: str, prefix: str) -> int:
    """The largest number that follows the prefix in the column; 0 where there is none."""
    # Nine digits at most, so that the longest is the largest and fits a number.
    # Of questions an index has just these: written otherwise, it would not be asked.
    numbered = rows.filter(**{f"{column}__regex": rf"^{prefix}[1-9][0-9]{{0,8}}$"})
    last = numbered.annotate(digits=Length(column)).order_by("-digits", f"-{column}")
    key = last.values_list(column, flat=True).first()
    return int(key.removeprefix(prefix)) if key else 0


def named(model: type[Model], words: Iterable[str]) -> dict[str, Any]:
    """The rows that these words name: by their keys, or by names that one row alone has.

    Two queries whatever their number. Capitals matter only between keys that differ in them alone.
    """
    wanted = {word for word in map(str.strip, words) if word}
    if not wanted:
        return {}
    rows: Any = model._default_manager.all()
    spellings = {spelt for word in wanted for spelt in (word, word.upper(), word.lower())}
    found = _of_one(wanted, rows.filter(key__in=spellings), "key")
    rest = wanted - found.keys()
    if not rest or not hasattr(model, "name"):
        return found
    capitals = rows.annotate(capitals=Upper("name"))
    return found | _of_one(
        rest, capitals.filter(capitals__in=[one.upper() for one in rest]), "name"
    )


def _of_one(words: set[str], rows: Iterable[Any], column: str) -> dict[str, Any]:
    """By each word, the row that is written so, or else the only one but for its capitals."""
    by_name: dict[str, list[Any]] = {}
    for row in rows:
        by_name.setdefault(getattr(row, column).lower(), []).append(row)
    found = {}
    for word in words:
        same = by_name.get(word.lower(), [])
        exact = [row for row in same if getattr(row, column) == word]
        if len(exact or same) == 1:
            found[word] = (exact or same)[0]
    return found
