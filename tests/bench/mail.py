"""Delivering queued messages against bare smtplib sending the same bytes to the same server."""

import datetime as dt
import smtplib
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.test import override_settings

from config.embedded import ROOT
from predictions.mail import mime
from predictions.mail.deliver import deliver
from predictions.models import Message
from tests.bench.harness import Prepared, Row, in_turns, rounds_for, speed_row

ROUNDS = 3
MESSAGES = 10_000
NOW = dt.datetime(2026, 11, 23, 9, 0, tzinfo=dt.UTC)
TEXT = "Will the harvest fail in 2026? It fell due – look, and enter what came of it.\n" * 20
HTML = (
    f"<html><body>{'<p>Will the harvest fail in 2026? It fell due – look.</p>' * 60}</body></html>"
)


def rows(size: int) -> Iterator[Row]:
    count = min(MESSAGES, size // 2)
    backend = "django.core.mail.backends.smtp.EmailBackend"
    with (
        sink() as port,
        override_settings(EMAIL_BACKEND=backend, EMAIL_HOST="127.0.0.1", EMAIL_PORT=port),
    ):
        times = in_turns(_ours(count), _bare(count, port), rounds=rounds_for(size, ROUNDS))
    Message.objects.all().delete()
    yield speed_row(
        f"delivering {count:,} messages against smtplib sending their bytes",
        times,
        each=count,
        at_least=0.5,
    )


@contextmanager
def sink() -> Iterator[int]:
    """The port of a mail server that costs next to nothing, in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.sink"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout
        yield int(server.stdout.readline())
        server.communicate()


def _messages(count: int) -> list[Message]:
    return [
        Message(
            kind="reminder",
            recipient=f"reader-{number}@example.org",
            subject="Due for review: the harvest",
            text=TEXT,
            html=HTML,
            message_id=f"<{number}@example.org>",
            due_at=NOW,
            created_at=NOW,
        )
        for number in range(count)
    ]


def _ours(count: int) -> Prepared:
    def prepare() -> Callable[[], object]:
        Message.objects.all().delete()
        Message.objects.bulk_create(_messages(count))
        return act

    def act() -> None:
        assert deliver(clock=lambda: NOW).sent == count

    return prepare


def _bare(count: int, port: int) -> Prepared:
    written = [(message.recipient, mime.written(message)) for message in _messages(count)]

    def act() -> None:
        with smtplib.SMTP("127.0.0.1", port) as server:
            for recipient, content in written:
                server.sendmail("ledger@localhost", [recipient], content)

    return lambda: act
