"""Makes the README's pictures: `.venv/bin/python docs/make_screenshots.py`, with a Chromium found.

Starts the service on a folder of its own, signs in, and photographs pages as an editor sees them.
"""

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
    page.screenshot(path=IMAGES / "desk.png")
    page.get_by_role("link", name=re.compile("^Q16 ")).first.click()
    page.screenshot(path=IMAGES / "question.png", full_page=True)
    [report] = [mail for mail in running.mails() if "report" in str(mail["Subject"])]
    html = report.get_body(("html",))
    assert html is not None
    text = report.get_body(("plain",))
    assert text is not None
    held = re.search(r"[0-9]+ entries, root\s+[0-9a-f]{64}", text.get_content())
    assert held is not None
    page.goto(f"{running.address}/ledger/")
    page.locator("textarea").fill(held[0])
    page.get_by_role("button", name="Check").first.click()
    page.screenshot(path=IMAGES / "ledger.png", full_page=True)
    page.set_viewport_size({"width": 760, "height": 860})
    page.set_content(html.get_content())
    page.screenshot(path=IMAGES / "report.png")


if __name__ == "__main__":
    sys.exit(main())
