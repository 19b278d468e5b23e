"""A reviewer's morning without a pointer: what stays open is said in two keystrokes."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.integration.service import Service

WAITING = """question,forecaster,made_at,due_at,probability
rye,the-almanac,2020-01-05,2020-02-01,0.4
barley,the-almanac,2020-01-05,2020-02-02,0.4
oats,the-almanac,2020-01-05,2020-02-03,0.4
"""


@pytest.fixture
def waiting(running: Service) -> None:
    """Three questions that have waited longer than any other."""
    running.record(WAITING)


def row(desk: Page, key: str) -> Locator:
    return desk.get_by_role("row").filter(has_text=f"{key} {key}")


@pytest.mark.usefixtures("waiting")
def test_what_stays_open_is_said_in_two_keystrokes_or_chosen_by_keys(
    desk: Page, running: Service
) -> None:
    expect(row(desk, "rye")).to_be_visible()
    desk.wait_for_load_state()
    desk.keyboard.press("s")
    expect(desk.get_by_label("Note")).to_be_focused()
    desk.keyboard.press("Enter")
    expect(
        desk.get_by_text(re.compile(r"Still open, with the next review: rye \("))
    ).to_be_visible()
    expect(row(desk, "rye")).to_have_count(0)
    desk.wait_for_load_state()

    for key in "jxjx":
        desk.keyboard.press(key)
    for name in ("barley", "oats"):
        expect(desk.get_by_role("checkbox", name=f"Choose {name}")).to_be_checked()
    # What is typed into a field is text, and no key of the page.
    desk.get_by_label("Note").fill("")
    desk.get_by_label("Note").press_sequentially("six jokes")
    expect(desk.get_by_label("Note")).to_have_value("six jokes")
    desk.keyboard.press("Enter")
    expect(desk.get_by_text(re.compile(r"review: barley \(.+\), oats \("))).to_be_visible()
