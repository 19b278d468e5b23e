"""The reliability diagram after Dimitriadis, Gneiting and Jordan, "Stable reliability diagrams for
probabilistic classifiers" (PNAS 2021), with the forecasts' histogram beneath it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from predictions.charts.palette import Palette
from predictions.charts.picture import Picture, Table
from predictions.charts.sheet import MARGIN, SMALL, TEXT, Sheet, Width, compact, measured, wrapped
from predictions.charts.words import NOTHING, plural, predictions, whole_percent
from predictions.scoring.calibration import Bin, Calibration, Curve, Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_TITLE = "Calibration"
_TOLD = "How often it came true (upwards), by how likely it was said to be (to the right)."
_STRIP = 46
_COLUMN = 250  # of the key, on a wide sheet
_TICKS = [0, 0.25, 0.5, 0.75, 1]
# What each mark is, in the order of the key.
_KEY = {
    "bin": "Forecasts of like probability, averaged; the larger, the more of them",
    "curve": "All forecasts: the rising curve that fits best (isotonic, CORP)",
    "band": "Where that curve would run nine times in ten if the forecasts were right",
    "diagonal": "As often as it was said",
}


def calibration(found: Calibration | None) -> Picture:
    """Of predictions on questions of yes or no; of none where nothing is scored."""
    bins = found.bins if found else ()
    return Picture(
        title=_TITLE,
        gist=_gist(found) if found else NOTHING,
        table=Table(
            ("Said", "Predictions", "Said on average", "Came true"),
            tuple(
                (
                    f"{one.low * 100:.0f}–{whole_percent(one.high)}",
                    f"{one.count:,}",
                    whole_percent(one.mean_probability),
                    whole_percent(one.share),
                )
                for one in bins
            ),
        ),
        draw=partial(_draw, found) if found else None,
    )


def _count(found: Calibration) -> int:
    return sum(one.count for one in found.bins)


def _gist(found: Calibration) -> str:
    curve = found.curve
    outside = (curve.recalibrated < curve.low) | (curve.recalibrated > curve.high)
    share = float(curve.counts[outside].sum() / curve.counts.sum())
    fullest = max(found.bins, key=lambda one: one.count)
    verdict = (
        "The recalibration curve stays within what chance alone would do to perfect forecasts."
        if share == 0
        else f"For {whole_percent(share)} of the predictions the recalibration curve lies outside "
        "of what chance alone would do to perfect forecasts nine times in ten; one tenth would be "
        "no surprise."
    )
    return (
        f"{plural(_count(found), 'scored prediction')}. In the fullest bin, of {fullest.count:,} "
        f"given {whole_percent(fullest.mean_probability)} on average, "
        f"{whole_percent(fullest.share)} came true. {verdict}"
    )


def _draw(found: Calibration, palette: Palette, width: Width) -> Figure:
    wide = width == Width.WIDE
    left = MARGIN + 46
    right = width - MARGIN - (_COLUMN if wide else 16)
    side = right - left
    key = {mark: wrapped(told, (_COLUMN if wide else width) - 72) for mark, told in _KEY.items()}
    above = 0 if wide else sum(_tall(lines) for lines in key.values()) + 6
    told = (_TOLD, predictions(_count(found)))
    sheet = Sheet(palette, width, _TITLE, told, above + side + _STRIP + 104)
    top = sheet.top + above + 14
    axes = sheet.axes(left, top, right, top + side)
    strip = sheet.axes(left, top + side + 36, right, top + side + 36 + _STRIP)
    _look(sheet, axes)
    _band(palette, axes, found.curve)
    _curve(palette, axes, found.curve)
    _bins(palette, axes, found.bins)
    _strip(sheet, strip, found.bins)
    sheet.write(left, top + side + 22, "Number of predictions", size=SMALL)
    _keys(sheet, key, right + 28 if wide else MARGIN, top if wide else sheet.top + 6)
    return sheet.figure


def _look(sheet: Sheet, axes: Axes) -> None:
    axes.set(xlim=(0, 1), ylim=(0, 1), xticks=_TICKS, yticks=_TICKS)
    axes.set_xticklabels([])
    axes.set_yticklabels([whole_percent(tick) for tick in _TICKS])
    sheet.grid(axes, "both")
    sheet.dashed(axes, [0, 1], [0, 1])
    for x, y, words, ha, va in (
        (0.03, 0.97, "came true more\noften than said", "left", "top"),
        (0.97, 0.03, "came true less\noften than said", "right", "bottom"),
    ):
        axes.text(x, y, words, ha=ha, va=va, fontsize=SMALL, color=sheet.palette.soft)


def _band(palette: Palette, axes: Axes, curve: Curve) -> None:
    p, low, high = _ends(curve.p), _wide(curve.low), _wide(curve.high)
    axes.fill_between(p, low, high, color=palette.band, linewidth=0, zorder=0.5)
    for edge in (low, high):
        axes.plot(p, edge, color=palette.rule, linewidth=0.75, zorder=0.6)


def _curve(palette: Palette, axes: Axes, curve: Curve) -> None:
    p, recalibrated = _ends(curve.p), _wide(curve.recalibrated)
    axes.plot(p, recalibrated, color=palette.first, linewidth=2.5, clip_on=False)


def _ends(p: Floats) -> Floats:
    """A single probability with a little to either side: a point would show no line."""
    return p if len(p) > 1 else np.array([p[0] - 0.04, p[0] + 0.04])


def _wide(values: Floats) -> Floats:
    return values if len(values) > 1 else np.repeat(values, 2)


def _bins(palette: Palette, axes: Axes, bins: tuple[Bin, ...]) -> None:
    """Circles whose areas are as their counts, but none too small to see."""
    most = max(one.count for one in bins)
    axes.scatter(
        [one.mean_probability for one in bins],
        [one.share for one in bins],
        [max(24, 240 * one.count / most) for one in bins],
        facecolors=palette.paper,
        edgecolors=palette.second,
        linewidths=2,
        clip_on=False,
        zorder=4,
    )


def _strip(sheet: Sheet, axes: Axes, bins: tuple[Bin, ...]) -> None:
    most = max(one.count for one in bins)
    room = axes.bbox.width * min(one.high - one.low for one in bins)
    all_fit = all(measured(compact(one.count), SMALL) < room for one in bins)
    axes.set(xlim=(0, 1), ylim=(0, most * 1.4), yticks=[])
    axes.set_xticks(_TICKS, [whole_percent(tick) for tick in _TICKS])
    sheet.floor(axes)
    for one in bins:
        axes.bar(
            one.low + 0.004,
            one.count,
            one.high - one.low - 0.008,
            align="edge",
            color=sheet.palette.rule,
        )
        if all_fit or one.count == most:
            sheet.count(axes, (one.low + one.high) / 2, one.count)


def _tall(lines: list[str]) -> float:
    return len(lines) * TEXT * 1.3 + 8


def _keys(sheet: Sheet, key: dict[str, list[str]], x: float, y: float) -> None:
    """Each mark as it is drawn, and beside it what it means."""
    for mark, lines in key.items():
        axes = sheet.axes(x, y, x + 24, y + TEXT * 1.3)
        axes.set(xlim=(0, 1), ylim=(0, 1), xticks=[], yticks=[])
        _sample(sheet, axes, mark)
        for place, line in enumerate(lines, 1):
            sheet.write(x + 32, y + place * TEXT * 1.3 - 4, line)
        y += _tall(lines)


def _sample(sheet: Sheet, axes: Axes, mark: str) -> None:
    palette = sheet.palette
    if mark == "bin":
        axes.scatter(
            0.5, 0.5, 110, facecolors=palette.paper, edgecolors=palette.second, linewidths=2
        ).set_clip_on(False)
    elif mark == "curve":
        axes.plot([0, 1], [0.5, 0.5], color=palette.first, linewidth=2.5)
    elif mark == "band":
        axes.fill_between([0, 1], 0.1, 0.9, facecolor=palette.band, edgecolor=palette.rule, lw=0.75)
    else:
        sheet.dashed(axes, [0, 1], [0.5, 0.5])
