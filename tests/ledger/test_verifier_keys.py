"""The log changes its key: who holds the old one follows, and nobody else is trusted."""

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ledger import keychain, keys, verifier
from ledger.notes import Signer, sign
from tests.ledger.exports import ORIGIN, SMALL, Made, Told, compact, entry, verify

ONE, TWO, THREE, THIEF = (Signer(ORIGIN, bytes([number] * 32)) for number in range(4))
Run = Callable[..., Told]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def run(made: Made, *trusted: Signer) -> Told:
        path = tmp_path / "export"
        path.write_bytes(made.data())
        return verify(path, *(word for one in trusted for word in ("--key", one.verifier)))

    return run


def rotated(number: int, new: Signer, old: Signer, **changed: object) -> bytes:
    facts = keys.facts(new.verifier, replaces=old.verifier)
    body = json.loads(entry(number, **facts, reason="Every year"))
    return compact({**body, "kind": keychain.ROTATED, **changed})


def introduced(number: int, first: Signer) -> bytes:
    body = json.loads(entry(number, **keys.facts(first.verifier, replaces=None)))
    return compact({**body, "kind": keychain.INTRODUCED})


def log(*bodies: bytes, first: Signer = ONE) -> Made:
    """Five entries, the first of which introduces a key, these, and one more."""
    last = entry(6 + len(bodies), note="last")
    return replace(SMALL, bodies=(introduced(1, first), *SMALL.bodies[1:], *bodies, last))


def signed(made: Made, *steps: tuple[int, Sequence[Signer]]) -> Made:
    """A checkpoint a step: of this size, signed by these."""
    notes = tuple(sign(made.text(size), by) for size, by in steps)
    signers = dict.fromkeys(str(one.verifier) for _, by in steps for one in by)
    return replace(made, checkpoints=notes, keys=tuple(signers))


ROTATED = log(rotated(6, TWO, ONE))
FOLLOWED = signed(ROTATED, (3, [ONE]), (6, [TWO, ONE]), (7, [TWO]))


def test_who_holds_the_old_key_alone_follows_the_log_to_the_new_one(run: Run) -> None:
    for trusted in ([ONE], [TWO], [ONE, TWO]):
        told = run(FOLLOWED, *trusted)
        assert (told.code, told.findings, told.signed) == (0, [], 7)


def test_the_new_key_is_shown_with_the_entry_that_introduced_it(tmp_path: Path) -> None:
    stream = tmp_path / "export"
    stream.write_bytes(FOLLOWED.data())
    with stream.open("rb") as opened:
        trusted = {verifier.parse_key(str(ONE.verifier))}
        result = verifier.verify_export(opened, trusted, {}, "")
    [followed] = result.followed
    assert (followed.entry, str(followed.key)) == (6, str(TWO.verifier))
    assert followed.replaces == keychain.label(ONE.verifier)


def test_a_chain_of_keys_is_followed_to_its_end(run: Run) -> None:
    made = log(rotated(6, TWO, ONE), rotated(7, THREE, TWO))
    whole = signed(made, (5, [ONE]), (6, [TWO, ONE]), (7, [THREE, TWO]), (8, [THREE]))
    for trusted in (ONE, TWO, THREE):
        assert run(whole, trusted).code == 0
    together = signed(made, (5, [ONE]), (7, [THREE, ONE]), (8, [THREE]))
    assert run(together, ONE).code == 0


def test_a_swapped_key_is_never_intact(run: Run) -> None:
    told = run(signed(log(), (3, [ONE]), (6, [THIEF])), ONE)
    assert (told.code, told.findings, told.signed) == (5, [], None)
    assert told.why_unsigned.startswith("the newest is signed by no key you gave")
    assert keychain.label(THIEF.verifier) in told.why_unsigned


def test_an_older_export_is_unsigned_to_who_holds_the_newer_key_alone(run: Run) -> None:
    for made in (signed(log(), (6, [ONE])), signed(ROTATED, (3, [ONE]), (5, [ONE]))):
        told = run(made, TWO)
        assert (told.code, told.findings) == (5, [])
        assert "an older or newer key of this log, or another log's" in told.why_unsigned
    assert run(FOLLOWED, TWO).code == 0
    whole = log(rotated(6, TWO, ONE), rotated(7, THREE, TWO))
    assert run(signed(whole, (6, [TWO, ONE])), THREE).code == 5


def test_a_key_that_the_newer_one_has_replaced_signs_no_longer(run: Run) -> None:
    assert run(signed(ROTATED, (6, [TWO, ONE]), (7, [ONE])), TWO).code == 1


def test_an_entry_alone_makes_no_key_trusted(run: Run) -> None:
    """Whoever can write an entry, but not sign by the old key, gains nothing."""
    told = run(signed(ROTATED, (5, [ONE]), (7, [TWO])), ONE)
    assert told.code == 1
    assert run(signed(ROTATED, (7, [TWO])), ONE).code == 1
    assert run(signed(ROTATED, (5, [ONE]), (6, [TWO]), (7, [TWO])), ONE).code == 1


def test_a_key_that_replaces_one_that_is_not_trusted_is_not_either(run: Run) -> None:
    made = log(rotated(6, TWO, THREE))
    assert run(signed(made, (6, [TWO, ONE]), (7, [TWO])), ONE).code == 5
    assert run(signed(made, (6, [TWO, ONE])), ONE).code == 0


def test_keys_that_the_export_lists_prove_nothing(run: Run) -> None:
    made = replace(signed(log(), (6, [THIEF])), keys=(str(ONE.verifier), str(THIEF.verifier)))
    assert run(made, ONE).code == 5
    assert run(made).code == 5


def test_a_key_that_was_replaced_signs_no_longer(run: Run) -> None:
    """Else a thief of an old key could go on with the log as it was before."""
    told = run(signed(ROTATED, (6, [TWO, ONE]), (7, [ONE])), ONE)
    assert told.code == 1
    assert f"{keychain.label(ONE.verifier)} was replaced in entry 6" in told.findings[0]


def test_of_two_keys_that_replace_the_same_the_first_counts(run: Run) -> None:
    made = log(rotated(6, TWO, ONE), rotated(7, THIEF, ONE))
    assert run(signed(made, (6, [TWO, ONE]), (8, [THIEF])), ONE).code == 5
    assert run(signed(made, (6, [TWO, ONE]), (8, [TWO])), ONE).code == 0
    assert run(signed(made, (7, [TWO, ONE]), (8, [THIEF])), ONE).code == 5


def test_entries_in_another_order_are_not_followed(run: Run) -> None:
    made = log(rotated(6, THREE, TWO), rotated(7, TWO, ONE))
    assert run(signed(made, (7, [TWO, ONE]), (8, [THREE])), ONE).code == 5
    assert run(signed(made, (7, [TWO, ONE]), (8, [TWO])), ONE).code == 0


@pytest.mark.parametrize("place", [1, 6])
def test_a_key_that_replaces_one_that_is_only_introduced_later_is_not_trusted(
    place: int, run: Run
) -> None:
    """Else whoever writes to a young log could slip a key in before the first one."""
    bodies = [*SMALL.bodies[1:], entry(7)]
    bodies[place - 1 : place] = [rotated(place, THIEF, ONE), introduced(place + 1, ONE)]
    made = replace(SMALL, bodies=tuple(retimed(bodies)))
    size = len(made.bodies)
    assert run(signed(made, (size - 1, [ONE]), (size, [THIEF])), ONE).code == 5
    assert run(signed(made, (size - 1, [ONE]), (size, [ONE])), ONE).code == 0


def retimed(bodies: list[bytes]) -> list[bytes]:
    """Each entry as the log would number and time it."""
    times = [
        {key: json.loads(entry(n))[key] for key in ("time", "uuid")}
        for n in range(1, len(bodies) + 1)
    ]
    return [compact({**json.loads(body), **at}) for body, at in zip(bodies, times, strict=True)]


def test_a_key_that_is_introduced_beside_the_first_replaces_nothing_and_is_not_replaced(
    run: Run,
) -> None:
    made = log(introduced(6, THREE), rotated(7, THIEF, THREE))
    assert run(signed(made, (7, [ONE, THREE]), (8, [THIEF])), THREE).code == 5
    assert run(signed(made, (7, [ONE, THREE]), (8, [ONE])), ONE).code == 0


def test_a_key_never_comes_back(run: Run) -> None:
    made = log(rotated(6, TWO, ONE), rotated(7, ONE, TWO))
    assert run(signed(made, (6, [TWO, ONE]), (7, [ONE, TWO]), (8, [TWO])), ONE).code == 0
    assert run(signed(made, (6, [TWO, ONE]), (7, [ONE, TWO]), (8, [ONE])), ONE).code == 1


def test_a_checkpoint_that_is_not_of_this_log_makes_no_key_trusted(run: Run) -> None:
    """The old key has signed another log, in which this entry may not be."""
    other = ROTATED.edited(2, lambda body: body.update(actor="user:2"))
    note = sign(other.text(6), [ONE])
    made = replace(signed(ROTATED, (7, [TWO])), keys=(str(ONE.verifier), str(TWO.verifier)))
    told = run(replace(made, checkpoints=(note, *made.checkpoints)), ONE)
    assert told.code == 1
    assert len(told.findings) == 2


FACTS: Any = keys.facts(TWO.verifier, replaces=ONE.verifier)
ROW = FACTS["key"][0]


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"key": []},
        {"key": [ROW, ROW]},
        {"key": ROW},
        {"key": [None]},
        {"key": [{**ROW, "public": "o+00000000+AAAA"}]},
        {"key": [{**ROW, "public": None}]},
        {"key": [{**ROW, "id": keychain.label(THIEF.verifier)}]},
        {"key": [{**ROW, "replaces": None}]},
        {"key": [{**ROW, "replaces": ORIGIN}]},
        {"key": [{"id": ROW["id"], "public": ROW["public"]}]},
    ],
    ids=str,
)
def test_an_entry_that_names_no_key_makes_none_trusted(facts: object, run: Run) -> None:
    made = log(rotated(6, TWO, ONE, facts=facts))
    assert run(signed(made, (6, [TWO, ONE]), (7, [TWO])), ONE).code == 5
    assert run(signed(made, (6, [TWO, ONE]), (7, [ONE])), ONE).code == 0


@pytest.mark.parametrize("kind", ["key.introduced", "key.rotate", "test.made"])
def test_an_entry_of_another_kind_makes_no_key_trusted(kind: str, run: Run) -> None:
    made = log(rotated(6, TWO, ONE, kind=kind))
    assert run(signed(made, (6, [TWO, ONE]), (7, [TWO])), ONE).code == 5


def test_a_key_of_another_name_does_not_take_over(run: Run) -> None:
    other = Signer("example.org/other", bytes([9] * 32))
    made = log(rotated(6, other, ONE))
    assert run(signed(made, (6, [other, ONE]), (7, [other])), ONE).code == 5


def test_of_two_keys_with_one_id_only_the_one_that_signed_has_signed() -> None:
    """Four bytes of id can be made to collide; the names are free to choose."""
    real = verifier.parse_key(str(ONE.verifier))
    note = sign(SMALL.text(5), [ONE])
    for seed in range(20):  # whatever the order in which a set gives them
        public = Signer(ORIGIN, bytes([100 + seed] * 32)).verifier.public
        twin = verifier.Key(real.name, real.id, public)
        assert verifier.open_checkpoint(note, {real, twin})[1] == {real}
        with pytest.raises(verifier.Problem):
            verifier.open_checkpoint(note, {twin})


def test_a_receipt_and_a_checkpoint_signed_by_a_newer_key_alone_say_what_to_do(
    tmp_path: Path,
) -> None:
    note = sign(SMALL.text(1), [TWO])
    receipt = {
        "format": verifier.RECEIPT,
        "body_base64": base64.b64encode(SMALL.bodies[0]).decode(),
        "sequence": 1,
        "proof": [],
        "checkpoint": note,
    }
    growth = {"format": verifier.GROWTH, "from": 1, "to": 1, "proof": []}
    files = {"receipt": json.dumps(receipt), "new": note, "growth": json.dumps(growth)}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    asked = [
        ("--receipt", tmp_path / "receipt"),
        (
            *("--checkpoint", tmp_path / "new", "--against", tmp_path / "new"),
            *("--proof", tmp_path / "growth"),
        ),
    ]
    for arguments in asked:
        told = verify(*arguments, "--key", ONE.verifier)
        assert (told.code, told.findings) == (5, [])
        assert f"by no key you gave, but by {keychain.label(TWO.verifier)}" in told.why_unsigned
        assert "verified with the key that you have" in told.why_unsigned
        assert verify(*arguments, "--key", TWO.verifier).code == 0
