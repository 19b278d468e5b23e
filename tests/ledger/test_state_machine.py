"""The log against a plain list of bodies, through whatever order of acts chance finds."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import hypothesis
import pytest
from django.db import OperationalError, connection, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from ledger import encoding, journal, merkle, replay, subtrees
from ledger.errors import DifferentEntry
from ledger.models import Entry
from tests.chance import seed
from tests.guards import as_owner, lifted
from tests.ledger.others import another, end_session, hold_head, run
from tests.management.commands.flush import empty_log

FEW, MANY = st.integers(1, 5), st.sampled_from([0, 1, 2, 40, 255, 256, 300])
ANY = st.integers(0, 2**31 - 1)


@dataclass(frozen=True)
class Tampering:
    """What somebody with every right does to the rows of `table` that `where` says."""

    table: str
    where: str
    change: str | None  # None: they are deleted
    then: str = ""  # says which they are afterwards, if `where` does not

    def do(self) -> None:
        with transaction.atomic(), lifted():
            run(connection, f"CREATE TEMP TABLE kept AS SELECT * FROM {self.table} {self.where}")
            act = f"UPDATE {self.table} SET {self.change}" if self.change else self._delete
            run(connection, f"{act} {self.where}")

    def undo(self) -> None:
        with transaction.atomic(), lifted():
            run(connection, f"{self._delete} {self.then or self.where}")
            run(connection, f"INSERT INTO {self.table} SELECT * FROM kept")
            run(connection, "DROP TABLE kept")

    @property
    def _delete(self) -> str:
        return f"DELETE FROM {self.table}"


_FLIPPED = "set_byte({0}, {1} % octet_length({0}), 255 - get_byte({0}, {1} % octet_length({0})))"
_ONE_ENTRY = "WHERE sequence = 1 + {0} % {1}"
_ONE_TILE = "WHERE (level, place) = (0, 0)"


def tamperings(size: int, at: int) -> list[Tampering]:
    """Every kind of it, at a place that `at` chooses."""
    entry = _ONE_ENTRY.format(at, size)
    last, beyond = f"WHERE sequence = {size}", f"WHERE sequence = {size + 1}"
    kinds = [
        Tampering("ledger_entry", entry, f"body = {_FLIPPED.format('body', at)}"),
        Tampering("ledger_entry", entry, None),
        Tampering("ledger_entry", entry, "kind = kind || 'x'"),
        Tampering("ledger_entry", entry, "subject = 'test:other'"),
        Tampering("ledger_entry", entry, "actor = 'user:9'"),
        Tampering("ledger_entry", entry, "uuid = gen_random_uuid()"),
        Tampering("ledger_entry", entry, "time = '2001-01-01T00:00:00.000000Z'"),
        Tampering("ledger_entry", last, None),
        Tampering("ledger_entry", last, "sequence = sequence + 1", beyond),
        Tampering("ledger_head", "", f"root = {_FLIPPED.format('root', at)}"),
        Tampering("ledger_head", "", "size = size + 1"),
        Tampering("ledger_head", "", "size = size - 1"),
        Tampering("ledger_head", "", "frontier = trim_array(frontier, 1)"),
        Tampering("ledger_head", "", "last_time = last_time + interval '1 second'"),
        Tampering("ledger_head", "", None),
    ]
    if size >= subtrees.TILE:
        kinds += [
            Tampering("ledger_node", _ONE_TILE, f"hashes = {_FLIPPED.format('hashes', at)}"),
            Tampering("ledger_node", _ONE_TILE, f"root = {_FLIPPED.format('root', at)}"),
            Tampering("ledger_node", _ONE_TILE, None),
        ]
    return kinds


class Log(RuleBasedStateMachine):
    """The model is `bodies`: what was appended, in its order."""

    def __init__(self) -> None:
        super().__init__()
        self.drafts: list[journal.Draft] = []
        self.bodies: list[bytes] = []
        self.witnesses: list[tuple[int, bytes]] = []

    @initialize()
    def begin(self) -> None:
        empty_log()

    @rule(count=FEW)
    def append(self, count: int) -> None:
        drafts = self._drafts(count)
        with transaction.atomic():
            for draft in drafts:
                assert _append(draft) == journal.Appended(draft.uuid, None)
        self._expect(drafts)

    @rule(count=MANY)
    def append_many(self, count: int) -> None:
        drafts = self._drafts(count)
        with as_owner(), transaction.atomic():
            sequences = journal.append_many(drafts)
        assert sequences == list(range(len(self.bodies) + 1, len(self.bodies) + count + 1))
        self._expect(drafts)

    @rule(batch=FEW, single=FEW)
    def append_both_ways_at_once(self, batch: int, single: int) -> None:
        last, first = self._drafts(single), self._drafts(batch)
        with transaction.atomic():
            for draft in last:
                _append(draft)
            journal.append_many(first)
        self._expect([*last, *first])

    @precondition(lambda self: self.drafts)
    @rule(at=ANY)
    def send_again(self, at: int) -> None:
        sequence = at % len(self.drafts) + 1
        draft = self.drafts[sequence - 1]
        with transaction.atomic():
            assert _append(draft).sequence == sequence
            assert journal.append_many([draft]) == [sequence]
        self._expect([])

    @precondition(lambda self: self.drafts)
    @rule(at=ANY)
    def send_again_with_new_ones(self, at: int) -> None:
        sequence, size = at % len(self.drafts) + 1, len(self.bodies)
        new = self._drafts(2)
        with transaction.atomic():
            sent = [new[0], self.drafts[sequence - 1], new[1]]
            assert journal.append_many(sent) == [size + 1, sequence, size + 2]
        self._expect(new)

    @precondition(lambda self: self.drafts)
    @rule(at=ANY)
    def send_another_under_its_uuid(self, at: int) -> None:
        taken = self.drafts[at % len(self.drafts)].uuid
        [false] = self._drafts(1, uuid=taken)
        for act in (lambda: _append(false), lambda: journal.append_many([false])):
            with pytest.raises(DifferentEntry), transaction.atomic():
                act()
        self._expect([])

    @rule(count=FEW, opens_batch=st.booleans())
    def kill(self, count: int, opens_batch: bool) -> None:
        """A writer that has staged entries, and may hold the head, is gone before it commits."""
        with another() as other:
            other.set_autocommit(False)
            for draft in self._drafts(count):
                run(
                    other,
                    "INSERT INTO ledger_staged (uuid, kind, subject, actor, body)"
                    " VALUES (%s, %s, %s, %s, %s)",
                    [draft.uuid, draft.kind, draft.subject, draft.actor, draft.body],
                )
            if opens_batch:
                hold_head(other)
            [(pid,)] = run(other, "SELECT pg_backend_pid()")
            end_session(pid)
            with pytest.raises(OperationalError):
                other.commit()
        self._expect([])

    @precondition(lambda self: self.bodies)
    @rule(kind=ANY, at=ANY)
    def tamper(self, kind: int, at: int) -> None:
        kinds = tamperings(len(self.bodies), at)
        tampering = kinds[kind % len(kinds)]
        tampering.do()
        try:
            assert not replay.verify().intact, tampering
        finally:
            tampering.undo()
        self._expect([])

    @rule()
    def keep_a_witness(self) -> None:
        head = journal.head()
        self.witnesses.append((head.size, bytes.fromhex(head.root)))

    @rule()
    def verify(self) -> None:
        result = replay.verify()
        assert result.findings == []
        assert result.size == len(self.bodies)
        leaves = [merkle.leaf_hash(body) for body in self.bodies]
        for size, root in [*self.witnesses, (len(leaves), bytes.fromhex(result.root))]:
            assert root == merkle.root_of(leaves[:size]) == subtrees.root_at(size)

    def _drafts(self, count: int, *, uuid: uuid.UUID | None = None) -> list[journal.Draft]:
        return [
            journal.draft(
                kind="test.made",
                subject=f"test:{place}",
                actor="system",
                facts={"place": place, "size": len(self.bodies), "false": bool(uuid)},
                uuid=uuid,
            )
            for place in range(count)
        ]

    def _expect(self, drafts: Sequence[journal.Draft]) -> None:
        """These are there now, after those that were there before, and nothing else is."""
        new = Entry.objects.filter(sequence__gt=len(self.bodies)).order_by("sequence")
        bodies = [bytes(body) for body in new.values_list("body", flat=True)]
        assert len(bodies) == len(drafts)
        assert all(draft.says(body) for draft, body in zip(drafts, bodies, strict=True))
        self.drafts += drafts
        self.bodies += bodies
        assert journal.head().size == len(self.bodies)
        root = merkle.root_of(merkle.leaf_hash(body) for body in self.bodies)
        assert journal.head().root == root.hex()


def _append(draft: journal.Draft) -> journal.Appended:
    said: dict[str, Any] = encoding.parse(draft.at(b"2001-01-01T00:00:00.000000Z"))
    return journal.append(
        kind=draft.kind,
        subject=draft.subject,
        actor=draft.actor,
        facts=said["facts"],
        uuid=draft.uuid,
    )


@pytest.mark.django_db(transaction=True)
def test_the_log_is_a_list_that_only_grows_whatever_happens() -> None:
    machine = hypothesis.seed(seed("state machine"))(Log)
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=12,
            stateful_step_count=25,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.django_db(transaction=True)
def test_every_kind_of_tampering_is_found_and_undone() -> None:
    log = Log()
    log.begin()
    log.append_many(600)
    for tampering in tamperings(600, 300):
        tampering.do()
        assert not replay.verify().intact, tampering
        tampering.undo()
    log.verify()
