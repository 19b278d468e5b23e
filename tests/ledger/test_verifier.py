"""Attacks on exports, each run through the verifier as a stranger would run it."""

import ast
import email.message
import gzip
import io
import json
import os
import random
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from hypothesis import given
from hypothesis import strategies as st

from ledger import verifier
from ledger.notes import sign
from predictions import services
from predictions.mail.reports import reports_queue
from predictions.models import Outcome, Report, Subscription, User
from predictions.services.outcomes import Verdict
from seeds.loader import load
from tests.conftest import NOW
from tests.ledger.exports import (
    KEY,
    OTHER,
    SIGNER,
    SMALL,
    VERIFIER,
    Made,
    Told,
    compact,
    entry,
    rename,
    verify,
)


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Told]:
    """Verify these bytes as a file."""

    def run(data: bytes | Made, *arguments: object) -> Told:
        path = tmp_path / "export"
        path.write_bytes(data.data() if isinstance(data, Made) else data)
        return verify(path, *arguments)

    return run


Run = Callable[..., Told]


@pytest.fixture(scope="module")
def exported(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> tuple[bytes, bytes]:
    """The export of the seed articles' log, with a correction, and the mail that reported on it."""
    path = tmp_path_factory.mktemp("seeded") / "export.ndjson"
    with django_db_blocker.unblock():
        try:
            load(now=NOW)
            _correct(Outcome.objects.current().filter(answer="no").earliest("settled_at"))
            mailed = _mailed()
            call_command("export_ledger", "--output", str(path), stdout=io.StringIO())
            return path.read_bytes(), mailed
        finally:
            call_command("flush", interactive=False, verbosity=0)


@pytest.fixture
def seeded_log(exported: tuple[bytes, bytes], db: None) -> Made:
    """In parts, which make the very same file. (`db` has the runner make a database at all.)"""
    header, *bodies, trailer = exported[0].splitlines()
    made = Made(tuple(bodies), keys=())
    said, origin = json.loads(trailer), {"origin": json.loads(header)["origin"]}
    signed = replace(made, checkpoints=tuple(said["checkpoints"]), keys=tuple(said["keys"]))
    assert replace(signed, header=origin).data() == exported[0]
    return made


@pytest.fixture
def report(exported: tuple[bytes, bytes], tmp_path: Path) -> Path:
    """What a subscriber has kept."""
    path = tmp_path / "report.eml"
    path.write_bytes(exported[1])
    return path


def _correct(outcome: Outcome) -> None:
    verdict = Verdict(answer="yes", settled_at=outcome.settled_at, rationale="Read again.")
    reason = "Misread — “no” was of another year."
    services.outcome_correct(outcome=outcome, verdict=verdict, reason=reason, by=None, now=NOW)


def _mailed() -> bytes:
    reader = User.objects.create_user("reader", "reader@example.org")
    Subscription.objects.create(user=reader, created_at=NOW, confirmed_at=NOW)
    reports_queue(now=NOW)
    message = Report.objects.get().message
    mail = email.message.EmailMessage()
    mail["Subject"] = message.subject
    mail.set_content(message.text, cte="quoted-printable")
    mail.add_alternative(message.html, subtype="html")
    return mail.as_bytes()


# --- an intact export -------------------------------------------------------------------------


def test_an_export_signed_by_a_given_key_is_intact(seeded_log: Made, run: Run) -> None:
    size = len(seeded_log.bodies)
    told = run(seeded_log.signed(5, size), "--key", KEY)
    assert (told.code, told.verdict, told.findings, told.signed) == (0, "intact", [], size)
    assert told.about == f"{size} entries, root {seeded_log.root.hex()}"
    assert size > 100


def test_the_export_as_it_is_written_is_signed_by_the_key_that_it_lists(
    exported: tuple[bytes, bytes], run: Run, report: Path, db: None
) -> None:
    trailer = json.loads(exported[0].splitlines()[-1])
    [key] = trailer["keys"]
    told = run(exported[0], "--key", key, "--against", report)
    assert (told.code, told.findings) == (0, [])
    assert run(exported[0], "--against", report).code == 5


def test_it_runs_as_a_script_beside_our_modules_too(seeded_log: Made, tmp_path: Path) -> None:
    path = tmp_path / "export"
    path.write_bytes(seeded_log.signed().data())
    command = [sys.executable, str(VERIFIER), str(path), "--key", KEY]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("intact: ")


def test_it_needs_no_more_than_python_3_9_and_its_standard_library() -> None:
    tree = ast.parse(VERIFIER.read_text(encoding="utf-8"), feature_version=(3, 9))
    imported = {
        name
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [str(node.module)]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert {name.split(".")[0] for name in imported} <= sys.stdlib_module_names


def test_without_a_key_or_without_a_checkpoint_it_is_unsigned(seeded_log: Made, run: Run) -> None:
    for made, arguments in (
        (seeded_log.signed(), ()),
        (seeded_log, ()),
        (seeded_log, ("--key", KEY)),
    ):
        told = run(made, *arguments)
        assert (told.code, told.findings, told.signed) == (5, [], None)


def test_an_empty_log_is_intact(run: Run) -> None:
    assert run(Made(())).code == 5
    assert run(Made(()).signed(), "--key", KEY).code == 0


def test_a_compressed_export_is_verified_as_what_it_unpacks_to(run: Run) -> None:
    data = SMALL.signed().data()
    assert run(gzip.compress(data), "--key", KEY).code == 0
    assert run(gzip.compress(data[:-2]), "--key", KEY).code == 1


def test_entries_after_the_newest_checkpoint_are_verified_but_said_not_to_be_signed(
    run: Run,
) -> None:
    told = run(SMALL.signed(2, 3), "--key", KEY)
    assert (told.code, told.signed) == (0, 3)
    assert run(SMALL.signed(2, 3).with_body(5, b"{}"), "--key", KEY).code == 1


def test_while_a_key_is_replaced_the_old_one_and_the_new_one_verify(run: Run) -> None:
    old = SMALL.signed(2)
    both = SMALL.signed(2, 5, by=[SIGNER, OTHER])
    made = replace(both, checkpoints=(*old.checkpoints, *both.checkpoints[1:]))
    for signer in (SIGNER, OTHER):
        assert run(made, "--key", signer.verifier).code == 0


# --- attacks ----------------------------------------------------------------------------------


def test_an_edited_entry_is_found(seeded_log: Made, run: Run) -> None:
    sound = seeded_log.signed(5, len(seeded_log.bodies))
    edited = sound.edited(7, rename)
    told = run(replace(edited, header={"root": sound.root.hex()}), "--key", KEY)
    assert told.code == 1
    assert any(found.startswith("line 1, the header: its root is") for found in told.findings)


def test_an_edited_entry_with_all_hashes_recomputed_is_found_by_the_signed_checkpoint(
    seeded_log: Made, run: Run
) -> None:
    sound = seeded_log.signed(5, len(seeded_log.bodies))
    told = run(sound.edited(7, rename), "--key", KEY)
    assert told.code == 1
    [found] = told.findings
    assert found.startswith("checkpoint 2: knows the first")


def test_an_edited_entry_with_all_recomputed_and_signatures_dropped_is_found_by_a_report(
    seeded_log: Made, report: Path, run: Run
) -> None:
    assert run(seeded_log, "--against", report).code == 5
    told = run(seeded_log.edited(7, rename), "--against", report)
    assert told.code == 1
    [found] = told.findings
    assert f"knows the first {len(seeded_log.bodies)} entries" in found
    assert run(seeded_log.edited(7, rename)).code == 5, "without a witness nobody can know"


def test_an_entry_taken_out_of_the_middle_is_found(seeded_log: Made, run: Run) -> None:
    sound = seeded_log.signed(5, len(seeded_log.bodies) - 1)
    cut = replace(sound, bodies=sound.bodies[:6] + sound.bodies[7:])
    assert run(cut, "--key", KEY).code == 1


def test_a_tail_that_was_cut_off_is_a_roll_back(seeded_log: Made, report: Path, run: Run) -> None:
    cut = seeded_log.first(100).signed(50)
    told = run(cut, "--key", KEY, "--against", report)
    assert (told.code, told.verdict) == (3, "rolled back")
    assert "here are 100: the last were taken away" in told.findings[0]
    forgotten = replace(seeded_log.signed(50, 120), bodies=seeded_log.bodies[:100])
    assert run(forgotten, "--key", KEY).code == 3
    assert run(cut.edited(7, rename), "--key", KEY, "--against", report).code == 1


def test_two_swapped_entries_are_found(seeded_log: Made, run: Run) -> None:
    bodies = list(seeded_log.bodies)
    bodies[6:8] = bodies[7], bodies[6]
    told = run(replace(seeded_log, bodies=tuple(bodies)))
    assert told.code == 1
    [found] = told.findings
    assert found.startswith("entry 8: its time ")


def test_an_entry_said_twice_is_found(run: Run) -> None:
    def later(body: dict[str, Any]) -> None:
        body["time"] = "2026-01-02T00:00:00.000000Z"

    doubled = replace(SMALL, bodies=(*SMALL.bodies, SMALL.bodies[0])).edited(6, later)
    told = run(doubled)
    assert (told.code, told.findings) == (1, ["entry 6: its uuid is that of an earlier entry"])


def test_checkpoints_of_another_key_are_never_intact_however_consistent(run: Run) -> None:
    """Nothing that we hold contradicts them: they may be of a key that we do not know yet."""
    forged = SMALL.edited(2, rename).signed(by=[OTHER])
    told = run(forged, "--key", KEY)
    assert (told.code, told.signed, told.findings) == (5, None, [])
    assert told.why_unsigned.startswith("the newest is signed by no key you gave")
    later = replace(
        SMALL,
        checkpoints=(*SMALL.signed(3).checkpoints, *SMALL.signed(5, by=[OTHER]).checkpoints),
        keys=(KEY, str(OTHER.verifier)),
    )
    assert run(later, "--key", KEY).code == 5
    damaged = replace(
        later, checkpoints=(later.checkpoints[0][:-6] + "AAA=\n", later.checkpoints[1])
    )
    assert run(damaged, "--key", KEY).code == 1, "a given key's signature is false"


def change_score(body: dict[str, Any]) -> None:
    body["facts"]["score"][0]["value"] = "0.000000001"


def drop_score(body: dict[str, Any]) -> None:
    del body["facts"]["score"][0]


def add_score(body: dict[str, Any]) -> None:
    body["facts"]["score"].append(
        {**body["facts"]["score"][0], "prediction_id": "x", "id": "added"}
    )


def double_score(body: dict[str, Any]) -> None:
    body["facts"]["score"].append(body["facts"]["score"][0])


def break_score(body: dict[str, Any]) -> None:
    del body["facts"]["score"][0]["outcome_id"]


def spare_reversal(body: dict[str, Any]) -> None:
    body["facts"]["score"][0]["value"] = "-0.123456789"


def change_probability(body: dict[str, Any]) -> None:
    body["facts"]["prediction"][0].update(probability="0.123456", low=None, high=None)


def impossible_probability(body: dict[str, Any]) -> None:
    body["facts"]["prediction"][0].update(probability="1.500000", low=None, high=None)


def flip_outcome(body: dict[str, Any]) -> None:
    answer = body["facts"]["outcome"][0]["answer"]
    body["facts"]["outcome"][0]["answer"] = "yes" if answer == "no" else "no"


@pytest.mark.parametrize(
    ("kind", "change", "expected"),
    [
        ("scores.posted", change_score, "recomputed it is"),
        ("scores.posted", drop_score, " score for this outcome"),
        ("scores.posted", add_score, "counts, but nothing has earned it"),
        ("scores.posted", double_score, "was posted before"),
        ("scores.posted", break_score, "is not in the form of one"),
        ("scores.reversed", spare_reversal, "does not reverse one that stands"),
        ("scores.reversed", drop_score, "counts, but nothing has earned it"),
        ("prediction.recorded", change_probability, "recomputed it is"),
        ("prediction.recorded", impossible_probability, "are no probabilities"),
        ("outcome.entered", flip_outcome, "recomputed it is"),
        ("outcome.corrected", flip_outcome, "recomputed it is"),
    ],
)
def test_figures_that_do_not_follow_are_found_even_where_no_hash_betrays_them(
    seeded_log: Made,
    run: Run,
    kind: str,
    change: Callable[[dict[str, Any]], None],
    expected: str,
) -> None:
    told = run(seeded_log.edited(seeded_log.place_of(kind), change))
    assert told.code == 1
    assert any(found.startswith("entry ") and expected in found for found in told.findings)


@pytest.mark.parametrize(
    "frame",
    [
        {"header": {"format": "prediction-ledger-export/2"}},
        {"header": {"more": 1}},
        {"header": {"size": 4}},
        {"header": {"size": True}},
        {"header": {"size": "5"}},
        {"header": {"root": "ab" * 32}},
        {"header": {"root": SMALL.root.hex().upper()}},
        {"header": {"origin": "example.org/other"}},
        {"header": {"origin": None}},
        {"header": {"origin": 1}},
        {"trailer": {"more": 1}},
        {"trailer": {"keys": None}},
        {"trailer": {"keys": []}},
        {"trailer": {"keys": [KEY, KEY]}},
        {"trailer": {"keys": [KEY, "o+00000000+AAAA"]}},
        {"trailer": {"keys": [KEY, 1]}},
        {"trailer": {"keys": [str(OTHER.verifier)]}},
        {"trailer": {"checkpoints": []}},
        {"trailer": {"checkpoints": {}}},
        {"trailer": {"checkpoints": [1]}},
        {"trailer": {"checkpoints": [SMALL.text(5)]}},
        {"trailer": {"checkpoints": list(reversed(SMALL.signed(3, 5).checkpoints))}},
        {"trailer": {"checkpoints": list(SMALL.signed(by=[SIGNER, OTHER]).checkpoints)}},
        {"trailer": {"checkpoints": [sign("example.org/ledger\n5\nx\n", [SIGNER])]}},
    ],
    ids=str,
)
def test_any_other_header_or_trailer_is_refused(frame: dict[str, Any], run: Run) -> None:
    assert run(replace(SMALL.signed(), **frame)).code == 1


HEADER, *_, LAST, TRAILER = SMALL.signed().data().splitlines(keepends=True)
MIDDLE = b"".join(SMALL.signed().data().splitlines(keepends=True)[1:-1])


@pytest.mark.parametrize(
    "data",
    [
        HEADER,
        HEADER + MIDDLE,
        HEADER + MIDDLE + TRAILER[:-1],
        HEADER + MIDDLE + TRAILER[:-20],
        MIDDLE + TRAILER,
        TRAILER,
        HEADER + TRAILER,
        HEADER + MIDDLE + TRAILER + b"\n",
        HEADER + MIDDLE + TRAILER + b" ",
        HEADER + MIDDLE + TRAILER + TRAILER,
        HEADER + MIDDLE + TRAILER + LAST,
        HEADER + HEADER + MIDDLE + TRAILER,
        HEADER + b"\n" + MIDDLE + TRAILER,
        HEADER + MIDDLE + b"\n" + TRAILER,
        b"\xef\xbb\xbf" + HEADER + MIDDLE + TRAILER,
        (HEADER + MIDDLE + TRAILER).replace(b"\n", b"\r\n"),
        HEADER + MIDDLE + TRAILER.replace(b":", b": "),
        HEADER.replace(b'"root"', b'"size":5,"root"') + MIDDLE + TRAILER,
        gzip.compress(HEADER + MIDDLE + TRAILER)[:-1],
        gzip.compress(HEADER + MIDDLE + TRAILER)[:60],
        gzip.compress(HEADER + MIDDLE + TRAILER)[:3],
        gzip.compress(HEADER + MIDDLE + TRAILER) + b"x",
        b"\x1f\x8b" + HEADER + MIDDLE + TRAILER,
    ],
)
def test_whatever_is_added_to_or_missing_from_the_file_is_refused(data: bytes, run: Run) -> None:
    told = run(data)
    assert told.code == 1
    assert told.findings


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is not an export"),
        (b"\n", "is not an export"),
        (b"Subject: Scored report\n\n5 entries, root\n", "a mail or a note goes to --against"),
        (
            b'{"format":"prediction-ledger-receipt/1","proof":[]}\n',
            "a receipt: give it by --receipt",
        ),
        (b'{"format":"prediction-ledger-consistency/1"}', "a proof: give it by --proof"),
        (gzip.compress(b"Dear reader,\n" * 200), "is not an export"),
        (random.Random(1).randbytes(5000), "is not an export"),
    ],
    ids=lambda value: repr(value[:30]),
)
def test_a_file_of_another_kind_is_no_tampered_export(data: bytes, words: str, run: Run) -> None:
    told = run(data, "--key", KEY)
    assert told.code == 2
    assert words in told.findings[0]
    assert told.findings[0].count("\n") == 1


BODY = json.loads(SMALL.bodies[2])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b"\xff",
        b"\xef\xbb\xbf" + SMALL.bodies[2],
        SMALL.bodies[2] + b" ",
        SMALL.bodies[2].replace(b":", b": ", 1),
        SMALL.bodies[2].replace(b'{"actor"', b'{"actor":"user:1","actor"'),
        SMALL.bodies[2].replace("ü".encode(), b"\\u00fc"),
        SMALL.bodies[2].replace("ü".encode(), "u\u0308".encode()),
        SMALL.bodies[2].replace("ü".encode(), b"\\ud800"),
        SMALL.bodies[2].replace(b"\\n", b"\\u000a"),
        SMALL.bodies[2].replace(b"user:1", b"user:\\/"),
        compact({**BODY, "facts": {"p": 0.5}}),
        compact({**BODY, "facts": {"p": 1e300}}),
        compact({**BODY, "facts": {"p": 2**53}}),
        SMALL.bodies[2].replace(b'{"note"', b'{"n":' + b"9" * 6000 + b',"note"'),
        SMALL.bodies[2].replace(b'{"note"', b'{"n":-0,"note"'),
        SMALL.bodies[2].replace(b'{"note"', b'{"n":NaN,"note"'),
        compact({**BODY, "facts": {"ä": 1}}),
        compact({**BODY, "facts": []}),
        compact({**BODY, "actor": None}),
        compact({**BODY, "more": ""}),
        compact({key: BODY[key] for key in BODY if key != "kind"}),
        compact({**BODY, "time": "2026-01-01T00:00:03Z"}),
        compact({**BODY, "time": "2026-99-01T00:00:03.000000Z"}),
        compact({**BODY, "uuid": BODY["uuid"].replace("-", "")}),
        compact({**BODY, "uuid": str(uuid.uuid4()).upper()}),
        SMALL.bodies[2].replace(b'{"note"', b'{"n":' + b"[" * 30_000 + b"]" * 30_000 + b',"note"'),
        compact({**BODY, "facts": {"long": "x" * 65_400}}),
    ],
    ids=lambda body: repr(body[:60]),
)
def test_an_entry_in_any_other_form_is_refused_with_its_place(body: bytes, run: Run) -> None:
    told = run(SMALL.with_body(3, body))
    assert told.code == 1
    assert any(found.startswith("entry 3: ") for found in told.findings)


@pytest.mark.parametrize("false", [7, True, None, [], {}, "", "two words"])
@pytest.mark.parametrize("which", ["prediction", "outcome"])
def test_a_row_whose_id_is_no_id_is_a_finding(which: str, false: object, run: Run) -> None:
    rows: dict[str, dict[str, object]] = {
        "prediction": {"low": None, "high": None, "made_at": "2025", "probability": "0.5"},
        "outcome": {"answer": "yes", "settled_at": "2026", "corrects_id": None},
    }
    facts = {
        name: [{"id": false if name == which else name, "question_id": "q", **row}]
        for name, row in rows.items()
    }
    told = run(SMALL.with_body(3, entry(3, **facts)))
    assert told.code == 1
    [found] = told.findings
    assert found.startswith("entry 3: holds a row ")


@pytest.mark.parametrize("more", [[], ["--json"]])
def test_it_ends_quietly_when_nobody_reads_on(tmp_path: Path, more: list[str]) -> None:
    path = tmp_path / "export"
    path.write_bytes(replace(SMALL, bodies=(b"{}",) * 250).data())
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-I", "-S", str(VERIFIER), str(path), *more]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, b"")


def test_all_findings_are_named_and_many_are_counted(run: Run) -> None:
    told = run(SMALL.with_body(2, b"{}").with_body(4, b"[]"))
    assert [found[:8] for found in told.findings] == ["entry 2:", "entry 4:"]
    told = run(replace(SMALL, bodies=(b"{}",) * 250))
    assert len(told.findings) == 100


def test_what_a_stranger_wrote_does_not_reach_the_terminal_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "export"
    path.write_bytes(SMALL.signed().data().replace(b"Z\xc3\xbcrich 1", b'\x1b[2J"\x9b'))
    command = [sys.executable, "-I", "-S", str(VERIFIER), str(path)]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 1
    assert b"\x1b" not in done.stdout + done.stderr


def test_a_huge_line_is_refused_without_being_read_into_memory(tmp_path: Path) -> None:
    path = tmp_path / "export.gz"
    with gzip.open(path, "wb", compresslevel=1) as stream:
        stream.write(HEADER)
        for _ in range(300):
            stream.write(b" " * 1_000_000)
        stream.write(b"\n" + TRAILER)
    limited = (
        "import resource, runpy, sys; limit = 200 << 20;"
        "resource.setrlimit(resource.RLIMIT_AS, (limit, limit));"
        "sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    command = [sys.executable, "-I", "-S", "-c", limited, str(VERIFIER), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    assert "entry 1: is longer than 65535 bytes" in done.stdout


def verdict_in_process(data: bytes) -> int:
    """The same without starting Python each time."""
    return verifier.verify_export(io.BytesIO(data), set(), {}, "").code()


def flips(data: bytes, places: Sequence[int]) -> Iterator[bytes]:
    for place in places:
        yield data[:place] + bytes([data[place] ^ 1 << place % 8]) + data[place + 1 :]


def test_no_byte_of_a_small_export_can_be_changed() -> None:
    unsigned, signed = SMALL.data(), SMALL.signed(2).data()
    assert verdict_in_process(unsigned) == verdict_in_process(signed) == 5
    assert all(verdict_in_process(flip) == 1 for flip in flips(unsigned, range(len(unsigned))))
    frames = [*range(len(signed) - len(signed.splitlines()[-1]) - 1, len(signed)), *range(150)]
    assert all(verdict_in_process(flip) == 1 for flip in flips(signed, frames))


@given(place=st.integers(min_value=0), byte=st.integers(1, 255))
def test_no_byte_of_any_entry_can_be_changed(place: int, byte: int) -> None:
    data = bytearray(SMALL.signed(2, 5).data())
    data[place % len(data)] ^= byte
    assert verdict_in_process(bytes(data)) == 1


def test_no_byte_of_the_seeded_export_can_be_changed(seeded_log: Made) -> None:
    data = seeded_log.data()
    chance = random.Random(20261123)
    for flip in flips(data, [chance.randrange(len(data)) for _ in range(60)]):
        assert verdict_in_process(flip) == 1


# --- witnesses, age, usage --------------------------------------------------------------------


def forwarded(note: str) -> bytes:
    """A mail within a mail, its text quoted, the note attached."""
    inner = email.message.EmailMessage()
    inner.set_content("See the attached file.\n")
    inner.add_attachment(note.encode(), "text", "plain", filename="checkpoint.txt")
    outer = email.message.EmailMessage()
    outer.set_content("Look at this.\n")
    outer.add_attachment(inner)
    return outer.as_bytes()


NOTE = SMALL.signed(3).checkpoints[0]
REPORT = f"3 entries, root\n{SMALL.first(3).root.hex()}\n"


def attached(name: str, kind: str, data: bytes) -> bytes:
    """A mail with a file, in base64."""
    mail = email.message.EmailMessage()
    mail.set_content("See the attached file — all of it.\n")
    mail.add_attachment(data, *kind.split("/"), filename=name)
    return mail.as_bytes()


def in_html(text: str) -> bytes:
    mail = email.message.EmailMessage()
    said = text.replace(" ", "&nbsp;").replace("\n", "<br>\n<code>", 1)
    mail.set_content(f"<p>{said}</code></p>", subtype="html", cte="quoted-printable")
    return mail.as_bytes()


def in_plain(text: str, cte: str) -> bytes:
    mail = email.message.EmailMessage()
    mail.set_content(text, cte=cte)
    return mail.as_bytes()


WITNESSES = {
    "attached as text": attached("checkpoint.txt", "text/plain", NOTE.encode()),
    "attached as bytes": attached("checkpoint.txt", "application/octet-stream", NOTE.encode()),
    "attached with CRLF": attached("c.txt", "text/plain", NOTE.replace("\n", "\r\n").encode()),
    "in base64": in_plain(REPORT, "base64"),
    "in quoted-printable": in_plain("x" * 70 + "= — " + REPORT, "quoted-printable"),
    "in HTML alone": in_html(REPORT),
    "a mail attached as a file": attached(
        "report.eml", "application/octet-stream", in_plain(REPORT, "base64")
    ),
    "forwarded twice": attached("f.eml", "application/x", forwarded(NOTE)),
    "note quoted twice": "".join(f"> > {line}\n" for line in NOTE.splitlines()).encode(),
    "text quoted and wrapped": (
        f">> 3 entries,\n>> root {REPORT[-65:-30]}\n>> {REPORT[-30:]}".encode()
    ),
    "of Windows": b"\xff\xfe" + REPORT.replace("\n", "\r\n").encode("utf-16-le"),
    "with a byte order mark": b"\xef\xbb\xbf" + NOTE.encode(),
    "note": NOTE.encode(),
    "checkpoint": SMALL.text(3).encode(),
    "windows": NOTE.replace("\n", "\r\n").encode(),
    "text": f"3 entries, root\n{SMALL.first(3).root.hex()}\n".encode(),
    "quoted": f"> 3 entries, root\n> {SMALL.first(3).root.hex()}\n".encode(),
    "mail": forwarded(NOTE),
}


@pytest.mark.parametrize("kind", WITNESSES)
def test_what_somebody_kept_holds_an_export_to_it(kind: str, run: Run, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.write_bytes(WITNESSES[kind])
    assert run(SMALL, "--against", kept).code == 5
    assert run(SMALL.signed(), "--against", kept, "--key", KEY).code == 0
    assert run(SMALL.edited(2, rename), "--against", kept).code == 1
    assert run(SMALL.edited(4, rename), "--against", kept).code == 5
    assert run(SMALL.first(2), "--against", kept).code == 3


def test_every_witness_that_is_given_counts(run: Run, tmp_path: Path) -> None:
    for name, size in (("a", 2), ("b", 4)):
        (tmp_path / name).write_text(SMALL.text(size))
    against = ("--against", tmp_path / "a", "--against", tmp_path / "b")
    told = run(SMALL.edited(3, rename), *against)
    assert (told.code, len(told.findings)) == (1, 1)
    assert told.findings[0].startswith(str(tmp_path / "b"))


def test_what_was_kept_is_confirmed_by_name(run: Run, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.write_text(NOTE)
    assert run(SMALL.signed(), "--against", kept, "--key", KEY).against == [(str(kept), 3)]
    assert run(SMALL.edited(2, rename), "--against", kept).against == []
    assert f"begins with the 3 entries of {kept}\n" in printed(SMALL, tmp_path, "--against", kept)


def printed(made: Made, tmp_path: Path, *arguments: object) -> str:
    path = tmp_path / "printed"
    path.write_bytes(made.data())
    command = [sys.executable, "-I", "-S", str(VERIFIER), str(path), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def test_why_it_is_unsigned_or_how_stale_it_is_is_said(tmp_path: Path) -> None:
    no_key = printed(SMALL.signed(), tmp_path)
    assert "\nno --key was given: signatures were not checked\n" in no_key
    assert "\nthere is no checkpoint\n" in printed(SMALL, tmp_path, "--key", KEY)
    aged = ("--key", KEY, "--max-age", "7", "--now", "2026-02-08T00:00:03")
    stale = "the newest signed entry is of 2026-01-01 00:00 UTC, 38 days old; the limit is 7\n"
    assert stale in printed(SMALL.signed(3), tmp_path, *aged)
    assert "no entry is signed\n" in printed(SMALL.signed(0), tmp_path, *aged)


@pytest.mark.parametrize(
    ("days", "now", "code"),
    [
        ("1", "2026-01-01T12:00:00Z", 0),
        ("1", "2026-01-02T00:00:03Z", 0),
        ("1", "2026-01-02T00:00:03.000001Z", 4),
        ("1", "2026-01-02T01:00:03+01:00", 0),
        ("0.5", "2026-01-01T12:00:04", 4),
        ("1", "2026-01-03", 4),
    ],
)
def test_it_is_stale_when_the_newest_signed_entry_is_too_old(
    days: str, now: str, code: int, run: Run
) -> None:
    assert run(SMALL.signed(3), "--key", KEY, "--max-age", days, "--now", now).code == code


def test_without_a_signature_it_is_unsigned_at_any_age(run: Run) -> None:
    assert run(SMALL, "--max-age", "1").code == 5
    assert run(SMALL.signed(), "--key", KEY, "--max-age", "1").code == 4, "by the clock"


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["missing"],
        ["."],
        ["export", "--receipt", "export"],
        ["--checkpoint", "export"],
        ["--receipt", "export", "--max-age", "1"],
        ["export", "--key", "nonsense"],
        ["export", "--key", KEY.replace("+", "+0", 1)],
        ["export", "--against", "missing"],
        ["export", "--against", "empty"],
        ["export", "--max-age", "soon"],
        ["export", "--max-age", "1e300"],
        ["export", "--max-age", "1", "--now", "today"],
        ["export", "--what"],
    ],
)
def test_what_cannot_be_run_exits_with_2(arguments: list[str], tmp_path: Path) -> None:
    (tmp_path / "export").write_bytes(SMALL.data())
    (tmp_path / "empty").write_bytes(b"Dear reader,\n")
    command = [sys.executable, "-I", "-S", str(VERIFIER), *arguments]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr


def test_help_says_what_the_exit_codes_mean() -> None:
    command = [sys.executable, "-I", "-S", str(VERIFIER), "--help"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert all(f"\n  {code}  " in said for code in range(6))
