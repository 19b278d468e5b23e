"""Batches: what they do, and what the database refuses to take for one."""

import datetime as dt
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from ledger import journal, merkle, subtrees
from ledger.errors import DifferentEntry, OutsideTransaction
from ledger.models import Entry, Head
from tests.ledger.logs import leaves_of, write_log
from tests.ledger.others import in_background, meanwhile, run

pytestmark = pytest.mark.django_db(transaction=True)
# Quicker, for what needs no commit.
rolled_back = pytest.mark.django_db


def draft(number: int = 0, *, uuid: uuid.UUID | None = None) -> journal.Draft:
    return journal.draft(
        kind="test.made",
        subject=f"test:{number}",
        actor="system",
        facts={"number": number},
        uuid=uuid,
    )


def append_many(drafts: Sequence[journal.Draft]) -> list[int]:
    with transaction.atomic():
        return journal.append_many(drafts)


def assert_sound(size: int) -> None:
    """Sequences, times, head, frontier, and nothing left behind."""
    entries = list(Entry.objects.all())
    frontier = merkle.Frontier()
    for leaf in leaves_of(entries):
        frontier.add(leaf)
    head = Head.objects.get()
    assert [entry.sequence for entry in entries] == list(range(1, size + 1))
    assert head.size == size
    assert bytes(head.root) == frontier.root() == subtrees.root_at(size)
    assert [bytes(node) for node in head.frontier] == frontier.nodes == subtrees.frontier_at(size)
    times = [entry.time for entry in entries]
    assert times == sorted(set(times))
    assert run(connection, "SELECT 1 FROM ledger_batch UNION ALL SELECT 1 FROM ledger_staged") == []


# -- entries that are sent again ------------------------------------------------------------------


@rolled_back
def test_a_batch_that_is_sent_again_keeps_its_sequences_and_writes_nothing() -> None:
    drafts = [draft(number) for number in range(5)]
    first = append_many(drafts)
    assert append_many(drafts) == first == [1, 2, 3, 4, 5]
    assert append_many(list(reversed(drafts))) == [5, 4, 3, 2, 1]
    assert_sound(5)


@rolled_back
def test_of_a_batch_that_is_there_in_part_the_rest_is_written() -> None:
    drafts = [draft(number) for number in range(5)]
    append_many([drafts[1], drafts[3]])
    assert append_many(drafts) == [3, 1, 4, 2, 5]
    assert_sound(5)


@rolled_back
def test_a_batch_with_an_entry_that_says_something_else_is_refused_whole() -> None:
    taken = draft(1)
    append_many([taken])
    with pytest.raises(DifferentEntry, match=f"entry 1 has the uuid {taken.uuid}"):
        append_many([draft(2), draft(3, uuid=taken.uuid), draft(4)])
    assert_sound(1)


@rolled_back
def test_a_refused_batch_leaves_its_transaction_usable() -> None:
    taken = draft(1)
    with transaction.atomic():
        journal.append_many([taken])
        with pytest.raises(DifferentEntry):
            journal.append_many([draft(2, uuid=taken.uuid)])
        journal.append_many([draft(3)])
    assert_sound(2)


@rolled_back
def test_a_batch_that_names_a_uuid_twice_is_refused_whole() -> None:
    same = draft(1)
    with pytest.raises(DifferentEntry, match="names a uuid twice"):
        append_many([same, draft(2), same])
    assert_sound(0)
    append_many([same])
    with pytest.raises(DifferentEntry, match="names a uuid twice"):
        append_many([same, same])
    assert_sound(1)


def test_two_senders_of_one_batch_at_once_end_with_one_of_it() -> None:
    drafts = [draft(number) for number in range(300)]
    answers: list[list[int]] = []
    threads = [in_background(lambda: answers.append(append_many(drafts))) for _ in range(3)]
    for thread in threads:
        thread.join(timeout=30)
    assert answers == [list(range(1, 301))] * 3
    assert_sound(300)


def test_a_batch_does_not_write_again_what_was_committed_while_it_waited() -> None:
    drafts = [draft(number) for number in range(3)]
    with transaction.atomic():
        journal.head()
        meanwhile(lambda: append_many(drafts[1:]))
        assert journal.append_many(drafts) == [3, 1, 2]
    assert_sound(3)


# -- sizes ----------------------------------------------------------------------------------------


@rolled_back
def test_an_empty_batch_writes_nothing() -> None:
    assert append_many([]) == []
    write_log(3)
    assert append_many([]) == []
    assert_sound(3)


def test_a_batch_needs_a_transaction() -> None:
    with pytest.raises(OutsideTransaction):
        journal.append_many([draft()])


@pytest.mark.parametrize("sizes", [(1, 1), (255, 1, 1), (256, 256), (3, 510, 1), (700, 400)])
def test_batches_and_single_entries_grow_one_tree_across_the_edges_of_tiles(
    sizes: Sequence[int],
) -> None:
    written = 0
    for size in sizes:
        write_log(size)
        with transaction.atomic():
            journal.append(kind="test.made", subject="test:1", actor="system", facts={})
        written += size + 1
    assert_sound(written)


def test_batches_and_single_entries_grow_one_tree_across_the_edge_of_a_tile_of_tiles() -> None:
    write_log(65_530)
    for _ in range(4):
        with transaction.atomic():
            journal.append(kind="test.made", subject="test:1", actor="system", facts={})
    write_log(3)  # 65,534 to 65,536 and one more
    with transaction.atomic():
        journal.append(kind="test.made", subject="test:1", actor="system", facts={})
    write_log(300)
    assert_sound(65_838)
    assert run(connection, "SELECT level, count(*) FROM ledger_node GROUP BY 1 ORDER BY 1") == [
        (0, 257),
        (1, 1),
    ]


# -- with others in its transaction ---------------------------------------------------------------


@rolled_back
def test_two_batches_in_one_transaction_follow_each_other() -> None:
    with transaction.atomic():
        assert journal.append_many([draft(1), draft(2)]) == [1, 2]
        assert journal.append_many([draft(3)]) == [3]
    assert_sound(3)


def test_staged_entries_follow_a_batch_of_their_transaction() -> None:
    with transaction.atomic():
        journal.append(kind="test.first", subject="test:1", actor="system", facts={})
        journal.append_many([draft(1), draft(2)])
        journal.append(kind="test.last", subject="test:1", actor="system", facts={})
    kinds = list(Entry.objects.values_list("kind", flat=True))
    assert kinds == ["test.made", "test.made", "test.first", "test.last"]
    assert_sound(4)


@rolled_back
def test_entries_that_were_flushed_come_before_a_batch() -> None:
    with transaction.atomic():
        journal.append(kind="test.first", subject="test:1", actor="system", facts={})
        journal.flush()
        assert journal.append_many([draft(1)]) == [2]
    assert_sound(2)


def test_a_batch_that_is_rolled_back_never_was() -> None:
    def fail() -> None:
        with transaction.atomic():
            journal.append_many([draft(1)])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with transaction.atomic():
        with pytest.raises(ZeroDivisionError):
            fail()
        assert journal.append_many([draft(2)]) == [1]
    assert_sound(1)


# -- what the database refuses: somebody speaks to it who does not mean well ----------------------


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


@rolled_back
def test_a_row_as_the_binary_format_has_it_is_read_as_it_was_written() -> None:
    made = journal.draft(
        kind="test.größe", subject="test:ñ", actor="user:1", facts={"text": "Zürich 雪"}
    )
    append_many([made])
    entry = Entry.objects.get()
    assert (entry.uuid, entry.kind, entry.subject, entry.actor) == (
        made.uuid,
        "test.größe",
        "test:ñ",
        "user:1",
    )
    assert journal.body_of(entry)["facts"] == {"text": "Zürich 雪"}
    assert made.says(bytes(entry.body))
    assert_sound(1)


@rolled_back
def test_the_format_has_room_for_the_longest_entry() -> None:
    facts = {"text": "x" * 65_000}
    made = journal.draft(kind="test.made", subject="test:1", actor="system", facts=facts)
    append_many([made] + [draft(number) for number in range(3)])
    assert bytes(Entry.objects.get(sequence=1).body)[:-75] == made.body[:-75]
    assert_sound(4)
