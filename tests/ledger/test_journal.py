import threading
import uuid

import pytest
from django.db import DatabaseError, connection, transaction

from ledger import journal, merkle
from ledger.errors import EncodingError, OutsideTransaction
from ledger.models import Entry, Head
from tests.guards import as_owner


def append(facts: dict[str, object] | None = None) -> uuid.UUID:
    made = journal.append(kind="test.made", subject="test:1", actor="system", facts=facts or {})
    assert made.sequence is None
    return made.uuid


@pytest.mark.django_db(transaction=True)
def test_append_refuses_to_run_outside_a_transaction() -> None:
    with pytest.raises(OutsideTransaction):
        append()


@pytest.mark.django_db(transaction=True)
def test_entries_are_appended_at_commit_without_gaps_and_in_order() -> None:
    made = []
    for size in (1, 3, 2):
        with transaction.atomic():
            made += [append({"place": place}) for place in range(size)]
            assert not Entry.objects.filter(uuid__in=made[-size:]).exists()
    entries = list(Entry.objects.all())
    assert [entry.sequence for entry in entries] == [1, 2, 3, 4, 5, 6]
    assert [entry.uuid for entry in entries] == made
    times = [entry.time for entry in entries]
    assert times == sorted(set(times))


@pytest.mark.django_db(transaction=True)
def test_the_database_computes_the_tree_that_the_definition_does() -> None:
    for size in range(1, 34):
        with transaction.atomic():
            append({"size": size})
        bodies = Entry.objects.values_list("body", flat=True)
        expected = merkle.root_of(merkle.leaf_hash(bytes(body)) for body in bodies)
        assert journal.head() == journal.TreeHead(size=size, root=expected.hex())


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_transaction_leaves_neither_entry_nor_gap() -> None:
    def append_and_fail() -> None:
        with transaction.atomic():
            append()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        append_and_fail()
    with transaction.atomic():
        append()
        with pytest.raises(ZeroDivisionError):
            append_and_fail()
    assert [entry.sequence for entry in Entry.objects.all()] == [1]


@pytest.mark.django_db(transaction=True)
def test_writers_at_the_same_time_get_one_order_without_gaps() -> None:
    def write() -> None:
        try:
            for _ in range(10):
                with transaction.atomic():
                    append()
                    append()
        finally:
            connection.close()

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(Entry.objects.values_list("sequence", flat=True)) == list(range(1, 81))
    bodies = Entry.objects.values_list("body", flat=True)
    expected = merkle.root_of(merkle.leaf_hash(bytes(body)) for body in bodies)
    assert journal.head().root == expected.hex()


@pytest.mark.django_db
def test_the_body_says_everything_that_matters() -> None:
    made = append({"answer": "yes", "places": ["Zürich"]})
    journal.flush()
    entry = Entry.objects.get(uuid=made)
    body = journal.body_of(entry)
    assert body == {
        "actor": "system",
        "facts": {"answer": "yes", "places": ["Zürich"]},
        "kind": "test.made",
        "subject": "test:1",
        "time": entry.time,
        "uuid": str(made),
    }


@pytest.mark.django_db
def test_facts_without_a_canonical_form_are_refused_before_anything_is_written() -> None:
    with pytest.raises(EncodingError, match=r"body\.facts\.p: float"):
        append({"p": 0.5})
    journal.flush()
    assert journal.head().size == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_entry SET body = body",
        "DELETE FROM ledger_entry",
        "TRUNCATE ledger_entry",
        "UPDATE ledger_head SET size = 0",
        "UPDATE ledger_head SET root = root",
        "DELETE FROM ledger_head",
        "TRUNCATE ledger_head",
    ],
)
def test_the_log_cannot_be_rewritten_not_even_by_its_owner(statement: str) -> None:
    with transaction.atomic():
        append()
    with as_owner(), connection.cursor() as cursor, pytest.raises(DatabaseError, match="refused"):
        cursor.execute(statement)
    assert Entry.objects.count() == Head.objects.get().size == 1
