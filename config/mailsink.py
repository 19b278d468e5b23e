"""A mail server that keeps what it is sent: each message becomes a file, none goes anywhere.

It stands in for a real mail server as long as no EMAIL_URL names one.
"""

import asyncio
import itertools
import os
import socket
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

from aiosmtpd.smtp import SMTP, Envelope, Session

from config.secrets import sync_folder

MAX_MESSAGE_BYTES = 25 * 1024 * 1024


class MailFolder:
    """Stores messages as `<UTC time>-<n>.eml`, so that names sort in the order of arrival."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Left by a crash in the middle of a write; its sender was never told 250.
        for half_written in folder.glob(".*.part"):
            half_written.unlink()
        self._folder = folder
        self._numbers = itertools.count(1)

    def store(self, message: bytes) -> Path:
        """Returns once the message would survive a power cut under its final name."""
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}-{next(self._numbers):06}.eml"
        part = self._folder / f".{name}.part"
        try:
            with os.fdopen(
                os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb"
            ) as file:
                file.write(message)
                file.flush()
                os.fsync(file.fileno())
            part.rename(self._folder / name)
        finally:
            part.unlink(missing_ok=True)
        sync_folder(self._folder)
        return self._folder / name


class _Handler:
    """aiosmtpd's hook: the reply to DATA decides whether the sender may forget the message."""

    def __init__(self, folder: MailFolder) -> None:
        self._folder = folder

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        try:
            await asyncio.to_thread(self._folder.store, _with_envelope(envelope))
        except OSError as error:
            return f"452 4.3.1 The message could not be stored: {error.strerror}"
        return "250 2.0.0 Stored"


def _with_envelope(envelope: Envelope) -> bytes:
    """The message, untouched, below two headers that say who it really was from and for."""
    content = envelope.content
    if not isinstance(content, bytes):
        raise TypeError("the mail sink stores bytes, and was handed text")
    recipients = ", ".join(envelope.rcpt_tos)
    return f"X-MailFrom: {envelope.mail_from}\r\nX-RcptTo: {recipients}\r\n".encode() + content


class MailSink:
    """Listens on a free port of the loopback interface, in a thread of its own."""

    def __init__(self, folder: Path) -> None:
        self._handler = _Handler(MailFolder(folder))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._loop = asyncio.new_event_loop()
        self._closing = asyncio.Event()
        self._thread = Thread(target=self._run, name="mail sink", daemon=True)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self._listener.getsockname()[1]}"

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Ends at once: a message in mid-air was not accepted, its sender tries again."""
        self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join()
        self._listener.close()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        server = await self._loop.create_server(self._protocol, sock=self._listener)
        await self._closing.wait()
        server.close()

    def _protocol(self) -> SMTP:
        # The name is given since looking up this machine's own can take seconds.
        return SMTP(
            self._handler,
            hostname="localhost",
            data_size_limit=MAX_MESSAGE_BYTES,
            enable_SMTPUTF8=True,
            loop=self._loop,
        )
