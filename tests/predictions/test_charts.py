"""Pictures as they are really drawn: read as XML, opened as images, measured."""

import datetime as dt
import itertools
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from io import BytesIO
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text
from PIL import Image

from predictions import charts
from predictions.charts import Picture, Theme, Width
from predictions.charts.palette import PALETTES, Palette
from predictions.scorecards import HeadToHead, Period, Shared
from predictions.scoring.calibration import Bin, Calibration, Curve, Floats
from predictions.scoring.histogram import Histogram

SVG = "{http://www.w3.org/2000/svg}"


def calibrated(points: int, each: int = 3) -> Calibration:
    """So many predictions at each of so many probabilities, all a little too sure."""
    p = np.linspace(0.0, 1.0, points) if points > 1 else np.array([0.7])
    share = 0.15 + 0.7 * p  # at 0, 0.1, 0.9 and 1 further from p than the band below
    bins = [
        Bin(low / 10, (low + 1) / 10, int(inside.sum()) * each, p[inside].mean(), share[inside][0])
        for low in range(10)
        if (inside := np.minimum((p * 10).astype(int), 9) == low).any()
    ]
    low, high = np.clip(p - 0.1, 0, 1), np.clip(p + 0.1, 0, 1)
    return Calibration(tuple(bins), Curve(p, share, low, high, np.full(points, each)))


def months(first: int, count: int, step: int = 1, scored: int = 7) -> list[Period]:
    """`first` counts months from the year 2000."""
    numbers = [first + step * place for place in range(count)]
    return [
        Period(
            dt.date(2000 + number // 12, number % 12 + 1, 1),
            dt.date(2000 + (number + 1) // 12, (number + 1) % 12 + 1, 1),
            scored,
            0.05 + 0.1 * (place % 3),
            None if place % 4 == 3 else (-0.4, 0.3 + 0.1 * (place % 3)),
        )
        for place, number in enumerate(numbers)
    ]


def met(pairs: list[tuple[float, float]], text: str = "Will it rain in May?") -> HeadToHead:
    shared = tuple(Shared(f"Q{n}", text, *pair) for n, pair in enumerate(pairs, 1))
    gaps = [first - second for first, second in pairs]
    return HeadToHead(
        "first",
        "second",
        "The almanac, in its yearly edition for farmers and for everybody else",
        "The crowd",
        shared,
        sum(gap < 0 for gap in gaps),
        sum(gap == 0 for gap in gaps),
        sum(gap > 0 for gap in gaps),
        sum(gaps) / len(gaps) if gaps else None,
        (-0.6, 0.1) if len(gaps) > 1 else None,
    )


def spread(*counts: int) -> Histogram:
    return Histogram(tuple(np.linspace(0, 1, len(counts) + 1).tolist()), counts)


EMPTY = {
    "calibration": charts.calibration(None),
    "timeline": charts.timeline([]),
    "distribution": charts.distribution(spread(*[0] * 10)),
    "head-to-head": charts.head_to_head(met([])),
}
DRAWN = {
    "calibration": charts.calibration(calibrated(11)),
    "calibration of one probability": charts.calibration(calibrated(1)),
    "calibration of very many": charts.calibration(calibrated(101, each=123_456)),
    "timeline": charts.timeline(months(281, 5, step=2)),
    "timeline of a month": charts.timeline(months(281, 1)),
    "timeline of ten years": charts.timeline(months(160, 120, scored=12_345)),
    "timeline of a century": charts.timeline(months(0, 100, step=12)),
    "distribution": charts.distribution(spread(6, 2, 1, 2, 0, 0, 1, 0, 0, 12_345)),
    "distribution in fine bins": charts.distribution(spread(*range(40))),
    "head-to-head": charts.head_to_head(met([(0.0, 1.0), (1.0, 0.0), (0.04, 0.04), (0.2, 0.21)])),
    "head-to-head on one": charts.head_to_head(met([(0.3, 0.2)])),
    "head-to-head on many": charts.head_to_head(
        met([(n / 60, 0.5) for n in range(60)], "Will " + "wheat, rye and barley, " * 9 + "grow?")
    ),
}
EVERY = {**DRAWN, **{f"no {name}": picture for name, picture in EMPTY.items()}}
every = pytest.mark.parametrize("picture", EVERY.values(), ids=EVERY.keys())
KINDS = ("calibration", "timeline", "distribution", "head-to-head", "no timeline")
each_kind = pytest.mark.parametrize("picture", [EVERY[kind] for kind in KINDS], ids=KINDS)
each_width = pytest.mark.parametrize("width", Width)


def read(svg: bytes) -> ElementTree.Element:
    return ElementTree.fromstring(svg)  # noqa: S314  our own


def texts(svg: bytes) -> str:
    root = read(svg)
    return " ".join("".join(text.itertext()) for text in root.iter(f"{SVG}text"))


@each_width
@every
def test_an_svg_says_what_it_shows_and_is_small(picture: Picture, width: Width) -> None:
    svg = picture.svg(width)
    root = read(svg)
    title, desc = root[0], root[1]
    assert (title.tag, title.text) == (f"{SVG}title", picture.title)
    assert (desc.tag, desc.text) == (f"{SVG}desc", picture.gist)
    assert root.get("aria-labelledby") == f"{title.get('id')} {desc.get('id')}"
    assert (root.get("role"), root.get("width")) == ("img", str(width.value))
    assert picture.title in texts(svg)
    assert len(svg) < 60_000


@each_width
@every
def test_an_svg_wears_the_themes_colours_alone_and_asks_for_nothing(
    picture: Picture, width: Width
) -> None:
    root = read(picture.svg(width))
    [style] = root.iter(f"{SVG}style")
    assert "@media(prefers-color-scheme:dark)" in (style.text or "")
    for element in root.iter():
        assert element.tag != f"{SVG}metadata"
        for name, value in element.attrib.items():
            assert "http" not in value
            if name.endswith("href"):
                assert value.startswith("#")
            if name in ("style", "fill", "stroke"):
                assert "#" not in value, "a colour that no theme changes"


@each_kind
def test_the_same_figures_are_the_same_bytes(picture: Picture) -> None:
    with ThreadPoolExecutor(4) as threads:
        svgs = set(threads.map(lambda _: picture.svg(), range(4)))
        pngs = set(threads.map(lambda _: picture.png(), range(2)))
    assert len(svgs) == len(pngs) == 1


@pytest.mark.parametrize("theme", Theme)
@each_width
@each_kind
def test_a_png_has_two_dots_a_pixel_on_the_themes_paper(
    picture: Picture, width: Width, theme: Theme
) -> None:
    png = picture.png(theme, width)
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    with Image.open(BytesIO(png)) as image:
        height = float(read(picture.svg(width)).get("height", "0"))
        assert image.width == 2 * width
        assert abs(image.height - 2 * height) <= 2
        corner = image.convert("RGB").getpixel((0, 0))
        assert corner == tuple(bytes.fromhex(PALETTES[theme].paper[1:]))
        colours = image.convert("RGB").getcolors(1 << 24)
        assert colours
        assert len(colours) > 8, "nothing is drawn"


@each_width
@every
def test_no_words_are_cut_off_or_written_over_others(picture: Picture, width: Width) -> None:
    figure = picture.figure(PALETTES[Theme.LIGHT], width)
    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    boxes = [
        (words.get_text(), words.get_window_extent(canvas.get_renderer()))
        for words in figure.findobj(Text)
        if words.get_visible() and words.get_text().strip()
    ]
    for words, box in boxes:
        assert box.x0 >= 0, words
        assert box.y0 >= 0, words
        assert box.x1 <= figure.bbox.x1, words
        assert box.y1 <= figure.bbox.y1, words
    for (words, box), (others, other) in itertools.combinations(boxes, 2):
        # Lines of one text come close to one another, as lines do.
        across = min(box.x1, other.x1) - max(box.x0, other.x0)
        down = min(box.y1, other.y1) - max(box.y0, other.y0)
        assert across <= 0 or down <= 2, f"{words!r} and {others!r}"


@pytest.mark.parametrize("picture", EMPTY.values(), ids=EMPTY.keys())
def test_a_picture_of_nothing_says_so(picture: Picture) -> None:
    assert "Nothing scored yet" in texts(picture.svg())
    assert picture.gist == "Nothing scored yet."


def test_a_picture_of_few_predictions_says_how_many_and_that_they_are_few() -> None:
    for name in ("calibration", "timeline", "distribution"):
        few, many = DRAWN[name], DRAWN["calibration of very many"]
        assert "scored predictions" in texts(few.svg())
        assert "scored predictions" in few.gist
        assert "few, so read it with care" not in texts(many.svg())
    assert "33 scored predictions." in texts(DRAWN["calibration"].svg())
    assert "7 scored predictions: few, so read it" in texts(DRAWN["timeline of a month"].svg())
    assert "On 4 shared questions" in texts(DRAWN["head-to-head"].svg())


def test_the_table_beside_has_the_pictures_numbers() -> None:
    table = charts.calibration(
        Calibration(
            (Bin(0.9, 1.0, 4, 0.9375, 0.5),),
            calibrated(1).curve,
        )
    ).table
    assert table.headers == ("Said", "Predictions", "Said on average", "Came true")
    assert table.rows == (
        ("90–100\N{NO-BREAK SPACE}%", "4", "94\N{NO-BREAK SPACE}%", "50\N{NO-BREAK SPACE}%"),
    )
    assert DRAWN["timeline"].table.rows[0] == ("June 2023", "7", "0.050", "−0.40 to 0.30")
    assert DRAWN["timeline"].table.rows[3][-1] == "–"
    assert DRAWN["distribution"].table.rows[-1] == (
        "0.90 to 1.00",
        "12,345",
        "100\N{NO-BREAK SPACE}%",
    )
    assert DRAWN["head-to-head"].table.rows[0] == (
        "Q1: Will it rain in May?",
        "0.000",
        "1.000",
        "−1.000",
    )
    for picture in EVERY.values():
        assert {len(row) for row in picture.table.rows} <= {len(picture.table.headers)}
    assert len(DRAWN["head-to-head on many"].table.rows) == 60


def test_a_head_to_head_says_who_is_ahead_and_whether_it_may_be_chance() -> None:
    gist = DRAWN["head-to-head"].gist
    assert "did better on 2, The crowd on 1, 1 tie." in gist
    assert "95 % interval −0.60 to 0.10, which holds 0: it may be chance." in gist
    assert "one question is too few for an interval" in DRAWN["head-to-head on one"].gist
    assert "Shown: the 15 on which they" in texts(DRAWN["head-to-head on many"].svg())


def test_a_calibration_says_how_much_lies_outside_of_the_band() -> None:
    assert "For 36\N{NO-BREAK SPACE}% of the predictions" in charts.calibration(calibrated(11)).gist
    assert "stays within" in charts.calibration(calibrated(1)).gist


@pytest.mark.filterwarnings("ignore:Glyph")
def test_words_of_any_kind_stay_words() -> None:
    odd = "Will $x$ be </text><script>alert(1)</script> & \x0b\x00\ud800 “#000001” 日本?"
    picture = charts.head_to_head(met([(0.1, 0.2)], odd))
    root = read(picture.svg())
    assert not list(root.iter(f"{SVG}script"))
    assert "Will $x$ be </text><script>alert(1)</script> & “#000001” 日本?" in texts(picture.svg())


def luminance(colour: str) -> float:
    return float(linear(colour) @ [0.2126, 0.7152, 0.0722])


def linear(colour: str) -> Floats:
    """sRGB of `#rrggbb` as light (IEC 61966-2-1)."""
    values = np.array(list(bytes.fromhex(colour[1:]))) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """WCAG 2.2."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


# Machado, Oliveira and Fernandes, "A Physiologically-based Model for Simulation of Color Vision
# Deficiency" (2009), at severity 1.
BLINDNESS = {
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
}


def oklab(light: Floats) -> Floats:
    """Björn Ottosson's perceptual space (2020); a distance of 0.02 is just seen."""
    lms = np.array(
        [
            [0.4122214708, 0.5363325363, 0.0514459929],
            [0.2119034982, 0.6806995451, 0.1073969566],
            [0.0883024619, 0.2817188376, 0.6299787005],
        ]
    )
    lab = np.array(
        [
            [0.2104542553, 0.7936177850, -0.0040720468],
            [1.9779984951, -2.4285922050, 0.4505937099],
            [0.0259040371, 0.7827717662, -0.8086757660],
        ]
    )
    seen: Floats = lab @ np.cbrt(lms @ light)
    return seen


each_palette = pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES.keys())


@each_palette
def test_text_and_marks_stand_out_from_the_paper(palette: Palette) -> None:
    for name in ("ink", "soft", "first", "second"):
        assert contrast(asdict(palette)[name], palette.paper) >= 4.5, name
    for name in ("rule", "first", "second"):
        assert contrast(asdict(palette)[name], palette.paper) >= 3, name
        assert contrast(asdict(palette)[name], palette.band) >= 3, name
    assert contrast(palette.soft, palette.band) >= 4.5


@pytest.mark.parametrize("matrix", BLINDNESS.values(), ids=BLINDNESS.keys())
@each_palette
def test_the_colour_blind_tell_the_series_apart(
    palette: Palette, matrix: list[list[float]]
) -> None:
    def seen(colour: str) -> Floats:
        return oklab(np.clip(np.array(matrix) @ linear(colour), 0, 1))

    for one, other in itertools.combinations(("first", "second", "rule"), 2):
        apart = np.linalg.norm(seen(asdict(palette)[one]) - seen(asdict(palette)[other]))
        assert apart > 0.08, (one, other)
    assert np.linalg.norm(seen(palette.first) - seen(palette.second)) > 0.15


def test_the_two_of_a_head_to_head_differ_in_shape_as_well() -> None:
    """In greys alone: the disc and the diamond are other pictures, not only other colours."""
    one = charts.head_to_head(met([(0.2, 0.8)])).figure(PALETTES[Theme.LIGHT], Width.WIDE)
    markers = {line.get_marker() for axes in one.axes for line in axes.lines}
    assert {"o", "D"} <= markers
