"""The texts of articles: measured always, kept where somebody chooses to, found again by quotes."""

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction

from predictions.errors import Conflict, Invalid
from predictions.models import Article, ArticleText, Fact
from predictions.services.scrubbing import Words

LONGEST_TEXT = 1_000_000


@dataclass(frozen=True)
class Measured:
    """A text with line ends as LF, its SHA-256 in UTF-8, and the length that offsets count in."""

    text: str
    sha256: str
    characters: int


@dataclass(frozen=True)
class Context:
    """What stands before and after a quote, and whether the text goes on beyond that."""

    before: str
    quote: str
    after: str
    begins: bool
    ends: bool


def text_measure(text: str, field: str = "text") -> Measured:
    """Measure a text. Browsers send CRLF at the end of lines, so CRLF and CR count as LF.

    Raises Invalid for what no database takes and for what is no article.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise Invalid(field, "is empty; paste the article's text, or give its hash and length")
    if len(text) > LONGEST_TEXT:
        raise Invalid(field, f"is longer than {LONGEST_TEXT:,} characters; give hash and length")
    if "\x00" in text or any("\ud800" <= sign <= "\udfff" for sign in text):
        raise Invalid(field, "holds a NUL, or half of a character; paste it as plain text")
    return Measured(text, hashlib.sha256(text.encode()).hexdigest(), len(text))


@transaction.atomic
def article_text_keep(*, article: Article, text: str, now: dt.datetime) -> ArticleText:
    """Keep the text of an article; it must be the one whose hash is recorded."""
    measured = text_measure(text)
    if (measured.sha256, measured.characters) != (article.sha256, article.characters):
        raise Invalid(
            "text",
            f"is another than was recorded: {measured.characters:,} characters with the SHA-256 "
            f"{measured.sha256[:12]}…, not {article.characters:,} with {article.sha256[:12]}…",
        )
    # Locked, so that an erasure under way is waited for.
    if Article.objects.select_for_update(no_key=True).get(pk=article.pk).is_erased:
        raise Conflict(f"{article.key} was erased; its text is not kept again")
    kept, _ = ArticleText.objects.get_or_create(
        article=article, defaults={"text": measured.text, "kept_at": now}
    )
    return kept


def text_of(article: Article) -> str | None:
    """The text, where it was kept."""
    found = ArticleText.objects.filter(article=article).values_list("text", flat=True)
    return found.first()


def context_in(text: str, passage: Mapping[str, Any], around: int = 200) -> Context | None:
    """What stands around a passage of a text; None where it does not stand there."""
    start, quote = passage["offset"], passage["quote"]
    end = start + len(quote)
    if text[start:end] != quote:
        return None
    first, last = max(0, start - around), min(len(text), end + around)
    return Context(text[first:start], quote, text[end:last], first == 0, last == len(text))


def texts_to_drop(row: Fact, words: Words) -> list[UUID]:
    """The kept texts that go when a row is erased: an article's own, and those with its words."""
    texts = ArticleText.objects.values_list("article", "text").iterator(chunk_size=20)
    return [pk for pk, text in texts if pk == row.pk or words.replaced(text) != text]


def texts_drop(row: Fact, words: Words) -> int:
    """Delete them. Nothing can be blanked out in a text that its hash is held to."""
    going = ArticleText.objects.filter(pk__in=texts_to_drop(row, words))
    return going.delete()[0]
