"""Canonical bytes of an entry: RFC 8785 (JCS), over a closed set of types.

Allowed: objects with ASCII string keys, lists, NFC strings, integers of magnitude below 2^53,
booleans and null. Floats are refused, so no two languages can disagree on how one is written:
decimals travel as strings of fixed scale, times as RFC 3339 UTC with microseconds. Inside this set
orjson with sorted keys writes exactly the bytes of an RFC 8785 library (held by a property test);
outside it they differ, hence the guard.
"""

import datetime as dt
import json
import re
import unicodedata
from typing import Any

import orjson

from ledger.errors import EncodingError

Canonical = None | bool | int | str | list["Canonical"] | dict[str, "Canonical"]

MAX_BODY = 65_535
MAX_INTEGER = 2**53 - 1

_SURROGATE = re.compile("[\ud800-\udfff]")


def canonical_bytes(value: Canonical, *, path: str = "body") -> bytes:
    """The one encoding of `value`, at most 65,535 bytes.

    Raises EncodingError, naming the path, for anything outside the closed set.
    """
    try:
        if not _is_inside(value):
            _guard(value, path)
        encoded = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except (TypeError, RecursionError) as error:
        raise EncodingError(path, f"cannot be encoded ({error}); nest it less") from error
    if len(encoded) > MAX_BODY:
        raise EncodingError(path, f"{len(encoded)} bytes, more than {MAX_BODY}; split it")
    return encoded


def parse(body: bytes) -> Any:
    """The value of canonical bytes.

    Raises EncodingError if `body` is not the canonical encoding of what it says, so a body that
    was reformatted, or names a key twice, is not mistaken for the one that was appended.
    """
    try:
        value = json.loads(body)
        canonical = canonical_bytes(value)
    except (ValueError, TypeError, RecursionError) as error:
        raise EncodingError("body", f"not canonical JSON ({error})") from error
    if canonical != bytes(body):
        raise EncodingError("body", "not in canonical form")
    return value


def timestamp(moment: dt.datetime) -> str:
    """RFC 3339 in UTC with microseconds, as in `2023-06-25T23:59:59.999999Z`. Aware input only."""
    if moment.tzinfo is None:
        raise EncodingError("time", f"{moment.isoformat()} has no time zone")
    # Not strftime: it does not write early years with four digits.
    written = moment.astimezone(dt.UTC).isoformat(timespec="microseconds")
    return written.replace("+00:00", "Z")


def _is_inside(value: Any) -> bool:
    """Whether a value is of the closed set, the plain way: no path, no subclass, no time lost."""
    kind = type(value)
    if kind is str:
        return value.isascii() or _is_normal(value)
    if kind is dict:
        return all(
            type(key) is str and key.isascii() and _is_inside(item) for key, item in value.items()
        )
    if kind is list:
        return all(map(_is_inside, value))
    return value is None or kind is bool or (kind is int and abs(value) <= MAX_INTEGER)


def _is_normal(value: str) -> bool:
    return unicodedata.is_normalized("NFC", value) and not _SURROGATE.search(value)


def _guard(value: Any, path: str) -> None:
    """Raises for what is outside of the closed set, with its place."""
    match value:
        case None | bool():
            pass
        case str():
            _guard_string(value, path)
        case int():
            if abs(value) > MAX_INTEGER:
                raise EncodingError(path, f"{value} is not below 2^53; write it as a string")
        case list():
            for index, item in enumerate(value):
                _guard(item, f"{path}[{index}]")
        case dict():
            for key, item in value.items():
                _guard_key(key, path)
                _guard(item, f"{path}.{key}")
        case _:
            raise EncodingError(path, f"{type(value).__name__} has no canonical encoding")


def _guard_key(key: object, path: str) -> None:
    if not isinstance(key, str) or not key.isascii():
        raise EncodingError(path, f"key {key!r} is not an ASCII string")


def _guard_string(value: str, path: str) -> None:
    if _SURROGATE.search(value):
        raise EncodingError(path, "holds a lone surrogate")
    if not unicodedata.is_normalized("NFC", value):
        raise EncodingError(path, "is not in Unicode normal form C")
