"""Runs several processes as one: starts them, restarts what falls, stops them all in order.

PortTaken       a port that cannot be listened on, with the way out in its message
"""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import FrameType

TICK_SECONDS = 0.05
# A child that lives shorter than this has failed; this many failures in a row end everything.
HEALTHY_SECONDS = 5.0
MAX_FAILURES = 4
# From this many signals on, whoever sends them will not wait any longer.
IMPATIENT = 3


class PortTaken(Exception):
    """A port cannot be listened on. The message says why, and what to set instead."""


class _GivenUp(Exception):
    """Ends the supervision; the message tells on stderr why."""


@dataclass(frozen=True)
class Child:
    """A process to run: its name in messages, its command, its environment (None: our own)."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] | None = None


def require_free_port(host: str, port: int) -> None:
    """Raises `PortTaken` unless a server could listen on `host` and `port` now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        # As servers do: connections that are only waiting to time out do not block the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortTaken(
                f"PORT {port} cannot be used on {host} ({error.strerror}); "
                f"set PORT to a free one, e.g. PORT={port + 1} make run"
            ) from error


def supervise(
    children: Sequence[Child],
    *,
    ready: Callable[[], None],
    check: Callable[[], bool],
    lost: Callable[[], str | None] = lambda: None,
    start_seconds: float = 60.0,
    stop_seconds: float = 10.0,
) -> int:
    """Runs `children` until SIGINT, SIGTERM or SIGHUP; answers the exit code for the whole.

    Once `check` is true, `ready` is called. A child that dies before that, or `check` still false
    after `start_seconds`, ends everything: 1. Later a child that dies is started again after a
    growing pause; one that keeps failing at once ends everything: 1, and so does a reason from
    `lost`, which says what the children cannot live without. A signal ends everything: 0.
    Further signals change nothing, but the third stops the waiting and kills.

    At the end no child is left, nor anything in a child's process group: children are stopped in
    reverse order, each with SIGTERM, `stop_seconds` of patience, then SIGKILL to its group.
    The signals stay ignored on return, so that a late one does not disturb the caller's clean-up.
    """
    with _counted_signals() as signals:
        running = [_Running(child) for child in children]
        try:
            _start(running, check, start_seconds, signals)
            if not signals:
                ready()
            while not signals:
                _tend(running, lost)
                time.sleep(TICK_SECONDS)
        except _GivenUp as given_up:
            _say(str(given_up))
            return 1
        finally:
            for one in reversed(running):
                one.stop(stop_seconds, signals)
    return 0


def _tend(running: Sequence["_Running"], lost: Callable[[], str | None]) -> None:
    if reason := lost():
        raise _GivenUp(reason)
    for one in running:
        one.revive()


class _Running:
    """One child through its lives."""

    def __init__(self, child: Child) -> None:
        self._child = child
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._start_at = 0.0
        self._failures = 0

    def start(self) -> None:
        self._started_at = time.monotonic()
        try:
            self._process = subprocess.Popen(  # noqa: S603
                self._child.argv,
                env=self._child.env,
                start_new_session=True,  # a terminal's Ctrl-C reaches us alone; we stop in order
                preexec_fn=end_with_parent(signal.SIGTERM),
            )
        except OSError as error:
            raise _GivenUp(f"{self._child.name} cannot be started: {error}") from error

    def has_died(self) -> str | None:
        """How the child ended, in words; None while it lives."""
        code = self._process.poll() if self._process else None
        if code is None:
            return None
        return f"exit code {code}" if code >= 0 else f"killed by signal {-code}"

    def revive(self) -> None:
        """Notices a death, and after a pause that doubles with every failure starts anew."""
        if self._process is None:
            if time.monotonic() >= self._start_at:
                self.start()
        elif death := self.has_died():
            self._bury(death)

    def _bury(self, death: str) -> None:
        self._kill_group()
        self._process = None
        failed = time.monotonic() - self._started_at < HEALTHY_SECONDS
        self._failures = self._failures + 1 if failed else 0
        if self._failures == MAX_FAILURES:
            raise _GivenUp(f"{self._child.name} ended again ({death}); giving up")
        pause = 0.25 * 2**self._failures
        self._start_at = time.monotonic() + pause
        _say(f"{self._child.name} ended ({death}); starting it again in {pause:g} s")

    def stop(self, seconds: float, signals: Sequence[int]) -> None:
        if self._process is None:
            return
        self._process.terminate()
        deadline = time.monotonic() + seconds
        while self._process.poll() is None and time.monotonic() < deadline:
            if len(signals) >= IMPATIENT:
                break
            time.sleep(TICK_SECONDS)
        self._kill_group()
        self._process.wait()
        self._process = None

    def _kill_group(self) -> None:
        """Ends what a child left behind, such as the workers of a pool, and the child itself."""
        if self._process:
            # macOS answers EPERM, not ESRCH, for a group of which only zombies are left.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def __str__(self) -> str:
        return self._child.name


def _start(
    running: Sequence[_Running],
    check: Callable[[], bool],
    seconds: float,
    signals: Sequence[int],
) -> None:
    """Returns when `check` is true, or on a signal."""
    for one in running:
        one.start()
    deadline = time.monotonic() + seconds
    while not signals and not check():
        for one in running:
            if death := one.has_died():
                raise _GivenUp(f"{one} ended before it was ready ({death})")
        if time.monotonic() > deadline:
            raise _GivenUp(f"not ready after {seconds:g} s")
        time.sleep(TICK_SECONDS)


@contextmanager
def _counted_signals() -> Iterator[Sequence[int]]:
    """The signals heard so far. They only fill the list: nothing is interrupted half-way."""
    heard: list[int] = []

    def hear(number: int, frame: FrameType | None) -> None:
        heard.append(number)

    wanted = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # not under nohup
        wanted.append(signal.SIGHUP)
    for number in wanted:
        signal.signal(number, hear)
    try:
        yield heard
    finally:
        for number in wanted:
            signal.signal(number, signal.SIG_IGN)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201


def end_with_parent(number: signal.Signals) -> Callable[[], None] | None:
    """For `preexec_fn`: has the kernel send the child this signal when its parent is killed.

    Linux only; elsewhere children outlive a parent that is killed with SIGKILL.
    """
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()
    set_parent_death_signal = 1  # PR_SET_PDEATHSIG in <linux/prctl.h>

    def arrange() -> None:
        prctl(set_parent_death_signal, number)
        if os.getppid() != parent:  # it was killed before the arrangement stood
            os.kill(os.getpid(), number)

    return arrange
