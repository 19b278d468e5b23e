"""An SMTP server in a process of its own that takes everything, and costs next to nothing.

`python -m tests.bench.sink` prints its port, and serves until its standard input ends.
"""

import asyncio
import sys

_END = b"\r\n.\r\n"
_ANSWERS = {
    b"EHLO": b"250-sink\r\n250 SIZE 26214400\r\n",
    b"DATA": b"354 go on\r\n",
    b"QUIT": b"221 bye\r\n",
}


class Sink(asyncio.Protocol):
    def __init__(self) -> None:
        self._kept, self._in_message = b"", False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        self._kept += data
        while (end := _END if self._in_message else b"\r\n") in self._kept:
            line, _, self._kept = self._kept.partition(end)
            verb = b"" if self._in_message else line[:4].upper()
            self._in_message = verb == b"DATA"
            self._transport.write(_ANSWERS.get(verb, b"250 ok\r\n"))
            if verb == b"QUIT":
                self._transport.close()


async def main() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Sink, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
