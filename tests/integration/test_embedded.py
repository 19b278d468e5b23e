"""The bundled servers, with real processes: each test has a data directory of its own."""

import json
import os
import signal
import smtplib
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import unquote

import psutil
import psycopg
import pytest
import redis

from config import embedded
from config.embedded import OWNER_URL, EmbeddedError, ensure, wait_until

# Becomes a user, tells the URLs, and leaves when its standard input ends.
USER = """
import json, os, sys
from config import embedded
environ = {"DATA_DIR": sys.argv[1]}
embedded.ensure(environ)
print(json.dumps(environ), flush=True)
sys.stdin.read()
"""


class User:
    """Another process that uses the servers."""

    def __init__(self, data_dir: Path, script: str = USER) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", script, str(data_dir)],
            cwd=embedded.ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def urls(self) -> dict[str, str]:
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line, self.process.stderr and self.process.stderr.read()
        urls: dict[str, str] = json.loads(line)
        return urls

    def leave(self) -> None:
        self.process.communicate(timeout=60)
        assert self.process.returncode == 0

    def come_and_go(self) -> None:
        self.urls()
        self.leave()

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=10)


MakeUser = Callable[..., User]
Place = tuple[Path, dict[str, str]]  # a data directory and the URLs of its servers


@contextmanager
def own_folder() -> Iterator[Path]:
    """Not below pytest's own folder, which every session that starts closes to other accounts."""
    with tempfile.TemporaryDirectory(prefix="ledger test ") as folder:
        path = Path(folder).resolve() / "data"
        yield path
        assert wait_until(lambda: not processes_of(path), 60)


@pytest.fixture
def data_dir() -> Iterator[Path]:
    with own_folder() as path:
        yield path


@pytest.fixture(scope="module")
def running() -> Iterator[Place]:
    """A data directory and its URLs, for the tests that only look."""
    with own_folder() as path:
        user = User(path)
        yield path, user.urls()
        user.leave()


@pytest.fixture
def users(data_dir: Path) -> Iterator[MakeUser]:
    """Makes users, and sees to it that none outlives the test (nor, therefore, `data_dir`)."""
    made: list[User] = []

    def make(data_dir: Path, script: str = USER) -> User:
        made.append(User(data_dir, script))
        return made[-1]

    yield make
    for user in made:
        if user.process.poll() is None:
            user.kill()


def processes_of(data_dir: Path) -> list[psutil.Process]:
    """The keeper, which names the directory in its command, and the servers, which work in it."""
    found = []
    for process in psutil.process_iter(["name", "cwd", "cmdline", "status"]):
        info = process.info
        keeper = (info["cmdline"] or [])[1:] == ["-m", "config.keeper", str(data_dir)]
        server = (info["cwd"] or "").startswith(f"{data_dir}/")
        if (keeper or server) and info["status"] != psutil.STATUS_ZOMBIE:
            found.append(process)
    return found


def nothing_is_left_of(data_dir: Path) -> bool:
    # The keeper's locks are free an instant before the process table forgets it.
    return wait_until(lambda: not processes_of(data_dir), 0.5)


def keeper_of(data_dir: Path) -> psutil.Process:
    (keeper,) = [one for one in processes_of(data_dir) if "config.keeper" in one.cmdline()]
    return keeper


def postmaster_of(data_dir: Path) -> psutil.Process:
    return psutil.Process(int((data_dir / "postgres" / "postmaster.pid").read_text().split()[0]))


def query(urls: dict[str, str], statement: str, role: str = OWNER_URL) -> object:
    with psycopg.connect(urls[role], autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        row = cursor.fetchone() if cursor.description else None
    return row and row[0]


@contextmanager
def valkey(urls: dict[str, str]) -> Iterator["redis.Redis"]:
    client = redis.Redis.from_url(urls["REDIS_URL"].replace("redis+socket", "unix"))
    try:
        yield client
    finally:
        client.close()


def test_a_first_start_gives_three_servers_that_answer(users: MakeUser, data_dir: Path) -> None:
    user = users(data_dir)
    urls = user.urls()
    assert query(urls, "SELECT current_user = current_database()", "DATABASE_URL") is True
    assert query(urls, "SELECT current_user") == "prediction_ledger_owner"
    with valkey(urls) as client:
        assert client.ping()
    host, port = urls["EMAIL_URL"].removeprefix("smtp://").split(":")
    with smtplib.SMTP(host, int(port)) as sender:
        sender.sendmail("a@example.org", ["b@example.org"], "Subject: hello\r\n\r\nworld\r\n")
    assert len(list(data_dir.glob("mail/*.eml"))) == 1
    user.leave()
    assert nothing_is_left_of(data_dir)


def test_commits_are_durable_and_sorting_does_not_depend_on_the_machine(running: Place) -> None:
    _, urls = running
    for setting in ("fsync", "synchronous_commit", "full_page_writes", "data_checksums"):
        assert query(urls, f"SHOW {setting}") == "on"
    assert query(urls, "SHOW server_encoding") == "UTF8"
    assert query(urls, "SELECT datlocale FROM pg_database WHERE datname = 'template1'") == "C.UTF-8"


def test_a_second_start_is_quick_and_finds_the_data(users: MakeUser, data_dir: Path) -> None:
    first = users(data_dir)
    urls = first.urls()
    query(urls, "CREATE TABLE kept AS SELECT 42 AS answer")
    with valkey(urls) as client:
        client.rpush("queue", "a task")
    first.leave()

    started = time.monotonic()
    again = users(data_dir).urls()
    assert time.monotonic() - started < 5
    assert query(again, "SELECT answer FROM kept") == 42
    with valkey(again) as client:
        assert client.lpop("queue") == b"a task"
    assert again["DATABASE_URL"] == urls["DATABASE_URL"]
    assert again[OWNER_URL] == urls[OWNER_URL]


def test_two_users_share_one_keeper_which_the_last_one_ends(
    users: MakeUser, data_dir: Path
) -> None:
    first, second = users(data_dir), users(data_dir)  # both at once: they race to start it
    assert first.urls() == second.urls()
    keeper = keeper_of(data_dir)
    first.leave()
    assert keeper.is_running()
    third = users(data_dir)
    assert query(third.urls(), "SELECT 1") == 1
    second.leave()
    assert keeper == keeper_of(data_dir)
    third.leave()
    assert nothing_is_left_of(data_dir)


def test_who_meets_stopping_servers_gets_new_ones(users: MakeUser, data_dir: Path) -> None:
    first = users(data_dir)
    first.urls()
    keeper = keeper_of(data_dir)
    first.kill()
    second = users(data_dir)
    assert query(second.urls(), "SELECT 1") == 1
    assert keeper != keeper_of(data_dir)


def test_a_killed_user_leaves_no_process_behind(users: MakeUser, data_dir: Path) -> None:
    user = users(data_dir)
    user.urls()
    assert len(processes_of(data_dir)) > 3
    user.kill()
    assert wait_until(lambda: not processes_of(data_dir), 20)


def test_the_next_start_works_after_the_keeper_was_killed(users: MakeUser, data_dir: Path) -> None:
    user = users(data_dir)
    query(user.urls(), "CREATE TABLE kept AS SELECT 42 AS answer")
    keeper_of(data_dir).kill()
    newcomer = users(data_dir)  # while the first user still is one
    assert query(newcomer.urls(), "SELECT answer FROM kept") == 42
    user.leave()
    assert query(users(data_dir).urls(), "SELECT answer FROM kept") == 42


def test_the_next_start_works_after_all_were_killed(users: MakeUser, data_dir: Path) -> None:
    user = users(data_dir)
    query(user.urls(), "CREATE TABLE kept AS SELECT 42 AS answer")
    for process in processes_of(data_dir):
        with suppress(psutil.NoSuchProcess):  # some end as soon as their parent is killed
            process.kill()
    user.kill()
    assert query(users(data_dir).urls(), "SELECT answer FROM kept") == 42


def test_the_keeper_restarts_killed_servers(users: MakeUser, data_dir: Path) -> None:
    urls = users(data_dir).urls()
    query(urls, "CREATE TABLE kept AS SELECT 42 AS answer")
    for process in processes_of(data_dir):
        if process.name() == "valkey-server" or process == postmaster_of(data_dir):
            process.kill()

    def answers_again() -> bool:
        try:
            with valkey(urls) as client:
                return bool(client.ping()) and query(urls, "SELECT answer FROM kept") == 42
        except (psycopg.OperationalError, redis.ConnectionError):
            return False

    assert wait_until(answers_again, 30)


def test_a_stale_pid_file_does_not_harm_who_has_the_pid(users: MakeUser, data_dir: Path) -> None:
    user = users(data_dir)
    socket_folder = Path(unquote(user.urls()["DATABASE_URL"].rpartition("=")[2]))
    pid_file = data_dir / "postgres" / "postmaster.pid"
    left_behind = pid_file.read_text().split("\n", 1)[1]
    user.leave()
    owner = (data_dir / "postgres").stat()
    as_owner = {"user": owner.st_uid, "group": owner.st_gid} if os.getuid() == 0 else {}
    with subprocess.Popen(["/bin/sleep", "60"], **as_owner) as bystander:  # type: ignore[call-overload]
        pid_file.write_text(f"{bystander.pid}\n{left_behind}")
        socket_folder.mkdir(mode=0o700)
        for name in (".s.PGSQL.5432", "valkey"):
            (socket_folder / name).touch()
        (socket_folder / ".s.PGSQL.5432.lock").write_text(f"{bystander.pid}\n{left_behind}")
        assert query(users(data_dir).urls(), "SELECT 1") == 1
        assert bystander.poll() is None
        bystander.kill()


def test_half_a_cluster_never_counts(users: MakeUser, data_dir: Path) -> None:
    half_done = data_dir / "postgres.new-crashed"
    half_done.mkdir(parents=True)
    (half_done / "PG_VERSION").write_text("18\n")
    assert query(users(data_dir).urls(), "SELECT 1") == 1
    assert not half_done.exists()


def test_two_data_directories_live_side_by_side(users: MakeUser, data_dir: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="other-") as folder:
        other_dir = Path(folder).resolve()
        mine, other = users(data_dir), users(other_dir)
        query(mine.urls(), "CREATE TABLE mine ()")
        other_urls = other.urls()
        assert query(other_urls, "SELECT to_regclass('mine')") is None
        mine.leave()
        assert query(other_urls, "SELECT 1") == 1
        other.leave()
        assert nothing_is_left_of(other_dir)


@pytest.mark.parametrize("name", ["prediction_ledger", "prediction_ledger_owner", "postgres"])
def test_nobody_gets_in_without_a_password(running: Place, name: str) -> None:
    folder = unquote(running[1]["DATABASE_URL"].rpartition("=")[2])
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(host=folder, port=5432, user=name, dbname="postgres")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(host=folder, port=5432, user=name, dbname="postgres", password="guess")


def test_only_the_owner_can_read_secrets_mail_and_state(running: Place) -> None:
    data_dir, urls = running
    assert data_dir.stat().st_mode & 0o066 == 0
    for name in ("secrets", "mail", "run", "log", "postgres", "valkey"):
        assert (data_dir / name).stat().st_mode & 0o077 == 0, name
    for path in (*data_dir.glob("secrets/*"), *data_dir.glob("run/*"), *data_dir.glob("log/*")):
        assert path.stat().st_mode & 0o077 == 0, path
    socket_folder = Path(unquote(urls["DATABASE_URL"].rpartition("=")[2]))
    assert socket_folder.stat().st_mode & 0o077 == 0


@pytest.mark.skipif(os.getuid() != 0, reason="an ordinary user runs the servers itself")
def test_root_runs_the_servers_as_a_user_that_may_pass_but_not_read(running: Place) -> None:
    data_dir, _ = running
    assert postmaster_of(data_dir).uids().effective != 0
    assert data_dir.parent.stat().st_mode & 0o777 == 0o701
    for name in ("secrets", "mail", "run", "log"):
        assert (data_dir / name).stat().st_uid == 0


def test_ensure_does_nothing_when_real_servers_are_named(data_dir: Path) -> None:
    environ = dict.fromkeys(embedded.URLS, "named")
    ensure(environ, data_dir)
    assert set(environ.values()) == {"named"}
    assert not data_dir.exists()


def test_ensure_leaves_alone_what_is_set(users: MakeUser, data_dir: Path) -> None:
    script = USER.replace(
        "sys.argv[1]}", 'sys.argv[1], "REDIS_URL": "redis://own", "EMAIL_URL": ""}'
    )
    urls = users(data_dir, script).urls()
    assert urls["REDIS_URL"] == "redis://own"
    assert urls["EMAIL_URL"].startswith("smtp://127.0.0.1:")


def test_a_forked_child_does_not_end_its_parents_servers(users: MakeUser, data_dir: Path) -> None:
    script = USER.replace(
        "print(", "os.fork() or sys.exit(0)\nos.wait()\nembedded.ensure(environ)\nprint("
    )
    user = users(data_dir, script)
    assert query(user.urls(), "SELECT 1") == 1
    user.leave()
    assert nothing_is_left_of(data_dir)


def test_servers_hear_no_ctrl_c_meant_for_their_user(running: Place) -> None:
    data_dir, _ = running
    assert os.getsid(0) not in {os.getsid(process.pid) for process in processes_of(data_dir)}


def assert_refused(data_dir: Path, reason: str) -> None:
    with pytest.raises(EmbeddedError, match=reason) as caught:
        ensure({"DATA_DIR": str(data_dir)})
    assert "\n" not in str(caught.value)


def test_a_data_directory_that_is_none_is_an_error_in_one_line(data_dir: Path) -> None:
    data_dir.write_text("not a folder")
    assert_refused(data_dir, "data directory .* cannot be used")


def test_a_lost_password_is_an_error_that_names_its_file(users: MakeUser, data_dir: Path) -> None:
    users(data_dir).come_and_go()
    (data_dir / "secrets" / "database_superuser").unlink()
    assert_refused(data_dir, "secrets/database_superuser")


def test_a_server_that_fails_is_an_error_that_names_its_log(
    users: MakeUser, data_dir: Path
) -> None:
    users(data_dir).come_and_go()
    (data_dir / "postgres" / "PG_VERSION").write_text("7\n")
    assert_refused(data_dir, r"postgres did not start: .*postgres\.log")
    assert wait_until(lambda: not processes_of(data_dir), 20)


def test_the_keeper_stops_its_servers_when_asked_to(users: MakeUser, data_dir: Path) -> None:
    users(data_dir).urls()
    keeper_of(data_dir).send_signal(signal.SIGTERM)
    assert wait_until(lambda: not processes_of(data_dir), 20)
    assert not (data_dir / "run" / "servers.json").exists()
