"""The whole service as its users start it: `config.run` in a process of its own."""

import email
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from email.policy import default as modern
from pathlib import Path

import psutil

from tests.environs import without_servers
from tests.ports import free_port

ROOT = Path(__file__).resolve().parent.parent.parent
READY_SECONDS = 90


class Service:
    """A running service: its address, its folder, and what it has printed so far."""

    def __init__(self, folder: Path, **environ: str) -> None:
        self.folder, self.port = folder, free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.environ = {
            **without_servers(),
            "DATA_DIR": str(folder),
            "PORT": str(self.port),
            "SWEEP_SECONDS": "2",
            **environ,
        }
        self.log = folder.parent / f"{folder.name}.log"
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        with self.log.open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "config.run"],
                cwd=ROOT,
                env=self.environ,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def printed(self) -> str:
        return self.log.read_text()

    def wait_until_ready(self) -> None:
        wait_for(
            lambda: "Ready: " in self.printed() or self.process.poll() is not None, READY_SECONDS
        )
        assert f"Ready: {self.address}" in self.printed(), self.printed()

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A `manage.py` command beside the running service."""
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def record(self, rows: str) -> None:
        """Have the predictions of a CSV file recorded that a test is about."""
        file = self.folder.parent / "rows.csv"
        file.write_text(rows)
        done = self.manage("import_predictions", str(file))
        assert done.returncode == 0, done.stderr

    def mails(self) -> list[EmailMessage]:
        return [
            email.message_from_bytes(path.read_bytes(), policy=modern)
            for path in sorted((self.folder / "mail").glob("*.eml"))
        ]

    def children(self, words: str) -> list[psutil.Process]:
        """The service's processes with `words` in their command line."""
        found = []
        for child in psutil.Process(self.process.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):  # it may end meanwhile
                if words in " ".join(child.cmdline()):
                    found.append(child)
        return found

    def stop(self, sign: int = signal.SIGTERM) -> int:
        self.process.send_signal(sign)
        return self.process.wait(timeout=60)


@contextmanager
def service(folder: Path, **environ: str) -> Iterator[Service]:
    running = Service(folder, **environ)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.stop()


def wait_for(condition: Callable[[], object], seconds: float) -> None:
    """Poll until `condition` holds; fail when it does not in time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)


def left_behind(folder: Path) -> list[str]:
    """Command lines of processes that still have to do with a data folder."""
    return [
        " ".join(process.info["cmdline"])
        for process in psutil.process_iter(["cmdline", "pid"])
        if process.info["cmdline"]
        and process.info["pid"] != os.getpid()
        and str(folder) in " ".join(process.info["cmdline"])
    ]
