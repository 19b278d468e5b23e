"""Small files for this account's eyes alone (mode 600), written whole or not at all."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path


def read(path: Path) -> str | None:
    """What the file holds; None where there is none. OSError or ValueError if it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


def write(path: Path, text: str) -> None:
    """Replace the file. Returns once that would survive a power cut; until then the old stands."""
    draft = _drafted(path, text)
    try:
        draft.rename(path)
    finally:
        draft.unlink(missing_ok=True)
    _sync(path.parent)


def create(path: Path, text: str) -> None:
    """Like `write`, but whoever was there first stays."""
    draft = _drafted(path, text)
    try:
        # A link fails where a rename would replace.
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
    _sync(path.parent)


def _drafted(path: Path, text: str) -> Path:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 600
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return Path(draft)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
