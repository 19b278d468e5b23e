"""Answers to questions of yes or no as they are written: `yes`, `no`, or a fraction between."""

import re
from decimal import Decimal

WHOLE = {"yes": Decimal(1), "no": Decimal(0)}
_WRITTEN = re.compile(r"[01]?(\.[0-9]+)?", re.ASCII)
_PLACES = 6


def share_of_yes(answer: str) -> Decimal:
    """How far it came true, in [0, 1]: 1 for `yes`, 0 for `no`, 0.4 for `0.4`."""
    return WHOLE[answer] if answer in WHOLE else Decimal(answer)


def is_partial(answer: str | None) -> bool:
    """Whether an answer to a question of yes or no is neither of the two."""
    return answer is not None and answer not in WHOLE


def written_answer(text: str) -> str:
    """The one way to write an answer: `0.40` as `0.4`, 1 as `yes`, 0 as `no`.

    Raises ValueError for what is neither yes nor no nor in [0, 1] with at most 6 places.
    """
    if text in WHOLE:
        return text
    if not text or not _WRITTEN.fullmatch(text):
        raise ValueError(f"{text!r} is not a fraction")
    digits = text.rstrip("0").rstrip(".") if "." in text else text
    share = Decimal(digits or 0)
    if share > 1 or len(digits.partition(".")[2]) > _PLACES:
        raise ValueError(f"{text!r} is above 1, or has more than {_PLACES} places")
    whole = {number: word for word, number in WHOLE.items()}
    return whole.get(share, f"{share:f}")
