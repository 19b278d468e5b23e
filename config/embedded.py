"""The bundled servers: a real PostgreSQL, Valkey and mail sink when no others are named.

    EmbeddedError       what could not be done, and what to do about it, in one line

Whoever calls `ensure` becomes a *user* of the servers of one data directory. A user holds a shared
lock on `users.lock` for as long as its process lives. The first user starts the *keeper*
(`config.keeper`), which starts the servers and waits for an exclusive lock on the same file. It
gets that when the last user is gone, however that came about, and then stops them. The kernel gives
up a process's locks when it ends, so nothing is ever counted, and no crash leaves a wrong count.
"""

import atexit
import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parent.parent
URLS = ("DATABASE_URL", "REDIS_URL", "EMAIL_URL")
# Goes with DATABASE_URL: who owns the tables that the other one's role may use.
OWNER_URL = "DATABASE_OWNER_URL"
# Recovery after a crash replays the write-ahead log, which takes a while on a slow disk.
START_SECONDS = 120.0
STOP_SECONDS = 60.0


class EmbeddedError(Exception):
    """The bundled servers cannot be used. The message is one line: what failed, what to do."""


class RunFiles:
    """The files by which users and keeper of one data directory find and wait for each other."""

    def __init__(self, data_dir: Path) -> None:
        folder = data_dir / "run"
        make_folder(folder)
        self.users_lock = folder / "users.lock"  # shared: a user; exclusive: the keeper, stopping
        self.start_lock = folder / "start.lock"  # one user at a time joins or leaves
        self.keeper_lock = folder / "keeper.lock"  # held for as long as there are servers
        self.servers = folder / "servers.json"  # written by the keeper: the URLs, or an error
        self.keeper_log = folder / "keeper.log"

    def publish(self, word: dict[str, str]) -> None:
        """Whole or not at all: users read the file as soon as it is there."""
        draft = self.servers.with_suffix(".part")
        draft.write_text(json.dumps(word))  # mode 0600, by the keeper's umask
        draft.rename(self.servers)

    def read(self) -> dict[str, str] | None:
        """What the keeper published, None before that. Raises its error, if it published one."""
        try:
            word: dict[str, str] = json.loads(self.servers.read_text())
        except FileNotFoundError:
            return None
        if "error" in word:
            raise EmbeddedError(word["error"])
        return word


def ensure(environ: MutableMapping[str, str] = os.environ, data_dir: Path | None = None) -> None:
    """Sets those of DATABASE_URL, REDIS_URL and EMAIL_URL that `environ` lacks, or has empty.

    With DATABASE_URL goes DATABASE_OWNER_URL, whatever it was: it names the same server.
    Starts the servers of the data directory (the argument, else DATA_DIR, else `var/`) if they are
    not up, and keeps them up while this process lives. Child processes inherit plain URLs, and
    with them no duty to keep anything. Does nothing when all three are set. Raises `EmbeddedError`.
    """
    missing = [name for name in URLS if not environ.get(name)]
    if not missing:
        return
    home = (data_dir or Path(environ.get("DATA_DIR") or ROOT / "var")).resolve()
    try:
        urls = _memberships.get(home) or _join(home)
    except OSError as error:
        raise EmbeddedError(f"the data directory {home} cannot be used: {error}") from error
    if "DATABASE_URL" in missing:
        missing.append(OWNER_URL)
        environ.pop(OWNER_URL, None)  # a keeper of an earlier version knows of no owner
    environ.update({name: urls[name] for name in missing if name in urls})


def lost() -> str | None:
    """Why the bundled servers of this process are gone for good, in one line; None while kept."""
    for home in _memberships:
        files = RunFiles(home)
        if not _is_held(files.keeper_lock):
            return f"the bundled servers have ended (see {files.keeper_log}); start again"
    return None


_memberships: dict[Path, dict[str, str]] = {}


def _join(data_dir: Path) -> dict[str, str]:
    """Makes this process a user of the servers, until it ends; answers their URLs."""
    make_folder(data_dir)
    files = RunFiles(data_dir)
    with _one_at_a_time(files):
        users = _open_lock(files.users_lock)
        # Refused only while a keeper is stopping what the last user before us left behind.
        if not wait_until(lambda: _try_lock(users, fcntl.LOCK_SH), STOP_SECONDS):
            raise EmbeddedError(f"the servers of {data_dir} do not stop; see {files.keeper_log}")
        try:
            urls = _running_servers(files, data_dir)
        except BaseException:
            os.close(users)
            raise
    _memberships[data_dir] = urls
    atexit.register(_leave, files, users, os.getpid())
    return urls


def _running_servers(files: RunFiles, data_dir: Path) -> dict[str, str]:
    """The URLs, once there is a keeper whose servers accept connections."""
    started = False
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        kept = _is_held(files.keeper_lock)
        # A keeper that was killed left its word behind: only a living one's, or our own's, counts.
        if (kept or started) and (word := files.read()):
            return word
        if not kept:
            if started:
                break
            _start_keeper(files, data_dir)
            started = True
        time.sleep(0.01)
    raise EmbeddedError(f"the bundled servers did not start; see {files.keeper_log}")


def _start_keeper(files: RunFiles, data_dir: Path) -> None:
    """Returns when the keeper holds its lock, in a session that no terminal's Ctrl-C reaches."""
    log = os.open(files.keeper_log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        subprocess.run(  # noqa: S603
            [sys.executable, "-m", "config.keeper", str(data_dir)],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            check=True,
            timeout=START_SECONDS,
        )
    except subprocess.SubprocessError as error:
        raise EmbeddedError(f"the bundled servers did not start; see {files.keeper_log}") from error
    finally:
        os.close(log)


def _leave(files: RunFiles, users: int, joined_by: int) -> None:
    """At exit. The last user stays until the servers are gone: the command ends when all ended."""
    if os.getpid() != joined_by:
        return  # a forked child, which shares the lock but not the duty
    with _one_at_a_time(files):
        os.close(users)
        if _nobody_is_left(files):
            wait_until(lambda: not _is_held(files.keeper_lock), STOP_SECONDS)


def _nobody_is_left(files: RunFiles) -> bool:
    with _opened(files.users_lock) as probe:
        return _try_lock(probe, fcntl.LOCK_EX) or not _try_lock(probe, fcntl.LOCK_SH)


@contextmanager
def _one_at_a_time(files: RunFiles) -> Iterator[None]:
    with _opened(files.start_lock) as start:
        if not wait_until(lambda: _try_lock(start, fcntl.LOCK_EX), START_SECONDS + STOP_SECONDS):
            raise EmbeddedError(f"another process holds {files.start_lock} and does not let go")
        yield


# -- the keeper's side ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Running:
    """Servers that accept connections: their URLs by name, and what to call now and then."""

    urls: dict[str, str]
    tend: Callable[[], None]


def keep(data_dir: Path, servers: Callable[[Path], AbstractContextManager[Running]]) -> int:
    """The keeper's life: runs `servers` from now until no user is left. Answers its exit code."""
    files = RunFiles(data_dir)
    keeper_lock = _open_lock(files.keeper_lock)
    if not wait_until(lambda: _try_lock(keeper_lock, fcntl.LOCK_EX), STOP_SECONDS):
        return 1
    files.servers.unlink(missing_ok=True)  # the word of a keeper that was killed
    # Who starts us waits for this process only: it will have no child to look after.
    if os.fork():
        os._exit(0)
    os.umask(0o077)
    os.chdir("/")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)
    users = _open_lock(files.users_lock)
    # Both locks are given up by the end of this process and not before: who waits for them may
    # conclude that nothing is left.
    try:
        with servers(data_dir) as running:
            files.publish(running.urls)
            try:
                _tend_until_unused(running, users)
            finally:
                files.servers.unlink()
    except (EmbeddedError, OSError, ValueError) as error:
        files.publish({"error": f"the bundled servers cannot run: {error}"})
        return 1
    return 0


def _end(number: int, frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_IGN)
    raise SystemExit(0)


def _tend_until_unused(running: Running, users: int) -> None:
    unused = threading.Event()

    def wait_for_the_last() -> None:
        fcntl.flock(users, fcntl.LOCK_EX)
        unused.set()

    threading.Thread(target=wait_for_the_last, daemon=True).start()
    while not unused.wait(0.5):
        running.tend()


# -- files and locks ------------------------------------------------------------------------------


def make_folder(folder: Path) -> None:
    """Makes a folder for this account alone; one that exists keeps the mode it was given."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _open_lock(path: Path) -> int:
    """A descriptor that children do not inherit, so that a lock ends with the process."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _try_lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_held(path: Path) -> bool:
    """Whether some process holds the exclusive lock on `path`."""
    with _opened(path) as probe:
        return not _try_lock(probe, fcntl.LOCK_SH)


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether `condition` came true in time; it is asked every 10 ms, and at least once."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


@contextmanager
def _opened(lock: Path) -> Iterator[int]:
    descriptor = _open_lock(lock)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
