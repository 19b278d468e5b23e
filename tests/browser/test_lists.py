"""In a browser: a file is imported as a whole or not at all, a list narrowed, and exported."""

import csv
import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.looks import assert_good
from tests.integration.service import Service

HEAD = "question,forecaster,made_at,probability\n"
GOOD = f"""{HEAD}hail-2026,browser-almanac,2026-01-31,0.7
hail-2026,browser-station,2026-02-01,0.4
"""
BAD = f"{GOOD}hail-2026,browser-almanac,2026-03-01,1.7\n"


def choose(desk: Page, running: Service, path: Path, content: str) -> None:
    path.write_text(content)
    desk.goto(f"{running.address}/admin/predictions/upload/add/")
    desk.get_by_label("File").set_input_files(path)
    desk.get_by_role("button", name="Preview").click()


def test_a_file_with_one_bad_row_records_nothing_and_a_good_one_all(
    desk: Page, running: Service, tmp_path: Path
) -> None:
    choose(desk, running, tmp_path / "bad.csv", BAD)
    expect(desk.get_by_text("Nothing was recorded: 1 problem in bad.csv.")).to_be_visible()
    expect(desk.get_by_role("row", name=re.compile("4 probability .*1.7"))).to_be_visible()
    predictions = f"{running.address}/admin/predictions/prediction/"
    desk.goto(f"{predictions}?q=hail-2026")
    expect(desk.get_by_text("0 predictions")).to_be_visible()

    choose(desk, running, tmp_path / "good.csv", GOOD)
    expect(desk.get_by_role("heading", name="good.csv waits for a yes")).to_be_visible()
    preview = desk.url
    assert_good(desk, f"{running.address}/admin/predictions/upload/add/")
    assert_good(desk, preview)
    desk.get_by_role("button", name="Record all of it").click()
    expect(desk.get_by_role("heading", name="good.csv was recorded")).to_be_visible()
    assert_good(desk, desk.url)
    assert_good(desk, f"{running.address}/admin/predictions/prediction/export/")
    desk.emulate_media(color_scheme="light")
    desk.set_viewport_size({"width": 1600, "height": 900})

    desk.goto(predictions)
    desk.locator("#changelist a", has_text="Filters").first.click()
    desk.get_by_label("Question", exact=True).press_sequentially("hail")
    expect(desk.locator("datalist option[value='hail-2026']")).to_be_attached()
    desk.get_by_label("Question", exact=True).fill("hail-2026")
    desk.get_by_label("Probability to").fill("0.5")
    desk.get_by_role("button", name="Apply Filters").click()
    expect(desk.get_by_text("1 prediction", exact=True)).to_be_visible()
    with desk.expect_download() as download:
        desk.get_by_role("link", name="CSV", exact=True).click()
    with download.value.path().open(newline="") as file:
        [row] = csv.DictReader(file)
    assert (row["forecaster"], row["probability"]) == ("browser-station", "0.400000")
    assert running.manage("verify_ledger").returncode == 0
