"""Makes the README's pictures: `.venv/bin/python docs/make_screenshots.py`, with a Chromium found.

Starts the service on a folder of its own, signs in, and photographs pages as an editor sees them.
"""

import datetime as dt
import re
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
sys.path.insert(0, str(ROOT))

from playwright.sync_api import Page, sync_playwright  # noqa: E402

from tests.browser.conftest import ARGUMENTS, chromium, sign_in  # noqa: E402
from tests.integration.service import Service, service, wait_for  # noqa: E402


def main() -> int:
    path = chromium()
    if path is None:
        sys.stderr.write("make_screenshots: no Chromium found; install one\n")
        return 2
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, service(Path(folder) / "var") as running:
        running.wait_until_ready()
        wait_for(lambda: len(running.mails()) >= 2, 60)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
            page = browser.new_page(viewport={"width": 1280, "height": 860})
            take(page, running)
            browser.close()
    return 0


def take(page: Page, running: Service) -> None:
    page.goto(running.address)
    page.screenshot(path=IMAGES / "dashboard.png", full_page=True)
    page.get_by_role("link", name=re.compile("^Columnist")).first.click()
    page.screenshot(
        path=IMAGES / "scorecard.png",
        full_page=True,
        clip={"x": 0, "y": 0, "width": 1280, "height": 2000},
    )
    sign_in(page, running)
    page.screenshot(path=IMAGES / "desk.png", full_page=True)
    page.get_by_role("link", name=re.compile("^Q16 ")).first.click()
    page.get_by_role("link", name="Proof of entry").first.wait_for()
    page.screenshot(path=IMAGES / "question.png", full_page=True)
    settle(page, running)
    [report] = [mail for mail in running.mails() if "report" in str(mail["Subject"])]
    text = report.get_body(("plain",))
    assert text is not None
    held = re.search(r"[0-9]+ entries, root\s+[0-9a-f]{64}", text.get_content())
    assert held is not None
    page.goto(f"{running.address}/ledger/")
    page.locator("textarea").fill(held[0])
    page.get_by_role("button", name="Check").first.click()
    page.screenshot(path=IMAGES / "ledger.png", full_page=True)


def settle(page: Page, running: Service) -> None:
    """The scores that an outcome would give, and then what the ledger tells of the question."""
    page.get_by_role("link", name="Enter outcome").click()
    page.get_by_role("radio", name="No", exact=True).check()
    page.get_by_label("Settled on").fill(f"{dt.datetime.now(dt.UTC):%Y-%m-%d}")
    page.get_by_label("Rationale").fill("Made up for this picture: the window is over.")
    page.get_by_role("button", name="See the scores").last.click()
    page.screenshot(
        path=IMAGES / "outcome.png",
        full_page=True,
        clip={"x": 0, "y": 0, "width": 1280, "height": 1000},
    )
    page.get_by_role("button", name="Confirm outcome").click()
    page.get_by_role("link", name="Amend").first.click()
    page.get_by_label("Notes").fill("Made up for this picture: nothing is overwritten.")
    page.locator("[name=why]").fill("A note was missing.")
    page.get_by_role("button", name="See what changes").click()
    page.get_by_role("button", name="Confirm").click()
    page.get_by_role("link", name="Proof of entry").first.wait_for()
    page.locator("#history").screenshot(path=IMAGES / "history.png")


if __name__ == "__main__":
    sys.exit(main())
