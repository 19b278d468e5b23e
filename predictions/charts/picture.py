"""A picture, what it says in words, and its numbers."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from predictions.charts.palette import PALETTES, STAND_INS, VARIABLES, Palette, Theme
from predictions.charts.sheet import Width, nothing, printable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SVG = "{http://www.w3.org/2000/svg}"
_UNDATED = {"Date": None, "Creator": None, "Format": None, "Type": None}
_STYLE = (
    f":root{{color-scheme:light dark;{PALETTES[Theme.LIGHT].as_css()}}}"
    f"@media(prefers-color-scheme:dark){{:root{{{PALETTES[Theme.DARK].as_css()}}}}}"
    "*{stroke-linejoin:round}text{font-family:system-ui,sans-serif;white-space:pre}"
)
ElementTree.register_namespace("", "http://www.w3.org/2000/svg")
ElementTree.register_namespace("xlink", "http://www.w3.org/1999/xlink")


@dataclass(frozen=True)
class Table:
    """The numbers of a picture as they are read; each row as long as the headers."""

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Picture:
    """`draw` makes the figure in the colours and the width asked for; None where nothing is scored.

    `gist` says the same in a sentence or two, for whoever cannot see it.
    """

    title: str
    gist: str
    table: Table
    draw: Callable[[Palette, Width], Figure] | None

    def svg(self, width: Width = Width.WIDE) -> bytes:
        """Text as text, in the reader's font and in the theme of the reader's device.

        The same bytes for the same figures.
        """
        drawn = BytesIO()
        self.figure(STAND_INS, width).savefig(drawn, format="svg", metadata=_UNDATED)
        return _dressed(drawn.getvalue(), self.title, self.gist)

    def png(self, theme: Theme = Theme.LIGHT, width: Width = Width.WIDE) -> bytes:
        """With two dots a pixel, for what shows no SVG. The same bytes for the same figures."""
        drawn = BytesIO()
        figure = self.figure(PALETTES[theme], width)
        figure.savefig(drawn, format="png", dpi=144, metadata={"Software": None})
        return drawn.getvalue()

    def figure(self, palette: Palette, width: Width) -> Figure:
        if self.draw is None:
            return nothing(palette, width, self.title)
        return self.draw(palette, width)


def _dressed(drawn: bytes, title: str, desc: str) -> bytes:
    """What matplotlib wrote, with a title, in variable colours, and without what is not needed."""
    root = ElementTree.fromstring(drawn)  # noqa: S314  we wrote it ourselves a moment ago
    for unneeded in ("metadata", f"defs/{_SVG}style/.."):
        for element in root.findall(f"{_SVG}{unneeded}"):
            root.remove(element)
    for element in root.iter():
        element.tail = None
        if element.text and not element.text.strip():
            element.text = None
        _restyle(element)
    root.attrib |= {"role": "img", "aria-labelledby": "title desc"}
    for name in ("width", "height"):
        root.set(name, root.get(name, "").removesuffix("pt"))
    for place, (tag, words) in enumerate((("title", title), ("desc", desc), ("style", _STYLE))):
        element = ElementTree.Element(f"{_SVG}{tag}", {} if tag == "style" else {"id": tag})
        element.text = printable(words)
        root.insert(place, element)
    dressed: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return dressed


def _restyle(element: ElementTree.Element) -> None:
    style = re.sub(r"font-family: [^;]*;? ?", "", element.get("style", ""))
    if style:
        element.set("style", re.sub(r"#0000[0-9a-f]{2}", lambda found: VARIABLES[found[0]], style))
    if element.get("transform", "").startswith("rotate(-0 "):
        del element.attrib["transform"]
    if element.tag == f"{_SVG}g":
        element.attrib.pop("id", None)
    for name in ("d", "x", "y"):
        if place := element.get(name):
            # To a hundredth of a pixel.
            element.set(name, " ".join(re.sub(r"(\.\d\d)\d+", r"\1", place).split()))
