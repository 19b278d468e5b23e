"""The entry's page, and the receipt that it offers."""

from pathlib import Path

import pytest
from django.test import Client

from ledger.checkpoints import checkpoint_make, verifier_keys
from predictions.models import User
from tests.ledger.exports import verify
from tests.ledger.logs import tamper, write_log

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _signed_in(client: Client, adjudicator: User) -> None:
    client.force_login(adjudicator)
    write_log(5)


def test_an_entry_offers_its_receipt_which_the_verifier_accepts(
    client: Client, tmp_path: Path
) -> None:
    checkpoint_make()
    page = client.get("/admin/ledger/entry/3/change/").content.decode()
    assert 'href="/admin/ledger/entry/3/receipt/"' in page
    answer = client.get("/admin/ledger/entry/3/receipt/")
    assert answer["Content-Disposition"] == 'attachment; filename="entry-3.receipt.json"'
    path = tmp_path / "receipt.json"
    path.write_bytes(answer.content)
    assert verify("--receipt", path, "--key", verifier_keys()[0]).code == 0


def test_before_a_checkpoint_covers_it_the_page_says_when_to_come_back(client: Client) -> None:
    answer = client.get("/admin/ledger/entry/3/receipt/", follow=True)
    assert answer.redirect_chain == [("/admin/ledger/entry/3/change/", 302)]
    page = answer.content.decode()
    assert "No checkpoint covers entry 3 yet" in page
    assert "From the next checkpoint on" in page
    assert ">Download</a>" not in page


def test_of_a_log_that_was_tampered_with_there_is_no_receipt(client: Client) -> None:
    checkpoint_make()
    tamper("UPDATE ledger_entry SET body = body || ' ' WHERE sequence = 2")
    answer = client.get("/admin/ledger/entry/3/receipt/", follow=True)
    assert "does not hold together" in answer.content.decode()


def test_what_is_not_there_has_no_receipt_and_strangers_get_none(client: Client) -> None:
    for sequence in ("0", "6", "9" * 40):
        assert client.get(f"/admin/ledger/entry/{sequence}/receipt/").status_code == 404
    client.logout()
    assert client.get("/admin/ledger/entry/3/receipt/").status_code == 302
