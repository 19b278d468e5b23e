"""What text, keys and probabilities must be like, whoever gives them. Pure.

Each answers with the value as it is stored, or raises Invalid, which names the field.
"""

import re
import unicodedata
from decimal import Decimal, InvalidOperation

from predictions.errors import Invalid

KEY_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"
KEY_RULE = (
    "must be 1 to 100 letters, digits, dots, dashes or underscores, with no sign at its beginning"
)

# Three such texts, of letters that take three bytes each, still fit into an entry.
_LONGEST_TEXT = 7_000
_SIX_PLACES = Decimal("0.000001")
_KEY = re.compile(KEY_PATTERN.strip("^$"))


def clean_text(value: str, field: str) -> str:
    """Text as every machine writes it alike: normal form C, without what no database takes."""
    if len(value) > _LONGEST_TEXT:
        raise Invalid(field, f"is longer than {_LONGEST_TEXT:,} characters; shorten it")
    if "\x00" in value:
        raise Invalid(field, "holds a NUL character; remove it")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise Invalid(field, "holds half of a character (a lone surrogate); remove it")
    return unicodedata.normalize("NFC", value).strip()


def checked_key(value: str, field: str) -> str:
    """A key, by which people, files and addresses know a row."""
    if not _KEY.fullmatch(value):
        raise Invalid(field, f"{value[:120]!r} is no key: it {KEY_RULE}")
    return value


def checked_probability(value: object, field: str) -> Decimal:
    """A probability as it is stored: a Decimal in [0, 1] with at most 6 places."""
    try:
        given = Decimal(str(value))
        # Of one scale, and without the minus that a zero may carry: as the database gives it back.
        probability = abs(given.quantize(_SIX_PLACES))
    except InvalidOperation:
        probability = given = Decimal("NaN")
    if given.is_nan() or probability != given or probability > 1:
        raise Invalid(field, f"{value} is not a probability: give 0 to 1, at most 6 places")
    return probability
