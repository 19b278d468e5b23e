"""Receipts for one entry, and proofs that a log has grown, as a recipient verifies them."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from ledger import merkle, proofs
from tests.ledger.exports import KEY, ORIGIN, OTHER, SIGNER, SMALL, Made, Told, rename, verify


def node(level: int, index: int) -> bytes:
    return merkle.root_of(
        map(merkle.leaf_hash, SMALL.bodies[index << level : (index + 1) << level])
    )


def receipt(entry: int, size: int, **changed: object) -> dict[str, object]:
    return {
        "format": "prediction-ledger-receipt/1",
        "body_base64": base64.b64encode(SMALL.bodies[entry - 1]).decode(),
        "sequence": entry,
        "proof": [found.hex() for found in proofs.inclusion_proof(entry - 1, size, node)],
        "checkpoint": SMALL.signed(size).checkpoints[0],
        **changed,
    }


def verify_receipt(tmp_path: Path, value: object, *arguments: object) -> Told:
    path = tmp_path / "receipt.json"
    path.write_text(json.dumps(value, indent=2))
    return verify("--receipt", path, *arguments)


@pytest.mark.parametrize(("sequence", "size"), [(1, 1), (1, 5), (3, 4), (5, 5)])
def test_a_receipt_proves_that_an_entry_is_in_the_log(
    sequence: int, size: int, tmp_path: Path
) -> None:
    told = verify_receipt(tmp_path, receipt(sequence, size), "--key", KEY)
    assert (told.code, told.findings, told.signed) == (0, [], size)
    assert told.about.startswith(f"entry {sequence} of {ORIGIN}, {size} entries, root ")
    assert verify_receipt(tmp_path, receipt(sequence, size)).code == 5


def test_a_receipt_needs_one_of_the_signatures_while_a_key_is_replaced(tmp_path: Path) -> None:
    checkpoint = SMALL.signed(5, by=[SIGNER, OTHER]).checkpoints[0]
    for signer in (SIGNER, OTHER):
        value = receipt(2, 5, checkpoint=checkpoint)
        assert verify_receipt(tmp_path, value, "--key", signer.verifier).code == 0


@pytest.mark.parametrize(
    "value",
    [
        receipt(3, 5, sequence=2),
        receipt(3, 5, sequence=0),
        receipt(3, 5, sequence=6),
        receipt(3, 5, sequence="3"),
        receipt(3, 5, body_base64=base64.b64encode(SMALL.bodies[3]).decode()),
        receipt(3, 5, body_base64=base64.b64encode(b"{}").decode()),
        receipt(3, 5, body_base64="?"),
        receipt(3, 5, checkpoint=SMALL.signed(4).checkpoints[0]),
        receipt(3, 5, checkpoint=SMALL.text(5)),
        receipt(3, 5, checkpoint=SMALL.signed(5).checkpoints[0][:-6] + "AAA=\n"),
        receipt(3, 5, proof=[]),
        receipt(3, 5, proof=["AB" * 32] * 3),
        receipt(3, 5, proof=[1]),
        receipt(3, 5, format="prediction-ledger-receipt/2"),
        receipt(3, 5, more=1),
    ],
    ids=str,
)
def test_a_receipt_that_proves_nothing_is_refused(value: object, tmp_path: Path) -> None:
    told = verify_receipt(tmp_path, value, "--key", KEY)
    assert (told.code, len(told.findings)) == (1, 1)


def test_a_receipt_of_an_unknown_key_is_unsigned_and_its_proof_is_verified(tmp_path: Path) -> None:
    checkpoint = SMALL.signed(5, by=[OTHER]).checkpoints[0]
    told = verify_receipt(tmp_path, receipt(3, 5, checkpoint=checkpoint), "--key", KEY)
    assert (told.code, told.findings, told.signed) == (5, [], None)
    assert "an older or newer key of this log, or another log's" in told.why_unsigned
    false = receipt(3, 5, checkpoint=checkpoint, sequence=2)
    assert verify_receipt(tmp_path, false, "--key", KEY).code == 1


def test_a_receipt_says_what_its_entry_is(tmp_path: Path) -> None:
    told = verify_receipt(tmp_path, receipt(3, 5), "--key", KEY)
    assert told.about.endswith("; it is test.made of test:ä, 2026-01-01T00:00:03.000000Z")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([], "is not a receipt"),
        ("Dear reader", "a mail or a note goes to --against"),
        ({"format": "prediction-ledger-export/1"}, "but an export: give it as EXPORT"),
        ({"format": "prediction-ledger-consistency/1"}, "but a proof: give it by --proof"),
    ],
)
def test_a_file_of_another_kind_is_no_false_receipt(
    value: object, words: str, tmp_path: Path
) -> None:
    told = verify_receipt(tmp_path, value, "--key", KEY)
    assert told.code == 2
    assert f"{tmp_path / 'receipt.json'} is not a receipt" in told.findings[0]
    assert words in told.findings[0]


def verify_growth(
    tmp_path: Path, made: Made, new: int, old: int, *arguments: object, **changed: Any
) -> Told:
    files = {name: tmp_path / name for name in ("new", "old", "proof")}
    files["new"].write_text(made.signed(new).checkpoints[0])
    files["old"].write_text(SMALL.text(old))
    proof = proofs.consistency_proof(min(old, new), new, node)
    value = {
        "format": "prediction-ledger-consistency/1",
        "from": old,
        "to": new,
        "proof": [found.hex() for found in proof],
        **changed,
    }
    files["proof"].write_text(json.dumps(value))
    against = ("--against", files["old"], "--proof", files["proof"])
    return verify("--checkpoint", files["new"], *against, *arguments)


@pytest.mark.parametrize(("old", "new"), [(0, 5), (1, 5), (2, 4), (3, 5), (4, 5), (5, 5)])
def test_a_checkpoint_is_shown_to_extend_an_older_one(old: int, new: int, tmp_path: Path) -> None:
    told = verify_growth(tmp_path, SMALL, new, old, "--key", KEY)
    assert (told.code, told.findings, told.signed) == (0, [], new)
    assert told.against == [(str(tmp_path / "old"), old)]
    assert verify_growth(tmp_path, SMALL, new, old).code == 5
    assert verify_growth(tmp_path, SMALL, new, old, "--key", OTHER.verifier).code == 5


def test_a_checkpoint_that_does_not_extend_the_older_one_is_refused(tmp_path: Path) -> None:
    key = ("--key", KEY)
    assert verify_growth(tmp_path, SMALL.edited(2, rename), 5, 3, *key).code == 1
    assert verify_growth(tmp_path, SMALL.edited(2, rename), 3, 3, *key).code == 1
    assert verify_growth(tmp_path, SMALL, 2, 3, *key).code == 3


def test_a_proof_that_is_too_short_is_refused(tmp_path: Path) -> None:
    assert verify_growth(tmp_path, SMALL, 5, 3, "--key", KEY, proof=[]).code == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"from": 2},
        {"to": 4},
        {"to": "5"},
        {"more": 1},
        {"format": "prediction-ledger-receipt/1"},
    ],
    ids=str,
)
def test_another_proof_than_that_between_the_two_is_blamed_and_not_the_checkpoint(
    changed: dict[str, Any], tmp_path: Path
) -> None:
    told = verify_growth(tmp_path, SMALL, 5, 3, "--key", KEY, **changed)
    assert told.code == 2
    assert told.findings[0].startswith("verifier: could not run: the proof: ")


def test_a_file_of_another_kind_is_no_false_checkpoint(tmp_path: Path) -> None:
    for name, text in (("mail", "Dear reader"), ("old", SMALL.text(3))):
        (tmp_path / name).write_text(text)
    held = ("--against", tmp_path / "old", "--proof", tmp_path / "mail")
    told = verify("--checkpoint", tmp_path / "mail", *held)
    assert (told.code, "is not a checkpoint" in told.findings[0]) == (2, True)
    receipted = verify("--receipt", tmp_path / "mail", "--against", tmp_path / "old")
    assert (receipted.code, "--against is for" in receipted.findings[0]) == (2, True)
