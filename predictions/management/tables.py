"""Figures in a terminal."""

import textwrap
from collections.abc import Sequence

WIDTH = 100


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines with the first column to the left and the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if place else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def figure(value: float | None, places: int = 3) -> str:
    return "-" if value is None else f"{value:.{places}f}"


def percent(value: float | None) -> str:
    return "-" if value is None else f"{value * 100:.4g} %"


def interval(ends: tuple[float, float] | None, places: int = 3) -> str:
    return "-" if ends is None else f"{ends[0]:.{places}f} to {ends[1]:.{places}f}"


def counted(number: int, one: str) -> str:
    return f"{number} {one}" if number == 1 else f"{number} {one}s"


def short(text: str, room: int) -> str:
    return textwrap.shorten(text, room, placeholder=" ...")
