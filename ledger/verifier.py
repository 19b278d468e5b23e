#!/usr/bin/env python3
"""Verifies an export of a prediction ledger, offline: this one file, and Python 3.9 or later.

It trusts nothing but what you bring: the log's public key, or what you once received from it (a
checkpoint, or a report's mail). In order: findings, canonical JSON, the Merkle tree, Ed25519, keys
and notes, changes of key, witnesses, scores, the log, the three modes, the command line.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import datetime as dt
import email
import functools
import gzip
import hashlib
import html
import json
import math
import os
import re
import sys
import unicodedata
import zlib
from collections.abc import Callable, Iterable, Iterator
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

INTACT, TAMPERED, CANNOT_RUN, ROLLED_BACK, STALE, UNSIGNED = range(6)
VERDICTS = ("intact", "TAMPERED", "could not run", "ROLLED BACK", "STALE", "unsigned")
EPILOG = """\
exit codes, the first that applies:
  2  could not run: bad usage, a file that cannot be read or is of another kind than it was given as
  1  tampered: something is not as it was written; every place is named
  3  rolled back: intact in itself, but shorter than a checkpoint that you hold or it shows itself
  5  unsigned: intact in itself, but it has no checkpoint, you gave no --key, or no key of yours has
     signed the newest checkpoint: nothing is contradicted, and nobody you know vouches for it
  4  stale: nothing signed is younger than --max-age (a checkpoint is as old as its last entry)
  0  intact: up to its newest checkpoint, everything is as a key of yours has signed it

Entries after the newest checkpoint are verified too, but nobody has signed them yet. Of a .gz, what
it unpacks to is verified. Signatures of checkpoints given by --against are not asked for: you vouch
for what you have kept.

When the log changes its key, an entry says so, and a checkpoint that covers this entry is signed by
the old key too. Give any key that you hold: in an export, the newer ones are followed from it, and
shown. From then on the replaced key counts no more; of two that replace the same key, the first
counts. No other key is trusted, whatever the export lists: who writes a log anew signs it by a key
of their own. A receipt, or a checkpoint alone, shows no such entry: give the key that signed it, as
an export has shown it to you.
"""
MOST_SHOWN = 100  # findings; all are counted


class Problem(Exception):
    """Something is not as it should be; whoever catches it knows the place."""


class WrongFile(ValueError):
    """A file is not of the kind that it was given as, so it shows nothing about a log."""


class Findings:
    """What was found, each with its place."""

    def __init__(self) -> None:
        self.codes: set[int] = set()
        self.total = 0
        self.shown: list[dict[str, str]] = []

    def add(self, place: str, problem: object, code: int = TAMPERED) -> None:
        self.codes.add(code)
        self.total += 1
        if self.total <= MOST_SHOWN:
            self.shown.append({"place": place, "problem": printable(problem)})

    @contextlib.contextmanager
    def at(self, place: str) -> Iterator[None]:
        """Whatever is a Problem inside is a finding at this place."""
        try:
            yield
        except Problem as problem:
            self.add(place, problem)


def printable(text: object) -> str:
    """What a stranger wrote is printed without its control characters."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f]", "?", str(text))


# --- canonical JSON: RFC 8785, of values that every language writes alike ---------------------


def parse_json(data: bytes, canonical: bool = True) -> Any:
    """A value without floats, doubled or non-ASCII keys, large integers, or text that is not NFC.

    Where it is to be canonical, any other bytes are a Problem, even if they say the same.
    """
    try:
        text = data.decode("utf-8")
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_no_float,
            parse_constant=_no_float,
        )
        # Of a text in normal form, every part is; unless it says something by number.
        if "\\u" in text or not unicodedata.is_normalized("NFC", text):
            _check_text(value)
        again = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    except (ValueError, RecursionError) as error:
        raise Problem(f"is not JSON ({error})") from error
    if canonical and again.encode("utf-8") != data:
        raise Problem("is not in canonical form")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs) or not "".join(value).isascii():
        raise Problem("names a key twice, or one that is not ASCII")
    return value


def _integer(digits: str) -> int:
    if len(digits) > 17 or abs(int(digits)) >= 2**53:
        raise Problem(f"holds an integer that is not below 2^53: {digits[:30]}")
    return int(digits)


def _no_float(digits: str) -> None:
    raise Problem(f"holds a number that is not an integer: {digits[:30]}")


def _check_text(value: Any) -> None:
    if isinstance(value, str):
        value.encode("utf-8")  # no half of a surrogate pair
        if not unicodedata.is_normalized("NFC", value):
            raise Problem("holds text that is not in Unicode normal form C")
    elif isinstance(value, (list, dict)):
        for item in value.values() if isinstance(value, dict) else value:
            _check_text(item)


def check_shape(value: Any, shape: dict[str, Any]) -> None:
    """Exactly these keys, each with a value of its type, or of one of its types."""
    if not isinstance(value, dict) or value.keys() != shape.keys():
        raise Problem(f"does not have the keys {', '.join(shape)}, and no others")
    for key, types in shape.items():
        if type(value[key]) not in (types if isinstance(types, tuple) else (types,)):
            raise Problem(f"has a {key} of the wrong type")


# --- the Merkle tree: RFC 9162, section 2.1 ---------------------------------------------------

EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(body: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + body).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """Keeps every complete subtree's hash, 64 bytes an entry, so it knows its root at any size."""

    def __init__(self) -> None:
        self.size = 0
        self.levels: list[bytearray] = []

    def add(self, node: bytes) -> None:
        """Append a leaf hash; a pair that it completes is a node of the next level."""
        self.size += 1
        for level in self.levels:
            level += node
            if len(level) % 64:
                return
            node = node_hash(bytes(level[-64:-32]), node)
        self.levels.append(bytearray(node))

    def root(self, size: int) -> bytes:
        """Its complete subtrees, one a set bit of `size`, folded from the right."""
        found = b""
        for number, level in enumerate(self.levels):
            if size >> number & 1:
                end = (size >> number) * 32
                node = bytes(level[end - 32 : end])
                found = node_hash(node, found) if found else node
        return found or EMPTY_ROOT


def proves_inclusion(leaf: bytes, index: int, head: Checkpoint, proof: list[bytes]) -> bool:
    """Section 2.1.3.2. Size and root are a signed checkpoint's: a proof does not say its size."""
    roots = climb(index, head.size - 1, leaf, proof) if 0 <= index < head.size else None
    return roots is not None and roots[1] == head.root


def proves_consistency(old: Checkpoint, new: Checkpoint, proof: list[bytes]) -> bool:
    """Section 2.1.4.2. Nothing needs a proof between equals, nor after an empty log."""
    if old.size in (0, new.size):
        return old.root == (new.root if old.size == new.size else EMPTY_ROOT) and not proof
    # A complete old tree is a node of the new one, and the proof leaves it out.
    first, *rest = [old.root, *proof] if old.size & (old.size - 1) == 0 else proof or [b""]
    place, last = old.size - 1, new.size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    return climb(place, last, first, rest) == (old.root, new.root)


def climb(place: int, last: int, node: bytes, proof: list[bytes]) -> tuple[bytes, bytes] | None:
    """From the node at this place of its level, of which `last` is the last, to the root: of the
    tree that ends with the node, and of the whole. None where the proof is too short or long."""
    old = new = node
    for sibling in proof:
        if last == 0:
            return None
        if place & 1 or place == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while place and not place & 1:  # at the right edge, some levels have no sibling
                place, last = place >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        place, last = place >> 1, last >> 1
    return (old, new) if last == 0 else None


# --- Ed25519: RFC 8032, section 5.1. For verifying alone: it is not constant-time --------------

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT_OF_MINUS_1 = pow(2, (P - 1) // 4, P)
Point = tuple[int, int, int, int]  # X, Y, Z, T: x = X/Z, y = Y/Z, xy = T/Z
NEUTRAL: Point = (0, 1, 1, 0)


def point_add(one: Point, other: Point) -> Point:
    """Section 5.1.4."""
    a = (one[1] - one[0]) * (other[1] - other[0]) % P
    b = (one[1] + one[0]) * (other[1] + other[0]) % P
    c = 2 * one[3] * other[3] * D % P
    d = 2 * one[2] * other[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def point_multiply(scalar: int, point: Point) -> Point:
    total = NEUTRAL
    while scalar:
        if scalar & 1:
            total = point_add(total, point)
        point = point_add(point, point)
        scalar >>= 1
    return total


def point_encode(point: Point) -> bytes:
    """Section 5.1.2."""
    inverse = pow(point[2], -1, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def point_decode(data: bytes) -> Point | None:
    """Section 5.1.3; None where no point is encoded, or not in the one way there is."""
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & (1 << 255) - 1
    if len(data) != 32 or y >= P:
        return None
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if (v * x * x + u) % P == 0:
        x = x * ROOT_OF_MINUS_1 % P
    if (v * x * x - u) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


BASE = cast(Point, point_decode(bytes.fromhex("58" + 31 * "66")))  # y = 4/5


def verifies(public: bytes, message: bytes, signature: bytes) -> bool:
    """Section 5.1.7, without its factor of 8: is [S]B − [k]A the bytes R?"""
    point = point_decode(public)
    s = int.from_bytes(signature[32:], "little")
    if point is None or len(signature) != 64 or s >= ORDER:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little")
    minus_a = (P - point[0], point[1], 1, P - point[3])
    found = point_add(point_multiply(s, BASE), point_multiply(k % ORDER, minus_a))
    return point_encode(found) == signature[:32]


# --- keys and notes: c2sp.org/signed-note, c2sp.org/tlog-checkpoint ---------------------------


class Key(NamedTuple):
    name: str
    id: bytes
    public: bytes

    @property
    def label(self) -> str:
        return f"{self.name}+{self.id.hex()}"

    def __str__(self) -> str:
        return f"{self.label}+" + base64.b64encode(b"\x01" + self.public).decode()


class Checkpoint(NamedTuple):
    origin: str
    size: int
    root: bytes


def parse_key(text: Any) -> Key:
    """`<name>+<8 hex digits of the id>+<base64 of 0x01 and the public key>`."""
    matched = re.fullmatch(r"([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)", str(text))
    public = unbase64(matched[3]) if matched else b""
    if not matched or len(public) != 33 or public[0] != 1:
        raise Problem(f"{text!r} is not a verifier key")
    name, key_id = matched[1], bytes.fromhex(matched[2])
    if hashlib.sha256(name.encode() + b"\n" + public).digest()[:4] != key_id:
        raise Problem(f"the id of the key {text!r} is not that of its bytes")
    point = point_decode(public[1:])
    if point is None or point_encode(point_multiply(8, point)) == point_encode(NEUTRAL):
        raise Problem(f"{text!r} is no key: nobody could sign by it, or anybody")
    return Key(name, key_id, public[1:])


def open_checkpoint(note: Any, keys: set[Key]) -> tuple[Checkpoint, set[Key], list[str]]:
    """What a note says, the keys that have signed it, and the names of others that claim to.

    A false signature by one of the keys condemns the note.
    """
    text, blank, tail = str(note).rpartition("\n\n")
    if not blank or not tail.endswith("\n") or re.search(r"[\x00-\x09\x0b-\x1f]", str(note)):
        raise Problem("is not a signed note")
    signed, others = set(), []
    for number, line in enumerate(tail[:-1].split("\n")):
        matched = re.fullmatch(r"— ([^\s+]+) ([A-Za-z0-9+/=]+)", line)
        signature = unbase64(matched[2]) if matched else b""
        if not matched or len(signature) < 5 or number == 100:
            raise Problem(f"{line!r} is not a signature line, or there are more than 100")
        by = [key for key in keys if key[:2] == (matched[1], signature[:4])]
        # An id is short: two keys may share it, and only one of them has signed.
        true = {key for key in by if verifies(key.public, f"{text}\n".encode(), signature[4:])}
        if not by:
            others.append(f"{matched[1]}+{signature[:4].hex()}")
        elif not true:
            raise Problem(f"the signature of {matched[1]} does not hold")
        signed |= true
    return parse_checkpoint(f"{text}\n"), signed, others


def parse_checkpoint(text: str) -> Checkpoint:
    """Origin, size and root, a line each; no extension lines."""
    matched = re.fullmatch(r"([^\x00-\x1f]+)\n(0|[1-9][0-9]{0,18})\n([A-Za-z0-9+/]{43}=)\n", text)
    if not matched:
        raise Problem("is not a checkpoint: origin, size, root")
    return Checkpoint(matched[1], int(matched[2]), unbase64(matched[3]))


def unbase64(text: str) -> bytes:
    """Only the one spelling of the bytes."""
    with contextlib.suppress(ValueError):
        data = base64.b64decode(text, validate=True)
        if base64.b64encode(data).decode() == text:
            return data
    raise Problem(f"{text[:100]!r} is not base64, or not as it is written")


# --- changes of key: entries that say which key takes over ------------------------------------

INTRODUCED, ROTATED = "key.introduced", "key.rotated"


class Rotation(NamedTuple):
    entry: int
    key: Key
    replaces: str  # the label of a key


class Chain:
    """The keys as the log names them: one is introduced, then each replaces the one before it.

    An entry that does not go on so names none: nobody is trusted by it.
    """

    def __init__(self) -> None:
        self.name = ""
        self.labels: list[str] = []
        self.rotations: list[Rotation] = []

    def add(self, number: int, kind: str, facts: dict[str, Any]) -> None:
        with contextlib.suppress(Problem, KeyError, TypeError, ValueError):
            [row] = facts["key"]
            key = parse_key(row["public"])
            expected = (ROTATED, self.labels[-1]) if self.labels else (INTRODUCED, None)
            chains = (kind, row["replaces"]) == expected and row["id"] == key.label
            # A log keeps its name, and a key never comes back.
            if chains and self.name in ("", key.name) and key.label not in self.labels:
                if self.labels:
                    self.rotations.append(Rotation(number, key, self.labels[-1]))
                self.name, self.labels = key.name, [*self.labels, key.label]


class Trust:
    """The keys that count: those given, then those that take over from one that counts."""

    def __init__(self, given: set[Key], rotations: list[Rotation]) -> None:
        self.given, self.keys = given, set(given)
        self.rotations, self.pending = rotations, rotations[::-1]
        self.followed: list[Rotation] = []

    def vouches(self, signers: set[Key]) -> bool:
        return bool(self.keys & signers)

    def follow(self, size: int) -> None:
        """Take over what the first entries say of keys: a key that counts has signed them."""
        while self.pending and self.pending[-1].entry <= size:
            rotation = self.pending.pop()
            old = {key for key in self.keys if key.label == rotation.replaces}
            if {key.name for key in old} == {rotation.key.name}:  # a log keeps its name
                self.keys = self.keys - old | {rotation.key}
                self.followed.append(rotation)

    def refusal(self, signers: set[Key]) -> str:
        """Why nobody who counts has signed, and what to do about it."""
        told = "the newest is signed by no key you gave, nor by one that takes over from it"
        for rotation in self.followed:
            if any(key.label == rotation.replaces for key in signers):
                return f"{told}: {rotation.replaces} was replaced in entry {rotation.entry}"
        return f"{told}, but by {unknown(key.label for key in signers)}"

    def contradicts(self, signers: set[Key], size: int) -> bool:
        """Whether the log itself denies these signers: one was replaced, or claims in vain to have
        taken over from a key that counted. Of others nothing is known."""
        counted = self.given | {one.key for one in self.followed}
        ours, theirs = ({key.label for key in keys} for keys in (counted, signers))
        return bool(counted & signers) or any(
            (one.key in signers and one.replaces in ours)
            or (one.key in counted and one.replaces in theirs)
            for one in self.rotations
            if one.entry <= size
        )


def unknown(labels: Iterable[str]) -> str:
    return (
        f"{', '.join(sorted(labels))}: an older or newer key of this log, or another log's. An "
        "export, verified with the key that you have, shows the newer ones; learn any other from "
        "the log's publisher, and give it by --key"
    )


# --- witnesses: what somebody has kept --------------------------------------------------------

IN_TEXT = re.compile(
    r"(?<![0-9.,])([0-9]{1,19})\s+entries,\s+root\s+((?:[0-9a-fA-F]\s*){63}[0-9a-fA-F])\b"
)
IN_NOTE = re.compile(r"(?m)^[^\S\n]*\S[^\n]*\n\s*(0|[1-9][0-9]{0,18})\n\s*([A-Za-z0-9+/]{43}=)\s*$")
DEEPEST = 5  # mails within mails


def read_witnesses(path: Path) -> list[Checkpoint]:
    """Every checkpoint in a file: a note, signed or not, a report's text, or a mail's parts."""
    found = {one for text in texts_in(path.read_bytes()) for one in find_witnesses(text)}
    if not found:
        raise Problem(f"{path} holds no checkpoint, nor “N entries, root …” as in a report")
    return [Checkpoint("", size, root) for size, root in sorted(found)]


def find_witnesses(text: str) -> set[tuple[int, bytes]]:
    """Sizes and roots in a text, be it quoted, wrapped, or HTML."""
    found = set()
    for plain in {unquoted(text), unquoted(html.unescape(re.sub(r"<[^<>]*>", " ", text)))}:
        for size, root in IN_TEXT.findall(plain):
            found.add((int(size), bytes.fromhex("".join(root.split()))))
        for size, root in IN_NOTE.findall(plain):
            with contextlib.suppress(Problem):
                found.add((int(size), unbase64(root)))
    return found


def unquoted(text: str) -> str:
    """Without the marks that a mail program sets before each line of what it quotes."""
    return re.sub(r"(?m)^[ \t]*(?:>[ \t]?)+", "", re.sub(r"\r\n?", "\n", text))


def texts_in(data: bytes, depth: int = 0) -> Iterator[str]:
    """The text itself and, if it is a mail, that of its parts, and of the mails among these."""
    marked = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    yield data.decode("utf-16" if marked else "utf-8-sig", "replace")
    if depth == DEEPEST:
        return
    for part in email.message_from_bytes(data).walk():
        payload = part.get_payload(decode=True)
        if isinstance(payload, bytes) and payload != data:
            yield from texts_in(payload, depth + 1)


# --- scores: recomputed from the rows that the entries set ------------------------------------

RULES = ("brier", "log")
WHOLE = {"yes": 1.0, "no": 0.0}
FRACTION = re.compile(r"0\.[0-9]{0,5}[1-9]")
PLACES = Decimal("1e-9")
TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")


# What was forecast of options, numbers and dates: pairs, in order.
SHARE = re.compile(r"0\.[0-9]{6}|1\.000000")
LEVEL = re.compile(r"0\.[0-9]{6}")
NUMBER = re.compile(r"-?[0-9]{1,7}(\.[0-9]{1,6})?")
FLOOR = 0.01
Pairs = list[list[str]]
Figures = tuple[str, ...]  # value, best, worst
Earned = Callable[[str], dict[str, Figures]]  # by rule, of an answer


class Question(NamedTuple):
    """One that is not of yes or no."""

    kind: str
    ordered: bool
    options: list[str]


class Spread(NamedTuple):
    """A prediction of options by their probabilities, or of values by their levels."""

    question: str
    made_at: str
    shares: Pairs | None
    quantiles: Pairs | None


class Outcome(NamedTuple):
    id: str
    question: str
    answer: str | None
    settled_at: str
    entry: int


@functools.lru_cache(maxsize=1 << 16)
def losses(rule: str, low: str, p: str, high: str, answer: str) -> Figures:
    """What a probability of yes earned, and the best and worst that low ≤ p ≤ high allow.

    From float64, rounded half to even at 9 decimal places. A score grows away from the answer on
    either side: the best is at the probability nearest to it, the worst at one of the two ends.
    """
    o = share_of_yes(answer)
    least, said, most = float(low), float(p), float(high)
    nearest = min(max(o, least), most)
    at_p, at_nearest, at_low, at_high = (loss(rule, at, o) for at in (said, nearest, least, most))
    three = (at_p, min(at_nearest, at_p), max(at_low, at_high, at_p))
    return tuple(map(posted_text, three))


def posted_text(figure: float) -> str:
    return f"{Decimal(figure).quantize(PLACES, ROUND_HALF_EVEN):f}"


def loss(rule: str, p: float, o: float) -> float:
    """Brier: (p − o)². Log: −(o ln p + (1 − o) ln(1 − p)), each probability clipped to
    [0.01, 0.99]; for yes or no, −ln of the probability of what happened."""
    if rule == "brier":
        return (p - o) * (p - o)
    if o in (0.0, 1.0):
        return -math.log(clipped(abs(1.0 - o - p)))
    return -(o * math.log(clipped(p)) + (1.0 - o) * math.log(clipped(1.0 - p)))


def of_yes_or_no(low: str, p: str, high: str, answer: str) -> dict[str, Figures]:
    return {rule: losses(rule, low, p, high, answer) for rule in RULES}


def of_spread(question: Question | None, said: Spread, answer: str) -> dict[str, Figures]:
    """By rule: the value, which is the best and the worst too."""
    if question is None or (question.kind == "choice") != (said.shares is not None):
        raise Problem("does not say what its question asks for")
    if said.shares is not None:
        earned = of_options(question, said.shares, answer)
    else:
        number = day_number if question.kind == "date" else exact_number
        pairs = [(float(level), number(value)) for level, value in said.quantiles or ()]
        earned = {"crps": crps(pairs, number(answer))}
    return {rule: 3 * (posted_text(figure),) for rule, figure in earned.items()}


def of_options(question: Question, shares: Pairs, answer: str) -> dict[str, float]:
    """Brier: Σ (p − o)². In order, RPS: the mean of the squares of the sums of p − o so far, but
    for the last. Log: −ln of the probability of what came out, after `floored`."""
    if [option for option, _ in shares] != question.options:
        raise Problem("does not say the options of its question, in their order")
    if answer not in question.options:
        raise Problem(f"the answer {answer!r} is no option of the question")
    p = [float(share) for _, share in shares]
    hit = question.options.index(answer)
    off = [share - (1.0 if place == hit else 0.0) for place, share in enumerate(p)]
    log = -math.log(floored(p)[hit])
    if not question.ordered:
        return {"brier": running([miss * miss for miss in off])[-1], "log": log}
    steps = running(off)[:-1]
    return {"log": log, "rps": running([step * step for step in steps])[-1] / len(steps)}


def running(values: list[float]) -> list[float]:
    """The sums so far, one after another. Not `sum`, which newer Pythons round less."""
    totals: list[float] = []
    for value in values:
        totals.append(totals[-1] + value if totals else value)
    return totals


def floored(p: list[float]) -> list[float]:
    """No option below 0.01; the others make room in proportion, whoever sinks by that rises too."""
    if len(p) * FLOOR >= 1.0:
        return [FLOOR] * len(p)
    low = {place for place, share in enumerate(p) if share < FLOOR}
    while True:
        free = [0.0 if place in low else share for place, share in enumerate(p)]
        scale = (1.0 - FLOOR * len(low)) / running(free)[-1]
        found = [FLOOR if place in low else share * scale for place, share in enumerate(free)]
        sunk = {place for place, share in enumerate(found) if share < FLOOR}
        if not sunk:
            return found
        low |= sunk


def crps(pairs: list[tuple[float, float]], came_out: float) -> float:
    """Twice the mean over the levels of (1{y ≤ q} − τ)(q − y); of dates, in days."""
    values = [value for _, value in pairs]
    if values != sorted(values):
        raise Problem("says quantiles that fall")
    losses = [
        ((1.0 if value - came_out >= 0 else 0.0) - level) * (value - came_out)
        for level, value in pairs
    ]
    return 2 * (running(losses)[-1] / len(losses))


def exact_number(text: str) -> float:
    if not NUMBER.fullmatch(text):
        raise Problem(f"says {text!r}, which is not a number")
    return float(text)


def day_number(text: str) -> float:
    with contextlib.suppress(ValueError):
        day = dt.date.fromisoformat(text)
        if day.isoformat() == text:
            return float(day.toordinal())
    raise Problem(f"says {text!r}, which is not a date")


def check_pairs(shares: Pairs | None, quantiles: Pairs | None) -> None:
    """Probabilities that add up to 1; or levels that ascend, and lie between 0 and 1."""
    pairs = quantiles if shares is None else shares
    if (shares is None) == (quantiles is None) or not pairs:
        raise Problem("does not hold one thing: a probability, a distribution or quantiles")
    for pair in pairs:
        if [type(text) for text in pair] != [str, str]:
            raise Problem("holds what is not a pair of texts")
    form, column = (LEVEL, 0) if shares is None else (SHARE, 1)
    figures = [Decimal(pair[column]) for pair in pairs if form.fullmatch(pair[column])]
    if len(figures) != len(pairs):
        raise Problem("holds what is no probability")
    if shares is not None and sum(figures) != 1:
        raise Problem(f"holds probabilities that add up to {sum(figures)}, not to 1")
    if shares is None and (sorted(set(figures)) != figures or not figures[0]):
        raise Problem("holds levels that do not ascend from above 0")


def clipped(p: float) -> float:
    return min(max(p, 0.01), 0.99)


def share_of_yes(answer: str) -> float:
    """1 for yes, 0 for no, and a fraction between for a partial answer."""
    if answer in WHOLE:
        return WHOLE[answer]
    if not FRACTION.fullmatch(answer):
        raise Problem(f"answers {answer!r}, which is neither yes nor no nor a fraction")
    return float(answer)


class Scores:
    """The last word on predictions and outcomes, and the postings, packed: millions must fit.

    An outcome without an answer, as its question is void or open again, scores nobody. What was
    reversed may be posted anew: the words of the prediction are read otherwise since.
    """

    def __init__(self) -> None:
        self.predictions: dict[str, str] = {}  # id → question, made_at, low, p, high
        self.questions: dict[str, Question] = {}  # those that are not of yes or no
        self.spreads: dict[str, Spread] = {}  # predictions on these
        self.outcomes: dict[str, Outcome] = {}
        self.last: dict[str, str] = {}  # question → its last outcome
        self.posted: dict[bytes, str] = {}  # → entry, id, value, best, worst; "" once reversed

    def fold(self, facts: dict[str, Any], entry: int) -> None:
        """Take in the rows of one entry."""
        try:
            for row in facts.get("question", ()):
                if row["kind"] != "binary":
                    asked = Question(row["kind"], row["ordered"], row["options"])
                    self.questions[row["id"]] = asked
            for row in facts.get("prediction", ()):
                self._prediction(row)
            for row in facts.get("outcome", ()):
                self._outcome(row, entry)
            for row in facts.get("score", ()):
                self._score(row, entry)
        except (AttributeError, KeyError, TypeError, ValueError, ArithmeticError) as error:
            raise Problem(f"holds a row that is not in the form of one ({error!r})") from error

    def _prediction(self, row: dict[str, Any]) -> None:
        key, p = pack(row["id"]), row["probability"]
        if p is None:
            self.predictions.pop(key, None)
            question, made_at = pack(row["question_id"], row["made_at"]).split()
            check_pairs(row["distribution"], row["quantiles"])
            self.spreads[key] = Spread(question, made_at, row["distribution"], row["quantiles"])
            return
        self.spreads.pop(key, None)
        low, high = row["low"] or p, row["high"] or p
        if not 0 <= float(low) <= float(p) <= float(high) <= 1:
            raise Problem(f"prediction {key}: {low}, {p}, {high} are no probabilities")
        self.predictions[key] = pack(row["question_id"], row["made_at"], low, p, high)

    def _outcome(self, row: dict[str, Any], entry: int) -> None:
        """The outcomes of a question are a chain: each corrects the one before, said once."""
        key, question, settled_at = pack(row["id"], row["question_id"], row["settled_at"]).split()
        if key in self.outcomes:
            raise Problem(f"outcome {key} was said before")
        if row["corrects_id"] != self.last.get(question):
            raise Problem(f"outcome {key} does not correct the last one of its question")
        if row.get("reopens") and row["answer"] is not None:
            raise Problem(f"outcome {key} opens its question again, and answers it")
        self.outcomes[key] = Outcome(key, question, row["answer"], settled_at, entry)
        self.last[question] = key

    def _score(self, row: dict[str, Any], entry: int) -> None:
        key = score_key(row["prediction_id"], row["outcome_id"], row["rule"])
        packed = pack(str(entry), row["id"], row["value"], row["best"], row["worst"])
        if row["reverses_id"] is None:
            if self.posted.get(key):
                raise Problem(f"score {row['id']} was posted before, and not reversed since")
            self.posted[key] = packed
            return
        reversed_one = self.posted.get(key, "").split()[1:]
        negated = [-Decimal(now) for now in packed.split()[2:]]
        if [row["reverses_id"], *negated] != [*reversed_one[:1], *map(Decimal, reversed_one[1:])]:
            raise Problem(f"score {row['id']} does not reverse one that stands")
        self.posted[key] = ""

    def check(self, findings: Findings) -> None:
        """Hold what stands against a fresh computation; uses up the postings."""
        for prediction, packed in self.predictions.items():
            question, made_at, *said = packed.split()
            earned = functools.partial(of_yes_or_no, *said)
            self._check_one(prediction, question, made_at, earned, findings)
        for prediction, spread in self.spreads.items():
            earned = functools.partial(of_spread, self.questions.get(spread.question), spread)
            self._check_one(prediction, spread.question, spread.made_at, earned, findings)
        for left in filter(None, self.posted.values()):
            entry, score, *_ = left.split()
            findings.add(f"entry {entry}", f"score {score} counts, but nothing has earned it")

    def _check_one(
        self, prediction: str, question: str, made_at: str, earned: Earned, findings: Findings
    ) -> None:
        """By the last outcome of its question; what was made later is kept, but not scored."""
        outcome = self.outcomes.get(self.last.get(question, ""))
        if outcome is not None and outcome.answer is not None and made_at < outcome.settled_at:
            self._compare(prediction, earned, outcome, findings)

    def _compare(
        self, prediction: str, earned: Earned, outcome: Outcome, findings: Findings
    ) -> None:
        try:
            expected_by_rule = earned(cast(str, outcome.answer))
        except Problem as unfit:
            findings.add(f"entry {outcome.entry}", f"prediction {prediction}: {unfit}")
            return
        for rule, figures in expected_by_rule.items():
            expected = list(figures)
            posted = self.posted.pop(score_key(prediction, outcome.id, rule), "").split()
            if not posted:
                problem = f"prediction {prediction} has no {rule} score for this outcome"
                findings.add(f"entry {outcome.entry}", problem)
            elif posted[2:] != expected:
                problem = f"{rule} score {posted[1]} of prediction {prediction} says {posted[2:]}"
                findings.add(f"entry {posted[0]}", f"{problem}; recomputed it is {expected}")


def pack(*fields: str) -> str:
    packed = " ".join(fields)
    if packed.split() != list(fields):
        raise Problem(f"holds a row with an empty field, or a space in one: {packed[:200]}")
    return packed


def score_key(*of: str) -> bytes:
    """Stands for prediction, outcome and rule."""
    return hashlib.blake2b(" ".join(of).encode(), digest_size=16).digest()


# --- the log ----------------------------------------------------------------------------------

MAX_BODY = 65_535
MAX_TRAILER = 1 << 28
ENTRY = {"actor": str, "facts": dict, "kind": str, "subject": str, "time": str, "uuid": str}
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def parse_entry(body: bytes) -> dict[str, Any]:
    """An entry's body: canonical, and of exactly its form."""
    if len(body) > MAX_BODY:
        raise Problem(f"is longer than {MAX_BODY} bytes")
    entry: dict[str, Any] = parse_json(body)
    check_shape(entry, ENTRY)
    if not TIME.fullmatch(entry["time"]) or not UUID.fullmatch(entry["uuid"]):
        raise Problem("its time or its uuid is not in the form of one")
    with contextlib.suppress(ValueError):
        dt.datetime.fromisoformat(entry["time"][:-1])
        return entry
    raise Problem(f"its time {entry['time']} is none")


class Log:
    """Takes entries in their order: form, time, uuid, tree, scores, changes of key."""

    def __init__(self, findings: Findings, young: str) -> None:
        self.findings = findings
        self.young = young  # the time from which on an entry is not stale
        self.times = bytearray()  # 10 bytes an entry, the digits, where anybody asks for the age
        self.tree = Tree()
        self.scores = Scores()
        self.formed = 0  # entries that are in the form of one
        self.uuids: set[bytes] = set()
        self.time = ""
        self.chain = Chain()

    def add(self, line: bytes) -> None:
        body = line[:-1] if line.endswith(b"\n") else line
        self.tree.add(leaf_hash(body))
        with self.findings.at(f"entry {self.tree.size}"):
            if body is line:
                raise Problem(f"is longer than {MAX_BODY} bytes, or not ended by a newline")
            entry = parse_entry(body)
            self.formed += 1
            self._check_order(entry["time"], bytes.fromhex(entry["uuid"].replace("-", "")))
            self.scores.fold(entry["facts"], self.tree.size)
            if entry["kind"] in (INTRODUCED, ROTATED):
                self.chain.add(self.tree.size, entry["kind"], entry["facts"])
        if self.young:
            self.times += bytes.fromhex(re.sub(r"\D", "", self.time).rjust(20, "0"))

    def time_of(self, entry: int) -> str:
        """The time of an entry, or the latest before it; "" where there is none."""
        digits = self.times[10 * entry - 10 : 10 * entry].hex() if entry else ""
        form = r"\1-\2-\3T\4:\5:\6.\7Z"
        return re.sub(r"(.{4})(..)(..)(..)(..)(..)(.{6})", form, digits)

    def _check_order(self, time: str, uuid: bytes) -> None:
        last, self.time = self.time, max(time, self.time)
        if time <= last:
            raise Problem(f"its time {time} is not after {last}")
        if uuid in self.uuids:
            raise Problem("its uuid is that of an earlier entry")
        self.uuids.add(uuid)

    def hold_against(self, place: str, witness: Checkpoint) -> bool:
        """A checkpoint must be a prefix of this log: whether it is."""
        size, root = witness.size, self.tree.root(witness.size)
        if size > self.tree.size:
            problem = f"knows {size} entries, here are {self.tree.size}: the last were taken away"
            self.findings.add(place, problem, ROLLED_BACK)
        elif root != witness.root:
            problem = f"knows the first {size} entries by the root {witness.root.hex()}"
            self.findings.add(place, f"{problem}; here it is {root.hex()}")
        return size <= self.tree.size and root == witness.root


# --- the three modes --------------------------------------------------------------------------

EXPORT, RECEIPT, GROWTH = (
    f"prediction-ledger-{kind}/1" for kind in ("export", "receipt", "consistency")
)
HEADER = {"format": str, "origin": (str, type(None)), "root": str, "size": int}
TRAILER = {"checkpoints": list, "keys": list}
RECEIPT_SHAPE = {
    "body_base64": str,
    "checkpoint": str,
    "format": str,
    "proof": list,
    "sequence": int,
}
GROWTH_SHAPE = {"format": str, "from": int, "proof": list, "to": int}


KINDS = {  # what names its format, in whatever version, and how it is given
    "an export": (EXPORT[:-1], "as EXPORT"),
    "a receipt": (RECEIPT[:-1], "by --receipt"),
    "a proof": (GROWTH[:-1], "by --proof"),
}


class Signed(NamedTuple):
    """Up to which entry a key of yours, or one that took over, has signed; or why none has."""

    size: int | None
    why_not: str = ""


NO_KEY = Signed(None, "no --key was given: signatures were not checked")
NO_CHECKPOINT = Signed(None, "there is no checkpoint")


class Result(NamedTuple):
    findings: Findings
    about: str  # what was verified
    signature: Signed
    stale: bool = False
    newest: str = ""  # the time of the last entry that is signed, where it is stale
    followed: tuple[Rotation, ...] = ()
    held: tuple[tuple[str, int], ...] = ()  # what you hold is a beginning of it: file and size

    def code(self) -> int:
        if self.findings.codes:
            return min(self.findings.codes)
        return UNSIGNED if self.signature.size is None else STALE if self.stale else INTACT


def check_kind(data: bytes, kind: str) -> None:
    """What names its format is of this kind, be it damaged or of another version."""
    found = [(name, how) for name, (stem, how) in KINDS.items() if stem.encode() in data]
    if not found:
        how = "a mail or a note goes to --against, a receipt to --receipt, a proof to --proof"
        raise WrongFile(f"is not {kind} (nothing in it is in the form of one); {how}")
    if kind not in dict(found):
        name, how = found[0]
        raise WrongFile(f"is not {kind}, but {name}: give it {how}")


def verify_export(
    stream: BinaryIO, keys: set[Key], witnesses: dict[str, list[Checkpoint]], young: str
) -> Result:
    """Header, entries and trailer; the log against what others hold; its scores.

    WrongFile where nothing in it is an export's: no header, no entry, no trailer.
    """
    findings = Findings()
    log = Log(findings, young)
    lines = read_lines(stream)
    header: dict[str, Any] = {}
    trailer: dict[str, Any] = {"checkpoints": [], "keys": []}
    first = EXPORT.encode()  # unless it can be read
    with findings.at("line 1, the header"):
        first = next(lines, b"")
        header = parse_frame(first, HEADER)
    try:
        trailer = read_body(lines, log)
    except Problem as problem:
        if not (header or log.formed or first.startswith(b'{"checkpoints":')):
            check_kind(first, "an export")
        findings.add(f"line {log.tree.size + 2}", problem)
    size, root = log.tree.size, log.tree.root(log.tree.size).hex()
    for name, value in {"format": EXPORT, "root": root, "size": size}.items():
        if header.get(name, value) != value:
            findings.add("line 1, the header", f"its {name} is {header[name]!r}, not {value!r}")
    trust = Trust(keys, log.chain.rotations)
    signed = check_trailer(trailer, header.get("origin"), log, trust)
    held = tuple(
        (name, checkpoint.size)
        for name, checkpoints in witnesses.items()
        for checkpoint in checkpoints
        if log.hold_against(name, checkpoint)
    )
    log.scores.check(findings)
    newest = log.time_of(min(signed.size or 0, size))
    about, stale = f"{size} entries, root {root}", newest < young
    return Result(findings, about, signed, stale, newest, tuple(trust.followed), held)


def read_lines(stream: BinaryIO) -> Iterator[bytes]:
    """Each line with its newline; of one that is too long only the beginning, without any."""
    try:
        while line := stream.readline(MAX_BODY + 1):
            if line.startswith(b'{"checkpoints":') and not line.endswith(b"\n"):
                line += stream.readline(MAX_TRAILER)
            yield line
            while len(line) > MAX_BODY and not line.endswith(b"\n"):
                line = stream.readline(MAX_BODY + 1)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise Problem(f"the compressed file is damaged: {error}") from error


def read_body(lines: Iterator[bytes], log: Log) -> dict[str, Any]:
    """Entries go to the log; returns the trailer, after which nothing comes."""
    for line in lines:
        if line.startswith(b'{"checkpoints":'):
            trailer = parse_frame(line, TRAILER)
            if next(lines, b""):
                raise Problem("is the trailer, but not the last line")
            return trailer
        log.add(line)
    raise Problem("the trailer is missing: the export breaks off")


def parse_frame(line: bytes, shape: dict[str, Any]) -> dict[str, Any]:
    """The header or the trailer."""
    if not line.endswith(b"\n"):
        raise Problem("is missing, or not ended by a newline")
    frame: dict[str, Any] = parse_json(line[:-1])
    check_shape(frame, shape)
    return frame


def check_trailer(trailer: dict[str, Any], origin: str | None, log: Log, trust: Trust) -> Signed:
    """Every checkpoint against the log; the newest one's size, if a key that counts has signed it.

    The keys that the export lists prove nothing by themselves: who made it may have made them.
    """
    notes, listed, given = trailer["checkpoints"], set(trust.keys), bool(trust.keys)
    size, refusal, signers = 0, "", set[Key]()
    with log.findings.at("the trailer's keys"):
        listed |= set(map(parse_key, trailer["keys"]))
        if len(set(trailer["keys"])) != len(trailer["keys"]):
            raise Problem("name a key twice")
    with log.findings.at("line 1, the header"):
        if (origin is None) != (not notes):
            raise Problem("must name an origin where there are checkpoints, and else none")
    for number, note in enumerate(notes, 1):
        refusal = ""
        with log.findings.at(f"checkpoint {number}"):
            checkpoint, signers, others = open_checkpoint(note, listed)
            if others:  # nothing would notice if these were changed
                raise Problem(f"is signed by {', '.join(others)}, which the export does not list")
            if checkpoint.origin != origin or checkpoint.size < size:
                raise Problem("is of another log, or smaller than the one before it")
            size = checkpoint.size
            refusal = "" if trust.vouches(signers) else trust.refusal(signers)
            if log.hold_against(f"checkpoint {number}", checkpoint) and not refusal:
                trust.follow(size)
    if not given or not notes:
        return NO_CHECKPOINT if given else NO_KEY
    if refusal and trust.contradicts(signers, size):
        log.findings.add(f"checkpoint {len(notes)}", refusal)
    return Signed(None, refusal) if refusal else Signed(size)


def verify_receipt(data: bytes, keys: set[Key]) -> Result:
    """One entry, with the proof that it is in the log of a checkpoint."""
    findings, about, signed = Findings(), "nothing", NO_KEY
    check_kind(data, "a receipt")
    with findings.at("the receipt"):
        receipt = parse_proof(data, RECEIPT_SHAPE, RECEIPT)
        body, sequence = unbase64(receipt["body_base64"]), receipt["sequence"]
        entry = parse_entry(body)
        head, signed = check_head(receipt["checkpoint"], keys)
        about = f"entry {sequence} of {head.origin}, {head.size} entries, root {head.root.hex()}"
        if not proves_inclusion(leaf_hash(body), sequence - 1, head, receipt["proof"]):
            raise Problem(f"does not prove that this is entry {sequence} of {head.size}")
        about += f"; it is {entry['kind']} of {entry['subject']}, {entry['time']}"
    return Result(findings, about, signed)


def verify_growth(
    note: str, witnesses: dict[str, list[Checkpoint]], data: bytes, keys: set[Key]
) -> Result:
    """A new checkpoint extends the one you hold."""
    findings, about, signed = Findings(), "nothing", NO_KEY
    olds = [(name, old) for name, found in witnesses.items() for old in found]
    held: list[tuple[str, int]] = []
    growth = read_growth(data)
    with findings.at("the checkpoint"):
        new, signed = check_head(note, keys)
        about = f"{new.origin}, {new.size} entries, root {new.root.hex()}"
        for _, old in olds:
            if old.size > new.size:
                problem = f"has {new.size} entries, the one you hold {old.size}"
                findings.add("the checkpoint", problem, ROLLED_BACK)
        for name, old in [] if findings.codes else olds:
            sizes = f"from {old.size} to {new.size} entries"
            if (growth["from"], growth["to"]) != (old.size, new.size):
                is_from = f"is from {growth['from']} to {growth['to']} entries"
                raise WrongFile(f"the proof: {is_from}; you need the one {sizes}")
            if not proves_consistency(old, new, growth["proof"]):
                raise Problem(f"does not extend the one of {old.size} entries that you hold")
            held.append((name, old.size))
    return Result(findings, about, signed, held=tuple(held))


def read_growth(data: bytes) -> dict[str, Any]:
    try:
        check_kind(data, "a proof")
        return parse_proof(data, GROWTH_SHAPE, GROWTH)
    except (Problem, WrongFile) as problem:
        raise WrongFile(f"the proof: {problem}") from problem


def parse_proof(data: bytes, shape: dict[str, Any], form: str) -> dict[str, Any]:
    """A receipt or a proof, its hashes as bytes."""
    value: dict[str, Any] = parse_json(data, canonical=False)
    check_shape(value, shape)
    if value["format"] != form or not all(
        re.fullmatch(r"[0-9a-f]{64}", str(node)) for node in value["proof"]
    ):
        raise Problem(f"is not of the format {form}, or its proof not a list of hashes")
    return {**value, "proof": [bytes.fromhex(node) for node in value["proof"]]}


def check_head(note: str, keys: set[Key]) -> tuple[Checkpoint, Signed]:
    """A checkpoint, and its size if one of the keys has signed it. Other signers may be witnesses,
    or keys of other days: nothing is false about a note that they alone have signed."""
    checkpoint, signed, others = open_checkpoint(note, keys)
    if signed or not keys:
        return checkpoint, Signed(checkpoint.size) if signed else NO_KEY
    return checkpoint, Signed(None, f"signed by no key you gave, but by {unknown(others)}")


# --- the command line -------------------------------------------------------------------------


def main() -> int:
    parser = make_parser()
    options = parser.parse_args()
    given = [options.export, options.receipt, options.checkpoint]
    if sum(one is not None for one in given) != 1:
        parser.error("give one of EXPORT, --receipt and --checkpoint")
    if options.checkpoint and not (options.against and options.proof):
        parser.error("--checkpoint needs --against and --proof")
    if not options.export and options.max_age is not None:
        parser.error("--max-age is for an export")
    if options.receipt and options.against:
        parser.error("--against is for an export or a --checkpoint; a receipt is held by its --key")
    try:
        result = run(options)
    except (Problem, OSError, OverflowError, ValueError) as error:
        told = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) else error
        sys.stderr.write(f"verifier: could not run: {told}\n")
        return CANNOT_RUN
    cast(Any, sys.stdout).reconfigure(errors="backslashreplace")
    try:
        show(result, options)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads has read enough; nor is more to be written at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return result.code()


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="verifier.py",
        description="Verifies an export of a prediction ledger, a receipt for one entry, or that a "
        "checkpoint extends an older one. Needs this file and Python alone, and no network.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("export", metavar="EXPORT", nargs="?", type=Path, help="an export, plain or .gz")
    add("--receipt", metavar="FILE", type=Path, help="an entry and the proof that it is logged")
    add("--checkpoint", metavar="FILE", type=Path, help="a newer checkpoint than that --against")
    add("--proof", metavar="FILE", type=Path, help="that the newer checkpoint extends the older")
    add("--key", metavar="VKEY", action="append", default=[], help="a public key of the log")
    add(
        "--against",
        metavar="FILE",
        action="append",
        type=Path,
        default=[],
        help="a checkpoint that you hold, or a report's mail: the log must begin with it",
    )
    add("--max-age", metavar="DAYS", type=float, help="what is signed must be younger than this")
    add("--now", metavar="TIME", help="ISO 8601, UTC unless it says else (default: the clock)")
    add("--json", action="store_true", help="print the verdict as JSON")
    return parser


def run(options: argparse.Namespace) -> Result:
    keys = set(map(parse_key, options.key))
    witnesses = {str(path): read_witnesses(path) for path in options.against}
    if options.checkpoint:
        note = options.checkpoint.read_bytes().decode("utf-8", "replace")
        if not IN_NOTE.match(note):
            raise WrongFile(f"{options.checkpoint} is not a checkpoint; a mail goes to --against")
        return verify_growth(note, witnesses, options.proof.read_bytes(), keys)
    try:
        if options.receipt:
            return verify_receipt(options.receipt.read_bytes(), keys)
        with options.export.open("rb") as stream:
            packed = stream.peek(2)[:2] == b"\x1f\x8b"
            lines = gzip.GzipFile(fileobj=stream) if packed else stream
            young = oldest(options.max_age, options.now)
            return verify_export(cast(BinaryIO, lines), keys, witnesses, young)
    except WrongFile as error:
        raise WrongFile(f"{options.receipt or options.export} {error}") from error


def oldest(max_age: float | None, now: str | None) -> str:
    """The time from which on an entry is not stale, as entries write it; "" asks for nothing."""
    if max_age is None:
        return ""
    return f"{moment(now) - dt.timedelta(days=max_age):%Y-%m-%dT%H:%M:%S.%fZ}"


def moment(text: str | None) -> dt.datetime:
    """A time as somebody writes it, in UTC unless it says else; without any, this one."""
    utc = dt.timezone.utc  # noqa: UP017 -- Python 3.9
    if not text:
        return dt.datetime.now(utc)
    read = dt.datetime.fromisoformat(text.replace("Z", "+00:00"))  # noqa: FURB162 -- Python 3.9
    return (read if read.tzinfo else read.replace(tzinfo=utc)).astimezone(utc)


def age(newest: str, options: argparse.Namespace) -> str:
    """How old what is signed is, and how old it may be."""
    if not newest:
        return "no entry is signed"
    days = (moment(options.now) - moment(newest)).total_seconds() / 86400
    told = f"the newest signed entry is of {newest[:10]} {newest[11:16]} UTC"
    return f"{told}, {round(days, 1):g} days old; the limit is {options.max_age:g}"


def show(result: Result, options: argparse.Namespace) -> None:
    verdict, found = VERDICTS[result.code()], result.findings
    about, (size, why_not) = printable(result.about), result.signature
    if options.json:
        told = {"verdict": verdict.lower(), "exit_code": result.code(), "about": about}
        told.update(signed=size, findings=found.shown, findings_total=found.total)
        told["why_unsigned"] = why_not
        told["against"] = [{"file": name, "size": entries} for name, entries in result.held]
        told["keys_followed"] = [
            {"entry": one.entry, "key": str(one.key), "replaces": one.replaces}
            for one in result.followed
        ]
        sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")
        return
    lines = [f"{verdict}: {about}"]
    if size is None:
        lines.append(why_not)
    else:
        by = "a key you gave, or one that took over from it"
        lines.append(f"signed by {by}: up to entry {size}")
    lines += [age(result.newest, options)] if result.stale and size is not None else []
    lines += [f"begins with the {entries} entries of {name}" for name, entries in result.held]
    for one in result.followed:
        lines.append(f"  entry {one.entry}: {one.key} took over from {one.replaces}")
    lines += [f"  {finding['place']}: {finding['problem']}" for finding in found.shown]
    if found.total > MOST_SHOWN:
        lines.append(f"  … and {found.total - MOST_SHOWN} more findings")
    sys.stdout.writelines(f"{line}\n" for line in lines)


if __name__ == "__main__":
    sys.exit(main())
