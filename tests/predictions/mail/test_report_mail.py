"""A report on its way: queued, delivered to the sink, and read by the verifier."""

import datetime as dt
import email
import re
import subprocess
import sys
from collections.abc import Iterator
from email.policy import default as modern
from pathlib import Path
from typing import Any

import pytest

from config.mailsink import MailSink
from ledger import checkpoints, notes, verifier
from ledger.models import Entry
from predictions.mail.deliver import deliver
from predictions.mail.reports import reports_queue
from predictions.models import Message, Subscription, User
from tests.ledger.exports import Made
from tests.making import Maker

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sink(settings: Any, tmp_path: Path) -> Iterator[Path]:
    """The bundled mail sink, and where it files what it gets."""
    folder = tmp_path / "mail"
    server = MailSink(folder)
    server.start()
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", int(server.url.rpartition(":")[2])
    # The test runner collects mail in memory; here it goes out.
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    yield folder
    server.close()


@pytest.fixture
def mailed(make: Maker, adjudicator: User, sink: Path, now: dt.datetime) -> Path:
    """A report as its recipient has it."""
    make.outcome(make.prediction().question, "yes")
    Subscription.objects.create(user=adjudicator, created_at=now, confirmed_at=now)
    reports_queue(now=now)
    assert deliver(clock=lambda: now).sent == 1
    [path] = sink.glob("*.eml")
    return path


def test_the_attachment_is_the_note_to_the_byte(mailed: Path) -> None:
    mail = email.message_from_bytes(mailed.read_bytes(), policy=modern)
    attached, scores = mail.iter_attachments()
    assert scores.get_filename() == "scores.csv"
    assert attached.get_filename() == "checkpoint.txt"
    assert attached["Content-Type"] == 'text/plain; charset="utf-8"'
    signed = checkpoints.latest()
    assert signed
    note = attached.get_payload(decode=True)
    assert note == signed.note.encode()
    assert notes.open_note(note.decode(), checkpoints.verifier_keys())
    text = mail.get_body(("plain",))
    assert text
    assert signed.head.root in text.get_content()


def test_the_mail_names_the_key_for_who_asks_for_it_elsewhere_than_on_our_page(
    mailed: Path,
) -> None:
    mail = email.message_from_bytes(mailed.read_bytes(), policy=modern)
    [key] = map(str, checkpoints.verifier_keys())
    for kind in ("plain", "html"):
        body = mail.get_body((kind,))
        assert body
        said = " ".join(re.sub(r"<[^>]*>", " ", body.get_content()).split())
        assert f"signed by {key} " in said


def test_the_verifier_finds_the_checkpoint_in_text_and_attachment(
    mailed: Path, tmp_path: Path
) -> None:
    signed = checkpoints.latest()
    assert signed
    found = {(one.size, one.root.hex()) for one in verifier.read_witnesses(mailed)}
    assert found == {(signed.size, signed.head.root)}
    # And in the attachment alone.
    mail = email.message_from_bytes(mailed.read_bytes(), policy=modern)
    attached, _ = mail.iter_attachments()
    alone = tmp_path / "alone.eml"
    alone.write_bytes(bytes(attached))
    assert len(verifier.read_witnesses(alone)) == 1


def test_an_export_is_held_against_the_mail(mailed: Path, tmp_path: Path) -> None:
    signed = checkpoints.latest()
    assert signed
    [key] = map(str, checkpoints.verifier_keys())
    bodies = tuple(bytes(body) for body in Entry.objects.values_list("body", flat=True))
    whole = Made(bodies, (signed.note,), (key,), header={"origin": checkpoints.origin()})
    assert run(whole, tmp_path, "--key", key, "--against", str(mailed)) == verifier.INTACT
    cut = Made(bodies[:-1])
    assert run(cut, tmp_path, "--against", str(mailed)) == verifier.ROLLED_BACK


def run(export: Made, folder: Path, *arguments: str) -> int:
    path = folder / "export"
    path.write_bytes(export.data())
    command = [sys.executable, "-I", "-S", verifier.__file__, str(path), *arguments]
    return subprocess.run(command, capture_output=True, check=False).returncode


def test_what_cannot_be_attached_is_given_up_and_stops_nobody(
    mailed: Path, now: dt.datetime
) -> None:
    message = Message.objects.get()
    Message.objects.create(
        kind="report",
        recipient="bo@example.org",
        subject="Odd",
        message_id="<odd>",
        attachments=[{"name": "x", "type": "image/png", "text": ""}],
        due_at=now,
        created_at=now,
    )
    assert deliver(clock=lambda: now).dead == 1
    assert Message.objects.get(pk=message.pk).state == "sent"


def test_the_picture_stands_within_the_html_that_names_it(mailed: Path) -> None:
    mail = email.message_from_bytes(mailed.read_bytes(), policy=modern)
    html = mail.get_body(("html",))
    assert html
    [cid] = re.findall(r'<img src="cid:([^"]+)"', html.get_content())
    [picture] = [part for part in mail.walk() if part.get_content_type() == "image/png"]
    assert picture["Content-ID"] == f"<{cid}>"
    assert picture.get_content().startswith(b"\x89PNG")


def test_a_mail_program_finds_how_to_unsubscribe_with_one_click(mailed: Path) -> None:
    mail = email.message_from_bytes(mailed.read_bytes(), policy=modern)
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    text = mail.get_body(("plain",))
    assert text
    assert mail["List-Unsubscribe"].strip("<>") in text.get_content()
