"""What the database refuses to take for a batch: somebody speaks to it who does not mean well."""

import datetime as dt
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from ledger import journal, merkle
from tests.guards import as_owner
from tests.ledger.logs import write_log
from tests.ledger.others import run
from tests.ledger.soundness import assert_sound, draft

pytestmark = pytest.mark.django_db(transaction=True)
# Quicker, for what needs no commit.
rolled_back = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _owner(db: None) -> Iterator[None]:
    """Nobody else may open a batch."""
    with as_owner():
        yield


@dataclass(frozen=True)
class Copied:
    """A row as it is copied; right unless a test says otherwise."""

    sequence: int
    body: bytes
    uuid: uuid.UUID
    time: str


def copied(sequence: int, time: dt.datetime) -> Copied:
    written = time.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    made = draft(sequence)
    return Copied(sequence, made.at(written.encode()), made.uuid, written)


def retimed(row: Copied, time: str) -> Copied:
    body = row.body.replace(row.time.encode(), time.encode())
    return replace(row, time=time, body=body)


def copy(rows: Sequence[Copied]) -> None:
    columns = "sequence, body, uuid, kind, subject, actor, time"
    command = f"COPY ledger_entry ({columns}) FROM STDIN"
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.copy(command) as to,
    ):
        for row in rows:
            others = ("test.made", "test:1", "system", row.time)
            to.write_row((row.sequence, row.body, row.uuid, *others))


Change = Callable[[list[Copied]], Sequence[Copied]]
Lie = Callable[[bytes], bytes]


def send(change: Change = list, lie: Lie = bytes, *, count: int = 3) -> None:
    """A batch by hand: `change` its rows, `lie` about its leaf hashes."""
    with transaction.atomic():
        [(size, first)] = run(connection, "SELECT size, first_time FROM ledger_open_batch()")
        step = dt.timedelta(microseconds=1)
        right = [copied(size + 1 + place, first + place * step) for place in range(count)]
        rows = change(right)
        copy(rows)
        leaves = b"".join(merkle.leaf_hash(row.body) for row in rows)
        run(connection, "SELECT ledger_close_batch(%s)", [lie(leaves)])


@rolled_back
def test_a_batch_by_hand_is_taken_when_all_is_right() -> None:
    write_log(2)
    send()
    assert_sound(5)


@rolled_back
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda rows: [rows[0], rows[2]], id="a gap"),
        pytest.param(lambda rows: rows[1:], id="a gap at the beginning"),
        pytest.param(
            lambda rows: [*rows[:2], retimed(rows[2], rows[1].time)], id="two of one time"
        ),
        pytest.param(
            lambda rows: [rows[0], retimed(rows[1], rows[2].time), retimed(rows[2], rows[1].time)],
            id="a time that steps back",
        ),
        pytest.param(
            lambda rows: [retimed(rows[0], "2001-01-01T00:00:00.000000Z"), *rows[1:]],
            id="a time before the head's",
        ),
        pytest.param(
            lambda rows: [*rows[:2], retimed(rows[2], "2901-01-01T00:00:00.000000Z")],
            id="a time in the future",
        ),
        pytest.param(
            lambda rows: [*rows[:2], retimed(rows[2], "2901-01-01 00:00:00.000000Z")],
            id="a time in another form",
        ),
        pytest.param(
            lambda rows: [*rows[:2], replace(rows[2], time=rows[2].time.replace("Z", "+00"))],
            id="a time in another length",
        ),
        pytest.param(
            lambda rows: [*rows[:2], replace(rows[2], time="x" * 27)], id="a time that is none"
        ),
        pytest.param(
            lambda rows: [*rows[:2], replace(rows[2], uuid=uuid.uuid4())],
            id="a uuid that is not the body's",
        ),
        pytest.param(lambda rows: [*rows[:2], replace(rows[2], body=b"{}")], id="a body too short"),
        pytest.param(
            lambda rows: [*rows[:2], replace(rows[2], body=rows[2].body + b" ")],
            id="a body that goes on",
        ),
    ],
)
def test_a_batch_that_does_not_go_on_from_the_head_is_refused(change: Change) -> None:
    write_log(2)
    with pytest.raises(DatabaseError, match=r"refused|invalid input"):
        send(change)
    assert_sound(2)


@rolled_back
@pytest.mark.parametrize("count", [1, 3, 300])
@pytest.mark.parametrize(
    "lie",
    [
        pytest.param(lambda leaves: leaves[:-32], id="one too few"),
        pytest.param(lambda leaves: leaves + leaves[:32], id="one too many"),
        pytest.param(lambda leaves: leaves[:-1], id="a byte short"),
        pytest.param(lambda leaves: b"", id="none"),
        pytest.param(lambda leaves: leaves[:-1] + bytes([leaves[-1] ^ 1]), id="a wrong bit"),
    ],
)
def test_leaf_hashes_that_are_not_those_of_the_bodies_are_refused(lie: Lie, count: int) -> None:
    write_log(2)
    with pytest.raises(DatabaseError, match="the batch is refused"):
        send(lie=lie, count=count)
    assert_sound(2)


@rolled_back
def test_leaf_hashes_without_entries_are_refused() -> None:
    with pytest.raises(DatabaseError, match="the batch is refused"):
        send(lie=lambda leaves: bytes(32), count=0)
    assert_sound(0)


@rolled_back
def test_an_entry_over_an_earlier_one_is_refused() -> None:
    write_log(2)
    with pytest.raises(IntegrityError):
        send(lambda rows: [replace(rows[0], sequence=2), *rows[1:]])
    assert_sound(2)


def test_a_batch_must_be_closed_before_its_transaction_commits() -> None:
    def leave_open(rows: int) -> None:
        with transaction.atomic():
            [(size, first)] = run(connection, "SELECT size, first_time FROM ledger_open_batch()")
            copy([copied(size + 1, first)] * rows)

    for rows in (0, 1):
        with pytest.raises(IntegrityError, match="opened and not closed"):
            leave_open(rows)
    assert_sound(0)


def test_a_batch_cannot_be_opened_twice_nor_closed_unopened() -> None:
    def open_twice() -> None:
        with transaction.atomic():
            for _ in range(2):
                run(connection, "SELECT ledger_open_batch()")

    with pytest.raises(IntegrityError, match="ledger_batch_pkey"):
        open_twice()
    with pytest.raises(IntegrityError, match="no batch is open"):
        run(connection, "SELECT ledger_close_batch('')")
    assert_sound(0)


@rolled_back
def test_what_is_staged_and_flushed_within_an_open_batch_keeps_the_order() -> None:
    def send_around_a_flush(sequence: int) -> None:
        with transaction.atomic():
            run(connection, "SELECT ledger_open_batch()")
            journal.append(kind="test.made", subject="test:1", actor="system", facts={})
            journal.flush()
            [(now,)] = run(connection, "SELECT clock_timestamp()")
            row = copied(sequence, now)
            copy([row])
            run(connection, "SELECT ledger_close_batch(%s)", [merkle.leaf_hash(row.body)])

    with pytest.raises(IntegrityError):
        send_around_a_flush(1)
    assert_sound(0)
    send_around_a_flush(2)
    assert_sound(2)
