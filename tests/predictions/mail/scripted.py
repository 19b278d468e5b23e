"""An SMTP server that misbehaves as it is told to, a line at a time."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

# What is answered to a verb; None hangs up, "silence" says nothing more.
Script = Callable[[str, int], str | None]
SILENCE = "silence"
_USUAL = {
    "EHLO": "250-scripted\r\n250 SIZE 1000000",
    "DATA": "354 go on",
    "QUIT": "221 bye",
}


def usual(verb: str) -> str:
    return _USUAL.get(verb, "250 ok")


@dataclass
class Scripted:
    """Answers what `script` says of the verb, and of how many such there were before; `.` is the
    end of a message."""

    script: Script
    port: int = 0
    lines: list[str] = field(default_factory=list)
    messages: list[bytes] = field(default_factory=list)
    sessions: int = 0
    _seen: dict[str, int] = field(default_factory=dict)

    def serve(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self.sessions += 1
            with connection:
                self._session(connection)

    def _session(self, connection: socket.socket) -> None:
        file = connection.makefile("rwb")
        try:
            self._say(file, "220 scripted")
            while line := file.readline().decode("latin-1").strip():
                self.lines.append(line)
                if not self._answered(file, line[:4].upper()):
                    return
        except OSError:
            return

    def _answered(self, file: Any, verb: str) -> bool:
        answer = self._answer(verb)
        if answer == SILENCE:
            file.readline()  # until the other side has had enough
            return False
        if answer is None:
            return False
        self._say(file, answer)
        if verb == "DATA" and answer.startswith("354"):
            message = b"".join(iter(file.readline, b".\r\n"))
            return self._taken(file, message)
        return not answer.startswith(("421", "221"))

    def _taken(self, file: Any, message: bytes) -> bool:
        answer = self._answer(".")
        if answer == SILENCE:
            file.readline()
        if answer is None or answer == SILENCE:
            return False
        if answer.startswith("250"):
            self.messages.append(message)
        self._say(file, answer)
        return True

    def _answer(self, verb: str) -> str | None:
        number = self._seen.get(verb, 0)
        self._seen[verb] = number + 1
        return self.script(verb, number)

    def _say(self, file: Any, answer: str) -> None:
        file.write(f"{answer}\r\n".encode())
        file.flush()


@contextmanager
def scripted(script: Script) -> Iterator[Scripted]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = Scripted(script, port=listener.getsockname()[1])
    thread = threading.Thread(target=server.serve, args=(listener,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)
