"""Pictures of scorecards, drawn once, here, for pages (SVG) and mail (PNG), with their numbers."""

from predictions.charts.months import timeline
from predictions.charts.palette import Theme
from predictions.charts.picture import Picture, Table
from predictions.charts.reliability import calibration
from predictions.charts.sheet import Width
from predictions.charts.spread import distribution
from predictions.charts.versus import head_to_head

__all__ = [
    "Picture",
    "Table",
    "Theme",
    "Width",
    "calibration",
    "distribution",
    "head_to_head",
    "timeline",
]
