"""Amend a question, read its history, and take a proof home that verifies there."""

import base64
import json
import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.looks import assert_good, failures
from tests.integration.service import Service
from tests.ledger.exports import verify

AHEAD = """question,forecaster,made_at,due_at,probability
ahead,the-almanac,2020-01-05,2090-02-01,0.4
"""


def test_a_question_is_amended_and_its_history_proves_it(
    desk: Page, running: Service, tmp_path: Path
) -> None:
    running.record(AHEAD)
    _open(desk, running, "question", "ahead")
    desk.get_by_role("link", name="Amend", exact=True).click()
    desk.get_by_label("Closes", exact=False).first.fill("2091-03-01")
    desk.get_by_role("button", name="See what changes").click()
    expect(desk.get_by_role("alert")).to_contain_text("Nothing was recorded yet")
    desk.get_by_label("Reason").fill("The ministry publishes later.")
    desk.get_by_role("button", name="See what changes").click()
    expect(desk.locator("ins").first).to_have_text("2091-03-01")
    desk.get_by_role("button", name="Confirm").click()

    line = desk.locator("#history tbody tr").first
    expect(line).to_contain_text("amended the due date from")
    expect(line).to_contain_text("to 2091-03-01")
    expect(line).to_contain_text("because: “The ministry publishes later.”")
    expect(line).to_contain_text("admin")

    key = _signed(running)
    proof = line.get_by_role("link", name=re.compile("^Proof of entry"))
    _download(desk, proof, tmp_path / "one.json")
    assert "The ministry publishes later." in _body(tmp_path / "one.json")
    assert verify("--receipt", tmp_path / "one.json", "--key", key).code == 0

    every = desk.get_by_role("link", name="All proofs, in one file")
    _download(desk, every, tmp_path / "all.zip")
    with zipfile.ZipFile(tmp_path / "all.zip") as packed:
        packed.extractall(tmp_path)
    proofs = list(tmp_path.glob("entry-*.receipt.json"))
    assert len(proofs) >= 3
    assert all(verify("--receipt", proof, "--key", key).code == 0 for proof in proofs)
    assert running.manage("verify_ledger").returncode == 0


@pytest.mark.parametrize(
    ("table", "key"), [("question", "Q9"), ("prediction", "Q9"), ("event", "re-elected")]
)
def test_amending_and_history_are_accessible_narrow_and_dark(
    desk: Page, running: Service, table: str, key: str
) -> None:
    _open(desk, running, table, key)
    address = desk.url.split("?")[0]
    assert_good(desk, address)
    assert_good(desk, address.replace("/change/", "/amend/"))


def test_the_page_that_shows_what_changes_is_accessible(desk: Page, running: Service) -> None:
    _open(desk, running, "question", "Q9")
    desk.goto(desk.url.split("?")[0].replace("/change/", "/amend/"))
    desk.get_by_label("Criteria").fill("Yes if he does. Otherwise no.")
    desk.get_by_label("Reason").fill("Shorter.")
    desk.get_by_role("button", name="See what changes").click()
    for scheme in ("light", "dark"):
        desk.emulate_media(color_scheme=scheme)
        for width in (1280, 400):
            desk.set_viewport_size({"width": width, "height": 900})
            expect(desk.locator("ins").first).to_be_visible()
            assert failures(desk) == []


def _open(desk: Page, running: Service, table: str, key: str) -> None:
    desk.goto(f"{running.address}/admin/predictions/{table}/?q={key}")
    desk.locator("#result_list tbody th").get_by_role("link").first.click()


def _signed(running: Service) -> str:
    """Have a checkpoint cover all there is now; the public key by which that is verified."""
    script = (
        "from ledger.checkpoints import checkpoint_make, verifier_keys;"
        "checkpoint_make(); print(verifier_keys()[0])"
    )
    return running.manage("shell", "--verbosity", "0", "-c", script).stdout.strip()


def _download(desk: Page, link: Locator, path: Path) -> None:
    with desk.expect_download() as started:
        link.click()
    started.value.save_as(path)


def _body(receipt: Path) -> str:
    return base64.b64decode(json.loads(receipt.read_text())["body_base64"]).decode()
