import datetime as dt
import threading
import uuid

import pytest
from django.db import DatabaseError, IntegrityError, OperationalError, connection, transaction

from ledger import journal, merkle, replay
from ledger.encoding import timestamp
from ledger.errors import DifferentEntry, EncodingError, OutsideTransaction
from ledger.models import Entry, Head
from ledger.retries import retried
from tests.guards import as_owner, lifted
from tests.ledger.others import head_held, in_background, meanwhile, run


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


def send(number: int, uuid: uuid.UUID) -> journal.Appended:
    with transaction.atomic():
        return journal.append(
            kind="test.made",
            subject="test:1",
            actor="system",
            facts={"number": number},
            uuid=uuid,
        )


@pytest.mark.django_db(transaction=True)
def test_an_entry_that_is_sent_again_is_answered_with_the_sequence_of_the_first() -> None:
    same = uuid.uuid4()
    assert send(1, same) == journal.Appended(same, None)
    send(2, uuid.uuid4())
    assert send(1, same) == send(1, same) == journal.Appended(same, 1)
    assert journal.head().size == 2


@pytest.mark.django_db(transaction=True)
def test_another_entry_under_the_same_uuid_is_refused() -> None:
    same = uuid.uuid4()
    send(1, same)
    with pytest.raises(DifferentEntry, match=f"entry 1 has the uuid {same} and says something"):
        send(2, same)
    assert journal.head().size == 1


@pytest.mark.django_db(transaction=True)
def test_an_entry_twice_in_one_transaction_is_refused_with_the_whole_of_it() -> None:
    same = uuid.uuid4()

    def send_twice() -> None:
        with transaction.atomic():
            for entry in (uuid.uuid4(), same, same):
                send(1, entry)

    with pytest.raises(IntegrityError, match="ledger_entry_uuid_key"):
        send_twice()
    assert journal.head().size == journal.waiting("ledger_staged") == 0


@pytest.mark.django_db(transaction=True)
def test_of_two_senders_of_one_entry_at_once_one_writes_it() -> None:
    same = uuid.uuid4()

    def send_after_another() -> None:
        with transaction.atomic():
            send(1, same)
            meanwhile(lambda: send(1, same))

    with pytest.raises(IntegrityError, match="ledger_entry_uuid_key"):
        send_after_another()
    assert send(1, same).sequence == 1
    assert journal.head().size == 1
    assert journal.waiting("ledger_staged") == 0


@pytest.mark.django_db(transaction=True)
def test_many_senders_of_one_entry_at_once_end_with_one_entry() -> None:
    same = uuid.uuid4()
    answers: list[journal.Appended] = []
    threads = [
        in_background(lambda: answers.append(retried(lambda: send(1, same)))) for _ in range(4)
    ]
    for thread in threads:
        thread.join(timeout=30)
    assert len(answers) == 4
    assert {answer.sequence for answer in answers} <= {None, 1}
    assert journal.head().size == Entry.objects.count() == 1


# -- waiting for the head -------------------------------------------------------------------------

APPEND, OPEN = "ledger_append_staged()", "ledger_open_batch()"


def batch(number: int) -> list[int]:
    facts = {"number": number}
    draft = journal.draft(kind="test.made", subject="test:1", actor="system", facts=facts)
    with as_owner(), transaction.atomic():
        return journal.append_many([draft])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("function", [APPEND, OPEN])
def test_who_waits_too_long_for_the_head_is_told_so_and_has_written_nothing(function: str) -> None:
    with head_held(function=function, lock_timeout="100ms"):
        with pytest.raises(OperationalError, match="lock timeout"):
            send(1, uuid.uuid4()) if function == APPEND else batch(1)
        assert journal.head().size == journal.waiting("ledger_staged") == 0
    send(1, uuid.uuid4())
    batch(2)
    assert journal.head().size == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("function", [APPEND, OPEN])
def test_who_waits_for_an_open_batch_goes_on_when_it_ends(function: str) -> None:
    begun, written = threading.Event(), threading.Event()

    def hold() -> None:
        with as_owner(), transaction.atomic():
            run(connection, "SELECT ledger_open_batch()")
            begun.set()
            assert not written.wait(timeout=0.3)
            run(connection, "SELECT ledger_close_batch('')")

    holder = in_background(hold)
    assert begun.wait(timeout=10)
    send(1, uuid.uuid4()) if function == APPEND else batch(1)
    written.set()
    holder.join(timeout=10)
    assert journal.head().size == 1


# -- clocks ---------------------------------------------------------------------------------------

MICROSECOND = dt.timedelta(microseconds=1)
AHEAD = dt.datetime(2999, 12, 31, 23, 59, 59, 999_998, tzinfo=dt.UTC)


@pytest.mark.django_db(transaction=True)
def test_times_go_on_ascending_after_a_clock_has_stepped_back() -> None:
    # As if these entries had been written by a clock that went far ahead of today's.
    with lifted():
        run(connection, "UPDATE ledger_head SET last_time = %s", [AHEAD])
    send(1, uuid.uuid4())
    batch(2)
    with transaction.atomic():
        append({"number": 3})
        append({"number": 4})
    with transaction.atomic():
        journal.append_many(
            [
                journal.draft(kind="test.made", subject="test:1", actor="system", facts={"n": n})
                for n in range(3)
            ]
        )
    times = list(Entry.objects.values_list("time", flat=True))
    assert times == [timestamp(AHEAD + step * MICROSECOND) for step in range(1, 8)]
    assert times[1] == "3000-01-01T00:00:00.000000Z"
    assert replay.verify().intact


@pytest.mark.django_db(transaction=True)
def test_a_clock_that_steps_back_within_a_batch_does_not_refuse_it() -> None:
    draft = journal.draft(kind="test.made", subject="test:1", actor="system", facts={})
    with as_owner(), transaction.atomic():
        [(_, first)] = run(connection, "SELECT size, first_time FROM ledger_open_batch()")
        # The batch began an hour later than the clock says now.
        began = first + dt.timedelta(hours=1)
        run(connection, "UPDATE ledger_batch SET first_time = %s", [began])
        body = draft.at(timestamp(began).encode())
        run(
            connection,
            "INSERT INTO ledger_entry (sequence, body, uuid, kind, subject, actor, time)"
            " VALUES (1, %s, %s, 'test.made', 'test:1', 'system', %s)",
            [body, draft.uuid, timestamp(began)],
        )
        run(connection, "SELECT ledger_close_batch(%s)", [merkle.leaf_hash(body)])
    send(2, uuid.uuid4())
    assert Entry.objects.get(sequence=2).time == timestamp(began + MICROSECOND)
