"""An editor's hour, in a browser: an article is recorded with all that it forecasts."""

import re

from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.conftest import sign_in
from tests.browser.looks import assert_good
from tests.integration.service import Service

TEXT = (
    "The orchards of Wend will almost certainly bear less this year, the growers’ union said. "
    "The war may end, they add, but nobody knows how the trees feel."
)


def row(page: Page, part: str, number: int = 0) -> Locator:
    return page.locator(f"#{part} fieldset[data-row={part}]").nth(number)


def fill_article(page: Page) -> None:
    article = page.locator("#article")
    article.get_by_label("Title", exact=False).first.fill("Less from the orchards")
    article.get_by_label("Or a new outlet").fill("The Wend Gazette")
    article.get_by_label("Byline").fill("not stated")
    article.get_by_label("Published on").fill("2026-10-01")
    article.get_by_label("How the date is known").fill("printed on the page")
    article.get_by_label("Text", exact=False).nth(0).fill(TEXT)
    article.get_by_label("Who forecasts").fill("growers-union")
    new = row(page, "forecasters")
    new.get_by_label("Name").fill("The growers' union")
    new.get_by_label("Kind").select_option("organisation")
    new.get_by_label("Key").fill("growers-union")


def fill_question(page: Page, text: str) -> None:
    new = row(page, "questions")
    new.get_by_label("Question").fill(text)
    new.get_by_label("Criteria").fill("Yes if the union's report says so; otherwise no.")
    new.get_by_label("Due on").fill("2027-03-31")
    new.get_by_label("Horizon").first.select_option("editorial")


def fill_predictions(page: Page, question: str) -> None:
    verbal = row(page, "predictions")
    verbal.get_by_label("Question").fill(question)
    verbal.get_by_label("Quotes").first.fill("will almost certainly bear less this year")
    verbal.get_by_label("Hedge words").fill("almost certainly")
    verbal.get_by_label("Hedge words").press("Tab")
    expect(verbal.get_by_label("Basis")).to_have_value("verbal")
    page.locator("#predictions").get_by_role("button", name="Add rows").click()
    found = row(page, "predictions", 1)
    found.get_by_role("combobox", name="Question").press_sequentially("Q16")
    expect(found.get_by_role("option").first).to_be_visible()
    found.get_by_role("combobox", name="Question").press("ArrowDown")
    found.get_by_role("combobox", name="Question").press("Enter")
    expect(found.get_by_role("combobox", name="Question")).to_have_value("Q16")
    found.get_by_label("Basis").select_option("editorial")
    found.get_by_label("Probability of yes").fill("60 %")
    found.get_by_label("Quotes").first.fill("The war may end")


def fill_statement(page: Page) -> None:
    statement = row(page, "statements")
    statement.get_by_label("Quotes").first.fill("nobody knows how the trees feel")
    statement.get_by_label("Kind").select_option("unscorable")
    statement.get_by_label("Reason").select_option("feelings")


def preview(page: Page) -> None:
    page.get_by_role("button", name="Preview").last.click()


def test_an_article_is_recorded_with_its_forecasts(desk: Page, running: Service) -> None:
    desk.goto(f"{running.address}/admin/predictions/article/add/")
    fill_article(desk)
    fill_question(desk, "Will the orchards of Wend bear less in 2026 than in 2025?")
    key = re.findall(r"Q\d+", desk.locator("#questions > .pl-help").inner_text())[0]
    fill_predictions(desk, key)
    fill_statement(desk)
    row(desk, "statements").get_by_label("Quotes").first.fill("nobody knows what the trees want")
    preview(desk)
    expect(desk.get_by_text("does not stand in the text")).to_be_visible()
    expect(desk.get_by_role("button", name="Record", exact=True)).to_have_count(0)

    row(desk, "statements").get_by_label("Quotes").first.fill("nobody knows how the trees feel")
    preview(desk)
    expect(desk.get_by_role("heading", name="This will be recorded")).to_be_visible()
    desk.get_by_role("button", name="Record", exact=True).click()
    told = "Recorded: 1 forecaster, 1 question, 2 predictions, 1 statement."
    expect(desk.get_by_text(told)).to_be_visible()
    assert running.manage("verify_ledger").returncode == 0


def test_a_near_duplicate_is_offered_while_it_is_typed_and_used(
    desk: Page, running: Service
) -> None:
    desk.goto(f"{running.address}/admin/predictions/question/")
    known = desk.locator("#result_list .field-short").first.inner_text().rstrip("….")
    desk.goto(f"{running.address}/admin/predictions/article/add/")
    new = row(desk, "questions")
    new.get_by_label("Question").fill(known)
    new.get_by_label("Question").press("Tab")
    expect(new.get_by_role("radio", name=re.compile("^Use "))).not_to_have_count(0)
    new.get_by_role("radio", name=re.compile("^Use ")).first.check()
    expect(new.get_by_role("radio", name="No, it is new")).not_to_be_checked()


def test_an_article_is_recorded_without_a_script(
    context: BrowserContext, browser: object, running: Service, page: Page
) -> None:
    sign_in(page, running)
    plain = context.browser.new_context(  # type: ignore[union-attr]
        java_script_enabled=False, storage_state=context.storage_state()
    )
    bare = plain.new_page()
    bare.goto(f"{running.address}/admin/predictions/article/add/")
    bare.locator("#predictions").get_by_role("button", name="Add rows").click()
    expect(row(bare, "predictions", 3)).to_be_visible()
    expect(bare.get_by_text("Is missing")).to_have_count(0)
    plain.close()


def test_the_recording_pages_are_good(desk: Page, running: Service) -> None:
    for kind in ("article", "question", "topic", "outlet", "forecaster"):
        assert_good(desk, f"{running.address}/admin/predictions/{kind}/add/")
