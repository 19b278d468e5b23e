"""What the export writes: exact bytes, of one moment, in a file that is whole or not there."""

import gzip
import io
import json
import resource
import threading
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from ledger import journal
from ledger.checkpoints import all_checkpoints, checkpoint_make, verifier_keys
from ledger.encoding import canonical_bytes
from ledger.errors import NotSnapshot
from ledger.export import bodies, export_lines
from ledger.models import Entry
from ledger.notes import Signer
from ledger.replay import snapshot
from ledger.rotation import key_rotate
from tests.ledger.exports import verify
from tests.ledger.logs import key_file

HEAD = journal.TreeHead(size=2, root="ab" * 32)


def append(**facts: object) -> None:
    journal.append(kind="test.made", subject="test:1", actor="system", facts=facts)


def export(tmp_path: Path, *arguments: str) -> bytes:
    target = tmp_path / "export.ndjson"
    call_command("export_ledger", "--output", str(target), *arguments, stdout=io.StringIO())
    return target.read_bytes()


def test_an_export_is_header_entries_and_trailer() -> None:
    lines = export_lines(
        entries=[b'{"a":1}', b'{"a":2}'],
        head=HEAD,
        checkpoints=["o\n2\nroot\n\n— o sig\n"],
        keys=["o+key"],
        origin="o",
    )
    assert b"".join(lines).decode() == (
        f'{{"format":"prediction-ledger-export/1","origin":"o","root":"{"ab" * 32}","size":2}}\n'
        '{"a":1}\n'
        '{"a":2}\n'
        '{"checkpoints":["o\\n2\\nroot\\n\\n— o sig\\n"],"keys":["o+key"]}\n'
    )


def test_without_a_checkpoint_no_origin_is_claimed() -> None:
    lines = export_lines(entries=[], head=HEAD, checkpoints=[], keys=[], origin="o")
    assert json.loads(next(lines))["origin"] is None


def test_header_and_trailer_are_canonical_whatever_their_length() -> None:
    notes = [f"note {number} —\n" * 100 for number in range(100)]
    lines = export_lines(entries=[], head=HEAD, checkpoints=notes, keys=[], origin="ö")
    header, trailer = (line.removesuffix(b"\n") for line in lines)
    assert header == canonical_bytes(json.loads(header))
    said = json.dumps(json.loads(trailer), ensure_ascii=False, separators=(",", ":"))
    assert trailer == said.encode()


@pytest.mark.django_db(transaction=True)
def test_a_folder_that_there_is_not_is_named(tmp_path: Path) -> None:
    target = tmp_path / "nowhere" / "x"
    words = f"the folder {target.parent} does not exist$"
    with pytest.raises(CommandError, match=words):
        call_command("export_ledger", "--output", str(target))


@pytest.mark.django_db(transaction=True)
def test_each_line_is_the_exact_body_of_an_entry(tmp_path: Path) -> None:
    for place in range(3):
        with transaction.atomic():
            append(place=place, text="Zürich\nSée — 'x'")
    header, *lines, trailer = export(tmp_path).splitlines()
    assert lines == [bytes(body) for body in Entry.objects.values_list("body", flat=True)]
    head = journal.head()
    assert json.loads(header) == {
        "format": "prediction-ledger-export/1",
        "origin": None,
        "root": head.root,
        "size": 3,
    }
    assert json.loads(trailer) == {"checkpoints": [], "keys": []}


@pytest.mark.django_db(transaction=True)
def test_an_export_carries_all_checkpoints_the_keys_and_the_origin(tmp_path: Path) -> None:
    with transaction.atomic():
        append()
    first = checkpoint_make()
    with transaction.atomic():
        append()
    second = checkpoint_make()
    assert first
    assert second
    for arguments in ((), ("--gzip",)):
        data = export(tmp_path, *arguments)
        header, *_, trailer = (gzip.decompress(data) if arguments else data).splitlines()
        assert json.loads(header)["origin"] == "127.0.0.1/ledger"
        [key] = verifier_keys()
        assert json.loads(trailer) == {
            "checkpoints": [first.note, second.note],
            "keys": [str(key)],
        }
        told = verify(tmp_path / "export.ndjson", "--key", key)
        assert (told.code, told.findings, told.signed) == (0, [], second.size)


@pytest.mark.django_db(transaction=True)
def test_who_holds_the_first_key_alone_verifies_the_log_after_every_rotation(
    tmp_path: Path,
) -> None:
    with transaction.atomic():
        append()
    checkpoint_make()
    [first] = verifier_keys()
    for number in range(3):
        key_rotate(reason=f"Rotation {number}")
        with transaction.atomic():
            append()
        checkpoint_make()
    export(tmp_path)
    for key in (*verifier_keys(), first):
        told = verify(tmp_path / "export.ndjson", "--key", key)
        assert (told.code, told.findings, told.signed) == (0, [], journal.head().size)
    thief = Signer(first.name, bytes(32)).verifier
    assert verify(tmp_path / "export.ndjson", "--key", thief).code == 5


@pytest.mark.django_db(transaction=True)
def test_after_a_key_was_lost_its_holders_are_told_and_must_learn_the_new_one(
    tmp_path: Path,
) -> None:
    with transaction.atomic():
        append()
    checkpoint_make()
    [first] = verifier_keys()
    key_file().unlink()
    key_rotate(reason="The disk broke", lost=True)
    export(tmp_path)
    told = verify(tmp_path / "export.ndjson", "--key", first)
    assert told.code == 1
    assert "the newest is signed by no key you gave" in told.findings[0]
    assert verify(tmp_path / "export.ndjson", "--key", verifier_keys()[0]).code == 0


@pytest.mark.django_db(transaction=True)
def test_checkpoints_and_keys_are_of_the_same_moment_as_the_entries(tmp_path: Path) -> None:
    with transaction.atomic():
        append()
    checkpoint_make()

    def write() -> None:
        try:
            with transaction.atomic():
                append()
            checkpoint_make()
        finally:
            connection.close()

    with snapshot():
        size = journal.head().size
        writer = threading.Thread(target=write)
        writer.start()
        writer.join()
        assert [signed.size for signed in all_checkpoints()] == [size]


@pytest.mark.django_db(transaction=True)
def test_compressed_it_is_the_same_and_always_the_same_file(tmp_path: Path) -> None:
    with transaction.atomic():
        append()
    packed = export(tmp_path, "--gzip")
    assert gzip.decompress(packed) == export(tmp_path)
    assert export(tmp_path, "--gzip") == packed


@pytest.mark.django_db(transaction=True)
def test_what_is_appended_meanwhile_is_in_the_next_export() -> None:
    def write() -> None:
        try:
            with transaction.atomic():
                append()
        finally:
            connection.close()

    with transaction.atomic():
        append()
    with snapshot():
        head = journal.head()
        writer = threading.Thread(target=write)
        writer.start()
        writer.join()
        assert len(list(bodies())) == head.size == 1
    with snapshot():
        assert len(list(bodies())) == 2


@pytest.mark.django_db(transaction=True)
def test_a_snapshot_writes_nothing_and_is_not_taken_inside_another_transaction() -> None:
    with transaction.atomic(), pytest.raises(NotSnapshot), snapshot():
        pass
    with snapshot(), connection.cursor() as cursor:
        cursor.execute("SHOW transaction_read_only")
        assert cursor.fetchone() == ("on",)


@pytest.mark.django_db(transaction=True)
def test_on_stdout_there_is_nothing_but_the_export(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    call_command("export_ledger", "--output", "-")
    written = capfdbinary.readouterr()
    assert written.out == export(tmp_path)
    assert written.err.startswith(b"exported 0 entries")


@pytest.mark.django_db(transaction=True)
def test_an_export_that_fails_leaves_the_earlier_one_and_no_rest(tmp_path: Path) -> None:
    earlier = export(tmp_path)
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, most))  # as a full disk does
    try:
        with pytest.raises(CommandError, match="File too large") as failed:
            export(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    assert failed.value.returncode == 2
    assert [file.name for file in tmp_path.iterdir()] == ["export.ndjson"]
    assert (tmp_path / "export.ndjson").read_bytes() == earlier


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("output", [".", "missing/export.ndjson", "/dev/null"])
def test_where_no_file_can_be_written_it_says_so_and_exits_2(
    tmp_path: Path, output: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CommandError) as failed:
        call_command("export_ledger", "--output", output)
    assert failed.value.returncode == 2
