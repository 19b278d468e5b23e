"""Colours by what they are for, in two themes.

The two series are blue and vermilion after Okabe and Ito, "Color Universal Design" (2008), the
vermilion darkened on white until words can be written in it; on black, sky blue and orange. Text
stands out from the paper by 4.5 or more, marks by 3 (WCAG 2.2, 1.4.3 and 1.4.11).
"""

from dataclasses import asdict, dataclass
from enum import StrEnum


class Theme(StrEnum):
    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True)
class Palette:
    """As `#rrggbb`."""

    paper: str
    ink: str  # what is to be read first
    soft: str  # what explains
    rule: str  # lines to compare with
    grid: str  # lines to read off by: there to be overlooked
    band: str  # what chance alone would do; always with an edge in `rule`
    first: str
    second: str

    def as_css(self) -> str:
        return "".join(f"--{name}:{colour};" for name, colour in asdict(self).items())


PALETTES = {
    Theme.LIGHT: Palette(
        paper="#ffffff",
        ink="#1d2129",
        soft="#5f6775",
        rule="#6b727e",
        grid="#e4e6ea",
        band="#e3e7ec",
        first="#0072b2",
        second="#b84a00",
    ),
    Theme.DARK: Palette(
        paper="#1f2229",
        ink="#e6e8ec",
        soft="#a3a9b5",
        rule="#8b93a1",
        grid="#31353f",
        band="#323843",
        first="#56b4e9",
        second="#e69f00",
    ),
}

_NAMES = tuple(Palette.__annotations__)
# Colours that nobody wants, to be found again in what was drawn, and their variables in CSS.
STAND_INS = Palette(**{name: f"#0000{place:02x}" for place, name in enumerate(_NAMES, 1)})
VARIABLES = {colour: f"var(--{name})" for name, colour in asdict(STAND_INS).items()}
