"""What is known to have gone wrong with the mail of other services, each tried on ours."""

import datetime as dt
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from predictions import services
from predictions.mail.deliver import Clock, Delivered, deliver
from predictions.mail.reminders import reminders_queue
from predictions.mail.reports import reports_queue
from predictions.mail.watch import running
from predictions.models import Message, Reminder, Subscription, User
from predictions.models.choices import MessageKind, MessageState
from predictions.when import end_of
from tests.making import Maker
from tests.smtp import Journal, hostile

pytestmark = pytest.mark.django_db(transaction=True)
MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)
SMTP_BACKEND = "django.core.mail.backends.smtp.EmailBackend"


@pytest.fixture
def journal(settings: Any, tmp_path: Path) -> Iterator[Journal]:
    """What a hostile mail server saw, to which everything goes."""
    with hostile(tmp_path) as (port, journal):
        settings.EMAIL_BACKEND = SMTP_BACKEND  # the test runner's collects mail in memory
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
        yield journal


@pytest.fixture
def dumb(settings: Any) -> Iterator[socket.socket]:
    """A mail server to which one can connect, and that never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        settings.EMAIL_BACKEND, settings.EMAIL_TIMEOUT = SMTP_BACKEND, 0.1
        settings.EMAIL_HOST, settings.EMAIL_PORT = listener.getsockname()
        yield listener


def at(moment: dt.datetime) -> Clock:
    """A clock that has stopped."""
    return lambda: moment


def person(name: str) -> User:
    return User.objects.create(username=name, email=f"{name}@example.org")


def queue(now: dt.datetime, *recipients: str) -> None:
    for recipient in recipients:
        Message.objects.create(
            kind=MessageKind.REMINDER,
            recipient=recipient,
            subject="Due",
            text="Look.",
            html="<p>Look.</p>",
            message_id=f"<{recipient}>",
            due_at=now,
            created_at=now,
        )


def taken(journal: Journal) -> list[str]:
    return [answer.recipient for answer in journal.answers() if answer.taken]


def states() -> dict[str, str]:
    return dict(Message.objects.values_list("recipient", "state"))


def test_fifty_one_passes_over_one_deadline_send_one_mail(make: Maker, journal: Journal) -> None:
    make.question(reviewer=person("rita"))
    for number in range(51):
        now = make.now + number * 5 * MINUTE
        reminders_queue(now=now)
        deliver(clock=at(now))
    assert taken(journal) == ["rita@example.org"]


def test_a_server_that_takes_and_never_says_so_gets_one_message_ever_more_rarely(
    journal: Journal, now: dt.datetime
) -> None:
    queue(now, "mute999-ada@example.org")
    moments = []
    while waiting := Message.objects.filter(state=MessageState.WAITING).first():
        moments.append(waiting.due_at)
        deliver(clock=at(moments[-1]))
    copies = [answer.message_id for answer in journal.answers() if answer.taken]
    assert set(copies) == {"<mute999-ada@example.org>"}
    assert len([moment for moment in moments if moment < now + HOUR]) <= 8
    assert len(copies) <= 40
    assert set(states().values()) == {MessageState.DEAD}


def test_a_mail_that_smtp_refused_is_not_marked_as_sent(journal: Journal, now: dt.datetime) -> None:
    refused = ("gone", "full", "spam", "grey", "later", "busy", "cut", "mute")
    for treatment in refused:
        queue(now, f"{treatment}-ada@example.org")
    for _ in refused:  # a server that fails twice in a row ends a pass
        deliver(clock=at(now))
    assert not Message.objects.filter(state=MessageState.SENT).exists()
    assert not Message.objects.filter(sent_at__isnull=False).exists()
    assert not Message.objects.filter(last_error="").exists()
    assert {one for one, state in states().items() if state == MessageState.DEAD} == {
        f"{treatment}-ada@example.org" for treatment in ("gone", "full", "spam")
    }


def test_bad_addresses_first_in_the_queue_block_nobody_behind_them(
    journal: Journal, now: dt.datetime
) -> None:
    bad = [
        f"{treatment}9-{number}@example.org"
        for number in range(3)
        for treatment in ("cut", "gone", "grey", "spam", "busy", "mute")
    ]
    queue(now, "a@b@c", *bad, "ada@example.org", "bob@example.org")
    for number in range(5):
        deliver(clock=at(now + number * dt.timedelta(seconds=1)))
    assert {"ada@example.org", "bob@example.org"} <= set(taken(journal))
    assert states()["a@b@c"] == MessageState.DEAD


def test_while_the_server_hangs_nothing_counts_as_sent_and_then_all_get_theirs(
    dumb: socket.socket, now: dt.datetime, settings: Any, tmp_path: Path
) -> None:
    recipients = [f"{number}@example.org" for number in range(5)]
    queue(now, *recipients)
    assert deliver(clock=at(now)) == Delivered(put_off=2)
    assert set(states().values()) == {MessageState.WAITING}
    with hostile(tmp_path) as (port, journal):
        settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = port, 5
        deliver(clock=at(now + MINUTE))
        assert sorted(taken(journal)) == recipients
    assert set(states().values()) == {MessageState.SENT}


def test_a_pass_over_a_slow_server_ends_before_it_is_killed_with_a_message_in_hand(
    journal: Journal, now: dt.datetime
) -> None:
    queue(now, *(f"{number}@example.org" for number in range(9)))
    minutes = count()
    first = deliver(clock=lambda: now + next(minutes) * MINUTE)
    assert 0 < first.sent < 9
    assert first.sent + deliver(clock=at(now + HOUR)).sent == 9
    assert len(taken(journal)) == 9


def test_a_server_that_turns_everybody_away_wears_nobody_out(
    journal: Journal, now: dt.datetime
) -> None:
    queue(now, *(f"busy9-{number}@example.org" for number in range(6)))
    assert deliver(clock=at(now)) == Delivered(put_off=2)
    assert Message.objects.filter(attempts=0).count() == 4


def test_a_greeting_that_turns_away_is_no_fault_of_the_messages(
    dumb: socket.socket, now: dt.datetime
) -> None:
    queue(now, *(f"{number}@example.org" for number in range(6)))
    turned_away = _turn_away(dumb)
    assert deliver(clock=at(now)) == Delivered(put_off=2)
    turned_away.kill()
    turned_away.communicate()
    assert Message.objects.filter(attempts=0).count() == 4


def _turn_away(listener: socket.socket) -> "subprocess.Popen[bytes]":
    script = (
        "import socket, sys\nlistener = socket.socket(fileno=int(sys.argv[1]))\n"
        "while True:\n    listener.accept()[0].sendall(b'554 no service here\\r\\n')\n"
    )
    return subprocess.Popen(
        [sys.executable, "-c", script, str(listener.fileno())], pass_fds=[listener.fileno()]
    )


def test_a_moved_deadline_reminds_again_on_its_new_day_and_not_before(
    make: Maker, journal: Journal
) -> None:
    reviewer = person("rita")
    told = make.question(reviewer=reviewer)
    untold = make.question(reviewer=reviewer, due_at=end_of((make.now + 12 * DAY).date()))

    def days_told(*days: int) -> list[int]:
        """On which of these days a reminder goes out."""
        return [day for day in days if _told_at(make.now + day * DAY)]

    assert days_told(0) == [0]  # of the first alone: the other is not due within a week
    for question in (told, untold):
        services.question_amend(
            question=question,
            changes={"due_at": end_of((make.now + 9 * DAY).date())},
            reason="Moved.",
            by=None,
            now=make.now,
        )
    # A week before the new day, on it, and not in between.
    assert days_told(*range(1, 12)) == [2, 9]
    assert taken(journal) == ["rita@example.org"] * 3
    assert set(Reminder.objects.values_list("question__key", "due_version")) == {
        (told.key, 1),
        (told.key, 2),
        (untold.key, 2),
    }


def _told_at(now: dt.datetime) -> bool:
    reminders_queue(now=now)
    return deliver(clock=at(now)).sent > 0


def test_three_days_down_then_one_message_each_with_all_that_fell_due(
    make: Maker, journal: Journal
) -> None:
    people = [person(name) for name in ("ada", "bob", "eve")]
    for reviewer in people:
        Subscription.objects.create(user=reviewer, created_at=make.now, confirmed_at=make.now)
        for days in range(3):
            make.question(reviewer=reviewer, due_at=end_of((make.now + days * DAY).date()))
    up_again = make.now + 4 * DAY
    for number in range(3):
        now = up_again + number * MINUTE
        queued = reminders_queue(now=now), reports_queue(now=now)
        assert queued == ((3, 3) if number == 0 else (0, 0))
        deliver(clock=at(now))
    assert sorted(taken(journal)) == sorted([user.email for user in people] * 2)
    reminders = [answer for answer in journal.answers() if answer.subject.startswith("3 questions")]
    assert len(reminders) == 3
    assert Reminder.objects.count() == 9


def test_a_missed_week_loses_no_report_and_no_part_of_it(make: Maker, journal: Journal) -> None:
    Subscription.objects.create(
        user=person("rita"), created_at=make.now, confirmed_at=make.now - DAY
    )
    assert reports_queue(now=make.now) == 1
    question = make.question()
    make.prediction(question=question)
    make.outcome(question)
    up_again = make.now + 24 * DAY
    assert [reports_queue(now=up_again + hours * HOUR) for hours in range(3)] == [1, 0, 0]
    assert question.key in Message.objects.latest("pk").text


def test_a_reminder_that_was_given_up_is_told_at_the_desk(make: Maker, journal: Journal) -> None:
    make.question(reviewer=person("gone-rita"))
    reminders_queue(now=make.now)
    deliver(clock=at(make.now))
    assert running(make.now).given_up == 1
    assert "no such user here" in Message.objects.get().last_error


def test_mail_that_stays_behind_is_told_at_the_desk(make: Maker) -> None:
    make.question(reviewer=person("rita"))
    reminders_queue(now=make.now)
    assert not running(make.now).mail_is_late
    assert running(make.now + 2 * HOUR).mail_is_late


def test_everybody_gets_a_mail_of_their_own_that_names_nobody_else(
    make: Maker, journal: Journal, adjudicator: User
) -> None:
    for name in ("root", "toor"):
        User.objects.create_superuser(name, f"{name}@example.org")
    make.question()  # has no reviewer: every administrator is told
    reminders_queue(now=make.now)
    deliver(clock=at(make.now))
    seen = sorted((answer.recipients, answer.to) for answer in journal.answers())
    assert seen == [(1, f"{name}@example.org") for name in ("ada", "root", "toor")]


def test_an_address_that_is_two_goes_to_neither(journal: Journal, now: dt.datetime) -> None:
    queue(now, "ada@example.org, bob@example.org", "<ada@example.org> bob@example.org")
    assert deliver(clock=at(now)) == Delivered(dead=2)
    assert journal.answers() == []


@pytest.mark.parametrize("method", ["get", "head"])
def test_a_scanner_that_follows_the_links_of_a_reminder_changes_nothing(
    make: Maker, adjudicator: User, method: str
) -> None:
    make.question(reviewer=adjudicator)
    reminders_queue(now=make.now)
    message = Message.objects.get()
    found = set(re.findall(r"https?://[^\s\"<>]+", message.text + message.html))
    assert found
    signed_in = Client()
    signed_in.force_login(adjudicator)
    for client in (Client(), signed_in):
        for link in found:
            with CaptureQueriesContext(connection) as queries:
                answer = getattr(client, method)(urlsplit(link).path or "/")
            assert answer.status_code in (200, 302)
            assert [query["sql"] for query in queries if _changes(query["sql"])] == []


def _changes(sql: str) -> bool:
    """Whether it writes, but to the table of sessions."""
    writes = re.match(r"\s*(INSERT|UPDATE|DELETE)", sql)
    return bool(writes) and "session" not in sql
