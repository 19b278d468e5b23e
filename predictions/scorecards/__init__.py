"""Reads across tables: totals and scorecards, as frozen records."""

from predictions.scorecards.asked import scope_asked
from predictions.scorecards.board import (
    Compared,
    ForecasterTotals,
    Scoreboard,
    Tally,
    Totals,
    compared,
    scoreboard,
    tally,
)
from predictions.scorecards.calls import Call
from predictions.scorecards.card import Card, calibration_of, scorecard
from predictions.scorecards.others import MIN_QUESTIONS
from predictions.scorecards.scope import Horizon, Scope
from predictions.scorecards.timeline import Period, timeline
from predictions.scorecards.versus import HeadToHead, Shared, head_to_head

__all__ = [
    "MIN_QUESTIONS",
    "Call",
    "Card",
    "Compared",
    "ForecasterTotals",
    "HeadToHead",
    "Horizon",
    "Period",
    "Scope",
    "Scoreboard",
    "Shared",
    "Tally",
    "Totals",
    "calibration_of",
    "compared",
    "head_to_head",
    "scope_asked",
    "scoreboard",
    "scorecard",
    "tally",
    "timeline",
]
