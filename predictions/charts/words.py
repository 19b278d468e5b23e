"""Counts and figures as pictures and their tables write them."""

from predictions.templatetags.figures import score

__all__ = [
    "NOTHING",
    "interval",
    "plural",
    "predictions",
    "score",
    "signed",
    "whole_percent",
]

NOTHING = "Nothing scored yet."
# Below this many predictions a picture warns that they are few.
_FEW = 30


def plural(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def predictions(number: int) -> str:
    """How many a picture is drawn from, and whether these are few."""
    few = ": few, so read it with care" if number < _FEW else ""
    return f"{plural(number, 'scored prediction')}{few}."


def whole_percent(share: float) -> str:
    return f"{share * 100:.0f}\N{NO-BREAK SPACE}%"


def interval(bounds: tuple[float, float] | None, places: int = 2) -> str:
    if bounds is None:
        return "–"
    low, high = bounds
    return f"{signed(low, places, plus='')} to {signed(high, places, plus='')}"


def signed(value: float, places: int = 2, plus: str = "+") -> str:
    """With a true minus; what rounds to nothing has no sign."""
    rounded = round(value, places)
    sign = "−" if rounded < 0 else plus if rounded > 0 else ""
    return f"{sign}{abs(rounded):.{places}f}"
