"""Where a quote stands in a text, though it was typed with other quotes, dashes or spaces. Pure."""

import re
from dataclasses import dataclass
from itertools import islice

# Signs that keyboards and programs write for one another.
_ALIKE = ("'‘’‛′`´ʼ", '"“”„‟«»″', "-‐‑‒–—−")
_CLASS = {sign: f"[{re.escape(signs)}]" for signs in _ALIKE for sign in signs}
_ELLIPSIS = r"(?:…|\.\.\.)"
_MOST = 20


@dataclass(frozen=True)
class Place:
    """Where a quote stands, and as what: the text's own signs and spaces."""

    offset: int
    quote: str

    @property
    def passage(self) -> dict[str, object]:
        return {"offset": self.offset, "quote": self.quote}


def quote_find(text: str, quote: str) -> list[Place]:
    """Every place in the text where the quote stands, at most 20; exactly so, if it does."""
    quote = quote.strip()
    if not quote:
        return []
    exact = _found(text, re.escape(quote))
    return exact or _found(text, _tolerant(quote))


def _found(text: str, pattern: str) -> list[Place]:
    matches = islice(re.finditer(pattern, text), _MOST)
    return [Place(match.start(), match[0]) for match in matches]


def _tolerant(quote: str) -> str:
    return r"\s+".join(_word(word) for word in quote.split())


def _word(word: str) -> str:
    parts = word.replace("...", "…").split("…")
    return _ELLIPSIS.join("".join(_CLASS.get(s, re.escape(s)) for s in part) for part in parts)
