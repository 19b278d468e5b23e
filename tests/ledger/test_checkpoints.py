"""Signing what extends, refusing what does not, and what an attack on the log leaves behind."""

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from ledger import checkpoints, journal, keychain, notes
from ledger.checkpoint_audit import Audit
from ledger.checkpoints import Signed, checkpoint_make
from ledger.errors import DoesNotExtend, KeyUnusable, MemoryUnusable, NoteError, WillNotSign
from ledger.guards import TRIGGERS
from ledger.models import Checkpoint, Entry
from tests.guards import as_owner
from tests.ledger.logs import (
    Backup,
    append,
    cut,
    execute,
    found,
    head_follows,
    key_file,
    mode,
    roots,
    state,
    state_file,
    tamper,
)

pytestmark = pytest.mark.django_db(transaction=True)
OTHER = notes.Signer("127.0.0.1/ledger", bytes(32))


def made(*, force: bool = False) -> Signed:
    signed = checkpoint_make(force=force)
    assert signed
    return signed


def sign_and_crash() -> Signed:
    """The signer's memory is written, and the transaction is not committed."""
    with transaction.atomic():
        lost = made(force=True)
        transaction.set_rollback(True)
    return lost


def flush_an_entry() -> None:
    append()
    journal.flush()


@transaction.atomic
def flush_an_entry_in_a_part() -> None:
    flush_an_entry()


@transaction.atomic
def in_one_transaction(*acts: Callable[[], object]) -> None:
    execute("SELECT pg_current_xact_id()")  # it has written
    for act in acts:
        act()


@pytest.fixture
def signed() -> Signed:
    """A log of five entries and the key's, signed twice."""
    append(1, 2)
    made()
    append(3, 4, 5)
    return made()


def test_a_checkpoint_is_the_head_signed_by_the_key_that_the_log_introduces() -> None:
    append(1, 2, 3)
    signed = made()
    assert signed.head == journal.head()
    assert signed.size == 4
    [verifier] = checkpoints.verifier_keys()
    opened = notes.open_note(signed.note, [verifier])
    assert opened.text.splitlines()[:2] == ["127.0.0.1/ledger", "4"]
    entry = Entry.objects.get(kind="key.introduced")
    label = f"{verifier.name}+{verifier.key_id.hex()}"
    assert (entry.sequence, entry.subject, entry.actor) == (4, f"key:{label}", "system")
    assert journal.body_of(entry)["facts"] == {
        "key": [{"id": label, "public": str(verifier), "replaces": None}]
    }
    assert checkpoints.origin() == "127.0.0.1/ledger"


def test_checkpoints_are_numbered_and_found_by_what_they_cover(signed: Signed) -> None:
    assert [(one.number, one.size) for one in checkpoints.all_checkpoints()] == [(1, 3), (2, 6)]
    assert checkpoints.latest() == signed
    covering = [checkpoints.covering(size) for size in (0, 3, 4, 6, 7)]
    assert [one.number if one else None for one in covering] == [1, 1, 2, 2, None]
    assert found() == []


def test_what_has_not_grown_is_not_signed_anew_unless_asked(signed: Signed) -> None:
    assert made() == signed
    append()
    assert made(force=True).number == 3
    assert found() == []


def test_no_checkpoint_is_made_that_says_what_another_says(signed: Signed) -> None:
    for _ in range(2):
        assert made(force=True) == signed
    state_file().unlink()
    assert made(force=True) == signed
    assert state()["number"] == 2


def test_an_empty_log_is_not_signed_unless_asked() -> None:
    assert checkpoint_make() is None
    assert (Entry.objects.count(), checkpoints.latest(), key_file().exists()) == (0, None, False)
    assert made(force=True).size == 1
    assert found() == []


def test_without_any_checkpoint_nothing_is_found_and_what_is_not_asked_is_said() -> None:
    append()
    assert found() == []
    assert len(Audit.begin().unchecked) == 2
    made()
    assert Audit.begin().unchecked == []


def test_key_and_memory_are_for_the_owner_alone(signed: Signed) -> None:
    assert mode(key_file()) == mode(state_file()) == 0o600
    assert mode(key_file().parent) == 0o700
    assert [path.name for path in sorted(key_file().parent.iterdir())] == [
        "ledger_key",
        "ledger_state.json",
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_checkpoint SET note = note",
        "DELETE FROM ledger_checkpoint",
        "TRUNCATE ledger_checkpoint",
        "INSERT INTO ledger_checkpoint VALUES (4, 6, '')",
        "INSERT INTO ledger_checkpoint VALUES (2, 6, '')",
        "INSERT INTO ledger_checkpoint VALUES (3, 5, '')",
        "INSERT INTO ledger_checkpoint VALUES (3, 9223372036854775807, 'garbage')",
        "INSERT INTO ledger_checkpoint SELECT 3, 7, replace(note, E'\\n6\\n', E'\\n7\\n')"
        " FROM ledger_checkpoint WHERE number = 2",
        "INSERT INTO ledger_checkpoint VALUES (3, 6, '')",
        "INSERT INTO ledger_checkpoint SELECT 3, 6, note FROM ledger_checkpoint WHERE number = 1",
        "INSERT INTO ledger_checkpoint VALUES (3, 6, E'x\\n6\\nroot\\n')",
        "INSERT INTO ledger_checkpoint SELECT 3, 6, replace(note, E'\\n6\\n', E'\\n06\\n')"
        " FROM ledger_checkpoint WHERE number = 2",
    ],
)
def test_the_database_refuses_to_change_checkpoints_or_to_take_odd_ones(
    signed: Signed, statement: str
) -> None:
    with as_owner(), pytest.raises(DatabaseError, match="refused"):
        execute(statement)


def test_the_guards_hold_for_replicas_too() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgname, tgenabled FROM pg_trigger WHERE tgrelid = 'ledger_checkpoint'::regclass"
        )
        assert dict(cursor.fetchall()) == dict.fromkeys(TRIGGERS["ledger_checkpoint"], "A")


def test_two_signers_at_once_take_turns() -> None:
    append()
    refused: list[BaseException] = []

    def sign() -> None:
        try:
            for place in range(5):
                append(place)
                checkpoint_make()
        except BaseException as error:
            refused.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=sign) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == []
    assert Entry.objects.filter(kind="key.introduced").count() == 1
    made()
    assert found() == []
    assert Checkpoint.objects.latest("number").size == Entry.objects.count()


def test_what_may_yet_be_rolled_back_is_never_signed(signed: Signed) -> None:
    remembered = state()
    for flush in (flush_an_entry, flush_an_entry_in_a_part):
        with pytest.raises(WillNotSign, match="sign after its commit"):
            in_one_transaction(flush, checkpoint_make)
    assert state() == remembered
    assert made() == signed


def test_inside_a_transaction_that_has_appended_nothing_one_may_sign(signed: Signed) -> None:
    append()
    with transaction.atomic():
        execute("SELECT pg_current_xact_id()")  # it has written
        append()  # staged, and so not part of the head yet
        assert made().size == 7
    assert made().size == 8
    assert found() == []


def test_the_key_is_not_introduced_inside_somebody_elses_transaction() -> None:
    append()
    with pytest.raises(WillNotSign, match="key_introduce"), transaction.atomic():
        checkpoint_make()


@pytest.mark.parametrize("number", [2, 1])
def test_a_checkpoint_lost_between_memory_and_commit_is_put_back(number: int) -> None:
    append(1, 2)
    made()
    append(*range(number))
    lost = sign_and_crash()
    assert Checkpoint.objects.count() == 1
    assert state()["number"] == 2
    assert any("put back by the next pass" in finding for finding in found())
    assert made() == lost
    assert found() == []
    append(4)
    assert made().number == 3


def test_the_log_grows_after_a_lost_checkpoint_and_both_stand() -> None:
    append()
    made()
    append()
    sign_and_crash()
    append()
    assert [one.size for one in (made(), *checkpoints.all_checkpoints())] == [4, 2, 3, 4]
    assert found() == []


# --- attacks on the log ------------------------------------------------------------------------


def cut_entries_alone() -> None:
    tamper("DELETE FROM ledger_entry WHERE sequence > 4")


def cut_with_head() -> None:
    cut(4)


def cut_with_head_and_checkpoints() -> None:
    cut(4)
    tamper("DELETE FROM ledger_checkpoint WHERE number = 2")


def empty_everything() -> None:
    cut(0)
    tamper("DELETE FROM ledger_checkpoint")


def cut_and_write_on() -> None:
    cut(4)
    append(9, 9, 9)


def restore_and_write_on() -> None:
    cut(3)
    tamper("DELETE FROM ledger_checkpoint WHERE number = 2")
    append(9, 9, 9, 9)


def edit_an_entry_and_all_that_follows() -> None:
    tamper(
        "UPDATE ledger_entry SET body = convert_to(replace(convert_from(body, 'UTF8'),"
        " '\"place\":2', '\"place\":7'), 'UTF8') WHERE sequence = 2"
    )
    head_follows()


def forge_the_head() -> None:
    tamper("UPDATE ledger_head SET root = sha256('x')")


def renumber() -> None:
    append(6)
    tamper("UPDATE ledger_entry SET sequence = 8 WHERE sequence = 7")


@pytest.mark.parametrize(
    ("attack", "finding"),
    [
        (cut_with_head, "the last were taken away"),
        (cut_with_head_and_checkpoints, "signer's state: knows 6 entries, the log 4"),
        (empty_everything, "signer's state: knows 6 entries, the log 0"),
        (cut_and_write_on, "knows the first 6 entries by the root"),
        (restore_and_write_on, "signer's state: knows the first 6 entries by the root"),
        (edit_an_entry_and_all_that_follows, "knows the first 3 entries by the root"),
    ],
)
def test_what_does_not_extend_what_was_signed_is_refused_and_found(
    signed: Signed, attack: Callable[[], None], finding: str
) -> None:
    attack()
    remembered = state()
    for force in (False, True):
        with pytest.raises(DoesNotExtend, match="verify_ledger"):
            checkpoint_make(force=force)
    assert state() == remembered
    assert any(finding in problem for problem in found()), found()


@pytest.mark.parametrize("attack", [renumber, forge_the_head])
def test_a_head_that_is_not_that_of_the_entries_is_refused(
    signed: Signed, attack: Callable[[], None]
) -> None:
    attack()
    with pytest.raises(DoesNotExtend):
        checkpoint_make()


def test_an_old_backup_is_refused_also_when_it_has_outgrown_what_was_signed(
    signed: Signed,
) -> None:
    backup = Backup.take()
    append(6, 7)
    made()
    backup.restore()
    with pytest.raises(DoesNotExtend, match="old backup"):
        checkpoint_make()
    append(9, 9, 9)
    with pytest.raises(DoesNotExtend, match="old backup"):
        checkpoint_make()
    assert any("signer's state" in problem for problem in found())


# --- attacks on the checkpoints ----------------------------------------------------------------


def forged(size: int, *, by: notes.Signer, name: str = "127.0.0.1/ledger") -> str:
    return notes.sign(notes.checkpoint_text(name, size, roots()[size]), [by])


def by_key_file() -> notes.Signer:
    return notes.Signer.parse(key_file().read_text().strip())


@pytest.mark.parametrize(
    ("statement", "finding"),
    [
        ("UPDATE ledger_checkpoint SET size = 5 WHERE number = 2", "its column says 5 entries"),
        ("UPDATE ledger_checkpoint SET note = '' WHERE number = 1", "checkpoint 1: not a note"),
        (
            "UPDATE ledger_checkpoint SET note = replace(note, E'\\n3\\n', E'\\n4\\n')"
            " WHERE number = 1",
            "checkpoint 1: the signature of",
        ),
        (
            "UPDATE ledger_checkpoint SET number = 3 WHERE number = 2",
            "checkpoint 3: expected number 2",
        ),
        ("DELETE FROM ledger_checkpoint WHERE number = 1", "checkpoint 2: expected number 1"),
        ("DELETE FROM ledger_checkpoint WHERE number = 2", "signer's state: knows checkpoint 2"),
        ("DELETE FROM ledger_checkpoint", "signer's state: knows checkpoint 2"),
    ],
)
def test_a_checkpoint_that_was_edited_or_removed_is_found(
    signed: Signed, statement: str, finding: str
) -> None:
    tamper(statement)
    assert any(finding in problem for problem in found()), found()


def test_a_checkpoint_by_another_key_is_found_and_nothing_is_signed_after_it(
    signed: Signed,
) -> None:
    note = forged(6, by=OTHER)
    tamper("UPDATE ledger_checkpoint SET note = %s WHERE number = 2", note)
    problems = found()
    assert "checkpoint 2: signed by none of the known keys" in problems
    assert any("is not signed by the current key" in problem for problem in problems)
    with pytest.raises(DoesNotExtend, match="checkpoint 2 is not the one that was signed"):
        checkpoint_make(force=True)


@pytest.mark.parametrize("by", ["other", "own"])
def test_a_checkpoint_added_by_hand_is_found(signed: Signed, by: str) -> None:
    """By the own key it is of another size than it says: whoever has the key can sign anything."""
    signer = OTHER if by == "other" else by_key_file()
    text = notes.checkpoint_text("127.0.0.1/ledger", 6, roots()[5])
    execute("INSERT INTO ledger_checkpoint VALUES (3, 6, %s)", notes.sign(text, [signer]))
    assert any(problem.startswith("checkpoint 3: ") for problem in found())
    with pytest.raises(DoesNotExtend, match="checkpoint 3"):
        checkpoint_make()


def test_a_checkpoint_of_another_log_or_out_of_order_is_found(signed: Signed) -> None:
    own = by_key_file()
    foreign = forged(6, by=own, name="example.org/ledger")
    execute("INSERT INTO ledger_checkpoint VALUES (3, 6, %s)", foreign)
    tamper("INSERT INTO ledger_checkpoint VALUES (4, 6, %s)", forged(4, by=own))
    problems = " ".join(found())
    assert "checkpoint 3: of the log 'example.org/ledger'" in problems
    assert "checkpoint 4: its column says 6 entries, its note 4" in problems
    assert "checkpoint 4: knows 4 entries, and one before it 6" in problems
    with pytest.raises(DoesNotExtend, match="another log"):
        checkpoint_make()


def test_a_checkpoint_older_than_the_entry_that_introduces_its_key_is_found() -> None:
    append(1, 2, 3)
    made()
    own, size = by_key_file(), 2
    note = forged(size, by=own)
    with_key_at_hand = found()
    tamper("UPDATE ledger_checkpoint SET size = 2, note = %s", note)
    key_file().unlink()
    state_file().unlink()
    assert with_key_at_hand == []
    assert any("which the log did not know by then" in problem for problem in found())


def test_signatures_of_strangers_on_a_note_change_nothing(signed: Signed) -> None:
    """A witness may add its line to the copy it holds; whoever adds one here is noticed."""
    cosigned = signed.note + OTHER.signature_line("anything")
    tamper("UPDATE ledger_checkpoint SET note = %s WHERE number = 2", cosigned)
    assert found() == ["checkpoint 2: is not the one that the signer remembers"]


# --- the key and the memory --------------------------------------------------------------------


def test_another_key_in_the_file_is_refused_and_found(signed: Signed) -> None:
    key_file().write_text(OTHER.secret())
    append()
    with pytest.raises(KeyUnusable, match=r"rotate_key") as refused:
        checkpoint_make()
    assert OTHER.secret() not in str(refused.value)
    problems = " ".join(found())
    assert "the key was swapped" in problems
    assert "is not signed by the current key" in problems


def test_a_missing_key_is_not_replaced_in_silence(signed: Signed) -> None:
    key_file().unlink()
    with pytest.raises(KeyUnusable, match="is missing: restore"):
        checkpoint_make()
    assert not key_file().exists()
    # Whoever only reads needs no secret, and nothing is wrong with the log.
    assert found() == []
    assert [verifier.name for verifier in checkpoints.verifier_keys()] == ["127.0.0.1/ledger"]


def test_without_a_memory_the_whole_log_is_read_and_remembered_again(signed: Signed) -> None:
    before = state()
    state_file().unlink()
    assert made() == signed
    assert state() == before
    assert mode(state_file()) == 0o600


@pytest.mark.parametrize("attack", [cut_with_head, cut_and_write_on, cut_entries_alone])
def test_without_a_memory_every_stored_checkpoint_must_still_hold(
    signed: Signed, attack: Callable[[], None]
) -> None:
    state_file().unlink()
    attack()
    with pytest.raises(DoesNotExtend):
        checkpoint_make()
    assert not state_file().exists()


def test_a_new_machine_does_not_start_a_cut_off_log_anew(signed: Signed) -> None:
    cut(0)
    state_file().unlink()
    with pytest.raises(DoesNotExtend, match="knows no key"):
        checkpoint_make()
    assert Entry.objects.count() == 0


def test_an_older_memory_catches_up_by_rehashing(signed: Signed) -> None:
    older = state_file().read_text()
    append(6, 7)
    newer = made()
    state_file().write_text(older)
    assert made() == newer
    assert state()["number"] == 3
    append(8)
    assert (made().number, found()) == (4, [])


def test_an_older_memory_still_holds_the_checkpoints_since_against_the_log(
    signed: Signed,
) -> None:
    older = state_file().read_text()
    append(6, 7)
    made()
    state_file().write_text(older)
    cut(7)
    append(9, 9)
    with pytest.raises(DoesNotExtend, match="checkpoint 3"):
        checkpoint_make()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "not JSON",
        "\x00",
        '{"format":"prediction-ledger-signer/1","frontier":[],"note":"","number":1}',
        '{"format":"prediction-ledger-signer/1","frontier":7,"note":7,"number":7}',
        "[" * 100_000,
    ],
)
def test_a_damaged_memory_is_refused_found_and_left_as_it_is(signed: Signed, text: str) -> None:
    state_file().write_text(text)
    append()
    with pytest.raises(MemoryUnusable, match="move the file away"):
        checkpoint_make()
    assert state_file().read_text() == text
    assert any("signer's state: " in problem for problem in found())


def test_a_memory_whose_frontier_was_changed_is_damaged(signed: Signed) -> None:
    said = state_file().read_text()
    node = state()["frontier"][0]
    state_file().write_text(said.replace(node, "00" * 32))
    with pytest.raises(MemoryUnusable, match="damaged"):
        checkpoint_make()


@pytest.mark.parametrize("name", ["127.0.0.1/ledger", "example.org/ledger"])
def test_the_memory_of_another_ledger_is_refused(signed: Signed, name: str) -> None:
    note = forged(6, by=notes.Signer(name, bytes(32)), name=name)
    state_file().write_text(json.dumps({**state(), "note": note}))
    with pytest.raises(MemoryUnusable, match=r"put the right key|another ledger"):
        checkpoint_make()


def test_a_stored_note_that_nobody_can_read_does_not_stop_the_others(signed: Signed) -> None:
    tamper("UPDATE ledger_checkpoint SET note = 'nothing' WHERE number = 1")
    first, second = checkpoints.all_checkpoints()
    with pytest.raises(NoteError):
        _ = first.head
    assert second.head.size == 6


def test_the_name_of_the_log_stays_when_the_address_changes(signed: Signed, settings: Any) -> None:
    settings.LEDGER_ORIGIN = "ledger.example.org/ledger"
    append()
    assert made().note.startswith("127.0.0.1/ledger\n")
    assert checkpoints.origin() == "127.0.0.1/ledger"
    assert keychain.label(checkpoints.verifier_keys()[0]).startswith("127.0.0.1/ledger+")
    assert found() == []
