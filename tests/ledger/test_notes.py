"""Signed notes against the published vectors of Go's note package and of the C2SP specification."""

import base64
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import NoteError
from ledger.merkle import EMPTY_ROOT
from ledger.notes import (
    Checkpoint,
    Signer,
    Verifier,
    checkpoint_text,
    open_note,
    parse_checkpoint,
    sign,
)

# golang.org/x/mod/sumdb/note, note_test.go. Ed25519 is deterministic: the same key and text give
# the same signature everywhere.
PETER_SECRET = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
ENOCH = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
PETER_SIGNED = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6"
    "KE6RyyBwJnAM=\n"
)
ENOCH_SIGNED = (
    "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WW"
    "d1RvMc+QQ=\n"
)
NOTE = TEXT + "\n" + PETER_SIGNED

peter = Verifier.parse(PETER)
enoch = Verifier.parse(ENOCH)


def test_the_published_keys_are_read_and_written_as_they_are() -> None:
    signer = Signer.parse(PETER_SECRET)
    assert signer.secret() == PETER_SECRET
    assert str(signer.verifier) == PETER
    assert str(peter) == PETER
    assert peter.key_id.hex() == "c74f20a3"


def test_signing_gives_the_published_note_byte_for_byte() -> None:
    assert sign(TEXT, [Signer.parse(PETER_SECRET)]) == NOTE


def test_the_published_note_opens() -> None:
    opened = open_note(NOTE, [peter, enoch])
    assert (opened.text, opened.names) == (TEXT, ("PeterNeumann",))


def test_every_known_key_that_signed_is_named_and_others_are_passed_over() -> None:
    both = NOTE + ENOCH_SIGNED
    assert open_note(both, [peter]).names == ("PeterNeumann",)
    assert open_note(both, [enoch]).names == ("EnochRoot",)
    assert open_note(both, [enoch, peter, peter]).names == ("PeterNeumann", "EnochRoot")


def test_a_note_that_no_known_key_signed_is_refused() -> None:
    with pytest.raises(NoteError, match="none of the known keys"):
        open_note(NOTE, [enoch])
    with pytest.raises(NoteError, match="none of the known keys"):
        open_note(NOTE, [])


def test_a_false_signature_of_a_known_key_condemns_a_note_that_another_signed_well() -> None:
    changed = bytearray(base64.b64decode(ENOCH_SIGNED.split(" ")[2]))
    changed[20] ^= 1
    false = f"— EnochRoot {base64.b64encode(changed).decode()}\n"
    assert open_note(NOTE + false, [peter]).names == ("PeterNeumann",)
    with pytest.raises(NoteError, match="does not hold"):
        open_note(NOTE + false, [peter, enoch])


@pytest.mark.parametrize(
    "note",
    [
        "",
        "\n",
        TEXT,
        TEXT + "\n",
        NOTE.removesuffix("\n"),
        "\x01" + NOTE,
        "\ud800" + NOTE,
        NOTE.replace("\n", "\r\n"),
        NOTE + "Unexpected line.\n",
        NOTE + "\n",
        NOTE + "— Bad Name " + PETER_SIGNED.split(" ")[2],
        NOTE + "— Bad+Name " + PETER_SIGNED.split(" ")[2],
        NOTE + "— Bad\u2003Name " + PETER_SIGNED.split(" ")[2],
        NOTE.replace("— P", "- P"),
        NOTE + "— Enoch\x15Root " + PETER_SIGNED.split(" ")[2],
        NOTE + "— EnochRoot AAAA\n",
        NOTE + "— EnochRoot A===\n",
        NOTE.replace("nAM=", "nAN="),  # the same bytes, in another spelling
        TEXT + "\n" + PETER_SIGNED * 101,
    ],
)
def test_what_is_not_in_the_form_of_a_note_is_refused(note: str) -> None:
    with pytest.raises(NoteError):
        open_note(note, [peter])


def test_every_changed_byte_of_a_note_is_refused() -> None:
    raw = NOTE.encode()
    for place in range(len(raw)):
        changed = raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]
        with pytest.raises((NoteError, UnicodeDecodeError)):
            open_note(changed.decode(), [peter])


@pytest.mark.parametrize(("parse", "key"), [(Verifier.parse, PETER), (Signer.parse, PETER_SECRET)])
def test_every_mangled_key_is_refused(parse: Callable[[str], object], key: str) -> None:
    cut = [key[i:j] for i in range(len(key) + 1) for j in range(i, len(key) + 1)]
    cut.remove(key)
    changed = [key[:i] + chr(ord(key[i]) + 1) + key[i + 1 :] for i in range(len(key))]
    for mangled in cut + changed:
        with pytest.raises(NoteError):
            parse(mangled)


@pytest.mark.parametrize(
    "key",
    [
        # Both with the id that their bytes give.
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    ],
)
def test_a_key_of_another_length_or_kind_is_refused(key: str) -> None:
    with pytest.raises(NoteError):
        Verifier.parse(key)


def test_two_keys_of_one_name_and_id_are_refused_instead_of_guessed_between() -> None:
    class Twin(Verifier):
        @property
        def key_id(self) -> bytes:
            return peter.key_id

    with pytest.raises(NoteError, match="two keys"):
        open_note(NOTE, [peter, Twin("PeterNeumann", bytes(32))])


def test_while_a_key_is_replaced_both_sign_and_either_opens() -> None:
    old, new = Signer.generate("example.org/log"), Signer.generate("example.org/log")
    note = sign(checkpoint_text("example.org/log", 0, EMPTY_ROOT), [old, new])
    for known in ([old.verifier], [new.verifier]):
        assert open_note(note, known).verified == tuple(known)
    assert open_note(note, [new.verifier, old.verifier]).names == ("example.org/log",) * 2


def test_a_private_key_is_not_shown_by_accident() -> None:
    signer = Signer.parse(PETER_SECRET)
    assert "seed" not in repr(signer)
    assert PETER_SECRET not in f"{signer} {signer!r}"


@pytest.mark.parametrize("name", ["", "two words", "a+b", "tab\t", "\u2003", "\ud800"])
def test_a_name_that_would_break_a_signature_line_is_refused(name: str) -> None:
    with pytest.raises(NoteError):
        Signer.generate(name)


@pytest.mark.parametrize("text", ["", "no newline", "tab\t\n", "\ud800\n"])
def test_a_text_that_would_break_a_note_is_not_signed(text: str) -> None:
    with pytest.raises(NoteError):
        sign(text, [Signer.generate("example.org")])


def test_a_note_without_a_signer_is_not_made() -> None:
    with pytest.raises(NoteError):
        sign(TEXT, [])


@given(st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"])).map(lambda t: t + "\n"))
def test_what_was_signed_opens_to_the_same_text(text: str) -> None:
    signer = Signer.generate("example.org")
    assert open_note(sign(text, [signer]), [signer.verifier]).text == text


ROOT = bytes(range(32))
CHECKPOINT = "example.org/log\n20852163\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"


def test_a_checkpoint_is_three_lines() -> None:
    assert checkpoint_text("example.org/log", 20852163, ROOT) == CHECKPOINT
    assert parse_checkpoint(CHECKPOINT) == Checkpoint("example.org/log", 20852163, ROOT)
    assert parse_checkpoint(checkpoint_text("o", 0, ROOT)).size == 0


@pytest.mark.parametrize(
    "text",
    [
        CHECKPOINT + "extension\n",
        CHECKPOINT.removesuffix("\n"),
        CHECKPOINT.replace("20852163", "020852163"),
        CHECKPOINT.replace("20852163", "+20852163"),
        CHECKPOINT.replace("20852163", "-1"),
        CHECKPOINT.replace("20852163", "2e3"),
        CHECKPOINT.replace("20852163", "٢"),
        CHECKPOINT.replace("20852163", ""),
        CHECKPOINT.replace("20852163", "9" * 5000),
        CHECKPOINT.replace("Hh8=", "Hh9="),
        CHECKPOINT.replace("Hh8=", "Hg=="),
        CHECKPOINT.replace("Hh8=", "Hh8gIQ=="),
        CHECKPOINT.replace("\n", "\r\n"),
        CHECKPOINT.replace("example.org/log", ""),
        CHECKPOINT.replace("example.org/log", " "),
        "",
    ],
)
def test_a_checkpoint_in_any_other_form_is_refused(text: str) -> None:
    with pytest.raises(NoteError):
        parse_checkpoint(text)


@pytest.mark.parametrize(
    ("origin", "size", "root"),
    [("two\nlines", 1, ROOT), ("", 1, ROOT), ("o", -1, ROOT), ("o", 1, ROOT[1:])],
)
def test_a_checkpoint_that_would_not_parse_is_not_written(
    origin: str, size: int, root: bytes
) -> None:
    with pytest.raises(NoteError):
        checkpoint_text(origin, size, root)
