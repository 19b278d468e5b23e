"""What befalls the service while it delivers: each process it rests on is killed, or hangs."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import redis

from config.embedded import ROOT
from tests.integration.service import Service
from tests.ports import free_port
from tests.servers import Servers


class MailServer:
    """`tests.smtp` in a process of its own, which can be killed and made to hang."""

    def __init__(self, journal: Path) -> None:
        self.port, self.journal = free_port(), journal
        self.url = f"smtp://127.0.0.1:{self.port}"
        self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tests.smtp", str(self.port), str(self.journal)]
        return subprocess.Popen(command, cwd=ROOT)

    def crash(self) -> None:
        self.end()
        time.sleep(0.5)
        self._process = self._start()

    def hang(self) -> None:
        """The kernel goes on accepting connections; nobody answers them."""
        self._process.send_signal(signal.SIGSTOP)
        time.sleep(3)
        self._process.send_signal(signal.SIGCONT)

    def end(self) -> None:
        self._process.kill()
        self._process.wait()


class Storm:
    """Its acts, by name."""

    def __init__(self, service: Service, mail_server: MailServer) -> None:
        self._service, self._mail_server = service, mail_server
        urls = json.loads((service.folder / "run" / "servers.json").read_text())
        ours = {"DJANGO_SETTINGS_MODULE": "config.settings"}
        self.servers = Servers(service.folder, {**urls, **service.environ, **ours})

    def act(self, name: str) -> None:
        match name:
            case "the worker is killed":
                self._kill("quiet worker")
            case "the process that delivers is killed":
                self._kill_deliverers()
            case "a beat is killed":
                self._kill("quiet beat")
            case "the mail server is killed":
                self._mail_server.crash()
            case "the mail server hangs":
                self._mail_server.hang()
            case "PostgreSQL crashes":
                self.servers.crash_postgres()
            case "Valkey is killed":
                self._kill_valkey()
            case "Valkey is emptied":
                self._empty_valkey()
            case _:
                raise ValueError(name)

    @contextmanager
    def second_beat(self, folder: Path) -> Iterator[None]:
        """Beside the service's own, on the same broker."""
        command = ("-m", "celery", "--app", "config.celery", "--quiet", "beat", "--pidfile=")
        schedule = ("--loglevel", "WARNING", "--schedule", str(folder / "beat-schedule"))
        process = self.servers.start(*command, *schedule, log=folder / "second-beat.log")
        try:
            yield
            assert process.poll() is None, (folder / "second-beat.log").read_text()
        finally:
            process.terminate()
            process.wait(timeout=10)

    def _kill(self, words: str) -> None:
        for process in self._service.children(words):
            with suppress(psutil.NoSuchProcess):
                process.kill()

    def _kill_deliverers(self) -> None:
        """The worker's pool; the worker itself lives and makes new ones."""
        found = self._service.children("quiet worker")
        parents = {process.pid for process in found}
        for process in found:
            with suppress(psutil.NoSuchProcess):
                if process.ppid() in parents:
                    process.kill()

    def _kill_valkey(self) -> None:
        for process in psutil.process_iter(["name", "cwd"]):
            valkey = str(self._service.folder / "valkey")
            if process.info == {"name": "valkey-server", "cwd": valkey}:
                os.kill(process.pid, signal.SIGKILL)

    def _empty_valkey(self) -> None:
        address = self.servers.environ["REDIS_URL"].replace("redis+socket", "unix")
        # It may be down by an earlier act, and then has lost as much.
        with redis.Redis.from_url(address) as client, suppress(redis.ConnectionError):
            client.flushall()
