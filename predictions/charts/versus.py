"""Two forecasters, question by question."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from predictions.charts.palette import Palette
from predictions.charts.picture import Picture, Table
from predictions.charts.sheet import MARGIN, SMALL, TEXT, Sheet, Width, elided, wrapped
from predictions.charts.words import NOTHING, interval, plural, score, signed
from predictions.scorecards.versus import HeadToHead, Shared

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_TITLE = "Head to head"
_MOST = 15
_KEY, _LINE = 22, 17
_TICKS = {0.0: "0", 0.25: "0.25", 0.5: "0.50", 0.75: "0.75", 1.0: "1"}


def head_to_head(found: HeadToHead) -> Picture:
    """Every shared question in the table; drawn are those on which the two are furthest apart."""
    return Picture(
        title=_TITLE,
        gist=" ".join(_told(found)) if found.shared else NOTHING,
        table=Table(
            ("Question", found.first_name, found.second_name, "Difference"),
            tuple(
                (
                    f"{one.question}: {one.text}",
                    score(one.first),
                    score(one.second),
                    signed(one.first - one.second, 3),
                )
                for one in found.shared
            ),
        ),
        draw=partial(_draw, found) if found.shared else None,
    )


def _told(found: HeadToHead) -> tuple[str, ...]:
    shared = len(found.shared)
    ties = f", {plural(found.ties, 'tie')}" if found.ties else ""
    won = (
        f"On {plural(shared, 'shared question')}, {found.first_name} did better on {found.wins}, "
        f"{found.second_name} on {found.losses}{ties}."
    )
    return won, _difference(found)


def _difference(found: HeadToHead) -> str:
    if found.difference is None:
        return ""
    mean = f"Mean difference in Brier score {signed(found.difference)}"
    if found.interval is None:
        return f"{mean}; one question is too few for an interval."
    low, high = found.interval
    verdict = "which holds 0: it may be chance" if low <= 0 <= high else "which does not hold 0"
    return f"{mean}; 95 % interval {interval(found.interval)}, {verdict}."


def _draw(found: HeadToHead, palette: Palette, width: Width) -> Figure:
    rows = sorted(found.shared, key=lambda one: -abs(one.first - one.second))[:_MOST]
    told = list(_told(found))
    told.append("Brier score of each on each question; further left is better.")
    if len(rows) < len(found.shared):
        told.append(f"Shown: the {len(rows)} on which they are furthest apart.")
    lines = 1 if width == Width.WIDE else 2  # of a question's text
    row = 34 + lines * _LINE
    sheet = Sheet(palette, width, _TITLE, told, 2 * _KEY + len(rows) * row + 74)
    top = sheet.top + 2 * _KEY + 16
    axes = sheet.axes(MARGIN + 40, top, width - MARGIN - 44, top + len(rows) * row)
    axes.set(ylim=(len(rows) * row, 0), yticks=[])
    sheet.brier(axes, _TICKS)
    for place, one in enumerate(rows):
        _question(sheet, one, top + place * row + lines * _LINE, lines)
        _row(sheet, axes, one, place * row + lines * _LINE + 16)
    _key(sheet, found, sheet.top + 6)
    return sheet.figure


def _question(sheet: Sheet, one: Shared, y: float, lines: int) -> None:
    """On at most so many lines, the last of them on the baseline `y`."""
    room = sheet.width - 2 * MARGIN
    told = wrapped(f"{one.question}: {one.text}", room)
    if len(told) > lines:
        told[lines - 1 :] = [elided(" ".join(told[lines - 1 :]), room)]
    for above, line in enumerate(reversed(told)):
        sheet.write(MARGIN, y - above * _LINE, line, color=sheet.palette.ink)


def _row(sheet: Sheet, axes: Axes, one: Shared, y: float) -> None:
    """A track with both marks on it, and on the outer side of each its figure."""
    palette = sheet.palette
    axes.plot([0, 1], [y, y], color=palette.grid, linewidth=1, clip_on=False, zorder=1)
    axes.vlines(list(_TICKS), y - 4, y + 4, color=palette.grid, linewidth=1, clip_on=False)
    axes.plot([one.first, one.second], [y, y], color=palette.rule, linewidth=2, zorder=2)
    left, right = sorted((one.first, one.second))
    sides = ((left, "right", -9), (right, "left", 9))
    for value, ha, away in sides if left < right else sides[1:]:
        axes.annotate(
            score(value, 2),
            (value, y),
            (away, 0),
            textcoords="offset points",
            ha=ha,
            va="center_baseline",
            fontsize=SMALL,
            color=palette.soft,
        )
    _mark(palette, axes, one.first, y, first=True)
    _mark(palette, axes, one.second, y, first=False)


def _mark(palette: Palette, axes: Axes, x: float, y: float, *, first: bool) -> None:
    """A disc, or a smaller diamond that lies on it where both earned the same."""
    axes.plot(
        x,
        y,
        "o" if first else "D",
        markersize=12 if first else 7,
        color=palette.first if first else palette.second,
        markeredgecolor=palette.paper,
        clip_on=False,
        zorder=3 if first else 4,
    )


def _key(sheet: Sheet, found: HeadToHead, top: float) -> None:
    for place, name in enumerate((found.first_name, found.second_name)):
        y = top + place * _KEY
        axes = sheet.axes(MARGIN, y, MARGIN + 16, y + 16)
        axes.set(xlim=(0, 1), ylim=(0, 1), xticks=[], yticks=[])
        _mark(sheet.palette, axes, 0.5, 0.5, first=place == 0)
        colour = sheet.palette.second if place else sheet.palette.first
        room = sheet.width - 2 * MARGIN - 24
        words = elided(name, room, weight="bold")
        sheet.write(MARGIN + 24, y + TEXT, words, color=colour, weight="bold")
