"""The supervisor, with small real children, itself in a process of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from config.embedded import ROOT, wait_until
from config.supervisor import PortTaken, require_free_port

# What the supervised children say goes to files in the folder that the first argument names.
PRELUDE = """
import sys, time
from pathlib import Path
from config.supervisor import Child, supervise
folder = Path(sys.argv[1])
def child(name, script):
    start = "import os, signal, sys, time; from pathlib import Path\\n"
    start += f"folder = Path({str(folder)!r})\\n"
    say = "def say(word): (folder / 'log').open('a').write(word + '\\\\n')\\n"
    return Child(name, [sys.executable, "-c", start + say + script])
def ready():
    (folder / "ready").touch()
def up(*names):
    return lambda: all((folder / name).exists() for name in names)
POLITE = '''
def stop(*_): say(NAME + " stops"); sys.exit(0)
signal.signal(signal.SIGTERM, stop)
(folder / NAME).write_text(str(os.getpid()))
while True: time.sleep(60)
'''
STUBBORN = '''
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0: (folder / "grandchild").write_text(str(os.getpid()))
else: (folder / NAME).write_text(str(os.getpid()))
while True: time.sleep(60)
'''
def named(name, script): return child(name, f"NAME = {name!r}\\n" + script)
"""


class Supervision:
    """A supervisor in a process of its own, and what became of it."""

    def __init__(self, folder: Path, script: str) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-c", f"{PRELUDE}\n{script}", str(folder)],
            cwd=ROOT,
            stderr=subprocess.PIPE,
            text=True,
        )

    def wait_for(self, *names: str) -> None:
        present = lambda: all((self.folder / name).exists() for name in names)  # noqa: E731
        assert wait_until(present, 15), self.process.poll()

    def pid(self, name: str) -> int:
        assert wait_until(lambda: bool((self.folder / name).read_text()), 5)
        return int((self.folder / name).read_text())

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def end(self) -> tuple[int, str]:
        """The exit code and what was said on stderr."""
        _, said = self.process.communicate(timeout=20)
        return self.process.returncode, said

    def log(self) -> list[str]:
        return (self.folder / "log").read_text().split("\n")[:-1]


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Callable[[str], Supervision]]:
    made: list[Supervision] = []

    def make(script: str) -> Supervision:
        made.append(Supervision(tmp_path, script))
        return made[-1]

    yield make
    for one in made:
        if one.process.poll() is None:
            one.process.kill()
        one.process.communicate(timeout=10)


def is_gone(pid: int) -> bool:
    """An orphan counts as gone when it has ended, even if init has not yet taken note."""

    def has_ended() -> bool:
        try:
            ended: bool = psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True
        return ended

    return wait_until(has_ended, 5)


TWO_POLITE = """
children = [named("web", POLITE), named("worker", POLITE)]
sys.exit(supervise(children, ready=ready, check=up("web", "worker")))
"""
ONE_STUBBORN = """
check = up("web", "grandchild")
sys.exit(supervise([named("web", STUBBORN)], ready=ready, check=check, stop_seconds={}))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_the_children_in_reverse_order(
    supervise: Callable[[str], Supervision], number: signal.Signals
) -> None:
    run = supervise(TWO_POLITE)
    run.wait_for("ready")
    pids = [run.pid("web"), run.pid("worker")]
    run.send(number)
    assert run.end() == (0, "")
    assert run.log() == ["worker stops", "web stops"]
    assert all(is_gone(pid) for pid in pids)


def test_a_second_signal_changes_nothing(supervise: Callable[[str], Supervision]) -> None:
    run = supervise(TWO_POLITE)
    run.wait_for("ready")
    pids = [run.pid("web"), run.pid("worker")]
    run.send(signal.SIGINT)
    run.send(signal.SIGTERM)
    assert run.end() == (0, "")
    assert run.log() == ["worker stops", "web stops"]
    assert all(is_gone(pid) for pid in pids)


def test_a_late_signal_does_not_disturb_what_the_caller_does_afterwards(
    supervise: Callable[[str], Supervision],
) -> None:
    run = supervise(
        TWO_POLITE.replace("sys.exit(", "code = (")
        + "(folder / 'after').touch(); time.sleep(0.5); sys.exit(code)"
    )
    run.wait_for("ready")
    run.send(signal.SIGINT)
    run.wait_for("after")
    run.send(signal.SIGINT)
    run.send(signal.SIGTERM)
    assert run.end() == (0, "")


def test_a_signal_during_the_start_stops_everything(
    supervise: Callable[[str], Supervision],
) -> None:
    run = supervise("sys.exit(supervise([named('web', POLITE)], ready=ready, check=lambda: False))")
    run.wait_for("web")
    pid = run.pid("web")
    run.send(signal.SIGTERM)
    assert run.end() == (0, "")
    assert not (run.folder / "ready").exists()
    assert is_gone(pid)


def test_who_does_not_stop_in_time_is_killed_with_its_children(
    supervise: Callable[[str], Supervision],
) -> None:
    run = supervise(ONE_STUBBORN.format(0.3))
    run.wait_for("ready")
    pids = [run.pid("web"), run.pid("grandchild")]
    run.send(signal.SIGTERM)
    assert run.end() == (0, "")
    assert all(is_gone(pid) for pid in pids)


def test_the_third_signal_ends_the_waiting(supervise: Callable[[str], Supervision]) -> None:
    run = supervise(ONE_STUBBORN.format(60))
    run.wait_for("ready")
    pids = [run.pid("web"), run.pid("grandchild")]
    started = time.monotonic()
    for _ in range(3):
        run.send(signal.SIGINT)
        time.sleep(0.1)  # equal signals that are pending at once count as one
    assert run.end() == (0, "")
    assert time.monotonic() - started < 10
    assert all(is_gone(pid) for pid in pids)


def test_a_child_that_dies_before_all_is_ready_ends_the_rest(
    supervise: Callable[[str], Supervision],
) -> None:
    run = supervise("""
children = [named("web", POLITE), named("worker", "time.sleep(0.3); sys.exit(3)")]
sys.exit(supervise(children, ready=ready, check=up("web", "never")))
""")
    code, said = run.end()
    assert (code, said) == (1, "worker ended before it was ready (exit code 3)\n")
    assert run.log() == ["web stops"]
    assert not (run.folder / "ready").exists()


def test_a_command_that_does_not_exist_ends_the_rest(
    supervise: Callable[[str], Supervision],
) -> None:
    run = supervise("""
children = [named("web", POLITE), Child("worker", ["/nowhere/celery"])]
sys.exit(supervise(children, ready=ready, check=up("web")))
""")
    code, said = run.end()
    assert code == 1
    assert said.startswith("worker cannot be started: ")
    assert said.count("\n") == 1


def test_what_is_not_ready_in_time_is_stopped(supervise: Callable[[str], Supervision]) -> None:
    run = supervise("""
sys.exit(supervise([named("web", POLITE)], ready=ready, check=up("never"), start_seconds=0.5))
""")
    assert run.end() == (1, "not ready after 0.5 s\n")


def test_a_child_that_dies_is_started_again_without_what_it_left_behind(
    supervise: Callable[[str], Supervision],
) -> None:
    run = supervise(ONE_STUBBORN.format(0.3))
    run.wait_for("ready")
    first, grandchild = run.pid("web"), run.pid("grandchild")
    (run.folder / "web").unlink()
    os.kill(first, signal.SIGKILL)
    run.wait_for("web")
    assert run.pid("web") != first
    assert is_gone(grandchild)
    run.send(signal.SIGTERM)
    assert run.end() == (0, "web ended (killed by signal 9); starting it again in 0.5 s\n")


def test_a_child_that_keeps_failing_ends_everything(
    supervise: Callable[[str], Supervision],
) -> None:
    run = supervise("""
children = [named("worker", POLITE), named("web", "(folder / 'tried').touch(); time.sleep(0.2)")]
sys.exit(supervise(children, ready=ready, check=up("worker", "tried")))
""")
    code, said = run.end()
    assert code == 1
    assert said.endswith("web ended again (exit code 0); giving up\n")
    assert run.log() == ["worker stops"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of such a death")
def test_children_are_stopped_when_the_supervisor_is_killed(
    supervise: Callable[[str], Supervision],
) -> None:
    run = supervise(TWO_POLITE)
    run.wait_for("ready")
    pids = [run.pid("web"), run.pid("worker")]
    run.send(signal.SIGKILL)
    assert all(is_gone(pid) for pid in pids)
    assert sorted(run.log()) == ["web stops", "worker stops"]


def test_a_taken_port_is_told_with_the_way_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortTaken) as caught:
            require_free_port("127.0.0.1", port)
    assert str(caught.value) == (
        f"PORT {port} cannot be used on 127.0.0.1 (Address already in use); "
        f"set PORT to a free one, e.g. PORT={port + 1} make run"
    )
    require_free_port("127.0.0.1", port)
