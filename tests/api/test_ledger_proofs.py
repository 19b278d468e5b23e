"""`/api/v1/ledger/`: checkpoints, keys, proofs and receipts."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from ledger import journal, verifier
from ledger.checkpoints import checkpoint_make, latest, verifier_keys
from ledger.merkle import leaf_hash
from ledger.models import Entry
from ledger.rotation import key_rotate
from tests.ledger.exports import verify
from tests.ledger.logs import cut, head_follows, roots, tamper, write_log

pytestmark = pytest.mark.django_db(transaction=True)
ADDRESS = "/api/v1/ledger"
FOREVER = "public, max-age=31536000, immutable"


@pytest.fixture
def log(api: APIClient) -> APIClient:
    """300 entries and that of the key, the last three after the newest checkpoint."""
    write_log(10)
    checkpoint_make()
    write_log(287)
    checkpoint_make()
    write_log(3)
    return api


def key() -> str:
    return str(verifier_keys()[0])


# --- checkpoints and keys ---------------------------------------------------------------------


def test_the_newest_checkpoint_is_shown_with_its_note_and_the_keys(log: APIClient) -> None:
    answer = log.get(f"{ADDRESS}/checkpoint/")
    signed = latest()
    assert signed is not None
    last = Entry.objects.get(sequence=signed.size)
    assert answer.json() == {
        "number": 2,
        "origin": "127.0.0.1/ledger",
        "size": 298,
        "root": roots()[298].hex(),
        "time": journal.body_of(last)["time"],
        "note": signed.note,
        "keys": [key()],
    }
    assert answer["Cache-Control"] == "no-cache"


def test_a_note_comes_byte_for_byte_as_text(log: APIClient) -> None:
    for address in ("checkpoint", "checkpoints/2"):
        answer = log.get(f"{ADDRESS}/{address}/note/", headers={"Accept": "text/plain"})
        assert answer["Content-Type"] == "text/plain; charset=utf-8"
        signed = latest()
        assert signed is not None
        assert answer.content.decode() == signed.note
    assert log.get(f"{ADDRESS}/checkpoints/3/note/").status_code == 404


def test_before_anything_is_signed_there_is_no_checkpoint(
    api: APIClient, refused: Callable[..., dict[str, Any]]
) -> None:
    for address in ("checkpoint/", "checkpoint/note/"):
        problem = refused(api.get(f"{ADDRESS}/{address}"), 404)
        assert problem["detail"].startswith("No checkpoint is signed yet")
    assert api.get(f"{ADDRESS}/checkpoints/").json()["results"] == []
    assert api.get(f"{ADDRESS}/keys/").json() == []


def test_all_checkpoints_are_listed_in_pages(log: APIClient) -> None:
    first = log.get(f"{ADDRESS}/checkpoints/?page_size=1").json()
    second = log.get(first["next"]).json()
    rows = [*first["results"], *second["results"]]
    assert [(row["number"], row["size"]) for row in rows] == [(1, 11), (2, 298)]
    assert second["next"] is None
    assert log.get(f"{ADDRESS}/checkpoints/?ordering=-number").json()["results"] == rows[::-1]
    assert log.get(f"{ADDRESS}/checkpoints/2/").json() == rows[1]
    for absent in ("0", "3", "9" * 40, "9" * 5000):
        assert log.get(f"{ADDRESS}/checkpoints/{absent}/").status_code == 404


def test_the_list_of_checkpoints_takes_a_fixed_number_of_queries(
    log: APIClient, django_assert_max_num_queries: Any
) -> None:
    for _ in range(20):
        write_log(1)
        checkpoint_make()
    with django_assert_max_num_queries(1):
        log.get(f"{ADDRESS}/checkpoints/")


def test_a_note_that_was_made_unreadable_is_shown_as_it_is(log: APIClient) -> None:
    tamper("UPDATE ledger_checkpoint SET note = 'gone' WHERE number = 1")
    row = log.get(f"{ADDRESS}/checkpoints/1/").json()
    assert (row["note"], row["origin"], row["size"], row["root"]) == ("gone", None, None, None)


def test_keys_come_with_the_entry_that_introduced_them(log: APIClient) -> None:
    [first] = log.get(f"{ADDRESS}/keys/").json()
    assert first["public"] == key()
    assert (first["replaces"], first["reason"]) == (None, None)
    key_rotate(reason="Lost a laptop")
    new, old = log.get(f"{ADDRESS}/keys/").json()
    assert (old, new["public"]) == (first, key())
    assert (new["replaces"], new["reason"]) == (first["id"], "Lost a laptop")
    body = log.get(f"{ADDRESS}/entries/{new['sequence']}/").json()["body"]
    assert (body["kind"], body["time"]) == ("key.rotated", new["time"])


# --- proofs -----------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 11, 12, 255, 256, 257, 298, 300, 301])
def test_entries_are_proved_at_any_size(log: APIClient, size: int) -> None:
    for sequence in {1, size // 2 + 1, size}:
        given = {"sequence": sequence, "size": size}
        answer = log.get(f"{ADDRESS}/proofs/inclusion/", given)
        said = answer.json()
        body = bytes(Entry.objects.get(sequence=sequence).body)
        assert said | given == said
        assert said["leaf_hash"] == leaf_hash(body).hex()
        assert said["root"] == roots()[size].hex()
        assert verifier.proves_inclusion(
            bytes.fromhex(said["leaf_hash"]),
            sequence - 1,
            verifier.Checkpoint("", size, bytes.fromhex(said["root"])),
            [bytes.fromhex(node) for node in said["proof"]],
        )
        assert answer["Cache-Control"] == FOREVER


@pytest.mark.parametrize(
    ("first", "second"), [(0, 0), (0, 5), (1, 301), (11, 298), (200, 299), (256, 257), (301, 301)]
)
def test_growth_is_proved_between_any_sizes(log: APIClient, first: int, second: int) -> None:
    answer = log.get(f"{ADDRESS}/proofs/consistency/", {"from": first, "to": second})
    said = answer.json()
    assert set(said) == set(verifier.GROWTH_SHAPE)
    growth = verifier.parse_proof(answer.content, verifier.GROWTH_SHAPE, verifier.GROWTH)
    old, new = (verifier.Checkpoint("", size, roots()[size]) for size in (first, second))
    assert (said["from"], said["to"]) == (first, second)
    assert verifier.proves_consistency(old, new, growth["proof"])
    assert answer["Cache-Control"] == FOREVER


def test_without_a_size_proofs_are_for_the_newest_checkpoint(log: APIClient) -> None:
    inclusion = log.get(f"{ADDRESS}/proofs/inclusion/?sequence=298")
    consistency = log.get(f"{ADDRESS}/proofs/consistency/?from=11")
    assert (inclusion.json()["size"], consistency.json()["to"]) == (298, 298)
    assert inclusion["Cache-Control"] == consistency["Cache-Control"] == "no-cache"


def test_what_no_checkpoint_covers_yet_is_refused_with_when_to_ask_again(
    log: APIClient, refused: Callable[..., dict[str, Any]]
) -> None:
    for address in (
        "proofs/inclusion/?sequence=299",
        "proofs/consistency/?from=299",
        "receipts/299/",
    ):
        problem = refused(log.get(f"{ADDRESS}/{address}"), 409)
        assert problem["detail"] == (
            "No checkpoint covers entry 299 yet. Checkpoints are signed every 300 seconds when the "
            "ledger has grown; ask again then."
        )


@pytest.mark.parametrize(
    ("address", "field", "told"),
    [
        ("proofs/inclusion/", "sequence", "required"),
        ("proofs/inclusion/?sequence=0", "sequence", "from 1 to 301"),
        ("proofs/inclusion/?sequence=302", "sequence", "from 1 to 301"),
        ("proofs/inclusion/?sequence=5&size=4", "sequence", "from 1 to 4"),
        ("proofs/inclusion/?sequence=5&size=302", "size", "from 1 to 301"),
        ("proofs/inclusion/?sequence=5&size=0", "size", "from 1 to 301"),
        ("proofs/inclusion/?sequence=5&sise=7", "sise", "known: sequence, size"),
        ("proofs/inclusion/?sequence=5&sequence=6", "sequence", "more than once"),
        ("proofs/inclusion/?sequence=", "sequence", "is empty"),
        ("proofs/inclusion/?sequence=-1", "sequence", "in digits"),
        ("proofs/inclusion/?sequence=%2B1", "sequence", "in digits"),
        ("proofs/inclusion/?sequence=1_0", "sequence", "in digits"),
        ("proofs/inclusion/?sequence=1.0", "sequence", "in digits"),
        ("proofs/inclusion/?sequence=%D9%A1", "sequence", "in digits"),
        ("proofs/inclusion/?sequence=%00", "sequence", "in digits"),
        ("proofs/inclusion/?sequence=9223372036854775808", "sequence", "in digits"),
        (f"proofs/inclusion/?sequence={'9' * 5000}", "sequence", "in digits"),
        ("proofs/consistency/", "from", "required"),
        ("proofs/consistency/?from=302", "from", "from 0 to 301"),
        ("proofs/consistency/?from=7&to=6", "from", "from 0 to 6"),
        ("proofs/consistency/?from=7&to=302", "to", "from 0 to 301"),
        ("receipts/5/?size=12", "size", "that of a checkpoint"),
        ("receipts/5/?size=4", "size", "at least 5"),
        ("receipts/5/?size=999", "size", "that of a checkpoint"),
        ("receipts/5/?more=1", "more", "known: size"),
        ("checkpoint/?size=1", "size", "known: none"),
        ("checkpoint/note/?size=1", "size", "known: none"),
        ("keys/?size=1", "size", "known: none"),
        ("checkpoints/?size=1", "size", "is not a parameter here"),
    ],
)
def test_a_parameter_out_of_range_is_named_with_its_range(
    log: APIClient, refused: Callable[..., dict[str, Any]], address: str, field: str, told: str
) -> None:
    problem = refused(log.get(f"{ADDRESS}/{address}"), 400, field)
    assert told in problem["detail"]


@pytest.mark.parametrize("sequence", ["0", "302", "9" * 18, "9" * 40, "9" * 5000, "x"])
def test_there_is_no_receipt_for_what_is_not_there(
    log: APIClient, refused: Callable[..., dict[str, Any]], sequence: str
) -> None:
    refused(log.get(f"{ADDRESS}/receipts/{sequence}/"), 404)


def test_proofs_take_few_queries(log: APIClient, django_assert_max_num_queries: Any) -> None:
    for address in (
        "proofs/inclusion/?sequence=3",
        "proofs/inclusion/?sequence=3&size=270",
        "proofs/inclusion/?sequence=3&size=300",
        "receipts/3/",
    ):
        with django_assert_max_num_queries(8):
            assert log.get(f"{ADDRESS}/{address}").status_code == 200
    for address in ("proofs/consistency/?from=7", "proofs/consistency/?from=7&to=300"):
        with django_assert_max_num_queries(9):
            assert log.get(f"{ADDRESS}/{address}").status_code == 200


# --- receipts, and the verifier that takes them -----------------------------------------------


@pytest.mark.parametrize(
    ("sequence", "query", "size"), [(1, "", 298), (12, "", 298), (1, "?size=11", 11)]
)
def test_a_receipt_is_a_file_that_the_offline_verifier_accepts(
    log: APIClient, tmp_path: Path, sequence: int, query: str, size: int
) -> None:
    answer = log.get(f"{ADDRESS}/receipts/{sequence}/{query}")
    assert answer["Content-Disposition"] == (
        f'attachment; filename="entry-{sequence}.receipt.json"'
    )
    assert answer["Cache-Control"] == (FOREVER if query else "no-cache")
    assert set(answer.json()) == set(verifier.RECEIPT_SHAPE)
    path = tmp_path / "receipt.json"
    path.write_bytes(answer.content)
    told = verify("--receipt", path, "--key", key())
    assert (told.code, told.findings, told.signed) == (0, [], size)
    said = answer.json()
    body = json.loads(base64.b64decode(said["body_base64"]))
    body["actor"] = "user:2"
    said["body_base64"] = base64.b64encode(json.dumps(body).encode()).decode()
    path.write_text(json.dumps(said))
    assert verify("--receipt", path, "--key", key()).code == 1


def test_after_a_change_of_key_a_receipt_is_for_who_holds_the_newer_one(
    log: APIClient, tmp_path: Path
) -> None:
    old = key()
    key_rotate(reason="Every year")
    checkpoint_make()
    path = tmp_path / "receipt.json"
    path.write_bytes(log.get(f"{ADDRESS}/receipts/1/").content)
    assert key() != old
    assert verify("--receipt", path, "--key", key()).code == 0
    path.write_bytes(log.get(f"{ADDRESS}/receipts/1/?size=11").content)
    assert verify("--receipt", path, "--key", key()).code == 5
    assert verify("--receipt", path, "--key", old).code == 0


def test_a_kept_note_is_checked_offline_with_what_is_served(log: APIClient, tmp_path: Path) -> None:
    for name, address in (
        ("old.txt", "checkpoints/1/note/"),
        ("new.txt", "checkpoint/note/"),
        ("proof.json", "proofs/consistency/?from=11"),
    ):
        (tmp_path / name).write_bytes(log.get(f"{ADDRESS}/{address}").content)
    files = [tmp_path / name for name in ("new.txt", "old.txt", "proof.json")]
    told = verify(
        "--checkpoint", files[0], "--against", files[1], "--proof", files[2], "--key", key()
    )
    assert (told.code, told.findings, told.signed) == (0, [], 298)


# --- who may read -----------------------------------------------------------------------------

ADDRESSES = [
    "checkpoint/",
    "checkpoint/note/",
    "checkpoints/",
    "checkpoints/1/",
    "checkpoints/1/note/",
    "keys/",
    "proofs/inclusion/?sequence=1&size=1",
    "proofs/consistency/?from=1&to=2",
    "receipts/1/?size=11",
]


def test_without_public_reading_a_token_is_needed_and_nobody_else_may_keep_the_answer(
    log: APIClient, client_with: Callable[..., APIClient], settings: Any
) -> None:
    settings.PUBLIC_READ = False
    reading = client_with("read")
    for address in ADDRESSES:
        assert log.get(f"{ADDRESS}/{address}").status_code == 401
        answer = reading.get(f"{ADDRESS}/{address}")
        assert answer.status_code == 200
        assert "public" not in answer.headers.get("Cache-Control", "")


@pytest.mark.parametrize("address", ADDRESSES)
def test_nothing_here_can_be_written(log: APIClient, address: str) -> None:
    for method in (log.post, log.put, log.delete):
        assert method(f"{ADDRESS}/{address}").status_code in {401, 405}


def test_the_root_of_the_api_lists_them(api: APIClient) -> None:
    listed = api.get("/api/v1/").json()
    for name in ("checkpoint", "checkpoints", "keys", "inclusion", "consistency"):
        assert f"{ADDRESS}/" in listed[f"ledger_{name}"]


# --- what was tampered with -------------------------------------------------------------------

EVERY = [
    *(f"proofs/inclusion/?sequence=3&size={size}" for size in (3, 11, 12, 256, 298, 299, 301)),
    *(f"proofs/consistency/?from=7&to={size}" for size in (7, 11, 12, 256, 298, 299, 301)),
    "proofs/inclusion/?sequence=3",
    "proofs/consistency/?from=7",
    "receipts/3/",
    "receipts/3/?size=298",
    "receipts/298/",
]


def answers(log: APIClient) -> dict[str, Any]:
    return {address: log.get(f"{ADDRESS}/{address}") for address in EVERY}


def never_wrong(log: APIClient, sound: dict[str, Any]) -> int:
    """Each answer is as it was, or a refusal in words; returns how many were refused."""
    refused = 0
    for address, answer in answers(log).items():
        if answer.status_code == 503:
            refused += 1
            assert answer["Content-Type"] == "application/problem+json"
            assert "does not hold together" in answer.json()["detail"]
            assert "verify_ledger" in answer.json()["detail"]
        elif answer.status_code == 400:
            assert "must be that of a checkpoint" in answer.json()["detail"]
        else:
            assert answer.content == sound[address].content, address
    return refused


TAMPERING = {
    "an entry": "UPDATE ledger_entry SET body = body || ' ' WHERE sequence = 3",
    "the first entry gone": "DELETE FROM ledger_entry WHERE sequence = 3",
    "a last entry": "UPDATE ledger_entry SET body = body || ' ' WHERE sequence = 290",
    "an entry gone": "DELETE FROM ledger_entry WHERE sequence = 290",
    "a leaf": "UPDATE ledger_node SET hashes = set_byte(hashes, 70, get_byte(hashes, 70) # 1)",
    "another leaf": "UPDATE ledger_node SET hashes = set_byte(hashes, 1, get_byte(hashes, 1) # 1)",
    "all subtrees": "DELETE FROM ledger_node",
    "the head": "UPDATE ledger_head SET root = sha256('')",
    "a note": "UPDATE ledger_checkpoint SET note = replace(note, E'\\n11\\n', E'\\n12\\n')",
    "a note gone": "UPDATE ledger_checkpoint SET note = ''",
    "a size": "UPDATE ledger_checkpoint SET size = 12 WHERE number = 1",
    "another size": "UPDATE ledger_checkpoint SET size = 299 WHERE number = 2",
}


@pytest.mark.parametrize("what", TAMPERING)
def test_from_a_ledger_that_was_tampered_with_no_wrong_proof_is_served(
    log: APIClient, what: str
) -> None:
    sound = answers(log)
    log.raise_request_exception = False
    assert {answer.status_code for answer in sound.values()} == {200}
    tamper(TAMPERING[what])
    assert never_wrong(log, sound) > 0


def test_from_a_ledger_that_was_cut_off_no_wrong_proof_is_served(log: APIClient) -> None:
    cut(290)
    log.raise_request_exception = False
    for address in ("proofs/inclusion/?sequence=3", "proofs/consistency/?from=7", "receipts/288/"):
        answer = log.get(f"{ADDRESS}/{address}")
        assert answer.status_code == 503
        assert "a checkpoint knows 298 entries, and here are 290" in answer.json()["detail"]


def test_a_log_rewritten_with_all_its_hashes_is_not_proved_against_what_was_signed(
    log: APIClient,
) -> None:
    """The attacker recomputes everything, but cannot sign."""
    sound = answers(log)
    tamper("DELETE FROM ledger_node")
    tamper("UPDATE ledger_entry SET body = body || ' ' WHERE sequence = 5")
    head_follows()
    log.raise_request_exception = False
    assert never_wrong(log, sound) == len(EVERY)
