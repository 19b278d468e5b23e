"""Chance that can be repeated: the seed is printed, and LEDGER_SEED sets it."""

import os
import random


def seed(purpose: str) -> int:
    """From LEDGER_SEED, or a new one. Printed, so that pytest shows it with a failure."""
    given = os.environ.get("LEDGER_SEED", "")
    if given and not given.isdecimal():
        raise ValueError(f"LEDGER_SEED is {given!r}; give a whole number, or leave it out")
    chosen = int(given) if given else random.SystemRandom().randrange(2**32)
    print(f"{purpose}: LEDGER_SEED={chosen}")  # noqa: T201 -- what it is for
    return chosen
