"""A real Chromium on the real service. Without one the tests are skipped, and say so loudly."""

import os
import re
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests import prepared
from tests.integration.service import Service, service

# Nothing but our own pages: no sandbox as root, no calls home.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def chromium() -> str | None:
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next(filter(None, map(shutil.which, names)), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = chromium()
    if path is None:
        message = "NO CHROMIUM FOUND: the pages were not tried in a browser"
        if os.environ.get("BROWSER_TESTS") == "required":
            pytest.fail(message)
        pytest.skip(message)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture(scope="package")
def running(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("browser") / "var"
    prepared.begin(folder)
    with service(folder) as one:
        one.wait_until_ready()
        yield one


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    page = context.new_page()
    page.set_default_timeout(10_000)
    return page


@pytest.fixture(scope="package")
def cookies() -> list[Any]:
    """Of who signed in last."""
    return []


@pytest.fixture
def desk(page: Page, running: Service, cookies: list[Any]) -> Page:
    """Signed in as before, where that still holds: to sign in takes longer than most pages."""
    come_in(page, running, cookies)
    return page


def come_in(page: Page, running: Service, cookies: list[Any]) -> None:
    page.context.add_cookies(cookies)
    page.goto(f"{running.address}/admin/")
    if page.locator("input[name=password]").count():
        sign_in(page, running)
        page.wait_for_url(f"{running.address}/admin/")
        cookies[:] = page.context.cookies()


def sign_in(page: Page, running: Service) -> None:
    """Sign in as the administrator with the password that was printed."""
    [password] = re.findall(r"admin / (\S+)", running.printed())
    page.goto(f"{running.address}/admin/")
    page.locator("input[name=username]").fill("admin")
    page.locator("input[name=password]").fill(password)
    page.locator("button[type=submit]").click()


@pytest.fixture
def plain(browser: Browser, running: Service, cookies: list[Any]) -> Iterator[Page]:
    """The desk in a browser that runs no scripts."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.set_default_timeout(10_000)
    come_in(page, running, cookies)
    yield page
    context.close()
