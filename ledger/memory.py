"""What the signer remembers of the checkpoint it signed last, outside of the database.

A file of JSON: the checkpoint's number, its note, and the tree's frontier at its size. With it, the
signer signs nothing that does not extend what it signed, whatever is done to the database.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledger import private
from ledger.errors import MemoryUnusable, NoteError
from ledger.merkle import Frontier
from ledger.notes import Checkpoint, parse_checkpoint

FORMAT = "prediction-ledger-signer/1"
_KEYS = {"format", "frontier", "note", "number"}


@dataclass(frozen=True)
class Memory:
    """The last checkpoint signed, and the frontier (largest subtree first) at its size."""

    number: int
    note: str
    nodes: tuple[bytes, ...]

    @property
    def checkpoint(self) -> Checkpoint:
        """What the note says. Whether it is signed is for the reader to ask."""
        return parse_checkpoint(self.note.partition("\n\n")[0] + "\n")

    def frontier(self) -> Frontier:
        """The tree as it was signed, ready to grow."""
        return Frontier.resumed(self.checkpoint.size, self.nodes)


def load(path: Path) -> Memory | None:
    """What was remembered; None where there is no file. Raises MemoryUnusable; repairs nothing."""
    try:
        text = private.read(path)
        return None if text is None else _parse(json.loads(text))
    except (OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise MemoryUnusable(
            f"the signer's state file {path} is damaged ({type(error).__name__}). {WHAT_TO_DO}"
        ) from error


def store(path: Path, memory: Memory) -> None:
    """Remember this instead. Returns once it would survive a power cut."""
    said = {
        "format": FORMAT,
        "frontier": [node.hex() for node in memory.nodes],
        "note": memory.note,
        "number": memory.number,
    }
    private.write(path, json.dumps(said, indent=1, sort_keys=True, ensure_ascii=False) + "\n")


WHAT_TO_DO = (
    "Run manage.py verify_ledger and compare with a report you hold; if all is well, move the file "
    "away: the signer then reads the whole log anew"
)


def _parse(said: Any) -> Memory:
    if said.keys() != _KEYS or said["format"] != FORMAT:
        raise ValueError("not a signer's state")
    memory = Memory(
        number=int(said["number"]),
        note=str(said["note"]),
        nodes=tuple(map(bytes.fromhex, said["frontier"])),
    )
    if type(said["number"]) is not int or memory.number < 1:
        raise ValueError("its number is none")
    if memory.frontier().root() != memory.checkpoint.root:
        raise NoteError("its frontier is not that of its note")
    return memory
