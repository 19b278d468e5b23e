"""Where the quotes of a row stand: found in the text, or told by who has it before them."""

from typing import Any

from predictions.services.quotes import Place, quote_find
from predictions.services.texts import context_in

_AROUND = 30


def passages(
    form: Any, quotes: list[str], places: list[int], text: str | None
) -> list[dict[str, object]]:
    """Each quote as the text has it, with its place. What is not clear is said at its field."""
    if text is None:
        return _told(form, quotes, places)
    found = [_found(form, text, quote, places) for quote in quotes]
    return [place.passage for place in found if place]


def _told(form: Any, quotes: list[str], places: list[int]) -> list[dict[str, object]]:
    if len(places) != len(quotes):
        form.add_error(
            "places",
            f"Are {len(places)} for {len(quotes)} quotes; the text is not at hand to find them in.",
        )
    return [Place(offset, quote).passage for offset, quote in zip(places, quotes, strict=False)]


def _found(form: Any, text: str, quote: str, places: list[int]) -> Place | None:
    """The one place of the quote in the text, or the one of several that is told."""
    found = quote_find(text, quote)
    if not found:
        form.add_error("quotes", f"“{quote[:100]}” does not stand in the text; copy it from there.")
        return None
    told = [place for place in found if place.offset in places] if len(found) > 1 else found
    if len(told) == 1:
        return told[0]
    form.add_error("places", f"“{quote[:60]}” stands there {_times(text, found)}. Write which.")
    return None


def _times(text: str, found: list[Place]) -> str:
    return f"{len(found)} times: " + "; ".join(
        f"at {place.offset} (…{context.before}▸{context.after}…)"
        for place in found
        if (context := context_in(text, place.passage, _AROUND))
    )
