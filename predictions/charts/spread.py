"""How many predictions earned how much."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from predictions.charts.palette import Palette
from predictions.charts.picture import Picture, Table
from predictions.charts.sheet import MARGIN, Sheet, Width
from predictions.charts.words import NOTHING, plural, predictions, whole_percent
from predictions.scoring.histogram import Histogram

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_TITLE = "How the scores are spread"
_TOLD = "How many predictions earned which Brier score; further left is better."
_PLOT = 210
_EVEN = 0.25
_TICKS = {0.0: "0", _EVEN: "0.25", 0.5: "0.50", 0.75: "0.75", 1.0: "1"}


def distribution(histogram: Histogram) -> Picture:
    """Of Brier scores, from 0 to 1, in bins of one width."""
    scored = sum(histogram.counts)
    return Picture(
        title=_TITLE,
        gist=_gist(histogram, scored),
        table=Table(
            ("Brier score", "Predictions", "Share"),
            tuple(
                (f"{low:.2f} to {high:.2f}", f"{count:,}", whole_percent(count / max(scored, 1)))
                for low, high, count in _bars(histogram)
            ),
        ),
        draw=partial(_draw, histogram) if scored else None,
    )


def _bars(histogram: Histogram) -> list[tuple[float, float, int]]:
    return list(zip(histogram.edges, histogram.edges[1:], histogram.counts, strict=False))


def _gist(histogram: Histogram, scored: int) -> str:
    if not scored:
        return NOTHING
    low, high, most = max(_bars(histogram), key=lambda bar: bar[2])
    better = sum(count for _, high, count in _bars(histogram) if high <= _EVEN)
    return (
        f"{plural(scored, 'scored prediction')}. The fullest bin is {low:.2f} to {high:.2f}, with "
        f"{most:,}. At least {whole_percent(better / scored)} earned less, which is better, than "
        "an even chance would have, 0.25."
    )


def _draw(histogram: Histogram, palette: Palette, width: Width) -> Figure:
    told = (_TOLD, predictions(sum(histogram.counts)))
    sheet = Sheet(palette, width, _TITLE, told, _PLOT + 74)
    axes = sheet.axes(MARGIN + 4, sheet.top + 16, width - MARGIN - 4, sheet.top + 16 + _PLOT)
    most = max(histogram.counts)
    axes.set(ylim=(0, most * 1.12), yticks=[])
    sheet.brier(axes, _TICKS)
    sheet.floor(axes)
    sheet.dashed(axes, [_EVEN, _EVEN], [0, most * 1.12])
    for low, high, count in _bars(histogram):
        gap = (high - low) * 0.04
        axes.bar(low + gap, count, high - low - 2 * gap, align="edge", color=palette.first)
        # Above each bar, unless they are too many for it: then above the highest.
        if count and (len(histogram.counts) <= 10 or count == most):
            sheet.count(axes, (low + high) / 2, count)
    return sheet.figure
