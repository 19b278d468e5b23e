"""Every page is usable by everybody: with a screen reader, on a telephone, and in the dark."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.looks import assert_good
from tests.integration.service import Service

PAGES = [
    "/admin/",
    "/admin/predictions/question/",
    "/admin/predictions/prediction/",
    "/admin/ledger/entry/",
    "/admin/predictions/reminderpolicy/",
    "/admin/predictions/reminderpolicy/add/",
]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_of_the_desk_is_accessible_narrow_and_dark(
    desk: Page, running: Service, path: str
) -> None:
    assert_good(desk, f"{running.address}{path}")


def test_the_desk_works_without_scripts(plain: Page) -> None:
    expect(plain.get_by_role("heading", name="Due for review")).to_be_visible()
    plain.get_by_role("link", name="Add an event").click()
    plain.get_by_role("button", name="Record event").click()
    expect(plain.get_by_role("alert")).to_contain_text("Nothing was recorded yet")
