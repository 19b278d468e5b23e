"""The auditor's pages: a verification here, and the ledger to take along."""

import io
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from config.embedded import ROOT
from ledger.checkpoints import checkpoint_make, verifier_keys
from predictions.models import User, Verification
from predictions.services.verifications import verification_run
from tests.admin.pages import Pages, text_of
from tests.making import Maker

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = "predictions_verification_ask"


@pytest.fixture
def desk(client: Client, adjudicator: User) -> Pages:
    client.force_login(adjudicator)
    return Pages(client)


def test_a_verification_is_asked_for_once_and_its_result_stands_on_the_page(desk: Pages) -> None:
    Maker(timezone.now()).prediction()
    shown = text_of(desk.get(PAGE))
    assert "None has ended here yet." in shown
    assert "No checkpoint was signed yet." in shown

    assert "waiting Asked for" in text_of(desk.post(PAGE, data={}))
    again = desk.post(PAGE, data={})
    assert again.status_code == 409
    assert "A verification that ada asked for" in text_of(again)
    assert Verification.objects.count() == 1

    verification_run(clock=timezone.now)
    done = Verification.objects.get()
    shown = text_of(desk.get(PAGE))
    assert f"intact {done.size} entries, {done.rows} rows replayed." in shown
    assert "Verify now" in shown
    assert done.root in text_of(desk.get("predictions_verification_change", done.pk))


def test_what_was_found_is_told(desk: Pages, adjudicator: User) -> None:
    now = timezone.now()
    found = [{"place": "question 1", "problem": "text: <b>other</b>"}]
    row = Verification.objects.create(
        asked_at=now,
        asked_by=adjudicator,
        began_at=now,
        ended_at=now,
        size=5,
        findings=found,
        findings_count=1,
    )
    shown = text_of(desk.get(PAGE))
    assert "not intact 5 entries, 0 rows replayed, 1 finding." in shown
    assert "question 1 : text: <b>other</b>" in shown
    assert "text: <b>other</b>" in text_of(desk.get("predictions_verification_change", row.pk))


def test_the_export_is_that_of_the_command_and_verifies_elsewhere(
    desk: Pages, tmp_path: Path
) -> None:
    make = Maker(timezone.now())
    for _ in range(3):
        make.outcome(make.prediction().question)
    checkpoint_make()
    answer = desk.get("predictions_verification_ledger")
    assert answer["Content-Disposition"] == 'attachment; filename="ledger.ndjson"'
    sent, written = tmp_path / "sent.ndjson", tmp_path / "written.ndjson"
    sent.write_bytes(b"".join(answer.streaming_content))
    call_command("export_ledger", "--output", str(written), stdout=io.StringIO())
    assert sent.read_bytes() == written.read_bytes()
    key = str(verifier_keys()[0])
    command = [sys.executable, str(ROOT / "ledger" / "verifier.py"), str(sent), "--key", key]
    told = subprocess.run(command, capture_output=True, check=False)
    assert told.returncode == 0, told


def test_the_page_takes_few_queries(desk: Pages, django_assert_max_num_queries: object) -> None:
    with django_assert_max_num_queries(10):  # type: ignore[operator]
        desk.get(PAGE)
