"""Two-factor sign-in in a browser: set it up, sign in with it, and see where one is signed in."""

import base64
import re
from collections.abc import Iterator

import pytest
from django_otp.oath import totp
from playwright.sync_api import Browser, Page, expect

from tests.browser.looks import assert_good, failures
from tests.integration.service import Service

PASSWORD = "a long enough secret"


@pytest.fixture(scope="module")
def name(running: Service) -> str:
    """A superuser of these tests alone: the administrator keeps to the password."""
    made = running.manage(
        "shell",
        "-c",
        "from predictions.models import User\n"
        f"User.objects.create_superuser('tess', 'tess@example.org', {PASSWORD!r})",
    )
    assert made.returncode == 0, made.stderr
    return "tess"


@pytest.fixture
def elsewhere(browser: Browser) -> Iterator[Page]:
    """Another browser of the same person."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(10_000)
    yield page
    context.close()


def give_password(page: Page, running: Service, name: str, password: str = PASSWORD) -> None:
    page.goto(f"{running.address}/admin/")
    page.locator("input[name=username]").fill(name)
    page.locator("input[name=password]").fill(password)
    page.locator("button[type=submit]").click()


def give_code(page: Page, code: str) -> None:
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Sign in").click()


def test_a_second_factor_is_set_up_used_and_removed(
    page: Page, elsewhere: Page, running: Service, name: str
) -> None:
    give_password(page, running, name)
    assert_good(page, f"{running.address}/admin/account/two-factor/")
    page.set_viewport_size({"width": 1280, "height": 900})
    key = base64.b32decode(page.locator(".pl-secret").inner_text().replace(" ", ""))
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_label("Code").fill(f"{totp(key):06}")
    page.get_by_role("button", name="Set up").click()
    expect(page.get_by_role("heading", name=re.compile("keep these backup codes"))).to_be_visible()
    assert not failures(page)
    codes = page.locator(".pl-codes code").all_inner_texts()
    page.get_by_role("link", name="I have kept them").click()

    # The app, elsewhere: the code of the next half minute, since this one's was used.
    give_password(elsewhere, running, name)
    assert_good(elsewhere, f"{running.address}/admin/login/code/")
    give_code(elsewhere, f"{totp(key, t0=-30):06}")
    expect(elsewhere.get_by_role("heading", name="Due for review")).to_be_visible()

    # Here: signed out, and in again with a backup code.
    page.get_by_text(f"{name}@example.org").first.click()
    page.get_by_role("button", name="Log out").click()
    give_password(page, running, name)
    give_code(page, codes[0])
    expect(page.get_by_role("heading", name="Due for review")).to_be_visible()

    assert_good(page, f"{running.address}/admin/account/sessions/")
    page.set_viewport_size({"width": 1280, "height": 900})
    expect(page.get_by_text("this one")).to_have_count(1)
    page.get_by_role("button", name=re.compile("^End the session of")).click()
    expect(page.get_by_text("That session is ended.")).to_be_visible()
    elsewhere.goto(f"{running.address}/admin/account/two-factor/")
    expect(elsewhere.locator("input[name=username]")).to_be_visible()

    for path in ("", "codes/", "remove/"):
        assert_good(page, f"{running.address}/admin/account/two-factor/{path}")
    page.get_by_label("Code").fill(codes[1])
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("Two-factor sign-in is removed.")).to_be_visible()


def test_who_fails_too_often_is_told_for_how_long(page: Page, running: Service) -> None:
    assert_good(page, f"{running.address}/admin/login/")
    for _ in range(5):
        give_password(page, running, "nobody", "a guess")
    expect(page.get_by_text("15 minutes")).to_be_visible()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert not failures(page)
