"""Reads across tables: totals and scorecards, as frozen records."""

from predictions.scorecards.board import (
    Compared,
    ForecasterTotals,
    Scoreboard,
    Totals,
    compared,
    scoreboard,
)
from predictions.scorecards.scope import Horizon, Scope
from predictions.scorecards.timeline import Period
from predictions.scorecards.versus import HeadToHead, Shared

__all__ = [
    "Compared",
    "ForecasterTotals",
    "HeadToHead",
    "Horizon",
    "Period",
    "Scope",
    "Scoreboard",
    "Shared",
    "Totals",
    "compared",
    "scoreboard",
]
