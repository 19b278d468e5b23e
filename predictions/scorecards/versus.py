"""Two forecasters on the questions that they share."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Shared:
    """One question on which both were scored: the mean Brier score of each, lower is better."""

    question: str
    text: str
    first: float
    second: float


@dataclass(frozen=True)
class HeadToHead:
    """The comparison of two forecasters, keys and names.

    `difference` is the mean over shared questions of first less second: below 0 the first did
    better. `interval` is its 95 % interval; None with fewer than two questions.
    """

    first: str
    second: str
    first_name: str
    second_name: str
    shared: tuple[Shared, ...]
    wins: int
    ties: int
    losses: int
    difference: float | None
    interval: tuple[float, float] | None
