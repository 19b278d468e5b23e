"""What was said, and where: quotes with their place in the article."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from predictions.models import Article, Prediction


@dataclass(frozen=True)
class Passage:
    """A quote; the words around it are empty where the article's text is not at hand."""

    quote: str
    before: str
    after: str
    # `from character 1,204 of 5,310 of The almanac`
    place: str


@dataclass(frozen=True)
class Said:
    """A prediction with its passages."""

    prediction: Prediction
    passages: tuple[Passage, ...]


def said_of(predictions: Iterable[Prediction]) -> list[Said]:
    return [
        Said(row, tuple(_passage(passage, row.article) for passage in row.passages))
        for row in predictions
    ]


def context_of(passage: dict[str, Any], article: Article | None) -> tuple[str, str]:
    """The words before and after a quote. Articles' texts are not kept, so there are none."""
    return "", ""


def _passage(passage: dict[str, Any], article: Article | None) -> Passage:
    before, after = context_of(passage, article)
    place = f"from character {passage['offset']:,}"
    if article is not None:
        place += f" of {article.characters:,} of {article.title}"
    return Passage(passage["quote"], before, after, place)
