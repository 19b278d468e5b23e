"""A stranger with an old report asks whether it still holds, with and without JavaScript."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.integration.service import Service


@pytest.mark.parametrize("javascript", [True, False])
@pytest.mark.parametrize("width", [400, 1400])
def test_an_old_report_is_checked_on_a_page(
    browser: Browser, running: Service, *, javascript: bool, width: int
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, java_script_enabled=javascript
    )
    try:
        _check(context.new_page(), running.address)
    finally:
        context.close()


def _check(page: Page, address: str) -> None:
    elsewhere: list[str] = []
    page.on(
        "request",
        lambda asked: (
            None if asked.url.startswith((address, "data:")) else elsewhere.append(asked.url)
        ),
    )
    page.goto(address)
    page.get_by_role("link", name="Ledger", exact=True).click()
    size = page.locator("dd").first.inner_text()
    root = page.locator("dd code").first.inner_text()

    # As long as a whole report; longer than a server takes as an address.
    line = "> A line of the report.\n"
    kept = f"Dear reader,\n{line * 300}> {size} entries, root\n> {root}\n"
    page.get_by_label("Paste what stands in your report").fill(kept)
    page.get_by_role("button", name="Check").first.click()
    yes = rf"✓ Yes: today’s ledger of \d+ entries begins with exactly those {size} entries\."
    expect(page.get_by_role("status")).to_contain_text(re.compile(yes))

    page.get_by_label("Number of entries").fill(size)
    page.get_by_label("Root", exact=True).fill("ab" * 32)
    page.get_by_role("button", name="Check").last.click()
    expect(page.get_by_role("status")).to_contain_text("✗ No: this ledger is not the one you were")

    page.get_by_label("Paste what stands in your report").fill("Good morning")
    page.get_by_role("button", name="Check").first.click()
    expect(page.get_by_role("alert")).to_contain_text("Not checked.")
    wide = page.locator("html").bounding_box()
    viewport = page.viewport_size
    assert wide
    assert viewport
    assert wide["width"] <= viewport["width"]
    assert elsewhere == []


def test_the_verifier_and_the_newest_note_are_downloaded_from_the_page(
    page: Page, running: Service
) -> None:
    page.goto(f"{running.address}/ledger/")
    with page.expect_download() as started:
        page.get_by_role("link", name="verifier.py").click()
    assert started.value.suggested_filename == "verifier.py"
    page.get_by_role("link", name="This note as a file").click()
    expect(page.locator("body")).to_contain_text("— ")
