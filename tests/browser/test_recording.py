"""An editor's hour, in a browser: an article is recorded with all that it forecasts."""

import re

from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.browser.looks import assert_good, failures
from tests.integration.service import Service

TEXT = (
    "The orchards of Wend will almost certainly bear less this year, the growers’ union said. "
    "The war may end, they add, but nobody knows how the trees feel."
)


def row(page: Page, part: str, number: int = 0) -> Locator:
    return page.locator(f"#{part} fieldset[data-row={part}]").nth(number)


def of(page: Page, name: str) -> Locator:
    """A field by its name in the form, such as `predictions-0-hedge`."""
    return page.locator(f"[name={name}]:not([type=hidden])")


def fill(page: Page, **given: str) -> None:
    for name, value in given.items():
        field = of(page, name.replace("__", "-"))
        if field.evaluate("field => field.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)


def fill_article(page: Page) -> None:
    fill(
        page,
        article__title="Less from the orchards",
        article__outlet_new="The Wend Gazette",
        article__byline="not stated",
        article__published_on="2026-10-01",
        article__date_basis="printed on the page",
        article__text=TEXT,
        article__forecaster="growers-union",
        forecasters__0__name="The growers' union",
        forecasters__0__kind="organisation",
        forecasters__0__key="growers-union",
        questions__0__text="Will the orchards of Wend bear less in 2026 than in 2025?",
        questions__0__criteria="Yes if the union's report says so; otherwise no.",
        questions__0__due_on="2027-03-31",
        questions__0__horizon_basis="editorial",
    )


def fill_verbal(page: Page, question: str) -> None:
    fill(
        page,
        predictions__0__question=question,
        predictions__0__quotes="will almost certainly bear less this year",
        predictions__0__hedge="almost certainly",
    )
    of(page, "predictions-0-hedge").press("Tab")
    expect(of(page, "predictions-0-basis")).to_have_value("verbal")
    if not of(page, "predictions-0-phrase").input_value():
        fill(page, predictions__0__phrase="almost certainly (icd203)")


def fill_found(page: Page) -> None:
    page.locator("#predictions").get_by_role("button", name="Add rows").click()
    question = row(page, "predictions", 1).get_by_role("combobox", name="Question")
    question.press_sequentially("Q16")
    expect(row(page, "predictions", 1).get_by_role("option").first).to_be_visible()
    question.press("ArrowDown")
    question.press("Enter")
    expect(question).to_have_value("Q16")
    fill(
        page,
        predictions__1__basis="editorial",
        predictions__1__probability="60 %",
        predictions__1__quotes="The war may end",
    )


def fill_statement(page: Page, quote: str) -> None:
    fill(
        page,
        statements__0__quotes=quote,
        statements__0__kind="unscorable",
        statements__0__reason="feelings",
    )


def preview(page: Page) -> None:
    page.get_by_role("button", name="Preview").last.click()


def test_an_article_is_recorded_with_its_forecasts(desk: Page, running: Service) -> None:
    desk.goto(f"{running.address}/admin/predictions/article/add/")
    fill_article(desk)
    [key] = re.findall(r"Q\d+", desk.locator("#questions > .pl-help").inner_text())
    fill_verbal(desk, key)
    fill_found(desk)
    fill_statement(desk, "nobody knows what the trees want")
    preview(desk)
    expect(desk.get_by_text("does not stand in the text")).to_be_visible()
    expect(desk.get_by_role("button", name="Record", exact=True)).to_have_count(0)

    fill_statement(desk, "nobody knows how the trees feel")
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
    fill(desk, questions__0__text=known)
    of(desk, "questions-0-text").press("Tab")
    expect(new.get_by_role("radio", name=re.compile("^Use "))).not_to_have_count(0)
    new.get_by_role("radio", name=re.compile("^Use ")).first.check()
    expect(new.get_by_role("radio", name="No, it is new")).not_to_be_checked()


def test_rows_are_added_and_judged_without_a_script(
    desk: Page, context: BrowserContext, browser: Browser, running: Service
) -> None:
    expect(desk.get_by_role("heading", name="Due for review")).to_be_visible()
    state = context.storage_state()
    plain = browser.new_context(java_script_enabled=False, storage_state=state)
    bare = plain.new_page()
    bare.goto(f"{running.address}/admin/predictions/article/add/")
    bare.locator("#predictions").get_by_role("button", name="Add rows").click()
    expect(row(bare, "predictions", 3)).to_be_visible()
    expect(bare.get_by_text("Is missing")).to_have_count(0)
    preview(bare)
    expect(bare.get_by_text("Is missing").first).to_be_visible()
    plain.close()


def test_the_recording_pages_are_good(desk: Page, running: Service) -> None:
    for kind in ("article", "question", "topic"):
        assert_good(desk, f"{running.address}/admin/predictions/{kind}/add/")
    for kind, act in (("article", "record"), ("question", "predict")):
        desk.goto(f"{running.address}/admin/predictions/{kind}/")
        href = desk.locator("#result_list th a").first.get_attribute("href") or ""
        page = href.split("?")[0].replace("/change/", f"/{act}/")
        assert_good(desk, f"{running.address}{page}")


def test_a_page_with_mistakes_and_one_with_a_preview_are_good(desk: Page, running: Service) -> None:
    desk.goto(f"{running.address}/admin/predictions/question/add/")
    preview(desk)
    expect(desk.get_by_text("Nothing is filled in yet.")).to_be_visible()
    assert failures(desk) == []
    fill(desk, questions__0__text="Will the ferry of Wend run on Sundays by May 2027?")
    preview(desk)
    expect(desk.get_by_text("Is missing").first).to_be_visible()
    assert failures(desk) == []
    fill(
        desk,
        questions__0__criteria="Yes if the timetable says so; otherwise no.",
        questions__0__due_on="2027-05-31",
        questions__0__horizon_basis="stated",
    )
    preview(desk)
    expect(desk.get_by_role("heading", name="This will be recorded")).to_be_visible()
    assert failures(desk) == []
