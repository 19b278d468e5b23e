"""What was said, and where: quotes with their place in the article, and what stands around them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from predictions.models import Article, ArticleText, Prediction, User
from predictions.services.texts import context_in


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


def may_read_texts(user: User) -> bool:
    """A text is kept for those whose work is with it."""
    return user.has_perm("predictions.add_article") or user.has_perm("predictions.add_outcome")


def said_of(predictions: Iterable[Prediction], user: User) -> list[Said]:
    """The passages of predictions, as their reader may see them; at most one query."""
    rows = list(predictions)
    texts = _texts({row.article_id for row in rows if row.article_id and row.passages}, user)
    return [
        Said(row, tuple(_passage(passage, row.article, texts) for passage in row.passages))
        for row in rows
    ]


def _texts(articles: set[UUID], user: User) -> dict[UUID, str]:
    if not articles or not may_read_texts(user):
        return {}
    kept = ArticleText.objects.filter(article__in=articles)
    return dict(kept.values_list("article", "text"))


def _passage(passage: dict[str, Any], article: Article | None, texts: dict[UUID, str]) -> Passage:
    place = f"from character {passage['offset']:,}"
    if article is None:
        return Passage(passage["quote"], "", "", place)
    place += f" of {article.characters:,} of {article.title}"
    around = context_in(texts.get(article.pk, ""), passage)
    before, after = (around.before, around.after) if around else ("", "")
    return Passage(passage["quote"], before, after, place)
