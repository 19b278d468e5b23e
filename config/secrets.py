"""Secrets that the service makes for itself, in files that only its owner can read."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from secrets import token_urlsafe


def stored_secret(path: Path, make: Callable[[], str] = token_urlsafe) -> str:
    """The secret kept in `path`; made by `make` and stored (mode 0600) when there is none yet.

    Every caller gets the same secret, whichever of two processes that start at once makes it,
    and none ever sees half of it. A file that is there but empty is an error (`ValueError`): to
    replace a lost secret in silence would lock out whatever was protected by it.
    """
    if not path.exists():
        _store_once(path, make())
    secret = path.read_text().strip()
    if not secret:
        raise ValueError(f"{path} is empty; restore it, or delete it to have a new secret made")
    return secret


def _store_once(path: Path, secret: str) -> None:
    """Writes the whole secret beside `path`, then links it there unless another was first."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secret)
            file.flush()
            os.fsync(file.fileno())
        # A link fails where a rename would replace: the first one stays.
        os.link(draft, path)
        sync_folder(path.parent)
    except FileExistsError:
        pass
    finally:
        Path(draft).unlink()


def sync_folder(folder: Path) -> None:
    """Returns when the names that were given in `folder` would survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
