"""What else goes on in the database: other connections, and what they do in between."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, connections

from tests.guards import as_owner


@contextmanager
def another() -> Iterator[Any]:
    """A second connection to the same database."""
    other = connections.create_connection("default")
    other.inc_thread_sharing()
    try:
        yield other
    finally:
        other.close()


@contextmanager
def head_held(*, function: str, lock_timeout: str) -> Iterator[Any]:
    """Another writer holds the head; `function` waits for it no longer than `lock_timeout`."""
    _set_timeout(function, lock_timeout)
    try:
        with another() as other:
            other.set_autocommit(False)
            hold_head(other)
            yield other
    finally:
        _set_timeout(function, "20s")


def hold_head(other: Any) -> None:
    """As a writer of a batch does, who is the owner."""
    run(other, "RESET ROLE")
    run(other, "SELECT ledger_open_batch()")


def end_session(pid: int) -> None:
    """As an administrator does, or a crash; the service's role may not."""
    with another() as other:
        run(other, "RESET ROLE")
        assert run(other, "SELECT pg_terminate_backend(%s, 5000)", [pid]) == [(True,)]


def own_pid() -> int:
    [(pid,)] = run(connection, "SELECT pg_backend_pid()")
    return int(pid)


def run(other: Any, statement: str, parameters: list[object] | None = None) -> list[Any]:
    with other.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall()) if cursor.description else []


def meanwhile(act: Callable[[], object]) -> None:
    """Do it all in another thread, on a connection of its own, before this one goes on."""
    thread = in_background(act)
    thread.join(timeout=30)
    assert not thread.is_alive()


def in_background(act: Callable[[], object]) -> threading.Thread:
    def acting() -> None:
        try:
            act()
        finally:
            connection.close()

    thread = threading.Thread(target=acting)
    thread.start()
    return thread


def wait_for(condition: Callable[[], object], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def _set_timeout(function: str, lock_timeout: str) -> None:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(f"ALTER FUNCTION {function} SET lock_timeout = '{lock_timeout}'")
