"""An outcome is entered by keyboard alone, from the desk to the ledger, and seen before it is."""

import re

from playwright.sync_api import Browser, Page, expect

from tests.browser.looks import assert_good, failures
from tests.integration.service import Service

OUTCOME = re.compile(r"/question/[0-9a-f-]+/outcome/")
MOST_TABS = 150
WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
_FOCUSED = """() => {
    const one = document.activeElement;
    const names = [one.textContent, one.name, one.labels?.[0]?.textContent];
    return names.join(" ").replace(/\\s+/g, " ");
}"""


def tab_to(page: Page, wanted: str) -> None:
    """Press Tab until something is focused that says or is called so."""
    said: list[str] = []
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        said.append(page.evaluate(_FOCUSED))
        if re.search(wanted, said[-1]):
            return
    raise AssertionError(f"no way by Tab to {wanted}: {said}")


def write(page: Page, wanted: str, text: str) -> None:
    tab_to(page, wanted)
    page.keyboard.type(text)


def figures(page: Page, selector: str) -> list[str]:
    """The exact scores that an element holds, beside the rounded ones that it shows."""
    titles = [one.get_attribute("title") or "" for one in page.locator(selector).all()]
    return sorted(titles)


def go_to_outcome(page: Page, running: Service) -> str:
    """The page of the outcome of an overdue question of the seeds; its address."""
    page.goto(f"{running.address}/admin/")
    page.get_by_role("link", name="Enter outcome of Q17").click()
    expect(page).to_have_url(OUTCOME)
    page.wait_for_load_state()
    return page.url


def see_scores(page: Page) -> None:
    page.get_by_role("radio", name="No", exact=True).check()
    page.get_by_label("Settled on").fill("2026-11-01")
    page.get_by_label("Rationale").first.fill("For this test the window is over.")
    page.get_by_role("button", name="See the scores").click()
    expect(page.get_by_role("heading", name="What this would do")).to_be_visible()


def test_the_pages_are_accessible_narrow_and_dark(desk: Page, running: Service) -> None:
    address = go_to_outcome(desk, running)
    assert_good(desk, address)
    assert_good(desk, address.replace("/outcome/", "/propose/"))
    several = f"{running.address}/admin/predictions/question/outcomes/?question=Q17"
    assert_good(desk, several)
    for page in (address, several):
        desk.goto(page)
        see_scores(desk)
        for scheme in ("light", "dark"):
            desk.emulate_media(color_scheme=scheme)
            for width in (1280, 400):
                desk.set_viewport_size({"width": width, "height": 900})
                assert not failures(desk), "\n".join(failures(desk))
                assert desk.evaluate(WIDE) is False


def test_single_keys_are_switched_off_for_good(desk: Page, running: Service) -> None:
    go_to_outcome(desk, running)
    desk.keyboard.press("?")
    switch = desk.get_by_label("Use single keys")
    switch.uncheck()
    desk.reload()
    desk.keyboard.press("y")
    expect(desk.get_by_role("radio", name="Yes")).not_to_be_checked()
    desk.locator("#keys summary").click()
    switch.check()
    desk.reload()
    desk.keyboard.press("y")
    expect(desk.get_by_role("radio", name="Yes")).to_be_checked()


def test_all_of_it_works_without_a_script(browser: Browser, desk: Page, running: Service) -> None:
    signed_in = desk.context.storage_state()
    context = browser.new_context(java_script_enabled=False, storage_state=signed_in)
    page = context.new_page()
    go_to_outcome(page, running)
    expect(page.locator("#keys")).to_be_hidden()
    page.get_by_label("Rationale").fill("Half a sentence")
    page.get_by_text("Add an event that is not recorded yet").click()
    page.get_by_role("button", name="Add event").click()
    expect(page.get_by_text("Is missing; name at least one source")).to_be_visible()
    expect(page.get_by_label("Rationale")).to_have_value("Half a sentence")
    see_scores(page)
    expect(page.get_by_role("button", name="Confirm outcome")).to_be_enabled()
    context.close()


def test_an_overdue_question_is_settled_and_corrected_by_keyboard_alone(
    desk: Page, running: Service
) -> None:
    press = desk.keyboard.press
    tab_to(desk, "^Enter outcome of Q17")
    press("Enter")
    expect(desk).to_have_url(OUTCOME)
    desk.wait_for_load_state()  # a page has its keys once it is all there

    press("e")
    desk.keyboard.type("Somebody else is sworn in")
    write(desk, "Happened on", "11012026")
    write(desk, "Sources", "Reuters https://example.org/sworn-in")
    press("Control+Enter")
    expect(desk.get_by_role("status")).to_contain_text("Somebody else is sworn in")
    desk.wait_for_load_state()
    added = desk.get_by_role("checkbox", name=re.compile("Somebody else is sworn in"))
    expect(added).to_be_checked()

    press("y")
    expect(desk.get_by_role("radio", name="Yes")).to_be_focused()
    press("n")
    press("y")
    write(desk, "rationale", "yes nothing of this is a key")
    expect(desk.get_by_role("radio", name="Yes")).to_be_checked()
    press("Control+Enter")
    expect(desk.locator("#preview")).to_be_focused()
    seen = figures(desk, ".pl-effect td b[title]")
    assert len(seen) > 1

    # What is changed is not confirmed unseen.
    press("n")
    expect(desk.get_by_role("button", name="Confirm outcome")).to_be_disabled()
    press("y")
    press("Control+Enter")
    expect(desk.locator("#preview")).to_be_focused()
    assert figures(desk, ".pl-effect td b[title]") == seen
    press("Control+Enter")
    expect(desk.get_by_text("The outcome of Q17 is yes.")).to_be_visible()
    assert figures(desk, ".pl-scores b[title]") == seen

    tab_to(desk, "^Correct outcome")
    press("Enter")
    expect(desk.get_by_label("What was wrong")).to_be_visible()
    desk.wait_for_load_state()
    press("v")
    write(desk, "rationale", " No, it was void.")
    desk.keyboard.press("Shift+Tab")
    press("n")
    expect(desk.get_by_role("radio", name="No", exact=True)).not_to_be_checked()
    press("Control+Enter")
    expect(desk.get_by_text("Is missing; write a sentence or two.")).to_be_visible()
    expect(desk.get_by_label("What was wrong")).to_be_focused()
    desk.keyboard.type("It was only an acting one.")
    press("Control+Enter")
    expect(desk.locator("#preview")).to_be_focused()
    expect(desk.locator(".pl-effect h3")).to_contain_text("void")
    tab_to(desk, "^Confirm correction")
    press("Enter")
    expect(desk.get_by_text(re.compile("The outcome of Q17 is now void"))).to_be_visible()
    assert running.manage("verify_ledger").returncode == 0
