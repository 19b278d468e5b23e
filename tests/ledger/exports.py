"""Exports for the tests of the verifier: made of parts, so that each can be attacked."""

import io
import json
import subprocess
import sys
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from django.core.management import call_command

from ledger import merkle, replay, verifier
from ledger.export import export_lines
from ledger.journal import TreeHead
from ledger.notes import Signer, checkpoint_text, sign
from tests.conftest import NOW
from tests.making import Maker

VERIFIER = Path(verifier.__file__)
ORIGIN = "example.org/ledger"
SIGNER = Signer(ORIGIN, bytes(range(32)))
OTHER = Signer(ORIGIN, bytes(32))
KEY = str(SIGNER.verifier)


@dataclass(frozen=True)
class Made:
    """An export in parts; what is not given is computed, as an attacker with every right would."""

    bodies: tuple[bytes, ...]
    checkpoints: tuple[str, ...] = ()
    keys: tuple[str, ...] = (KEY,)
    header: dict[str, object] = field(default_factory=dict)
    trailer: dict[str, object] = field(default_factory=dict)

    @property
    def root(self) -> bytes:
        return merkle.root_of(map(merkle.leaf_hash, self.bodies))

    def data(self) -> bytes:
        lines = export_lines(
            entries=self.bodies,
            head=TreeHead(len(self.bodies), self.root.hex()),
            checkpoints=self.checkpoints,
            keys=self.keys,
            origin=ORIGIN,
        )
        header, *bodies, trailer = b"".join(lines).split(b"\n")[:-1]
        frames = [
            compact({**json.loads(frame), **changed})
            for frame, changed in ((header, self.header), (trailer, self.trailer))
        ]
        return b"".join(line + b"\n" for line in (frames[0], *bodies, frames[1]))

    def signed(self, *sizes: int, by: Sequence[Signer] = (SIGNER,)) -> "Made":
        made = [sign(self.text(size), by) for size in sizes or (len(self.bodies),)]
        return replace(self, checkpoints=tuple(made), keys=tuple(str(s.verifier) for s in by))

    def text(self, size: int) -> str:
        return checkpoint_text(ORIGIN, size, self.first(size).root)

    def first(self, size: int) -> "Made":
        return replace(self, bodies=self.bodies[:size])

    def edited(self, place: int, change: Callable[[dict[str, Any]], None]) -> "Made":
        """One entry says something else; everything that follows from it is as it would be."""
        body = json.loads(self.bodies[place - 1])
        change(body)
        return self.with_body(place, compact(body))

    def with_body(self, place: int, body: bytes) -> "Made":
        return replace(self, bodies=(*self.bodies[: place - 1], body, *self.bodies[place:]))

    def place_of(self, kind: str) -> int:
        """The number of the first entry of this kind."""
        return next(
            place for place, body in enumerate(self.bodies, 1) if json.loads(body)["kind"] == kind
        )


def compact(value: object) -> bytes:
    said = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return said.encode()


@dataclass(frozen=True)
class Told:
    code: int
    verdict: str
    findings: list[str]
    about: str
    signed: int | None
    why_unsigned: str = ""
    against: Sequence[tuple[str, int]] = ()


def verify(*arguments: object) -> Told:
    """Run the verifier as a stranger would: nothing of ours can be imported."""
    command = [sys.executable, "-I", "-S", str(VERIFIER), *map(str, arguments), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if not done.stdout:
        return Told(done.returncode, "", [done.stderr], "", None)
    said = json.loads(done.stdout)
    findings = [f"{found['place']}: {found['problem']}" for found in said["findings"]]
    assert (said["exit_code"], done.stderr) == (done.returncode, "")
    return Told(
        done.returncode,
        said["verdict"],
        findings,
        said["about"],
        said["signed"],
        said["why_unsigned"],
        [(held["file"], held["size"]) for held in said["against"]],
    )


def entry(number: int, **facts: object) -> bytes:
    return compact(
        {
            "actor": "user:1",
            "facts": facts,
            "kind": "test.made",
            "subject": "test:ä",
            "time": f"2026-01-01T00:00:{number:02}.000000Z",
            "uuid": str(uuid.UUID(int=number)),
        }
    )


SMALL = Made(tuple(entry(number, note=f"Zürich {number}\n") for number in range(1, 6)))


def rename(body: dict[str, Any]) -> None:
    """The smallest of changes to an entry."""
    body["actor"] = "user:2"


def told_of(story: Callable[[Maker], None], path: Path) -> tuple[bytes, list[str]]:
    """The export of a log in which a story came about; and what `verify_ledger` found.

    In a database that is empty again afterwards.
    """
    try:
        story(Maker(NOW))
        found = [str(finding) for finding in replay.verify().findings]
        call_command("export_ledger", "--output", str(path), stdout=io.StringIO())
        return path.read_bytes(), found
    finally:
        call_command("flush", interactive=False, verbosity=0)
