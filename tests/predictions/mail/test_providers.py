"""Mail by a provider's API: a real HTTP server on this machine stands where theirs would."""

import datetime as dt
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.mail import hook_secret, mail_settings
from predictions.mail.deliver import Delivered, deliver
from predictions.models import Message, Suspension
from tests.ports import free_port

pytestmark = pytest.mark.django_db

INACTIVE = {
    "ErrorCode": 406,
    "Message": "You tried to send to recipient(s) that have been marked as inactive. Found inactive"
    " addresses: ada@example.org. Inactive recipients are ones that have generated a hard bounce.",
}


class Api(HTTPServer):
    """Answers every request alike, and keeps what it was sent."""

    status, answer = 200, {"ErrorCode": 0, "Message": "OK", "To": "", "MessageID": "m-1"}

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[tuple[str, Any]] = []


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server: Any = self.server
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        server.asked.append((self.headers["X-Postmark-Server-Token"], body))
        if server.status == 0:  # hangs up
            return
        to = body["To"]
        answer = {**server.answer, "To": to}
        content = json.dumps(answer).encode()
        self.send_response(server.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the library's name
        pass


@contextmanager
def postmark(settings: Any) -> Iterator[Api]:
    api = Api()
    point_to(settings, f"http://127.0.0.1:{api.server_port}/")
    thread = threading.Thread(target=api.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield api
    finally:
        api.shutdown()
        api.server_close()
        thread.join(5)


def point_to(settings: Any, api_url: str) -> None:
    url = f"postmark://the-token?api_url={api_url}"
    for name, value in mail_settings(url, timeout=2).items():
        setattr(settings, name, value)


@pytest.fixture
def message(now: dt.datetime) -> Message:
    return Message.objects.create(
        kind="report",
        recipient="ada@example.org",
        subject="The report",
        text="Look.",
        html='<img src="cid:chart">',
        headers={"List-Unsubscribe": "<https://example.org/>"},
        attachments=[{"name": "c.png", "type": "image/png", "base64": "iVBORw==", "cid": "chart"}],
        message_id="<1@example.org>",
        due_at=now,
        created_at=now,
    )


def test_a_provider_is_handed_the_whole_message_and_our_key(
    settings: Any, now: dt.datetime, message: Message
) -> None:
    with postmark(settings) as api:
        assert deliver(clock=lambda: now) == Delivered(sent=1)
    [(token, body)] = api.asked
    assert token == "the-token"
    assert (body["To"], body["Subject"]) == ("ada@example.org", "The report")
    assert (body["TextBody"], body["HtmlBody"]) == (message.text, message.html)
    headers = {header["Name"]: header["Value"] for header in body["Headers"]}
    assert headers["List-Unsubscribe"] == "<https://example.org/>"
    assert headers["Message-ID"] == "<1@example.org>"
    [image] = body["Attachments"]
    assert (image["ContentID"], image["Content"]) == ("cid:chart", "iVBORw==")


@pytest.mark.parametrize(
    ("status", "answer", "state", "doubtful"),
    [
        (422, {"ErrorCode": 300, "Message": "Invalid 'Subject'"}, "dead", False),
        (422, INACTIVE, "dead", False),
        (401, {"ErrorCode": 10, "Message": "bad token"}, "waiting", False),
        (429, {"ErrorCode": 0, "Message": "slow down"}, "waiting", False),
        (503, {"ErrorCode": 0, "Message": "away"}, "waiting", False),
        (0, {}, "waiting", True),
    ],
)
def test_what_a_provider_refuses_for_good_is_given_up_and_nothing_else(
    settings: Any,
    now: dt.datetime,
    message: Message,
    status: int,
    answer: dict[str, Any],
    state: str,
    doubtful: bool,
) -> None:
    with postmark(settings) as api:
        api.status, api.answer = status, answer
        assert deliver(clock=lambda: now).sent == 0
    message.refresh_from_db()
    assert (message.state, message.doubtful) == (state, doubtful)
    assert message.last_error
    assert not Suspension.objects.exists()


def test_a_provider_that_is_not_reached_leaves_no_doubt(
    settings: Any, now: dt.datetime, message: Message
) -> None:
    point_to(settings, f"http://127.0.0.1:{free_port()}/")
    assert deliver(clock=lambda: now) == Delivered(put_off=1)
    message.refresh_from_db()
    assert not message.doubtful


# -- EMAIL_URL ------------------------------------------------------------------------------------


def settings_of(url: str) -> dict[str, Any]:
    return mail_settings(url, timeout=5)


def test_an_address_of_a_mail_server_is_read_as_ever() -> None:
    read = settings_of("smtp+tls://ada:s%40cret@mail.example.org:587")
    assert read["EMAIL_BACKEND"] == "django.core.mail.backends.smtp.EmailBackend"
    assert (read["EMAIL_HOST"], read["EMAIL_PORT"]) == ("mail.example.org", 587)
    assert (read["EMAIL_HOST_PASSWORD"], read["EMAIL_USE_TLS"]) == ("s@cret", True)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postmark://AbC", {"POSTMARK_SERVER_TOKEN": "AbC"}),
        ("mailgun://k%3A1@mg.example.org", {"MAILGUN_API_KEY": "k:1"}),
        ("mailgun://k@mg.example.org", {"MAILGUN_SENDER_DOMAIN": "mg.example.org"}),
        ("mailjet://key:secret", {"MAILJET_API_KEY": "key", "MAILJET_SECRET_KEY": "secret"}),
        (
            "sparkpost://key?api_url=https://api.eu.sparkpost.com/api/v1",
            {"SPARKPOST_API_URL": "https://api.eu.sparkpost.com/api/v1"},
        ),
    ],
)
def test_a_provider_is_named_by_the_scheme(url: str, expected: dict[str, str]) -> None:
    read = settings_of(url)
    assert read["EMAIL_BACKEND"] == f"anymail.backends.{url.partition(':')[0]}.EmailBackend"
    assert expected.items() <= read["ANYMAIL"].items()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("pigeon://hush", "use smtp, .* or one of brevo, mailgun"),
        ("hush", "use smtp"),
        ("postmark://", "write it as postmark://KEY"),
        ("mailgun://hush", "write it as mailgun://KEY@DOMAIN"),
        ("mailjet://hush:a:b", "write it as mailjet://KEY:SECRET"),
        ("postmark://hush?stream=x", "only api_url"),
    ],
)
def test_an_address_that_leads_nowhere_is_refused_without_its_secret(url: str, said: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=said) as refused:
        settings_of(url)
    assert "hush" not in str(refused.value).replace("'hush'", "")


@pytest.mark.parametrize("secret", ["short", "name:short", ":" + "x" * 20])
def test_a_secret_that_is_none_is_refused(secret: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="NAME:PASSWORD"):
        hook_secret(secret)
