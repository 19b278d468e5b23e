"""What somebody was once shown of the log, held against the log as it is today.

Reads what `verifier.py` reads, with its own functions, so that the page and the file never differ.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from ledger import checkpoints, journal, proving, verifier
from ledger.errors import NoteError
from ledger.notes import open_note

MOST_READ = 10_000  # characters: a report has less
MOST_CLAIMS = 20  # different ones, of one text

_NOTE = re.compile(
    r"(?m)^(?P<text>\S[^\n]*\n(?P<size>0|[1-9][0-9]{0,18})\n(?P<root>[A-Za-z0-9+/]{43}=)\n)"
    r"\n(?P<signatures>(?:— \S+ [A-Za-z0-9+/=]+(?:\n|\Z))+)"
)


class Verdict(StrEnum):
    """What became of what they were shown."""

    HOLDS = "holds"  # today's log begins with exactly these entries
    DIFFERS = "differs"  # its first entries are others
    SHORTER = "shorter"  # it has fewer


@dataclass(frozen=True)
class Claim:
    """A size and root that somebody holds, and the signed note that says so, if they have it."""

    size: int
    root: str
    note: str | None = None


@dataclass(frozen=True)
class Judged:
    """`root_here` is that of as many entries today; None where there are not as many.

    `signed` is None without a note, and else whether a key of this log has signed it.
    """

    claim: Claim
    verdict: Verdict
    size_now: int
    root_here: str | None
    signed: bool | None


def read(text: str) -> list[Claim]:
    """Every size and root in a report, a note, or a mail, by size; none where it holds none."""
    parts = list(verifier.texts_in(text.encode("utf-8", "replace")))
    notes = {
        (int(found["size"]), verifier.unbase64(found["root"])): f"{found[0].rstrip()}\n"
        for part in parts
        for found in _NOTE.finditer(verifier.unquoted(part))
        if _is_base64(found["root"])
    }
    sizes = {one for part in parts for one in verifier.find_witnesses(part)} | notes.keys()
    return [Claim(size, root.hex(), notes.get((size, root))) for size, root in sorted(sizes)]


def judge(claim: Claim) -> Judged:
    """Hold a claim against the log of this moment. Raises DoesNotHold."""
    now = journal.head().size
    signed = None if claim.note is None else _is_signed(claim.note)
    if claim.size > now:
        return Judged(claim, Verdict.SHORTER, now, None, signed)
    here = proving.root_of(claim.size).hex()
    verdict = Verdict.HOLDS if here == claim.root else Verdict.DIFFERS
    return Judged(claim, verdict, now, here, signed)


def _is_signed(note: str) -> bool:
    try:
        open_note(note, checkpoints.verifier_keys())
    except NoteError:
        return False
    return True


def _is_base64(text: str) -> bool:
    try:
        return len(verifier.unbase64(text)) == 32
    except verifier.Problem:
        return False
