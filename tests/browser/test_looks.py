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
    "/admin/account/calendar/",
    "/admin/predictions/reminderpolicy/",
    "/admin/predictions/reminderpolicy/add/",
]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_of_the_desk_is_accessible_narrow_and_dark(
    desk: Page, running: Service, path: str
) -> None:
    assert_good(desk, f"{running.address}{path}")


_GIVEN_UP = """
from django.utils import timezone
from predictions.models import Message
now = timezone.now()
Message.objects.create(
    kind="test", recipient="bo@example.org", subject="Lost", message_id="<lost@example.org>",
    state="dead", due_at=now, created_at=now,
)
"""


def test_a_desk_that_tells_of_lost_mail_is_accessible_and_has_it_tried_again(
    desk: Page, running: Service
) -> None:
    made = running.manage("shell", "-c", _GIVEN_UP)
    assert made.returncode == 0, made.stderr
    assert_good(desk, f"{running.address}/admin/")
    desk.get_by_role("button", name="Try it again").click()
    expect(desk.get_by_text("1 message will be tried again.")).to_be_visible()


def test_the_desk_works_without_scripts(plain: Page) -> None:
    expect(plain.get_by_role("heading", name="Due for review")).to_be_visible()
    plain.get_by_role("link", name="Add an event").click()
    plain.get_by_role("button", name="Record event").click()
    expect(plain.get_by_role("alert")).to_contain_text("Nothing was recorded yet")
