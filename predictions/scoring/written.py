"""How options, numbers and dates are written: in answers, and in what was forecast. Pure.

What was forecast is written as pairs of texts, in order: `[["rye", "0.250000"], …]`, an option and
its probability, or `[["0.100000", "12.500000"], …]`, a level and its quantile. Each function
answers with the one way to write it; ValueError says the problem and the fix.
"""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation

Pairs = list[list[str]]

MOST_OPTIONS = MOST_LEVELS = 100
LARGEST = 1_000_000
_PLACES = 6
_MILLIONTH = Decimal(1).scaleb(-_PLACES)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_NUMBER_RULE = (
    f"numbers lie between -{LARGEST:,} and {LARGEST:,} and have at most {_PLACES} places; what is "
    "beyond is given in a larger unit, such as thousands"
)


def written_number(value: object) -> str:
    """A number as an answer is written: `12.50` as `12.5`, `-0` as `0`."""
    text = f"{_number(value):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def written_date(value: object) -> str:
    """A day, as 2024-02-17."""
    text = str(value)
    try:
        if _DATE.fullmatch(text):
            return dt.date.fromisoformat(text).isoformat()
    except ValueError:
        pass
    raise ValueError(f"{text[:120]!r} is not a date; write it as 2024-02-17")


def day_number(date: str) -> int:
    """Days since the first of the year 1, so that dates subtract."""
    return dt.date.fromisoformat(date).toordinal()


def written_distribution(said: Mapping[str, object], options: Sequence[str]) -> Pairs:
    """The probability of each option, in the order of the options; they add up to exactly 1."""
    if unknown := [option for option in said if option not in options]:
        raise ValueError(f"names {unknown[0][:120]!r}, which is no option of the question")
    if missing := [option for option in options if option not in said]:
        raise ValueError(f"gives no probability of {missing[0]!r}; give one of every option")
    shares = [_share(option, said[option]) for option in options]
    if (total := sum(shares, Decimal())) != 1:
        raise ValueError(f"adds up to {total:f}; make the probabilities add up to exactly 1")
    return [[option, f"{share:f}"] for option, share in zip(options, shares, strict=True)]


def written_quantiles(said: Mapping[str, object], *, dates: bool) -> Pairs:
    """The quantiles by their levels, from the lowest; of dates, or of numbers."""
    if not 2 <= len(said) <= MOST_LEVELS:
        raise ValueError(f"holds {len(said)} levels; give 2 to {MOST_LEVELS}, such as 0.1 and 0.9")
    by_level = _by_level(said)
    levels = sorted(by_level)
    if dates:
        texts = [written_date(by_level[level]) for level in levels]
        order: list[Decimal] = [Decimal(day_number(text)) for text in texts]
    else:
        order = [_number(by_level[level]) for level in levels]
        texts = [f"{value:f}" for value in order]
    for place in range(1, len(order)):
        if order[place] < order[place - 1]:
            raise ValueError(
                f"falls from {texts[place - 1]} to {texts[place]} at level "
                f"{levels[place].normalize():f}; a higher level has no lower value"
            )
    return [[f"{level:f}", text] for level, text in zip(levels, texts, strict=True)]


def _share(option: str, value: object) -> Decimal:
    share = _decimal(value, 0, 1)
    if share is None:
        raise ValueError(
            f"gives {option!r} {str(value)[:120]!r}, which is not a probability: give 0 to 1, at "
            f"most {_PLACES} places"
        )
    return share


def _by_level(said: Mapping[str, object]) -> dict[Decimal, object]:
    found: dict[Decimal, object] = {}
    for name, value in said.items():
        level = _level(name)
        if level in found:
            raise ValueError(f"gives level {level.normalize():f} twice; give each once")
        found[level] = value
    return found


def _level(value: object) -> Decimal:
    level = _decimal(value, 0, 1)
    if level is None or level in (0, 1):
        raise ValueError(
            f"names the level {str(value)[:120]!r}; a level lies between 0 and 1, both excluded, "
            f"with at most {_PLACES} places"
        )
    return level


def _number(value: object) -> Decimal:
    number = _decimal(value, -LARGEST, LARGEST)
    if number is None:
        raise ValueError(f"{str(value)[:120]!r} is not a number here: {_NUMBER_RULE}")
    return number


def _decimal(value: object, least: int, most: int) -> Decimal | None:
    """At the one scale, and without the minus that a zero may carry; None for what is none."""
    try:
        given = Decimal(str(value))
        exact = given.quantize(_MILLIONTH)
    except InvalidOperation:
        return None
    if given.is_nan() or exact != given or not least <= exact <= most:
        return None
    return exact or abs(exact)
