"""An editor's morning, in a browser: find what is due, record an event, enter the outcome."""

import re

from playwright.sync_api import Page, expect

from tests.integration.service import Service


def test_the_dashboard_shows_the_standings_without_a_word_to_the_console(
    page: Page, running: Service
) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(running.address)
    expect(page.get_by_role("heading", name="Standings")).to_be_visible()
    expect(page.get_by_text("The Sun, analysis said 10 % yes: Brier 0.010")).to_be_visible()
    assert said == []


def test_pages_fit_a_telephone(page: Page, running: Service) -> None:
    page.set_viewport_size({"width": 400, "height": 800})
    page.goto(running.address)
    wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert page.evaluate(wide) is False


def test_an_overdue_question_is_found_reviewed_settled_and_corrected(
    desk: Page, running: Service
) -> None:
    expect(desk.get_by_role("heading", name="Due for review")).to_be_visible()
    desk.get_by_role("link", name=re.compile("^Q16 ")).first.click()
    expect(desk.get_by_text("may well be the beginning of the end of the war")).to_be_visible()

    desk.get_by_role("link", name="Still open").click()
    desk.get_by_label("Note").fill("Talks, no ceasefire.")
    desk.get_by_role("button", name="Record review").click()
    expect(desk.get_by_text(re.compile("Q16 stays open; its next review is due"))).to_be_visible()

    desk.get_by_role("link", name="Enter outcome").click()
    desk.get_by_role("radio", name="No", exact=True).check()
    desk.get_by_label("Settled on").fill("2026-11-01")
    desk.get_by_role("button", name="See the scores").click()
    expect(desk.get_by_role("alert")).to_contain_text("Nothing was recorded yet")
    desk.get_by_label("Rationale").fill("For this test the window is over.")
    desk.get_by_role("button", name="See the scores").click()
    desk.get_by_role("button", name="Confirm outcome").click()
    # 0.6 on what did not happen.
    expect(desk.get_by_text("0.360").first).to_be_visible()

    desk.get_by_role("link", name="Correct outcome").click()
    desk.get_by_role("radio", name="Yes", exact=True).check()
    desk.get_by_label("Settled on").fill("2026-11-01")
    desk.get_by_label("Rationale").fill("For this test it began after all.")
    desk.get_by_label("What was wrong").fill("The first reading was wrong.")
    desk.get_by_role("button", name="See the scores").click()
    desk.get_by_role("button", name="Confirm correction").click()
    expect(desk.get_by_text("0.160").first).to_be_visible()
    expect(desk.get_by_text("corrected the outcome from no to yes").first).to_be_visible()
    assert running.manage("verify_ledger").returncode == 0


def test_scores_and_entries_can_only_be_read(desk: Page, running: Service) -> None:
    for model in ("predictions/score", "ledger/entry"):
        desk.goto(f"{running.address}/admin/{model}/")
        expect(desk.get_by_role("table").first).to_be_visible()
        expect(desk.get_by_role("link", name=re.compile("^Add"))).to_have_count(0)
        desk.goto(f"{running.address}/admin/{model}/add/")
        expect(desk.get_by_text("is not possible here, not even for superusers")).to_be_visible()
