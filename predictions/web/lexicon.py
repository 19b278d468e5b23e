"""The page that says what words of probability are read as, and on whose word."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from predictions.models import Phrase
from predictions.web.access import readable

# How wide a bar is that stands for all probabilities, and the mark on it, in units of its own.
_BAR, _MARK = 1000, 8


@dataclass(frozen=True)
class Row:
    """A version of a phrase, `older` if another has taken its place, and where its bar lies."""

    phrase: Phrase
    older: bool
    predictions: int  # made with it

    @property
    def start(self) -> int:
        return round(self.phrase.low * _BAR)

    @property
    def length(self) -> int:
        return round((self.phrase.high - self.phrase.low) * _BAR)

    @property
    def mark(self) -> int:
        return round(self.phrase.point * (_BAR - _MARK))


@dataclass(frozen=True)
class Source:
    """Its phrases from the most likely to the least, each followed by its earlier versions."""

    title: str
    detail: str
    rows: Sequence[Row]


@require_safe
@readable
def lexicon_page(request: HttpRequest) -> HttpResponse:
    return render(request, "web/lexicon.html", {"sources": _sources()})


def _sources() -> list[Source]:
    versions: dict[tuple[str, str], list[Row]] = {}
    counts = Count("prediction")
    phrases: QuerySet[Any] = Phrase.objects.annotate(predictions=counts).order_by("-version")
    for phrase in phrases:
        of_phrase = versions.setdefault((phrase.source, phrase.phrase), [])
        of_phrase.append(Row(phrase, older=bool(of_phrase), predictions=phrase.predictions))
    by_source: dict[str, list[list[Row]]] = {}
    for (source, _), rows in versions.items():
        by_source.setdefault(source, []).append(rows)
    # What the editors chose comes after what others have published.
    order = sorted(by_source, key=lambda source: (source == "editorial", source))
    return [_source(by_source[source]) for source in order]


def _source(phrases: list[list[Row]]) -> Source:
    phrases.sort(key=lambda rows: (-rows[0].phrase.point, rows[0].phrase.phrase))
    said = phrases[0][0].phrase
    return Source(said.source_title, said.source_detail, list(chain.from_iterable(phrases)))
