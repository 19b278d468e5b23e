"""A hostile SMTP server: `python -m tests.smtp PORT JOURNAL`, or within a test, in a thread.

What it does to a message, the recipient's address says: `<treatment>-<anything>@…`, where a number
after the treatment is how often (`grey3-ada@example.org` is refused three times, then accepted).
Each answer that decides a message is in the journal, a JSON line, before the client hears of it: so
the journal of a server that is killed still knows all that it took. It reads the journal when it
starts, and goes on counting where the one before it was killed.
"""

import asyncio
import json
import os
import re
import socket
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from email import message_from_bytes
from email.policy import default as modern
from pathlib import Path
from threading import Thread

# Long enough for whoever reads the journal to act while a message is held.
HOLD_SECONDS = 0.5
_LONGEST = 2**25  # bytes of a message
_TREATED = re.compile(r"(?P<treatment>[a-z]+)(?P<times>\d*)-")
# To RCPT, for good and for so many times.
_REFUSED = {"gone": "550 5.1.1 no such user here", "full": "552 5.2.2 mailbox full"}
_PUT_OFF = {"grey": "450 4.2.0 greylisted", "busy": "421 4.3.2 too busy, closing"}
# To the message itself.
_SPAM = "554 5.7.1 looks like spam"
_LATER = "451 4.7.1 try again later"
ACCEPTED = "250"
# Taken whole, but the connection is dropped instead of an answer: the client cannot know.
DROPPED = "taken and dropped"
# The client was gone before its next word, so it may not have heard that its message was accepted.
LEFT = "accepted, and the client left"
HOLDS = BEFORE, AFTER = "hold before DATA", "hold after DATA"


@dataclass(frozen=True)
class Answer:
    """What became of one attempt; of the message, as far as it was heard."""

    at: float
    recipient: str
    said: str  # an SMTP answer, DROPPED, or what the server is about to do
    recipients: int = 1
    message_id: str = ""
    to: str = ""
    subject: str = ""

    @property
    def taken(self) -> bool:
        """Whether the recipient gets a copy."""
        return self.said in (ACCEPTED, DROPPED)


class Journal:
    """The answers, one a line, each written by one call: a kill leaves no half of one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._attempts: Counter[str] = Counter()
        self._held: set[str] = set()
        for answer in self.answers():
            self._count(answer)

    def write(self, answer: Answer) -> None:
        os.write(self._file, (json.dumps(asdict(answer)) + "\n").encode())
        self._count(answer)

    def _count(self, answer: Answer) -> None:
        if answer.said in HOLDS:
            self._held.add(answer.recipient)
        elif answer.said != LEFT:
            self._attempts[answer.recipient] += 1

    def close(self) -> None:
        os.close(self._file)

    def attempts(self, recipient: str) -> int:
        """How many came to an end, whichever."""
        return self._attempts[recipient]

    def was_held(self, recipient: str) -> bool:
        return recipient in self._held

    def answers(self) -> list[Answer]:
        return answers(self._path)


def answers(path: Path) -> list[Answer]:
    """What a journal says, oldest first."""
    if not path.exists():
        return []
    return [Answer(**json.loads(line)) for line in path.read_text().splitlines()]


class _Dropped(Exception):
    """Ends a connection without a word."""


class _Conversation:
    """One connection, to its end."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, journal: Journal
    ) -> None:
        self._reader, self._writer, self._journal = reader, writer, journal
        self._recipients: list[str] = []
        self._accepted = ""  # whose message was the last thing that we spoke of

    def note_end(self) -> None:
        """The connection is gone."""
        if self._accepted:
            self._note(self._accepted, LEFT)

    async def greet(self, number: int) -> None:
        """Every seventh connection is turned away, by turns without a word and with 421."""
        if number % 14 == 7:
            raise _Dropped
        if number % 14 == 13:
            await self._say("421 4.3.2 too many connections")
            raise _Dropped
        await self._say("220 hostile ESMTP")

    async def run(self) -> None:
        while line := await self._reader.readline():
            self._accepted = ""
            word = line.split(b":")[0].strip().upper()
            match word.split():
                case [b"EHLO" | b"HELO", *_]:
                    await self._say("250 hostile")
                case [b"MAIL", b"FROM"] | [b"RSET"]:
                    self._recipients.clear()
                    await self._say("250 2.1.0 ok")
                case [b"RCPT", b"TO"]:
                    await self._rcpt(line.decode().split("<")[1].split(">")[0])
                case [b"DATA"]:
                    await self._data()
                case [b"QUIT"]:
                    await self._say("221 2.0.0 bye")
                    return
                case _:
                    await self._say("500 5.5.2 what?")

    async def _rcpt(self, recipient: str) -> None:
        treatment, times = _treatment(recipient)
        if treatment == "before" and not self._journal.was_held(recipient):
            self._note(recipient, BEFORE)
            await asyncio.sleep(HOLD_SECONDS)
        answer = _REFUSED.get(treatment)
        if answer is None and self._journal.attempts(recipient) < times:
            answer = _PUT_OFF.get(treatment)
        if answer is None:
            self._recipients.append(recipient)
            await self._say("250 2.1.5 ok")
            return
        self._note(recipient, answer)
        await self._say(answer)
        if answer.startswith("421"):
            raise _Dropped

    async def _data(self) -> None:
        [recipient, *_] = self._recipients
        treatment, times = _treatment(recipient)
        again = self._journal.attempts(recipient) < times
        if treatment == "cut" and again:
            self._note(recipient, "dropped before DATA")
            raise _Dropped
        await self._say("354 go ahead")
        content = await self._reader.readuntil(b"\r\n.\r\n")
        said = ACCEPTED
        match treatment:
            case "spam":
                said = _SPAM
            case "later" if again:
                said = _LATER
            case "mute" if again:
                said = DROPPED
            case "slow":
                await asyncio.sleep(0.1)
        await self._decide(recipient, treatment, said, content)

    async def _decide(self, recipient: str, treatment: str, said: str, content: bytes) -> None:
        hold = treatment == "after" and not self._journal.was_held(recipient)
        self._note(recipient, said, content)
        if hold:
            self._note(recipient, AFTER)
            await asyncio.sleep(HOLD_SECONDS)
        self._recipients.clear()
        if said == DROPPED:
            raise _Dropped
        self._accepted = recipient if said == ACCEPTED else ""
        await self._say("250 2.0.0 taken" if said == ACCEPTED else said)

    def _note(self, recipient: str, said: str, content: bytes = b"") -> None:
        mail = message_from_bytes(content, policy=modern)
        answer = Answer(
            at=time.time(),
            recipient=recipient,
            said=said,
            recipients=len(self._recipients) or 1,
            message_id=str(mail["Message-ID"] or ""),
            to=str(mail["To"] or ""),
            subject=str(mail["Subject"] or ""),
        )
        self._journal.write(answer)

    async def _say(self, line: str) -> None:
        self._writer.write(f"{line}\r\n".encode())
        await self._writer.drain()


def _treatment(recipient: str) -> tuple[str, int]:
    """What an address asks for, and how often; nothing in particular for most."""
    found = _TREATED.match(recipient)
    return (found["treatment"], int(found["times"] or 1)) if found else ("", 0)


class _Server:
    def __init__(self, journal: Journal, *, greets: bool) -> None:
        self._journal, self._greets, self._connections = journal, greets, 0

    async def serve(self, listener: socket.socket, closing: asyncio.Event) -> None:
        server = await asyncio.start_server(self._converse, sock=listener, limit=_LONGEST)
        await closing.wait()
        server.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        conversation = _Conversation(reader, writer, self._journal)
        self._connections += 1
        # A client may leave whenever it likes.
        with suppress(_Dropped, ConnectionError, asyncio.IncompleteReadError):
            await conversation.greet(0 if self._greets else self._connections)
            await conversation.run()
        conversation.note_end()
        writer.close()


@contextmanager
def hostile(folder: Path) -> Iterator[tuple[int, Journal]]:
    """The server in a thread of this process, which greets everybody: its port and its journal."""
    journal = Journal(folder / "smtp.jsonl")
    listener = socket.create_server(("127.0.0.1", 0))
    loop = asyncio.new_event_loop()
    closing = asyncio.Event()

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(_Server(journal, greets=True).serve(listener, closing))

    thread = Thread(target=run, name="hostile SMTP server", daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1], journal
    finally:
        loop.call_soon_threadsafe(closing.set)
        thread.join()
        journal.close()


if __name__ == "__main__":
    _listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
    _forever = _Server(Journal(Path(sys.argv[2])), greets=False)
    asyncio.run(_forever.serve(_listener, asyncio.Event()))
