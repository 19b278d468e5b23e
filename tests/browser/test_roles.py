"""Roles as people meet them: given on a page, and told of where they are missing."""

from playwright.sync_api import Browser, Page, expect

from tests.browser.looks import assert_good
from tests.integration.service import Service

SECRET = "a long enough secret"


def make_person(desk: Page, running: Service, name: str, *roles: str) -> None:
    desk.goto(f"{running.address}/admin/predictions/user/add/")
    desk.locator("input[name=username]").fill(name)
    for field in ("password1", "password2"):
        desk.locator(f"input[name={field}]").fill(SECRET)
    for role in roles:
        desk.get_by_label(f"{role}: ").check()
    desk.get_by_role("button", name="Save", exact=True).click()
    expect(desk.get_by_text("was added successfully")).to_be_visible()


def signed_in(browser: Browser, running: Service, name: str) -> Page:
    page = browser.new_context().new_page()
    page.goto(f"{running.address}/admin/")
    page.locator("input[name=username]").fill(name)
    page.locator("input[name=password]").fill(SECRET)
    page.locator("button[type=submit]").click()
    return page


def test_a_viewer_looks_at_a_question_and_is_refused_its_outcome(
    desk: Page, browser: Browser, running: Service
) -> None:
    make_person(desk, running, "vera", "viewer")
    page = signed_in(browser, running, "vera")
    page.get_by_role("link", name="Questions").first.click()
    page.get_by_role("link", name="Q16", exact=True).click()
    expect(page.get_by_role("heading", name="Criteria")).to_be_visible()
    expect(page.get_by_role("link", name="Enter outcome")).to_have_count(0)
    refused = page.url.replace("/change/", "/outcome/")
    page.goto(refused)
    told = "Entering an outcome needs the role adjudicator; you are viewer."
    expect(page.get_by_text(told)).to_be_visible()
    assert_good(page, refused)
    page.context.close()


def test_who_has_no_role_is_told_so_and_signs_out(
    desk: Page, browser: Browser, running: Service
) -> None:
    make_person(desk, running, "nora")
    page = signed_in(browser, running, "nora")
    expect(page.get_by_text("Your account has no role yet")).to_be_visible()
    assert_good(page, f"{running.address}/admin/")
    page.get_by_role("button", name="Sign out").click()
    page.goto(f"{running.address}/admin/")
    expect(page.locator("input[name=password]")).to_be_visible()
    page.context.close()


def test_an_auditor_verifies_the_ledger_and_takes_it_along(
    desk: Page, browser: Browser, running: Service
) -> None:
    make_person(desk, running, "otto", "auditor")
    page = signed_in(browser, running, "otto")
    page.get_by_role("link", name="Verify").first.click()
    page.get_by_role("button", name="Verify now").click()
    waiting = page.get_by_role("link", name="Look again")
    for _ in range(90):  # a sweep comes round every 30 seconds
        if not waiting.count():
            break
        page.wait_for_timeout(1_000)
        waiting.click()
    expect(page.get_by_text("intact", exact=True)).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the ledger").click()
    assert download.value.suggested_filename == "ledger.ndjson"
    for place in ("verification/verify/", "verification/1/change/", "user/1/change/"):
        assert_good(page, f"{running.address}/admin/predictions/{place}")
    page.context.close()


def test_the_pages_on_which_roles_are_given_are_good(desk: Page, running: Service) -> None:
    for place in ("predictions/user/add/", "predictions/user/1/change/", "auth/group/1/change/"):
        assert_good(desk, f"{running.address}/admin/{place}")
