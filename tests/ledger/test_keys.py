"""Where keys come from, what is said of bad ones, and how a new one takes over."""

import io
import logging
import shlex
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from ledger import checkpoints, journal, keychain, keys, notes, rotation
from ledger.checkpoints import Signed, checkpoint_make
from ledger.errors import KeyUnusable, WillNotSign
from ledger.models import Entry
from ledger.rotation import key_rotate
from tests.ledger.exports import KEY, Made, verify
from tests.ledger.logs import append, found, key_file, mode, roots, state_file

pytestmark = pytest.mark.django_db(transaction=True)
NAME = "127.0.0.1/ledger"
FIRST, SECOND, THIRD = (notes.Signer(NAME, bytes([number]) * 32) for number in (1, 2, 3))


def made() -> Signed:
    signed = checkpoint_make()
    assert signed
    return signed


def signers_of(signed: Signed) -> set[str]:
    opened = notes.open_note(signed.note, checkpoints.verifier_keys())
    return {str(verifier) for verifier in opened.verified}


def set_keys(settings: Any, *signers: notes.Signer) -> None:
    settings.LEDGER_KEY = " ".join(signer.secret() for signer in signers)


def held() -> list[str]:
    return [str(notes.Signer.parse(text).verifier) for text in key_file().read_text().split()]


@pytest.fixture
def signed() -> Signed:
    append(1, 2)
    return made()


# --- where they come from ----------------------------------------------------------------------


def test_a_key_is_made_on_first_use_and_kept(signed: Signed) -> None:
    before = key_file().read_text()
    assert notes.Signer.parse(before.strip()).name == NAME
    append()
    made()
    assert key_file().read_text() == before


def test_the_key_of_the_environment_comes_first_and_no_file_is_made(settings: Any) -> None:
    set_keys(settings, FIRST)
    append()
    assert signers_of(made()) == {str(FIRST.verifier)}
    assert not key_file().exists()
    assert found() == []


def test_a_key_keeps_its_own_name(settings: Any) -> None:
    set_keys(settings, notes.Signer("old.example.org/log", bytes(32)))
    append()
    assert made().note.startswith("old.example.org/log\n")
    assert checkpoints.origin() == "old.example.org/log"
    assert found() == []


@pytest.mark.parametrize(
    "text",
    [
        "x",
        FIRST.secret()[:-4],
        FIRST.secret().replace(FIRST.verifier.key_id.hex(), "00000000"),
        str(FIRST.verifier),
        f"{FIRST.secret()} {FIRST.secret()}",
        f"{FIRST.secret()} PRIVATE+KEY+half",
        f"{FIRST.secret()} {notes.Signer('other', bytes(32)).secret()}",
        notes.Signer("Zu\u0308rich/ledger", bytes(32)).secret(),
    ],
)
def test_a_malformed_key_is_one_clear_error_that_does_not_show_it(
    settings: Any, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    append()
    settings.LEDGER_KEY = text
    with pytest.raises(KeyUnusable, match="LEDGER_") as by_setting:
        checkpoint_make()
    settings.LEDGER_KEY = " "
    key_file().parent.mkdir()
    key_file().write_text(text)
    key_file().chmod(0o600)
    with pytest.raises(KeyUnusable, match=r"ledger_key|LEDGER_ORIGIN") as by_file:
        checkpoint_make()
    for error in (by_setting, by_file):
        logged = "".join(traceback.format_exception(error.value))
        assert FIRST.secret()[-20:] not in logged
        assert "\n" not in str(error.value)
    assert FIRST.secret()[-20:] not in caplog.text
    assert key_file().read_text() == text
    # The public keys are read by all, whatever the signer's state.
    assert checkpoints.verifier_keys() == []


@pytest.mark.parametrize("text", ["", "  \n"])
def test_an_empty_key_file_is_not_taken_for_none(text: str) -> None:
    append()
    key_file().parent.mkdir()
    key_file().write_text(text)
    key_file().chmod(0o600)
    with pytest.raises(KeyUnusable, match="is empty; restore"):
        checkpoint_make()


def test_a_key_file_that_others_can_read_is_refused(signed: Signed) -> None:
    key_file().chmod(0o640)
    with pytest.raises(KeyUnusable, match="chmod 600"):
        checkpoint_make()
    assert any("can be read by others" in problem for problem in found())


def test_a_key_file_that_is_no_file_is_refused() -> None:
    append()
    key_file().mkdir(parents=True)
    with pytest.raises(KeyUnusable, match="cannot be read"):
        checkpoint_make()


@pytest.mark.parametrize("name", ["", " ", "a b", "a+b", "a\nb", "a\x00b", "Zu\u0308rich"])
def test_an_origin_that_cannot_name_a_log_is_refused(settings: Any, name: str) -> None:
    settings.LEDGER_ORIGIN = name
    append()
    with pytest.raises(KeyUnusable, match="LEDGER_ORIGIN"):
        checkpoint_make()
    assert not key_file().exists()


def test_private_keys_do_not_show_themselves(signed: Signed) -> None:
    ring = keys.at_hand()
    assert ring
    assert ring.current.secret()[-30:] not in repr(ring)
    assert str(ring.current.seed) not in repr(ring)


# --- rotation ----------------------------------------------------------------------------------


def test_a_rotation_is_recorded_signed_by_both_and_leaves_the_new_key_alone(
    signed: Signed,
) -> None:
    [old] = held()
    done = key_rotate(reason="  The laptop \n was stolen.")
    [new] = held()
    assert new == str(done.verifier) != old
    assert mode(key_file()) == 0o600
    entry = Entry.objects.get(kind="key.rotated")
    assert journal.body_of(entry)["facts"] == {
        "key": [
            {
                "id": keychain.label(done.verifier),
                "public": new,
                "replaces": keychain.label(notes.Verifier.parse(old)),
            }
        ],
        "reason": "The laptop was stolen.",
    }
    standing = made()
    assert (standing.number, standing.size) == (done.checkpoint, entry.sequence)
    assert signers_of(standing) == {old, new}
    append()
    assert signers_of(made()) == {new}
    assert [str(verifier) for verifier in checkpoints.verifier_keys()] == [new, old]
    assert found() == []
    # No copy of the old one is left anywhere.
    assert sorted(path.name for path in key_file().parent.iterdir()) == [
        "ledger_key",
        "ledger_state.json",
    ]


def test_a_new_machine_verifies_a_log_whose_keys_were_rotated_twice(signed: Signed) -> None:
    key_rotate(reason="yearly")
    append()
    made()
    key_rotate(reason="yearly")
    state_file().unlink()
    append()
    assert made().number == 5
    assert found() == []


def stop_after_step_1() -> None:
    new = keys.new_key(NAME)
    ring = keys.at_hand()
    assert ring
    keys.keep([new, ring.current])


def stop_after_step_2() -> None:
    stop_after_step_1()
    ring = keys.at_hand()
    assert ring
    new, old = ring.verifiers
    with transaction.atomic():
        facts = {**keys.facts(new, replaces=old), "reason": "yearly"}
        journal.append(kind=keychain.ROTATED, subject="key:new", actor="system", facts=facts)


def stop_after_step_3() -> None:
    stop_after_step_2()
    made()


def stop_before_the_row_of_step_3() -> None:
    stop_after_step_2()
    with transaction.atomic():
        made()
        transaction.set_rollback(True)


@pytest.mark.parametrize(
    "crash",
    [stop_after_step_1, stop_after_step_2, stop_before_the_row_of_step_3, stop_after_step_3],
)
def test_a_rotation_that_was_interrupted_is_completed_by_running_it_again(
    signed: Signed, crash: Any
) -> None:
    [old] = held()
    crash()
    new = held()[0]
    append(7)
    key_rotate(reason="yearly")
    assert held() == [new]
    assert Entry.objects.filter(kind="key.rotated").count() == 1
    assert signers_of(made()) == {old, new}
    assert found() == []


def test_between_the_steps_nothing_is_signed_by_a_key_that_the_log_does_not_know(
    signed: Signed,
) -> None:
    stop_after_step_1()
    append()
    with pytest.raises(KeyUnusable, match="rotate_key"):
        checkpoint_make()


def test_with_the_keys_in_the_environment_the_operator_adds_and_drops_them(
    settings: Any,
) -> None:
    set_keys(settings, FIRST)
    append()
    made()
    with pytest.raises(KeyUnusable, match=r"a new key, a space, and that one.*Signer.generate"):
        key_rotate(reason="yearly")
    set_keys(settings, FIRST, SECOND)  # in the wrong order
    with pytest.raises(KeyUnusable, match="a new key, a space, and that one"):
        key_rotate(reason="yearly")
    set_keys(settings, SECOND, FIRST)
    with pytest.raises(KeyUnusable, match="rotate_key"):
        checkpoint_make()
    for _ in range(2):  # running it again changes nothing
        done = key_rotate(reason="yearly")
        assert done.left_to_do == "Now leave only the first key in LEDGER_KEY, and restart."
    assert (done.verifier, done.checkpoint) == (SECOND.verifier, 2)
    assert signers_of(made()) == {str(FIRST.verifier), str(SECOND.verifier)}
    set_keys(settings, SECOND)
    assert made().number == 2
    assert found() == []
    assert not key_file().exists()
    set_keys(settings, FIRST, SECOND)
    with pytest.raises(KeyUnusable, match="never comes back"):
        key_rotate(reason="back again")


@pytest.mark.parametrize("lost", [False, True])
def test_a_key_of_another_name_does_not_take_over(settings: Any, lost: bool) -> None:
    set_keys(settings, FIRST)
    append()
    made()
    set_keys(settings, notes.Signer("example.org/ledger", bytes(32)), *([] if lost else [FIRST]))
    with pytest.raises(KeyUnusable, match=r"different names|has the name"):
        key_rotate(reason="moved", lost=lost)
    assert not Entry.objects.filter(kind="key.rotated").exists()


def test_a_lost_key_is_replaced_and_the_log_says_so(signed: Signed) -> None:
    [old] = held()
    with pytest.raises(KeyUnusable, match="not lost"):
        key_rotate(reason="lost", lost=True)
    key_file().unlink()
    with pytest.raises(KeyUnusable, match="--lost"):
        key_rotate(reason="lost")
    done = key_rotate(reason="The disk died.", lost=True)
    assert held() == [str(done.verifier)]
    assert signers_of(made()) == {str(done.verifier)} != {old}
    assert journal.body_of(Entry.objects.get(kind="key.rotated"))["facts"]["lost"] is True
    assert found() == []
    with pytest.raises(KeyUnusable, match="not lost"):
        key_rotate(reason="lost", lost=True)


def test_replacing_a_lost_key_is_completed_by_running_it_again(signed: Signed) -> None:
    ring = keys.at_hand()
    assert ring
    keys.keep([SECOND])  # after the first step
    with transaction.atomic():  # after the second
        facts = {
            **keys.facts(SECOND.verifier, replaces=ring.current.verifier, lost=True),
            "reason": "The disk died.",
        }
        journal.append(kind=keychain.ROTATED, subject="key:new", actor="system", facts=facts)
    done = key_rotate(reason="The disk died.", lost=True)
    assert done.verifier == SECOND.verifier
    assert Entry.objects.filter(kind="key.rotated").count() == 1
    assert signers_of(made()) == {str(SECOND.verifier)}
    assert found() == []


def test_a_lost_key_of_the_environment_is_replaced(settings: Any) -> None:
    set_keys(settings, FIRST)
    append()
    made()
    set_keys(settings, SECOND, FIRST)
    with pytest.raises(KeyUnusable, match="not lost"):
        key_rotate(reason="lost", lost=True)
    set_keys(settings, SECOND)
    with pytest.raises(KeyUnusable, match="say --lost"):
        key_rotate(reason="lost")
    assert key_rotate(reason="lost", lost=True).left_to_do == ""
    assert signers_of(made()) == {str(SECOND.verifier)}
    assert found() == []


@pytest.mark.parametrize("reason", ["", " \n", "x" * 1001, "a\x00b"])
def test_a_rotation_needs_a_reason_that_can_be_recorded(signed: Signed, reason: str) -> None:
    with pytest.raises(WillNotSign, match="reason"):
        key_rotate(reason=reason)


def test_there_is_nothing_to_rotate_before_the_first_checkpoint() -> None:
    append()
    with pytest.raises(KeyUnusable, match="no key to rotate"):
        key_rotate(reason="early")


def test_a_rotation_does_not_join_another_transaction(signed: Signed) -> None:
    with pytest.raises(WillNotSign, match="transactions of its own"), transaction.atomic():
        key_rotate(reason="yearly")


# --- the command, and the verifier that a stranger runs ------------------------------------------


def test_the_command_shows_the_public_key_alone(signed: Signed) -> None:
    out = io.StringIO()
    secrets = [key_file().read_text()]
    call_command("rotate_key", reason="yearly", stdout=out)
    secrets.append(key_file().read_text())
    assert str(checkpoints.verifier_keys()[0]) in out.getvalue()
    for secret in secrets:
        assert secret.strip()[-30:] not in out.getvalue()
    assert "PRIVATE" not in out.getvalue()
    with pytest.raises(CommandError, match="reason") as refused:
        call_command("rotate_key", reason="")
    assert refused.value.returncode == 2


def exported(path: Path) -> Path:
    bodies = tuple(bytes(body) for body in Entry.objects.values_list("body", flat=True))
    stored = tuple(one.note for one in checkpoints.all_checkpoints())
    listed = tuple(str(verifier) for verifier in checkpoints.verifier_keys())
    export = Made(bodies, stored, listed, header={"origin": checkpoints.origin()})
    path.write_bytes(export.data())
    return path


def test_the_offline_verifier_follows_a_rotation(signed: Signed, tmp_path: Path) -> None:
    [old] = held()
    key_rotate(reason="yearly")
    told = verify(exported(tmp_path / "export"), "--key", old)
    assert (told.code, told.findings) == (0, [])
    append()
    made()
    [new] = held()
    told = verify(exported(tmp_path / "export"), "--key", new)
    assert (told.code, told.signed) == (0, len(roots()) - 1)
    # From the old key the new one is followed; another one leads nowhere.
    assert verify(exported(tmp_path / "export"), "--key", old).code == 0
    assert verify(exported(tmp_path / "export"), "--key", KEY).code == 5


def test_the_new_key_that_the_instructions_make_is_one(capfd: pytest.CaptureFixture[str]) -> None:
    command = rotation.NEW_KEY.format(name=NAME).replace("python", shlex.quote(sys.executable), 1)
    subprocess.run(["/bin/sh", "-c", command], check=True)
    assert notes.Signer.parse(capfd.readouterr().out.strip()).name == NAME
