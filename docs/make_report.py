"""Makes the pictures of the report: `.venv/bin/python docs/make_report.py`, with a Chromium found.

Loads the seed articles into a database of its own, has their report written, and keeps it as text
and as a browser shows it, light and dark.
"""

import datetime as dt
import os
import sys
from pathlib import Path

from playwright.sync_api import FloatRect, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
IMAGES, TEXT = ROOT / "docs" / "images", ROOT / "docs" / "report.txt"
TOP = FloatRect(x=0, y=0, width=760, height=700)
NOW = dt.datetime(2026, 11, 23, 9, 0, tzinfo=dt.UTC)
sys.path.insert(0, str(ROOT))
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"


def main() -> int:
    from tests.browser.conftest import chromium

    path = chromium()
    if path is None:
        sys.stderr.write("make_report: no Chromium found; install one\n")
        return 2
    text, html = written()
    TEXT.write_text(text)
    photograph(path, html)
    return 0


def written() -> tuple[str, str]:
    """Text and HTML of the report, without what is its reader's alone."""
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from predictions.mail.reporting.edition import SIGNATURE
    from predictions.mail.reports import reports_queue
    from predictions.models import Message, Subscription
    from seeds.loader import load

    load(now=NOW)
    Subscription.objects.create(email="reader@example.org", created_at=NOW, confirmed_at=NOW)
    reports_queue(now=NOW)
    message = Message.objects.get()
    html = message.html
    for part in message.attachments:
        if "cid" in part:
            inline = f"data:{part['type']};base64,{part['base64']}"
            html = html.replace(f"cid:{part['cid']}", inline)
    return message.text.partition(SIGNATURE)[0] + "\n", html


def photograph(path: str, html: str) -> None:
    from tests.browser.conftest import ARGUMENTS

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 760, "height": 1400})
        page.set_content(html)
        page.screenshot(path=IMAGES / "report.png")
        page.emulate_media(color_scheme="dark")
        page.screenshot(path=IMAGES / "report-dark.png", clip=TOP)
        browser.close()


if __name__ == "__main__":
    sys.exit(main())
