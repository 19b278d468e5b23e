"""Batches: what they do; `test_batch_refusals` has what the database refuses to take for one."""

from collections.abc import Iterator, Sequence
from contextlib import nullcontext

import pytest
from django.db import IntegrityError, connection, transaction

from ledger import journal
from ledger.errors import DifferentEntry, OutsideTransaction
from ledger.models import Entry
from tests.guards import as_owner
from tests.ledger.logs import write_log
from tests.ledger.others import in_background, meanwhile, run
from tests.ledger.soundness import assert_sound, draft

pytestmark = pytest.mark.django_db(transaction=True)
# Quicker, for what needs no commit.
rolled_back = pytest.mark.django_db


@pytest.fixture(autouse=True, params=["owner", "service"])
def _role(request: pytest.FixtureRequest, db: None) -> Iterator[None]:
    """The owner copies, the service stages; it comes to the same."""
    with as_owner() if request.param == "owner" else nullcontext():
        yield


def append_many(drafts: Sequence[journal.Draft]) -> list[int]:
    with transaction.atomic():
        return journal.append_many(drafts)


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


def test_entries_keep_the_order_of_their_transaction_around_a_batch() -> None:
    with transaction.atomic():
        journal.append(kind="test.first", subject="test:1", actor="system", facts={})
        journal.append_many([draft(1), draft(2)])
        journal.append(kind="test.last", subject="test:1", actor="system", facts={})
    kinds = list(Entry.objects.values_list("kind", flat=True))
    assert kinds == ["test.first", "test.made", "test.made", "test.last"]
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


# -- entries that wait for the commit --------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 999, 1_000, 1_001, 2_300])
def test_many_entries_of_one_commit_grow_the_tree_piece_by_piece(count: int) -> None:
    with transaction.atomic():
        journal.append(kind="test.made", subject="test:0", actor="system", facts={})
        journal.append_later([draft(number) for number in range(count)])
        assert journal.head().size == 0
        journal.append(kind="test.made", subject="test:last", actor="system", facts={})
    assert_sound(count + 2)
    subjects = Entry.objects.order_by("sequence").values_list("subject", flat=True)
    assert (subjects[0], subjects[count + 1]) == ("test:0", "test:last")


def test_entries_that_wait_for_the_commit_need_a_transaction() -> None:
    with pytest.raises(OutsideTransaction):
        journal.append_later([draft(1)])


def test_an_entry_that_is_there_is_refused_at_the_commit_with_all_that_came_with_it() -> None:
    taken = draft(1)
    append_many([taken])
    with pytest.raises(IntegrityError), transaction.atomic():
        journal.append_later([draft(2), taken])
    assert_sound(1)
