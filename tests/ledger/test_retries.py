"""What is done again: with real connections that get in each other's way."""

import uuid
from collections.abc import Callable

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction

from ledger import journal
from ledger.errors import DifferentEntry
from ledger.models import Entry
from ledger.retries import retried
from tests.ledger.others import (
    another,
    end_session,
    head_held,
    in_background,
    meanwhile,
    own_pid,
    run,
    wait_for,
)

pytestmark = pytest.mark.django_db(transaction=True)


APPEND = "ledger_append_staged()"


def append(number: int = 0, *, uuid: uuid.UUID | None = None) -> journal.Appended:
    return journal.append(
        kind="test.made", subject="test:1", actor="system", facts={"number": number}, uuid=uuid
    )


def append_alone(uuid: uuid.UUID, number: int = 0) -> None:
    with transaction.atomic():
        append(number, uuid=uuid)


class Counted:
    """Work that counts its attempts; what happens before the first is done may be given."""

    def __init__(self, work: Callable[[], object], first: Callable[[], None] = lambda: None):
        self.attempts = 0
        self._work, self._first = work, first

    def __call__(self) -> object:
        self.attempts += 1
        assert self.attempts < 10
        done = self._work()
        if self.attempts == 1:
            self._first()
        return done


def test_work_that_succeeds_is_done_once_and_has_committed() -> None:
    work = Counted(append)
    retried(work)
    assert work.attempts == 1
    assert Entry.objects.count() == 1


def test_the_second_of_two_senders_of_one_entry_finds_the_first() -> None:
    same = uuid.uuid4()
    work = Counted(lambda: append(uuid=same), lambda: meanwhile(lambda: append_alone(same)))
    assert retried(work) == journal.Appended(same, 1)
    assert work.attempts == 2
    assert Entry.objects.count() == 1


def test_the_second_of_two_senders_with_another_entry_is_told_so() -> None:
    same = uuid.uuid4()
    work = Counted(lambda: append(1, uuid=same), lambda: meanwhile(lambda: append_alone(same, 2)))
    with pytest.raises(DifferentEntry, match="entry 1 has the uuid"):
        retried(work)
    assert work.attempts == 2


def test_a_failure_to_serialise_is_done_again() -> None:
    def work() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        journal.head()
        append(1)

    counted = Counted(work, lambda: meanwhile(lambda: append_alone(uuid.uuid4())))
    retried(counted)
    assert counted.attempts == 2
    assert journal.head().size == 2


def test_a_deadlock_is_done_again() -> None:
    def lock(number: int) -> None:
        run(connection, "SET LOCAL lock_timeout = '20s'")
        run(connection, "SELECT pg_advisory_xact_lock(%s)", [number])

    with another() as other:
        other.set_autocommit(False)
        run(other, "SELECT pg_advisory_xact_lock(2)")

        def cross() -> None:
            # It begins to wait after us, so that we are the one that notices.
            with another() as looking:
                wait_for(lambda: run(looking, "SELECT 1 FROM pg_locks WHERE NOT granted"))
            run(other, "SELECT pg_advisory_xact_lock(1)")
            other.rollback()

        def work() -> None:
            append()
            lock(1)
            if counted.attempts == 1:
                crossing.append(in_background(cross))
            lock(2)

        crossing: list[object] = []
        counted = Counted(work)
        retried(counted)
        wait_for(lambda: not crossing[0].is_alive())  # type: ignore[attr-defined]
    assert counted.attempts == 2
    assert journal.head().size == 1


def test_a_lock_that_was_not_to_be_had_is_asked_for_again() -> None:
    with head_held(function=APPEND, lock_timeout="50ms") as other:

        def work() -> None:
            if counted.attempts == 2:
                other.rollback()
            append()

        counted = Counted(work)
        retried(counted)
    assert counted.attempts == 2
    assert journal.head().size == 1


@pytest.mark.parametrize("attempts", [1, 2, 3])
def test_the_last_failure_passes_and_nothing_is_written(attempts: int) -> None:
    counted = Counted(append)
    with (
        head_held(function=APPEND, lock_timeout="50ms"),
        pytest.raises(OperationalError, match="lock timeout"),
    ):
        retried(counted, attempts=attempts)
    assert counted.attempts == attempts
    assert journal.head().size == journal.waiting("ledger_staged") == 0


def test_every_other_failure_passes_at_once() -> None:
    same = uuid.uuid4()

    def twice() -> None:
        append(1)
        with connection.cursor() as cursor:
            for _ in range(2):
                cursor.execute("INSERT INTO auth_group (name) VALUES (%s)", [f"readers of {same}"])

    def divide() -> None:
        append(1)
        raise ZeroDivisionError

    for work, error in ((twice, IntegrityError), (divide, ZeroDivisionError)):
        counted = Counted(work)
        with pytest.raises(error):
            retried(counted)
        assert counted.attempts == 1
    assert journal.head().size == 0


def test_a_lost_connection_passes_at_once() -> None:
    def work() -> None:
        append()
        end_session(own_pid())
        journal.flush()

    counted = Counted(work)
    try:
        with pytest.raises(OperationalError):
            retried(counted)
    finally:
        connection.close()
    assert counted.attempts == 1
    assert journal.head().size == 0


def test_inside_a_transaction_work_is_merely_called() -> None:
    def work() -> None:
        append()
        journal.flush()

    counted = Counted(work)

    def within_another() -> None:
        with transaction.atomic():
            retried(counted)

    with (
        head_held(function=APPEND, lock_timeout="50ms"),
        pytest.raises(OperationalError, match="lock timeout"),
    ):
        within_another()
    assert counted.attempts == 1


def test_no_attempt_at_all_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="attempts: 0"):
        retried(append, attempts=0)
