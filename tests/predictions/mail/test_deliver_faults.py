"""Servers that refuse, hang, hang up and close: what is tried again, and what is given up."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connection

from predictions.mail.deliver import Delivered, deliver
from predictions.models import Message, Suspension
from tests.predictions.mail.scripted import SILENCE, Script, Scripted, scripted, usual

pytestmark = pytest.mark.django_db


@contextmanager
def mail_to(settings: Any, script: Script) -> Iterator[Scripted]:
    """A server that delivery is pointed to, and is waited for no longer than half a second."""
    with scripted(script) as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.EMAIL_TIMEOUT = 0.5
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        yield server


def on(answers: dict[tuple[str, int], str | None]) -> Script:
    """As usual, but for the verbs whose so-many-eth time is given."""
    return lambda verb, number: answers.get((verb, number), usual(verb))


def queue(now: dt.datetime, *recipients: str, **given: Any) -> list[Message]:
    return [
        Message.objects.create(
            **{
                "kind": "reminder",
                "recipient": recipient,
                "subject": "Due",
                "text": "Look.",
                "html": "<p>Look.</p>",
                "message_id": f"<{number}-{recipient.encode().hex()}@example.org>",
                "due_at": now + dt.timedelta(seconds=number - 60),
                "created_at": now,
                **given,
            }
        )
        for number, recipient in enumerate(recipients)
    ]


def outcome_of(message: Message) -> tuple[str, bool]:
    message.refresh_from_db()
    return message.state, message.doubtful


@pytest.mark.parametrize(
    ("answers", "state", "doubtful", "said"),
    [
        ({("RCPT", 0): "450 4.2.0 greylisted, come back"}, "waiting", False, "greylisted"),
        ({("RCPT", 0): "550 5.1.1 no such user"}, "dead", False, "no such user"),
        ({("DATA", 0): "554 5.7.1 no"}, "dead", False, "5.7.1"),
        ({(".", 0): "552 5.3.4 too big"}, "dead", False, "too big"),
        ({(".", 0): "451 4.3.0 try later"}, "waiting", False, "try later"),
        ({("MAIL", 0): "552 5.3.4 too big"}, "dead", False, "too big"),
        ({("MAIL", 0): "550 5.7.1 not you"}, "waiting", False, "not you"),
        ({("MAIL", 0): "421 closing"}, "waiting", False, "closing"),
        ({("MAIL", 0): None}, "waiting", False, "closed"),
        ({("RCPT", 0): SILENCE}, "waiting", False, "timed out"),
        ({("DATA", 0): None}, "waiting", False, "closed"),
        ({(".", 0): None}, "waiting", True, "before it said"),
        ({(".", 0): SILENCE}, "waiting", True, "timed out"),
        ({(".", 0): "hm?"}, "waiting", True, "-1"),
    ],
)
def test_what_becomes_of_a_message_and_never_of_the_one_behind_it(
    settings: Any,
    now: dt.datetime,
    answers: dict[tuple[str, int], str | None],
    state: str,
    doubtful: bool,
    said: str,
) -> None:
    first, second = queue(now, "ada@example.org", "bob@example.org")
    with mail_to(settings, on(answers)) as server:
        assert deliver(clock=lambda: now).sent == 1
    assert outcome_of(first) == (state, doubtful)
    assert said in first.last_error
    assert outcome_of(second) == ("sent", False)
    assert len(server.messages) == 1


def test_a_connection_is_kept_over_messages_and_refusals(settings: Any, now: dt.datetime) -> None:
    queue(now, "ada@example.org", "bob@example.org", "eve@example.org")
    with mail_to(settings, on({("RCPT", 1): "550 no"})) as server:
        assert deliver(clock=lambda: now) == Delivered(sent=2, dead=1)
    assert server.sessions == 1
    assert sum(line.upper() == "RSET" for line in server.lines) == 1


def test_a_server_that_offers_no_tls_is_told_nothing(settings: Any, now: dt.datetime) -> None:
    [message] = queue(now, "ada@example.org")
    settings.EMAIL_USE_TLS = True
    with mail_to(settings, on({})) as server:
        assert deliver(clock=lambda: now) == Delivered(put_off=1)
    assert outcome_of(message) == ("waiting", False)
    assert not [line for line in server.lines if line.upper().startswith("MAIL")]


def test_a_server_that_refuses_us_is_asked_twice_and_the_rest_waits_as_it_was(
    settings: Any, now: dt.datetime
) -> None:
    *_, third = queue(now, "ada@example.org", "bob@example.org", "eve@example.org")
    was_due = third.due_at
    with mail_to(settings, lambda verb, _: "535 who are you" if verb == "MAIL" else usual(verb)):
        assert deliver(clock=lambda: now) == Delivered(put_off=2)
    third.refresh_from_db()
    assert (third.state, third.attempts, third.due_at) == ("waiting", 0, was_due)


def test_an_address_that_no_server_takes_is_given_up_and_says_why(
    settings: Any, now: dt.datetime
) -> None:
    odd, _ = queue(now, "jürgen@example.org", "bob@müller.example")
    with mail_to(settings, on({})) as server:
        assert deliver(clock=lambda: now) == Delivered(sent=1, dead=1)
    odd.refresh_from_db()
    assert "plain ASCII" in odd.last_error
    assert "rcpt TO:<bob@xn--mller-kva.example>" in server.lines


def test_a_line_that_is_a_dot_does_not_end_the_message(settings: Any, now: dt.datetime) -> None:
    queue(now, "ada@example.org", html="", text="One\n.\n.two\nthree\n")
    with mail_to(settings, on({})) as server:
        assert deliver(clock=lambda: now).sent == 1
    assert server.messages[0].endswith(b"One\r\n..\r\n..two\r\nthree\r\n")


def test_nothing_with_eight_bits_is_sent_to_a_server_that_does_not_offer_it(
    settings: Any, now: dt.datetime
) -> None:
    attached = [{"name": "Übersicht.txt", "type": "text/plain", "text": "Zürich – “gut”"}]
    queue(now, "ada@example.org", subject="Zürich", text="Grüße – ", attachments=attached)
    with mail_to(settings, on({})) as server:
        assert deliver(clock=lambda: now).sent == 1
    assert server.messages[0].isascii()
    assert max(map(len, server.messages[0].split(b"\r\n"))) <= 78 + 20


def test_who_takes_over_a_claim_that_ran_out_knows_that_it_may_be_out(
    settings: Any, now: dt.datetime
) -> None:
    [lost] = queue(now, "ada@example.org", state="claimed", attempts=1)
    with mail_to(settings, on({})):
        assert deliver(clock=lambda: now).sent == 1
    assert outcome_of(lost) == ("sent", True)
    assert lost.attempts == 2


@pytest.mark.django_db(transaction=True)
def test_each_message_is_marked_before_the_next_is_handed_over(
    settings: Any, now: dt.datetime
) -> None:
    first, second = queue(now, "ada@example.org", "bob@example.org")
    seen: list[str] = []

    def script(verb: str, number: int) -> str:
        if verb == "." and number == 1:
            with psycopg.connect(**_parameters()) as other:
                query = "SELECT state FROM predictions_message WHERE id = %s"
                seen.extend(str(state) for [state] in other.execute(query, [first.pk]))
        return usual(verb)

    with mail_to(settings, script):
        assert deliver(clock=lambda: now).sent == 2
    assert seen == ["sent"]
    assert outcome_of(second) == ("sent", False)


def _parameters() -> dict[str, Any]:
    return connection.get_connection_params()


@pytest.mark.django_db(transaction=True)
def test_a_database_that_goes_away_does_not_make_us_forget_what_the_server_took(
    settings: Any, now: dt.datetime
) -> None:
    first, second = queue(now, "ada@example.org", "bob@example.org")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [ours] = cursor.fetchone()

    def script(verb: str, number: int) -> str:
        if verb == "." and number == 0:
            with psycopg.connect(**_parameters(), autocommit=True) as other:
                other.execute("SELECT pg_terminate_backend(%s, 5000)", [ours])
        return usual(verb)

    with mail_to(settings, script) as server, pytest.raises(OperationalError):
        deliver(clock=lambda: now)
    assert outcome_of(first) == ("sent", False)
    second.refresh_from_db()
    assert second.state != "sent"
    assert len(server.messages) == 1


def test_a_slow_server_holds_no_message_beyond_the_lease(settings: Any, now: dt.datetime) -> None:
    queue(now, "ada@example.org", "bob@example.org")
    moments = iter(range(1_000))

    def clock() -> dt.datetime:
        return now + dt.timedelta(seconds=100 * next(moments))

    with mail_to(settings, on({})):
        # Two and a half minutes are half of the lease, and ten end the pass.
        assert deliver(clock=clock).sent == 1
    assert sorted(Message.objects.values_list("state", "attempts")) == [("sent", 1), ("waiting", 0)]


# -- addresses ------------------------------------------------------------------------------------


def test_an_address_refused_for_two_messages_is_suspended_and_for_one_is_not(
    settings: Any, now: dt.datetime
) -> None:
    queue(now, "gone@example.org")
    with mail_to(settings, lambda verb, _: "550 5.1.1 no" if verb == "RCPT" else usual(verb)):
        deliver(clock=lambda: now)
        assert not Suspension.objects.exists()
        queue(now, "Gone@example.org")
        deliver(clock=lambda: now)
    suspension = Suspension.objects.get()
    assert (suspension.reason, suspension.since) == ("bounced", now)
    assert "5.1.1" in suspension.detail


@pytest.mark.parametrize("answer", ["550 5.7.1 relaying denied", "450 4.2.1 busy"])
def test_a_refusal_that_is_not_about_the_address_suspends_nothing(
    settings: Any, now: dt.datetime, answer: str
) -> None:
    queue(now, "ada@example.org", "Ada@example.org")
    with mail_to(settings, lambda verb, _: answer if verb == "RCPT" else usual(verb)):
        deliver(clock=lambda: now)
    assert not Suspension.objects.exists()


def test_nothing_is_handed_over_for_a_suspended_address(settings: Any, now: dt.datetime) -> None:
    kept, _ = queue(now, "Gone@example.org", "ada@example.org")
    Suspension.objects.create(email="gone@example.org", reason="complained", since=now)
    with mail_to(settings, on({})) as server:
        assert deliver(clock=lambda: now) == Delivered(sent=1, dead=1)
    assert outcome_of(kept) == ("dead", False)
    assert "suspended" in kept.last_error
    assert not [line for line in server.lines if "one@" in line]
