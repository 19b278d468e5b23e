"""From the form to the report and out again, on a telephone in the dark, by real mail."""

import re
from email.message import EmailMessage

import pytest
from playwright.sync_api import Page, expect

from tests.browser.looks import assert_good
from tests.integration.service import Service, wait_for

READER = "reader@example.org"
LINKS = """
from predictions.mail import links
from predictions.models import Report, Subscription
row = Subscription.objects.get(email="reader@example.org")
print(links.address("unsubscribe", {"subscription": row.pk}))
print(f"/reports/{Report.objects.get(subscription=row).key}/")
"""


def mails(running: Service, subject: str) -> list[EmailMessage]:
    return [
        mail for mail in running.mails() if mail["To"] == READER and subject in str(mail["Subject"])
    ]


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body
    return str(body.get_content())


def test_a_reader_subscribes_confirms_gets_the_report_and_unsubscribes(
    page: Page, running: Service
) -> None:
    # Left as it is last tried: narrow and dark.
    assert_good(page, f"{running.address}/subscribe/")
    page.get_by_label("Your address").fill(READER)
    page.get_by_label("How often").select_option("monthly")
    page.get_by_label("Time zone").fill("Europe/Atlantis")
    page.get_by_role("button", name="Subscribe").click()
    expect(page.get_by_role("alert")).to_contain_text("'Europe/Atlantis' is no time zone")
    expect(page.get_by_label("Your address")).to_have_value(READER)
    page.get_by_label("Time zone").fill("Europe/Vienna")
    page.get_by_role("button", name="Subscribe").click()
    expect(page.get_by_role("heading", name="Look into your mail")).to_be_visible()
    assert_good(page, page.url)

    wait_for(lambda: mails(running, "Do you want the monthly scored report?"), 30)
    [asking] = mails(running, "Do you want")
    [link] = re.findall(r"http://\S+/mail/confirm/\S+", text_of(asking))
    assert_good(page, link)
    page.get_by_role("button", name="Yes, send it").click()
    expect(page.get_by_role("heading", name="You are subscribed")).to_be_visible()
    assert_good(page, link)

    wait_for(lambda: mails(running, "Scored report"), 60)
    ending, archived = running.manage("shell", "-v", "0", "-c", LINKS).stdout.split()
    assert_good(page, f"{running.address}{archived}")
    expect(page.get_by_role("heading", name="Scored report")).to_be_visible()
    expect(page.locator("body")).not_to_contain_text(READER)
    page.get_by_role("link", name="As text").click()
    expect(page.locator("body")).to_contain_text("STANDINGS")

    assert_good(page, ending)
    page.get_by_role("button", name="Yes, end it").click()
    expect(page.get_by_role("heading", name="You are no longer subscribed")).to_be_visible()
    assert_good(page, ending)
    assert len(mails(running, "")) == 2


def test_a_link_that_was_cut_says_so(page: Page, running: Service) -> None:
    assert_good(page, f"{running.address}/mail/unsubscribe/cut/")
    expect(page.get_by_role("alert")).to_contain_text("Nothing was changed.")


PAGES = [
    "subscription/add/",
    "subscription/1/change/",
    "subscription/1/preview/",
    "subscription/1/preview/?as=text",
    "user/1/reminder/",
]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_about_mail_is_accessible_narrow_and_dark(
    desk: Page, running: Service, path: str
) -> None:
    assert_good(desk, f"{running.address}/admin/predictions/{path}")


def test_the_report_is_shown_before_it_is_sent_and_sent_as_a_test(
    desk: Page, running: Service
) -> None:
    desk.goto(f"{running.address}/admin/predictions/subscription/1/change/")
    desk.get_by_role("link", name="Preview the report").click()
    frame = desk.frame_locator("iframe.pl-frame")
    expect(frame.get_by_role("heading", name="Scored report")).to_be_visible()
    desk.get_by_role("button", name="Send me a test").click()
    expect(desk.get_by_text("A test is on its way to")).to_be_visible()
    wait_for(lambda: [one for one in running.mails() if "Test: " in str(one["Subject"])], 30)
