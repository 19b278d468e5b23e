"""What somebody who can only write entries gains by naming keys of their own: nothing."""

import re
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from ledger import checkpoints, guards, journal, keychain, keys, notes, turns
from ledger.checkpoints import Signed, checkpoint_make
from ledger.encoding import Canonical
from ledger.errors import DoesNotExtend, KeyUnusable, WillNotSign
from ledger.keychain import label
from ledger.models import Checkpoint, Entry
from ledger.rotation import key_rotate
from tests.guards import as_owner
from tests.ledger.exports import verify
from tests.ledger.logs import append, execute, found, key_file, state_file, tamper
from tests.ledger.test_keys import exported
from tests.ledger.test_roles import signed_in

pytestmark = pytest.mark.django_db(transaction=True)
NAME = "127.0.0.1/ledger"
EVIL, OTHER = (notes.Signer(NAME, bytes([number]) * 32) for number in (66, 67))
CHANGED = uuid.UUID(int=1, version=4)
Facts = dict[str, Canonical]
Staged = tuple[str, Facts]


def stage(*entries: Staged, column: str | None = None, body: bytes | None = None) -> None:
    """In one transaction of the service's own role, past all of our code."""
    with signed_in() as session, session.transaction():
        for kind, facts in entries:
            made = journal.draft(
                kind=kind,
                subject="key:x",
                actor="system",
                facts=facts,
                uuid=CHANGED if body else None,
            )
            session.execute(
                "INSERT INTO ledger_staged (uuid, kind, subject, actor, body)"
                " VALUES (%s, %s, 'key:x', 'system', %s)",
                [made.uuid, column or kind, body or made.body],
            )


def own() -> notes.Signer:
    return notes.Signer.parse(key_file().read_text().split()[0])


def takes_over(new: notes.Signer, old: notes.Signer, **changed: Canonical) -> Staged:
    facts: Any = keys.facts(new.verifier, replaces=old.verifier)
    return keychain.ROTATED, {"key": [{**facts["key"][0], **changed}]}


def introduces(new: notes.Signer) -> Staged:
    return keychain.INTRODUCED, keys.facts(new.verifier, replaces=None)


def refused_by_name(entry: int) -> bool:
    """The signer and both rotations name the entry, however often; none makes or drops a key."""
    held, signed = key_file().read_text(), Checkpoint.objects.count()
    acts: list[Callable[[], object]] = [
        checkpoint_make,
        lambda: checkpoint_make(force=True),
        lambda: key_rotate(reason="yearly"),
        lambda: key_rotate(reason="lost", lost=True),
    ]
    for act in acts:
        with pytest.raises(DoesNotExtend, match=f"^entry {entry}\\b.*docs/operations.md"):
            act()
    return (key_file().read_text(), Checkpoint.objects.count()) == (held, signed)


def escape(verifier: notes.Verifier) -> str:
    return re.escape(label(verifier))


def finds(entry: int, words: str) -> bool:
    return any(one.startswith(f"entry {entry}: ") and words in one for one in found())


@pytest.fixture
def signed() -> Signed:
    """Two entries and the key's; entry 4 is the attacker's."""
    append(1, 2)
    made = checkpoint_make()
    assert made
    return made


@pytest.mark.parametrize("remembers", [True, False])
def test_a_key_slipped_in_before_the_signers_own_is_not_vouched_for(
    signed: Signed, tmp_path: Path, remembers: bool
) -> None:
    stage(takes_over(EVIL, own()), introduces(own()))
    if not remembers:
        state_file().unlink()
    assert refused_by_name(5)
    assert finds(5, "introduces a key")
    # Nor would the offline verifier follow it, if it were: see its own tests.
    assert verify(exported(tmp_path / "export"), "--key", own().verifier).signed == 3


@pytest.mark.parametrize("also_lost", [{}, {"lost": True}])
def test_a_key_that_goes_on_with_the_chain_and_is_not_at_hand_is_not_signed_for(
    signed: Signed, also_lost: Facts
) -> None:
    kind, facts = takes_over(EVIL, own())
    stage((kind, {**facts, **also_lost}))
    for _ in range(2):
        assert refused_by_name(4)
        state_file().unlink(missing_ok=True)
    assert any("the key was swapped" in problem for problem in found())


def test_a_checkpoint_of_the_strangers_own_does_not_take_its_key_over(signed: Signed) -> None:
    stage(takes_over(EVIL, own()))
    root = bytes.fromhex(journal.head().root)
    note = notes.sign(notes.checkpoint_text(NAME, 4, root), [EVIL])
    with signed_in() as session:
        session.execute("INSERT INTO ledger_checkpoint VALUES (2, 4, %s)", [note])
    for _ in range(2):
        assert refused_by_name(4)
        state_file().unlink(missing_ok=True)
    assert finds(4, "no checkpoint that covers it is signed by both")


@pytest.mark.parametrize(
    ("kind", "column"),
    [(keychain.ROTATED, "event.revised"), ("event.revised", keychain.ROTATED)],
)
def test_a_column_that_says_something_else_than_the_body_is_refused(
    signed: Signed, kind: str, column: str
) -> None:
    with pytest.raises(psycopg.Error, match="its body is not that of an entry"):
        stage((kind, takes_over(EVIL, own())[1]), column=column)
    assert [one.verifier for one in keychain.read().keys] == [own().verifier]


def test_a_key_that_was_hidden_from_its_column_is_refused_and_found(signed: Signed) -> None:
    stage(takes_over(EVIL, own()))
    tamper("UPDATE ledger_entry SET kind = 'event.revised' WHERE sequence = 4")
    with pytest.raises(DoesNotExtend, match=r"^entry 4: its column kind is not what it says"):
        checkpoint_make()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'{"actor"', b'{"actor2"'),
        (b'"facts":{}', b'"facts":[]'),
        (b'"facts":{}', b'"facts": {}'),
        (b'"facts":{}', b'"facts":{},"facts2":{}'),
        (b'"facts":{}', b'"facts":{"a":tru}'),
        (b'"facts":{}', b'"facts":1.5'),
        (b'"facts":{}', b'"facts":{"a":' + b"[" * 50_000 + b"]" * 50_000 + b"}"),
        (b'"uuid":"', b'"uuid":"X'),
        (b"{", b"\xff"),
        (b'"facts":{}', b'"facts":{"a":"\xff"}'),
    ],
)
def test_what_has_not_the_form_of_an_entry_is_refused_by_the_database(
    signed: Signed, old: bytes, new: bytes
) -> None:
    with pytest.raises(psycopg.Error):
        stage(("test.made", {}), body=changed(old, new))
    assert journal.head().size == 3


@pytest.mark.parametrize(
    "facts",
    [
        b'{"a": 1}',
        b'{"b":1,"a":2}',
        b'{"a":1,"a":1}',
        b'{"a":1.5}',
        b'{"a":9007199254740993}',
        b'{"a":' + b"[" * 300 + b"]" * 300 + b"}",
    ],
)
def test_what_is_not_canonical_is_not_signed(signed: Signed, facts: bytes) -> None:
    stage(("test.made", {}), body=changed(b'"facts":{}', b'"facts":' + facts))
    with pytest.raises(DoesNotExtend, match=r"^entry 4 is none: "):
        checkpoint_make()
    assert Checkpoint.objects.count() == 1


def changed(old: bytes, new: bytes) -> bytes:
    """An entry's body with something else in it. Its uuid is that of the draft staged beside it."""
    made = journal.draft(kind="test.made", subject="key:x", actor="system", facts={}, uuid=CHANGED)
    body = made.body.replace(old, new, 1)
    assert body != made.body
    return body


@pytest.mark.parametrize(
    ("staged", "problem"),
    [
        (lambda first: introduces(EVIL), "is the first"),
        (lambda first: takes_over(EVIL, OTHER), "the key before it is"),
        (lambda first: takes_over(EVIL, first, replaces=None), "replaces None"),
        (lambda first: takes_over(EVIL, first, replaces=[7]), "under its own name"),
        (lambda first: takes_over(EVIL, first, id=label(first.verifier)), "under its own name"),
        (lambda first: takes_over(EVIL, first, public=7), "does not show a key"),
        (lambda first: takes_over(EVIL, first, public="x"), "does not show a key"),
        (lambda first: takes_over(first, first), "a key never comes back"),
        (
            lambda first: takes_over(notes.Signer("example.org/x", bytes(32)), first),
            "its key is named example.org/x",
        ),
        (lambda first: (keychain.ROTATED, {}), "does not show a key"),
        (lambda first: (keychain.ROTATED, {"key": []}), "does not show a key"),
        (lambda first: (keychain.ROTATED, {"key": [7]}), "does not show a key"),
        (lambda first: (keychain.ROTATED, {"key": None}), "does not show a key"),
        (
            lambda first: (keychain.ROTATED, {**takes_over(EVIL, first)[1], "lost": 1}),
            "under its own name",
        ),
    ],
)
def test_what_does_not_go_on_with_the_chain_is_refused_and_found_by_its_entry(
    signed: Signed, staged: Callable[[notes.Signer], Staged], problem: str
) -> None:
    stage(staged(own()))
    assert refused_by_name(4)
    assert finds(4, problem)
    assert [one.verifier for one in keychain.read().keys] == [own().verifier]
    assert checkpoints.verifier_keys() == [own().verifier]


def test_a_key_before_the_first_one_stops_the_signer_before_it_makes_any() -> None:
    stage(takes_over(EVIL, OTHER))
    for act in (checkpoints.key_introduce, checkpoint_make):
        with pytest.raises(
            DoesNotExtend, match=r"^entry 1 replaces a key, and none was introduced"
        ):
            act()
    assert not key_file().exists()
    assert Entry.objects.count() == 1


def test_a_first_key_that_a_stranger_introduced_is_replaced_by_reason_of_its_loss() -> None:
    """Nothing was signed yet, so nobody trusts it."""
    stage(introduces(EVIL))
    with pytest.raises(DoesNotExtend, match=r"^entry 1 names the key .*rotate_key --lost"):
        checkpoint_make()
    done = key_rotate(reason="Never ours.", lost=True)
    assert done.verifier == own().verifier
    assert found() == []


def test_the_replaced_key_must_sign_too_unless_it_is_lost(signed: Signed) -> None:
    old = own()
    stage(takes_over(OTHER, old))
    keys.keep([OTHER])
    with pytest.raises(DoesNotExtend, match=f"^entry 4 .*{escape(old.verifier)} is not at hand"):
        checkpoint_make()
    keys.keep([OTHER, old])
    assert checkpoint_make()
    assert found() == []


def test_a_new_machine_that_has_a_retired_key_is_told_the_one_in_use(signed: Signed) -> None:
    old = own()
    key_rotate(reason="yearly")
    keys.keep([old])
    state_file().unlink()
    newest = keychain.read().keys[-1].verifier
    with pytest.raises(KeyUnusable, match=f"the log knows {escape(newest)} by its entry 4"):
        checkpoint_make()


# --- checkpoints that stand for another -------------------------------------------------------


def test_a_checkpoint_put_in_the_place_of_the_one_that_took_a_key_over_is_found(
    signed: Signed,
) -> None:
    append()
    checkpoint_make()
    key_rotate(reason="yearly")
    append()
    checkpoint_make()
    assert found() == []
    tamper(
        "UPDATE ledger_checkpoint SET (size, note) ="
        " (SELECT size, note FROM ledger_checkpoint WHERE number = 2) WHERE number = 3"
    )
    assert any("nothing but what checkpoint 2 says" in problem for problem in found())
    assert finds(5, "no checkpoint that covers it is signed by both")


@pytest.mark.parametrize("kept", [0, 1])
def test_a_signature_taken_from_the_checkpoint_that_took_a_key_over_is_found(
    signed: Signed, kept: int
) -> None:
    key_rotate(reason="yearly")
    append()
    checkpoint_make()
    text, _, lines = Checkpoint.objects.get(number=2).note.partition("\n\n")
    line = lines.splitlines()[kept]
    tamper("UPDATE ledger_checkpoint SET note = %s WHERE number = 2", f"{text}\n\n{line}\n")
    assert finds(4, "no checkpoint that covers it is signed by both")


def test_a_copy_with_a_strangers_line_is_still_a_copy(signed: Signed) -> None:
    for _ in range(2):
        append()
        checkpoint_make()
    copy = signed.note + EVIL.signature_line("anything")
    tamper("UPDATE ledger_checkpoint SET size = 3, note = %s WHERE number = 2", copy)
    assert any("nothing but what checkpoint 1 says" in problem for problem in found())


# --- those who only hold the place -------------------------------------------------------------


def test_whoever_holds_the_signers_lock_stops_nobody_for_good(signed: Signed) -> None:
    append()
    with signed_in() as session:
        session.execute("SELECT pg_advisory_lock(hashtext('ledger checkpoint'))")
        execute("SET lock_timeout = '50ms'")
        acts: list[Callable[[], Any]] = [checkpoint_make, lambda: key_rotate(reason="yearly")]
        for act in acts:
            with pytest.raises(WillNotSign, match="holds the signer's lock"):
                act()
        with pytest.raises(CommandError, match=r"^could not run: another session") as refused:
            call_command("verify_ledger")
        assert (refused.value.returncode, "\n" in str(refused.value)) == (2, False)
    assert setting() == "50ms"
    execute("RESET lock_timeout")
    assert checkpoint_make()
    assert setting() == "0"


def test_the_signer_is_waited_for_for_twenty_seconds_and_afterwards_all_is_as_before() -> None:
    with transaction.atomic():
        turns.take_turns()
        assert setting() == "20s"
    assert setting() == "0"
    with turns.turn():
        assert setting() == "0"


def setting() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        return str(cursor.fetchone()[0])


def test_a_false_checkpoint_is_an_alarm_that_an_owner_repairs(signed: Signed) -> None:
    append()
    note = signed.note.replace("\n3\n", "\n4\n")
    with signed_in() as session:
        session.execute("INSERT INTO ledger_checkpoint VALUES (2, 4, %s)", [note])
    assert any(problem.startswith("checkpoint 2: the signature of") for problem in found())
    with pytest.raises(DoesNotExtend, match=r"^checkpoint 2: "):
        checkpoint_make()
    with as_owner(), transaction.atomic():  # as docs/operations.md says
        execute("ALTER TABLE ledger_checkpoint DISABLE TRIGGER ledger_checkpoint_stays")
        execute("DELETE FROM ledger_checkpoint WHERE number >= 2")
        execute("ALTER TABLE ledger_checkpoint ENABLE ALWAYS TRIGGER ledger_checkpoint_stays")
    made = checkpoint_make()
    assert made
    assert (made.number, made.size, found()) == (2, 4, [])
    assert list(guards.log_deviations()) == []
