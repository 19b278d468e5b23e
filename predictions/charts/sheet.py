"""A figure measured in pixels from its top left, and how everything on it looks."""

from __future__ import annotations

import math
import warnings
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from enum import IntEnum
from functools import lru_cache
from typing import TYPE_CHECKING

from predictions.charts.palette import Palette

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Questions may be in scripts that the font lacks. A browser has them; mail shows a box.
warnings.filterwarnings("ignore", message=r"Glyph \d+ .* missing", category=UserWarning)

MARGIN = 12
TITLE, TEXT, SMALL = 17, 13, 12
_LEADING = 1.35
_HARD_SPACE = "\N{NO-BREAK SPACE}"
_NOTHING = "Nothing scored yet"
_MEANS = {0.0: "best", 0.25: "even chance", 1.0: "worst"}


class Width(IntEnum):
    """In pixels: for a page, and for a telephone."""

    WIDE = 720
    NARROW = 340


class Sheet:
    """A picture under its title and the lines that say what is seen.

    `body` is the height in pixels below `top`, where those lines end.
    """

    def __init__(
        self, palette: Palette, width: int, title: str, told: Iterable[str], body: float
    ) -> None:
        from predictions.charts.plotting import Figure  # slow to import, and seldom called for

        self.palette, self.width = palette, width
        lines = [line for words in told for line in wrapped(words, width - 2 * MARGIN)]
        self.top = MARGIN + TITLE * _LEADING + len(lines) * TEXT * _LEADING + 6
        self.height = self.top + body
        # 72 dots an inch, so that a point, matplotlib's unit, is a pixel.
        self.figure = Figure((width / 72, self.height / 72), dpi=72, facecolor=palette.paper)
        self.write(MARGIN, MARGIN + TITLE, title, size=TITLE, weight="bold", color=palette.ink)
        for place, line in enumerate(lines, 1):
            self.write(MARGIN, MARGIN + TITLE * _LEADING + place * TEXT * _LEADING, line)

    def write(
        self,
        x: float,
        y: float,
        words: str,
        *,
        size: float = TEXT,
        color: str = "",
        weight: str = "normal",
        ha: str = "left",
    ) -> None:
        """Words on the baseline `y`."""
        self.figure.text(
            x / self.width,
            1 - y / self.height,
            printable(words),
            fontsize=size,
            color=color or self.palette.soft,
            fontweight=weight,
            ha=ha,
            va="baseline",
        )

    def axes(self, left: float, top: float, right: float, bottom: float) -> Axes:
        """Axes between four distances from the top left, without a frame."""
        axes = self.figure.add_axes(
            (
                left / self.width,
                1 - bottom / self.height,
                (right - left) / self.width,
                (bottom - top) / self.height,
            ),
            facecolor="none",
        )
        axes.spines[:].set_visible(False)
        axes.set_axisbelow(True)
        axes.tick_params(length=0, pad=6, labelsize=SMALL, labelcolor=self.palette.soft)
        return axes

    def grid(self, axes: Axes, axis: str) -> None:
        axes.grid(axis=axis, color=self.palette.grid, linewidth=1)  # type: ignore[arg-type]

    def dashed(self, axes: Axes, xs: Sequence[float], ys: Sequence[float]) -> None:
        """A line to compare with."""
        style = (0, (4, 3))
        axes.plot(xs, ys, color=self.palette.rule, linewidth=1.25, linestyle=style, zorder=1)

    def count(self, axes: Axes, x: float, count: int) -> None:
        """How many there are, above a bar that is so high."""
        axes.annotate(
            compact(count),
            (x, count),
            (0, 5),
            textcoords="offset points",
            ha="center",
            fontsize=SMALL,
            color=self.palette.ink,
            bbox={"facecolor": self.palette.paper, "edgecolor": "none", "pad": 0},
        )

    def brier(self, axes: Axes, ticks: dict[float, str]) -> None:
        """The axis of a Brier score, from left to right, with what its values mean."""
        labels = [
            "\n".join([told, *self._lines(_MEANS.get(tick, ""))]) for tick, told in ticks.items()
        ]
        axes.set(xlim=(0, 1))
        axes.set_xticks(list(ticks), labels)
        # Those at the ends stay within the axis.
        axes.get_xticklabels()[0].set_horizontalalignment("left")
        axes.get_xticklabels()[-1].set_horizontalalignment("right")

    def _lines(self, words: str) -> list[str]:
        return [words] if self.width == Width.WIDE else words.split(" ", 1)

    def floor(self, axes: Axes) -> None:
        """The line that bars stand on."""
        axes.spines["bottom"].set(visible=True, color=self.palette.rule, linewidth=1)


def nothing(palette: Palette, width: int, title: str) -> Figure:
    """What there is to see before anything was scored."""
    sheet = Sheet(palette, width, title, (), 120)
    sheet.write(width / 2, sheet.top + 60, _NOTHING, size=15, ha="center")
    return sheet.figure


def printable(words: str) -> str:
    """On one line, and without what XML cannot hold."""
    return "".join(
        letter if letter.isprintable() or letter == _HARD_SPACE else " " for letter in words
    )


def wrapped(words: str, room: float, size: float = TEXT) -> list[str]:
    """In lines of at most `room` pixels; a word that is longer is cut."""
    lines: list[str] = []
    for word in filter(None, printable(words).split(" ")):
        if lines and measured(f"{lines[-1]} {word}", size) <= room:
            lines[-1] = f"{lines[-1]} {word}"
        else:
            lines.append(elided(word, room, size))
    return lines


def elided(words: str, room: float, size: float = TEXT, weight: str = "normal") -> str:
    """On one line of at most `room` pixels, its end cut where it must be."""
    words = printable(words)
    if measured(words, size, weight) <= room:
        return words
    # Letters are wider than a pixel, so nothing beyond these could fit.
    ends = range(min(len(words), int(room)) + 1)
    fitting = bisect_right(ends, room, key=lambda end: measured(f"{words[:end]}…", size, weight))
    return f"{words[: max(fitting - 1, 0)].rstrip()}…"


@lru_cache(maxsize=4_096)  # of a picture, the same labels are measured again and again
def measured(words: str, size: float = TEXT, weight: str = "normal") -> float:
    """How many pixels it is wide."""
    from predictions.charts.plotting import FontProperties, text_to_path  # as in `Sheet`

    font = FontProperties(size=size, weight=weight)
    return float(text_to_path.get_text_width_height_descent(words, font, ismath=False)[0])


def compact(count: int) -> str:
    """Four letters at most: 999, 1.2k, 12k, 1.2M."""
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if count >= size:
            places = 1 if count < 10 * size else 0
            return f"{math.floor(count / size * 10**places) / 10**places:g}{letter}"
    return str(count)
