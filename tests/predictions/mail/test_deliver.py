"""Delivery to real SMTP servers: one that files messages, and one that misbehaves on request."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.db import connection

from predictions.mail.deliver import Delivered, deliver, message_retry, pause_after
from predictions.models import Message
from predictions.models.choices import MessageKind, MessageState
from tests.ports import free_port

pytestmark = pytest.mark.django_db(transaction=True)


class Server:
    """An SMTP server that keeps what it accepted, and refuses by the name before the @."""

    def __init__(self) -> None:
        self.accepted: list[Envelope] = []

    async def handle_RCPT(  # noqa: N802 -- the library's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answers = {"nobody": "550 no such user", "later": "450 mailbox busy"}
        answer = answers.get(address.partition("@")[0])
        if answer is None:
            envelope.rcpt_tos.append(address)
        return answer or "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if envelope.rcpt_tos[0].startswith("spam"):
            return "554 looks like spam"
        if envelope.rcpt_tos[0].startswith("cut") and session.peer:
            assert server.transport
            server.transport.close()
            return "421 gone"
        self.accepted.append(envelope)
        return "250 OK"

    def recipients(self) -> list[str]:
        return [address for envelope in self.accepted for address in envelope.rcpt_tos]


@pytest.fixture
def server(settings: Any) -> Iterator[Server]:
    handler = Server()
    controller = Controller(handler, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", controller.port
        # The test runner collects mail in memory; here it goes out.
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        yield handler
    finally:
        controller.stop()


def queue(now: dt.datetime, *recipients: str) -> list[Message]:
    return [
        Message.objects.create(
            kind=MessageKind.REMINDER,
            recipient=recipient,
            subject="Due: Zürich",
            text="Look.",
            html="<p>Look.</p>",
            message_id=f"<{recipient}>",
            due_at=now,
            created_at=now,
        )
        for recipient in recipients
    ]


def states() -> dict[str, str]:
    return dict(Message.objects.values_list("recipient", "state"))


def test_a_message_is_delivered_once_with_text_and_html(server: Server, now: dt.datetime) -> None:
    queue(now, "ada@example.org")
    assert deliver(clock=lambda: now) == Delivered(sent=1)
    assert deliver(clock=lambda: now) == Delivered()
    [envelope] = server.accepted
    content = envelope.original_content or b""
    assert envelope.rcpt_tos == ["ada@example.org"]
    for part in (b"Message-ID: <ada@example.org>", b"text/plain", b"text/html", b"auto-generated"):
        assert part in content
    message = Message.objects.get()
    assert (message.state, message.sent_at, message.attempts) == (MessageState.SENT, now, 1)


def test_one_bad_address_stops_nobody_behind_it(server: Server, now: dt.datetime) -> None:
    queue(now, "nobody@example.org", "spam@example.org", "later@example.org", "cut@example.org")
    queue(now, "ada@example.org")
    assert deliver(clock=lambda: now) == Delivered(sent=1, put_off=2, dead=2)
    assert server.recipients() == ["ada@example.org"]
    assert states() == {
        "nobody@example.org": MessageState.DEAD,
        "spam@example.org": MessageState.DEAD,
        "later@example.org": MessageState.WAITING,
        "cut@example.org": MessageState.WAITING,
        "ada@example.org": MessageState.SENT,
    }
    assert "no such user" in Message.objects.get(recipient="nobody@example.org").last_error


def test_what_was_put_off_is_tried_again_when_its_pause_is_over(
    server: Server, now: dt.datetime
) -> None:
    [message] = queue(now, "later@example.org")
    deliver(clock=lambda: now)
    assert deliver(clock=lambda: now) == Delivered()
    message.refresh_from_db()
    assert deliver(clock=lambda: message.due_at) == Delivered(put_off=1)


def test_a_message_grown_old_is_given_up_and_can_be_tried_again(
    server: Server, now: dt.datetime, settings: Any
) -> None:
    settings.MAIL_GIVE_UP_HOURS = 2
    [message] = queue(now, "later@example.org")
    assert deliver(clock=lambda: now + dt.timedelta(hours=1)) == Delivered(put_off=1)
    assert deliver(clock=lambda: now + dt.timedelta(hours=3)) == Delivered(dead=1)
    assert deliver(clock=lambda: now + dt.timedelta(days=9)) == Delivered()
    message_retry(message=message, now=now + dt.timedelta(days=9))
    assert deliver(clock=lambda: now + dt.timedelta(days=9)) == Delivered(put_off=1)


def test_a_claimed_message_is_left_alone_until_its_lease_runs_out(
    server: Server, now: dt.datetime
) -> None:
    [message] = queue(now, "ada@example.org")
    message.state, message.due_at = MessageState.CLAIMED, now + dt.timedelta(minutes=5)
    message.save()
    assert deliver(clock=lambda: now) == Delivered()
    assert deliver(clock=lambda: now + dt.timedelta(minutes=5)) == Delivered(sent=1)


def test_a_server_that_is_away_loses_nothing(now: dt.datetime, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    queue(now, "ada@example.org", "bob@example.org", "eve@example.org")
    # After two failures the pass ends: nobody waits for a server that is away.
    assert deliver(clock=lambda: now) == Delivered(put_off=2)
    assert set(states().values()) == {MessageState.WAITING}


def test_a_send_that_outlasts_its_lease_is_marked_all_the_same(
    server: Server, now: dt.datetime, settings: Any
) -> None:
    settings.MAIL_LEASE_SECONDS = 1
    [message] = queue(now, "ada@example.org")
    moments = iter([now, now])

    def clock() -> dt.datetime:
        # After the claim, somebody else claims it too; then the server accepts.
        moment = next(moments, None)
        if moment is None:
            Message.objects.filter(pk=message.pk).update(attempts=2)
        return now

    assert deliver(clock=clock).sent == 1
    assert states() == {"ada@example.org": MessageState.SENT}


def test_while_one_pass_delivers_another_leaves_at_once(server: Server, now: dt.datetime) -> None:
    queue(now, "ada@example.org")
    with psycopg.connect(**connection.get_connection_params()) as other:
        other.execute("SELECT pg_advisory_lock(hashtext('deliver'))")
        assert deliver(clock=lambda: now) == Delivered()
        # A closed session may hold its locks for a moment more.
        other.execute("SELECT pg_advisory_unlock(hashtext('deliver'))")
    assert deliver(clock=lambda: now) == Delivered(sent=1)


def test_pauses_grow_and_are_bounded() -> None:
    pauses = [pause_after(attempts).total_seconds() for attempts in range(1, 14)]
    assert 22 <= pauses[0] <= 30
    assert all(pause <= 4 * 3600 for pause in pauses)
    assert pauses[-1] >= 3 * 3600


def test_a_message_that_is_no_mail_is_given_up_and_stops_nobody(
    server: Server, now: dt.datetime
) -> None:
    [message, _] = queue(now, "ada@example.org", "bob@example.org")
    message.subject = "Due\nBcc: all@example.org"
    message.save()
    assert deliver(clock=lambda: now) == Delivered(sent=1, dead=1)
    assert server.recipients() == ["bob@example.org"]
