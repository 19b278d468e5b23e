"""What this machine has verified, remembered outside of the database: where `--since` goes on."""

import json
from pathlib import Path

from django.conf import settings

from ledger import checkpoints
from ledger.errors import CannotResume
from ledger.journal import TreeHead
from ledger.replay import Verification


def remember(result: Verification) -> None:
    """Note the newest checkpoint of a ledger that was found intact. Raises OSError."""
    newest = checkpoints.latest()
    if newest is None or newest.size > result.size:
        return
    file = _file()
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = file.with_suffix(".part")
    draft.write_text(json.dumps({"size": newest.size, "root": newest.head.root}))
    draft.replace(file)


def resolve(asked: str) -> TreeHead:
    """The size and root that verification goes on from: `last`, or the size of a checkpoint.

    Only what was verified here, or an earlier checkpoint of it, will do: raises CannotResume.
    """
    last = _last()
    if asked == "last":
        return last
    if not (asked.isascii() and asked.isdigit()):
        raise CannotResume(f"{asked!r} is neither `last` nor the size of a checkpoint")
    for signed in checkpoints.all_checkpoints():
        if signed.size == int(asked) and signed.size <= last.size:
            return signed.head
    raise CannotResume(
        f"no checkpoint of {asked} entries was verified here; give `last`, or leave it away"
    )


def _last() -> TreeHead:
    try:
        size, root = _parse(_file().read_text())
        return TreeHead(size, root)
    except FileNotFoundError:
        problem = "nothing was verified here before"
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        problem = f"{_file()} cannot be read ({type(error).__name__})"
    raise CannotResume(f"{problem}; verify everything once, without --since")


def _parse(text: str) -> tuple[int, str]:
    said = json.loads(text)
    size, root = said["size"], said["root"]
    if type(size) is not int or not 0 <= size < 2**63 or len(bytes.fromhex(root)) != 32:
        raise ValueError("neither a size nor a root")
    return size, root


def _file() -> Path:
    folder: Path = settings.DATA_DIR
    return folder / "verified.json"
