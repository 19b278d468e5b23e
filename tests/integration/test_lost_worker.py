"""A worker killed while the mail server is about to accept: the reminder still comes, and once."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.integration.service import service, wait_for
from tests.ports import free_port


class Hesitant:
    """An SMTP server that hangs up on nobody but accepts nothing until told to."""

    def __init__(self) -> None:
        self.accepts = False
        self.asked = 0
        self.accepted: list[bytes] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.asked += 1
        while not self.accepts:
            await asyncio.sleep(0.05)
        self.accepted.append(envelope.original_content or b"")
        return "250 OK"


@pytest.fixture
def hesitant() -> Iterator[tuple[Hesitant, int]]:
    handler = Hesitant()
    controller = Controller(handler, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        yield handler, controller.port
    finally:
        controller.stop()


def test_a_worker_killed_before_the_server_accepted_sends_each_message_once(
    tmp_path: Path, hesitant: tuple[Hesitant, int]
) -> None:
    server, port = hesitant
    with service(
        tmp_path / "var", EMAIL_URL=f"smtp://127.0.0.1:{port}", MAIL_LEASE_SECONDS="24"
    ) as running:
        running.wait_until_ready()
        wait_for(lambda: server.asked >= 1, 30)
        for process in running.children("worker"):
            process.kill()
        wait_for(lambda: "worker" in running.printed().split("Ready:")[1], 10)
        server.accepts = True
        wait_for(lambda: len(server.accepted) >= 2, 60)
        assert running.manage("send_reminders").stdout.startswith("queued 0")
    subjects = sorted(
        line
        for mail in server.accepted
        for line in mail.splitlines()
        if line.startswith(b"Subject")
    )
    assert subjects == [
        b"Subject: 2 questions are due for review: Q16, Q17",
        b"Subject: Scored report, everything so far: 16 outcomes",
    ]
