"""Taking a person's words out of operational rows: mail, kept answers, the admin's own log,
what was said of files that were uploaded.

Facts are not touched here: what stands in their free texts and quotes is editorial.
"""

import html
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from django.contrib.admin.models import LogEntry
from django.db import models
from django.utils.html import escape

from predictions.models import IdempotencyKey, Message, Upload
from predictions.services import packing

# The digest of a request to which an answer was kept: it could confirm a guess at who was named.
_NO_DIGEST = ""
# No texts. Of an address: whose messages these are is decided by `user_erase`.
_KEPT = {"recipient", "message_id", "state", "sha256", "digest"}
# A report carries up to a few megabytes.
_ROWS_A_TURN = 20
_Models = tuple[type[models.Model], ...]
COPIES: _Models = (Message, IdempotencyKey, LogEntry, Upload)


class Words:
    """Words to be replaced: whole, in every spelling that mail, JSON and addresses give them."""

    def __init__(self, placeholders: Mapping[str, str]) -> None:
        """`placeholders` says what stands instead of each; empty words are passed over."""
        self._instead = {
            _key(spelling): placeholder
            for word, placeholder in placeholders.items()
            for spelling in _spellings(word)
        }
        # The longest first: a name that begins with another is still one.
        patterns = sorted(map(_pattern, self._instead), key=len, reverse=True)
        self._any = re.compile(rf"(?<!\w)(?:{'|'.join(patterns) or '(?!)'})(?!\w)")

    def replaced(self, text: str) -> str:
        return self._any.sub(lambda found: self._instead[_key(found[0])], text)

    def within(self, value: Any) -> Any:
        """The value of a JSON column with every text in it replaced."""
        match value:
            case str():
                return self.replaced(value)
            case list():
                return [self.within(item) for item in value]
            case {"base64": str(), "type": packing.ZIP}:
                return value | {"base64": self._within_zip(value["base64"])}
            case {"base64": str()}:
                return value  # a picture: it names nobody, and letters in it are no words
            case dict():
                return {key: self.within(item) for key, item in value.items()}
        return value

    def _within_zip(self, content: str) -> str:
        """As it is where there is nothing to replace: to the byte."""
        name, text = packing.unpacked(content)
        changed = self.replaced(text)
        return content if changed == text else packing.packed(name, changed)


def _key(spelling: str) -> str:
    return " ".join(spelling.split())


def _pattern(key: str) -> str:
    """Mail wraps its lines, also within a name."""
    return r"\s+".join(re.escape(part) for part in key.split())


def _spellings(word: str) -> Iterator[str]:
    if word.strip():
        yield word
        yield html.escape(word)
        yield escape(word)
        yield quote(word)
        yield word.replace('"', '""')  # in CSV
        yield json.dumps(word)[1:-1]
        yield json.dumps(word, ensure_ascii=False)[1:-1]


def copies_count(words: Words) -> int:
    """How many operational rows hold one of the words."""
    return sum(1 for model in COPIES for _ in _holding(model, words))


def copies_scrub(words: Words, *, within: _Models = COPIES) -> int:
    """Replace the words in every operational row that holds one; returns how many rows.

    A row's state is left alone, as a delivery may be changing it at this moment.
    """
    count = 0
    for model in within:
        for pk, changed in _holding(model, words):
            if model is IdempotencyKey:
                # Sent again, the request is refused as another one, and not done twice.
                changed["request_digest"] = _NO_DIGEST
            if model is IdempotencyKey and "key" in changed:
                changed["key"] = f"erased-{pk}"  # still unlike every other
            model._default_manager.filter(pk=pk).update(**changed)
            count += 1
    return count


def _holding(model: type[models.Model], words: Words) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Key, and changed columns, of each row that holds one of the words."""
    fields = [
        field
        for field in model._meta.concrete_fields
        if isinstance(field, models.CharField | models.TextField | models.JSONField)
        and field.name not in _KEPT
    ]
    names = [field.name for field in fields]
    for row in model._default_manager.only("pk", *names).iterator(chunk_size=_ROWS_A_TURN):
        changed = {
            field.name: _fitting(field, new)
            for field in fields
            if (new := words.within(old := getattr(row, field.name))) != old
        }
        if changed:
            yield row.pk, changed


def _fitting(field: Any, value: Any) -> Any:
    longest = getattr(field, "max_length", None)
    return value[:longest] if longest and isinstance(value, str) else value
