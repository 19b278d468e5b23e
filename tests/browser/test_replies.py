"""From a mail to a page that asks, without signing in; and what is put off on the desk."""

import json
import re
from collections.abc import Mapping

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import sign_in
from tests.browser.looks import assert_good, failures
from tests.integration.service import Service

REMINDED = """
import datetime as dt, json
from django.contrib.auth.models import Group
from django.utils import timezone
from predictions import services
from predictions.mail import links
from predictions.models import Question, User
now = timezone.now()
rita, made = User.objects.get_or_create(username="rita", email="rita@example.org")
rita.groups.add(Group.objects.get(name="editor"))
question = Question.objects.filter(key="barometer").first() or services.question_open(
    key="barometer", text="Will the barometer fall before the year 3000?",
    criteria="Yes if the observatory says so. Otherwise no.", opened_at=now - dt.timedelta(days=30),
    due_at=now + dt.timedelta(days=300_000), horizon_basis="editorial", reviewer=rita, by=None,
    now=now)
said = {"question": str(question.pk), "person": rita.pk, "version": question.due_version}
print(json.dumps({"pk": str(question.pk), "day": str(now.date()),
    **{purpose: links.address(purpose, said) for purpose in ("snooze", "propose")}}))
"""


@pytest.fixture
def reminded(running: Service) -> Mapping[str, str]:
    """A question, and the addresses that its reviewer finds in their mail."""
    done = running.manage("shell", "-c", REMINDED)
    assert done.returncode == 0, done.stderr
    told: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return told


def test_the_pages_are_accessible_narrow_and_dark(
    page: Page, running: Service, reminded: Mapping[str, str]
) -> None:
    for address in (reminded["snooze"], reminded["propose"]):
        assert_good(page, address)
        page.get_by_role("button", name=re.compile("Remind me then|Propose outcome")).click()
        found = failures(page)
        assert not found, "\n".join(found)
    assert_good(page, f"{running.address}/mail/snooze/cut-short/")


def test_a_reviewer_snoozes_and_proposes_from_a_mail_and_an_adjudicator_confirms(
    page: Page, running: Service, reminded: Mapping[str, str]
) -> None:
    page.goto(reminded["snooze"])
    expect(page.get_by_role("heading", name="barometer: Will the barometer")).to_be_visible()
    page.get_by_role("radio", name="Three days").check()
    page.get_by_role("button", name="Remind me then").click()
    expect(page.get_by_role("status")).to_contain_text("rita is not reminded of it before")
    assert not failures(page)

    page.goto(reminded["propose"])
    page.get_by_role("radio", name="Yes", exact=True).check()
    page.get_by_label("Settled on").fill(reminded["day"])
    page.get_by_label("Address of a source").fill("https://example.org/barometer")
    page.get_by_label("What it says").fill("The observatory sees it fall")
    page.get_by_label("Rationale").fill("The observatory said so, as the criteria ask.")
    page.get_by_role("button", name="Propose outcome").click()
    expect(page.get_by_role("status")).to_contain_text("rita proposes yes")
    assert_good(page, reminded["propose"])
    expect(page.get_by_role("heading", name="A proposal waits already")).to_be_visible()

    page.set_viewport_size({"width": 1280, "height": 900})
    sign_in(page, running)
    page.get_by_role("link", name=re.compile("barometer")).first.click()
    expect(page.get_by_label("The observatory sees it fall")).to_be_checked()
    page.get_by_role("button", name="See the scores").first.click()
    page.get_by_role("button", name="Confirm outcome").click()
    expect(page.get_by_text("The outcome of barometer is yes.")).to_be_visible()
    page.goto(reminded["snooze"])
    expect(page.get_by_role("alert")).to_contain_text("has an outcome already: yes")


OVERDUE = """question,forecaster,made_at,due_at,probability
hygrometer,the-almanac,2020-01-05,2021-02-01,0.4
"""


def test_several_are_snoozed_from_the_desk_in_two_keystrokes(desk: Page, running: Service) -> None:
    running.record(OVERDUE)
    desk.reload()
    expect(desk.get_by_role("heading", name="Due for review")).to_be_visible()
    desk.keyboard.press("z")
    expect(desk.get_by_role("radio", name="A week")).to_be_checked()
    expect(desk.get_by_role("button", name="Snooze", exact=True)).to_be_focused()
    desk.keyboard.press("Enter")
    expect(desk.get_by_text(re.compile("You are not reminded of .+ before"))).to_be_visible()


def test_the_pages_of_several_are_accessible_narrow_and_dark(desk: Page, running: Service) -> None:
    boxes = desk.get_by_role("checkbox", name=re.compile("Choose"))
    seen = "&".join(f"question={box.get_attribute('value')}" for box in boxes.all()[:2])
    for act in ("snooze", "reassign"):
        assert_good(desk, f"{running.address}/admin/predictions/question/{act}/?{seen}")
