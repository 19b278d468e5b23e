"""The mean Brier score, month by month."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from predictions.charts.palette import Palette
from predictions.charts.picture import Picture, Table
from predictions.charts.sheet import MARGIN, SMALL, Sheet, Width
from predictions.charts.words import NOTHING, interval, plural, predictions, score
from predictions.scorecards.timeline import Period

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_TITLE = "Scores over time"
_TOLD = "Mean Brier score of each month’s outcomes, with its 95 % interval; lower is better."
_PLOT, _STRIP = 230, 52
_EVEN = 0.25
# How high the axis may end, and its steps; the even chance is always in view.
_SCALES = ((0.3, 0.1), (0.5, 0.1), (0.75, 0.25), (1.0, 0.25))
# Up to all the years that there are: a file may tell of any.
_MONTHS = (1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1_200, 6_000, 12_000, 60_000)
_LABELLED = 12
_LEAST = 6  # months that the axis spans, so that one month is no wall


def timeline(periods: Sequence[Period]) -> Picture:
    """`periods` in order of time; months in which nothing was settled need not be there."""
    return Picture(
        title=_TITLE,
        gist=_gist(periods),
        table=Table(
            ("Settled in", "Scored", "Mean Brier", "95 % interval"),
            tuple(
                (f"{p.start:%B %Y}", f"{p.scored:,}", score(p.mean_brier), interval(p.interval))
                for p in periods
            ),
        ),
        draw=partial(_draw, tuple(periods)) if periods else None,
    )


def _gist(periods: Sequence[Period]) -> str:
    if not periods:
        return NOTHING
    scored = sum(period.scored for period in periods)
    best = min(periods, key=lambda period: period.mean_brier)
    worst = max(periods, key=lambda period: period.mean_brier)
    first, last = periods[0], periods[-1]
    if len(periods) == 1:
        return (
            f"{plural(scored, 'scored prediction')}, all settled in {first.start:%B %Y}. Mean "
            f"Brier score {score(first.mean_brier)}; lower is better."
        )
    return (
        f"{plural(scored, 'scored prediction')} in {len(periods)} months from "
        f"{first.start:%B %Y} to {last.start:%B %Y}. The monthly mean Brier score runs from "
        f"{score(best.mean_brier)} ({best.start:%B %Y}) to {score(worst.mean_brier)} "
        f"({worst.start:%B %Y}); lower is better."
    )


def _draw(periods: tuple[Period, ...], palette: Palette, width: Width) -> Figure:
    told = (_TOLD, predictions(sum(period.scored for period in periods)))
    sheet = Sheet(palette, width, _TITLE, told, _PLOT + _STRIP + 96)
    left, right = MARGIN + 38, width - MARGIN - 50
    top = sheet.top + 12
    plot = sheet.axes(left, top, right, top + _PLOT)
    strip = sheet.axes(left, top + _PLOT + 36, right, top + _PLOT + 36 + _STRIP)
    sheet.write(left, top + _PLOT + 22, "Scored predictions", size=SMALL)
    first, last = _month(periods[0].start), _month(periods[-1].start)
    room = max(0.8, (last - first) * 0.03, (_LEAST - (last - first)) / 2)
    for axes in (plot, strip):
        axes.set(xlim=(first - room, last + room), xticks=[])
    _means(sheet, plot, periods)
    _counts(sheet, strip, periods)
    _months(strip, first, last, 9 if width == Width.WIDE else 4)
    return sheet.figure


def _month(day: dt.date) -> int:
    return day.year * 12 + day.month - 1


def _means(sheet: Sheet, axes: Axes, periods: tuple[Period, ...]) -> None:
    palette = sheet.palette
    top = max(max(p.mean_brier, p.interval[1] if p.interval else 0) for p in periods)
    limit, step = next((scale for scale in _SCALES if top <= scale[0] * 0.98), _SCALES[-1])
    axes.set(ylim=(0, limit), yticks=[step * n for n in range(round(limit / step) + 1)])
    sheet.grid(axes, "y")
    sheet.dashed(axes, axes.get_xlim(), [_EVEN, _EVEN])
    axes.annotate(
        "even\nchance",
        (1, _EVEN),
        (6, 0),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        va="center",
        fontsize=SMALL,
        color=palette.soft,
    )
    _intervals(sheet, axes, periods)
    for run in _runs(periods):
        xs, ys = [_month(p.start) for p in run], [p.mean_brier for p in run]
        axes.plot(xs, ys, color=palette.first, linewidth=2, zorder=3)
    xs, ys = [_month(p.start) for p in periods], [p.mean_brier for p in periods]
    size = 7 if len(periods) <= 60 else 3
    # Over the edge: a mean of 0 or 1 is a whole circle.
    axes.plot(
        xs,
        ys,
        "o",
        markersize=size,
        color=palette.first,
        markeredgecolor=palette.paper,
        clip_on=False,
        zorder=4,
    )


def _intervals(sheet: Sheet, axes: Axes, periods: tuple[Period, ...]) -> None:
    """Each as far as the axis goes, which is as far as scores do, and an arrow where it goes on."""
    given = [(_month(p.start), *p.interval) for p in periods if p.interval]
    if not given:
        return
    xs, lows, highs = (np.array(values) for values in zip(*given, strict=True))
    (_, limit), colour = axes.get_ylim(), sheet.palette.first
    axes.vlines(xs, lows.clip(0), highs.clip(max=limit), color=colour, linewidth=1.25, zorder=2)
    for beyond, y, mark in ((lows < 0, 0, "v"), (highs > limit, limit, "^")):
        arrows = np.full(beyond.sum(), y)
        axes.plot(xs[beyond], arrows, mark, color=colour, markersize=5, clip_on=False, zorder=2)


def _runs(periods: tuple[Period, ...]) -> list[list[Period]]:
    """Two months and more in a row; no line is drawn over a month of which nothing is known."""
    runs: list[list[Period]] = []
    for period in periods:
        if runs and _month(period.start) == _month(runs[-1][-1].start) + 1:
            runs[-1].append(period)
        else:
            runs.append([period])
    return [run for run in runs if len(run) > 1]


def _counts(sheet: Sheet, axes: Axes, periods: tuple[Period, ...]) -> None:
    fullest = max(periods, key=lambda period: period.scored)
    axes.set(ylim=(0, fullest.scored * 1.4), yticks=[])
    sheet.floor(axes)
    for period in periods:
        x = _month(period.start)
        axes.bar(x, period.scored, 0.7, color=sheet.palette.rule)
        if len(periods) <= _LABELLED or period is fullest:
            sheet.count(axes, x, period.scored)


def _months(axes: Axes, first: int, last: int, most: int) -> None:
    """Names of months, or of years, as many as there is room for."""
    step = next(step for step in _MONTHS if (last - first) // step < most)
    ticks = [month for month in range(first, last + 1) if month % step == 0] or [first]
    labels = []
    for month in ticks:
        year, name = str(month // 12), f"{dt.date(2000, month % 12 + 1, 1):%b}"
        if step >= 12 and month % 12 == 0:
            labels.append(year)
        else:
            labels.append(f"{name}\n{year}" if month == ticks[0] or month % 12 == 0 else name)
    axes.set_xticks(ticks, labels)
