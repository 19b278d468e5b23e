"""What arrives, read by the standard library's parser off what a real server was handed."""

import base64
import datetime as dt
import email
from email.message import EmailMessage
from email.policy import default as modern
from typing import Any

import pytest

from predictions.mail import mime
from predictions.mail.deliver import Delivered, deliver
from predictions.models import Message
from tests.predictions.mail.scripted import scripted, usual

pytestmark = pytest.mark.django_db
PIXEL = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


def message(now: dt.datetime, **given: Any) -> Message:
    return Message.objects.create(
        **{
            "kind": "report",
            "recipient": "ada@example.org",
            "subject": "The report of Zürich – and all that goes with it, for ever and a day",
            "text": "Grüße.\n\nA long line: " + "words " * 60 + "\n",
            "html": '<p>Grüße – <img src="cid:chart"></p>\n',
            "message_id": "<1@example.org>",
            "due_at": now,
            "created_at": now,
            **given,
        }
    )


def received(settings: Any, now: dt.datetime) -> EmailMessage:
    with scripted(lambda verb, _: usual(verb)) as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        assert deliver(clock=lambda: now) == Delivered(sent=1)
    parsed = email.message_from_bytes(server.messages[0], policy=modern)
    assert isinstance(parsed, EmailMessage)
    assert not [defect for part in parsed.walk() for defect in part.defects]
    return parsed


def shown(part: Any) -> str:
    """A text as a reader has it; on its way its lines end in CRLF."""
    return str(part.get_content()).replace("\r\n", "\n")


def test_text_html_inline_image_and_attachments_arrive_as_they_were(
    settings: Any, now: dt.datetime
) -> None:
    note = "— ledger\r\nno line end is changed\n"
    sent = message(
        now,
        attachments=[
            {"name": "note – 1.txt", "type": "text/plain", "text": note},
            {
                "name": "chart.png",
                "type": "image/png",
                "base64": base64.b64encode(PIXEL).decode(),
                "cid": "chart",
            },
            {
                "name": "report.pdf",
                "type": "application/pdf",
                "base64": base64.b64encode(PIXEL).decode(),
            },
        ],
    )
    mail = received(settings, now)
    assert [part.get_content_type() for part in mail.walk()] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
        "text/plain",
        "application/pdf",
    ]
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain
    assert html
    assert (shown(plain), shown(html)) == (sent.text, sent.html)
    [image] = [part for part in mail.walk() if part.get_content_type() == "image/png"]
    assert (image["Content-ID"], image.get_content_disposition()) == ("<chart>", "inline")
    assert image.get_content() == PIXEL
    first, second = mail.iter_attachments()
    assert first.get_filename() == "note – 1.txt"
    assert first.get_payload(decode=True) == note.encode()
    assert (second.get_filename(), second.get_content()) == ("report.pdf", PIXEL)


def test_headers_arrive_whole_and_each_once(settings: Any, now: dt.datetime) -> None:
    address = "https://ledger.example.org/mail/unsubscribe/" + "x" * 300 + "/"
    sent = message(
        now,
        headers={
            "List-Unsubscribe": f"<{address}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
    )
    settings.DEFAULT_FROM_EMAIL = "Büro für Vorhersagen <ledger@example.org>"
    mail = received(settings, now)
    assert mail["Subject"] == sent.subject
    assert mail["From"] == "Büro für Vorhersagen <ledger@example.org>"
    assert mail["To"] == "ada@example.org"
    assert mail["Message-ID"] == "<1@example.org>"
    assert mail["Date"].datetime == now
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Unsubscribe"] == f"<{address}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert len(mail.keys()) == len(set(mail.keys()))


def test_a_message_without_html_is_plain_text(settings: Any, now: dt.datetime) -> None:
    message(now, html="", text="Look.\n")
    mail = received(settings, now)
    assert (mail.get_content_type(), shown(mail)) == ("text/plain", "Look.\n")


def test_every_attempt_sends_the_same_bytes(now: dt.datetime) -> None:
    sent = message(now, attachments=[{"name": "a.txt", "type": "text/plain", "text": "a"}])
    assert mime.written(sent) == mime.written(Message.objects.get())


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"subject": "Due\r\nBcc: all@example.org"}, "Subject"),
        ({"headers": {"X-Odd": "a\nBcc: all@example.org"}}, "X-Odd"),
        ({"headers": {"X-Odd\nBcc": "all@example.org"}}, "name of a header"),
        ({"headers": {"bcc": "all@example.org"}}, "leave it out"),
        ({"headers": {"Content-Type": "text/html"}}, "leave it out"),
        ({"headers": {"X-Odd": "x" * 1_000}}, "longer than"),
        ({"headers": {"X-Odd": 7}}, "no text"),
        ({"recipient": "ada@example.org, all@example.org"}, "no address"),
        ({"recipient": "ada@example.org\nbcc"}, "line break"),
        ({"recipient": "ada"}, "no address"),
        ({"attachments": [{"name": "x", "type": "image/png", "text": "a"}]}, "base64"),
        ({"attachments": [{"name": "x", "type": "image/png", "base64": "?"}]}, "cannot be read"),
        ({"attachments": [{"name": "x", "type": "message/rfc822", "base64": ""}]}, "such as"),
        ({"attachments": [{"name": "x\n", "type": "text/plain", "text": "a"}]}, "line break"),
        (
            {"attachments": [{"name": "x", "type": "image/png", "base64": "", "cid": "a>"}]},
            "letters and digits",
        ),
    ],
)
def test_what_cannot_be_written_is_refused_in_words(
    now: dt.datetime, given: dict[str, Any], said: str
) -> None:
    odd = message(now, **given)
    for write in (mime.written, mime.mail_of):
        with pytest.raises(ValueError, match=said):
            write(odd)
