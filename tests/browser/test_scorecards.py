"""The pages of figures and pictures, on a telephone and on a desk, by day and by night."""

import re
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.integration.service import Service

PAGES = (
    "/",
    "/scorecard/",
    "/scorecard/?forecaster=columnist-seed-000",
    "/head-to-head/?first=columnist-seed-000&second=the-sun-analysis",
    "/lexicon/",
)
WIDTH = "document.documentElement.scrollWidth"
PICTURES = "[...document.images].every(image => image.complete && image.naturalWidth > 100)"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1400])
def test_every_page_fits_and_complains_of_nothing(
    browser: Browser, running: Service, *, width: int, scheme: Literal["light", "dark"]
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("requestfailed", lambda request: said.append(request.url))
    try:
        for path in PAGES:
            answer = page.goto(f"{running.address}{path}")
            assert answer
            assert answer.ok
            assert page.evaluate(PICTURES), path
            assert page.evaluate(WIDTH) <= width, path
    finally:
        context.close()
    assert said == []


def test_a_reader_goes_from_the_standings_to_a_scorecard_and_narrows_it(
    page: Page, running: Service
) -> None:
    page.goto(running.address)
    page.get_by_role("link", name="Columnist, seed article 000").click()
    expect(page.get_by_role("heading", name="Columnist, seed article 000")).to_be_visible()
    expect(page.get_by_role("note")).to_contain_text("A small sample")
    page.get_by_label("How far ahead").select_option("more than 366 days")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_label("How far ahead")).to_have_value("longer")
    expect(page.locator("main")).to_contain_text("looking ahead more than 366 days")
    page.get_by_role("link", name="Head to head").click()
    page.get_by_label("First").select_option("The Sun, analysis")
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("alert")).to_contain_text("second: is missing")
    page.get_by_label("Second").select_option("Columnist, seed article 000")
    page.get_by_role("button", name="Compare").click()
    said = re.compile("On 1 shared question, The Sun, analysis did better on 1")
    expect(page.get_by_role("img")).to_have_attribute("alt", said)


@pytest.mark.parametrize(("scheme", "paper"), [("light", (255, 255, 255)), ("dark", (31, 34, 41))])
def test_a_picture_wears_the_readers_theme(
    browser: Browser,
    running: Service,
    *,
    scheme: Literal["light", "dark"],
    paper: tuple[int, int, int],
) -> None:
    page = browser.new_page(color_scheme=scheme)
    try:
        page.goto(f"{running.address}/charts/distribution.svg")
        told = "getComputedStyle(document.querySelector('path')).fill"
        assert page.evaluate(told) == f"rgb{paper}"
    finally:
        page.close()
