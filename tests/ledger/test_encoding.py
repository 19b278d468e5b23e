import json
import unicodedata

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from ledger.encoding import MAX_BODY, canonical_bytes, parse
from ledger.errors import EncodingError

TEXT = st.text(st.characters(exclude_categories=["Cs"])).map(
    lambda text: unicodedata.normalize("NFC", text)
)
KEYS = st.text(st.characters(max_codepoint=127), max_size=8)
SCALARS = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXT
VALUES = st.recursive(SCALARS, lambda v: st.lists(v) | st.dictionaries(KEYS, v), max_leaves=20)


def nested(depth: int) -> list[object]:
    value: list[object] = []
    for _ in range(depth):
        value = [value]
    return value


@given(VALUES)
def test_the_bytes_are_those_of_an_rfc_8785_library(value: object) -> None:
    assert canonical_bytes(value) == rfc8785.dumps(value)  # type: ignore[arg-type]


@given(VALUES)
def test_what_was_encoded_parses_to_the_same(value: object) -> None:
    assert parse(canonical_bytes(value)) == value  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({"a": {"p": 0.5}}, "body.a.p"),
        ({"a": [1, float("nan")]}, "body.a[1]"),
        ({"ä": 1}, "body"),
        ({1: 1}, "body"),
        ({"a": "\ud800"}, "body.a"),
        ({"a": "e\u0301"}, "body.a"),
        ({"a": 2**53}, "body.a"),
        ({"a": -(2**53)}, "body.a"),
        ({"a": b"bytes"}, "body.a"),
        ({"a": "x" * MAX_BODY}, "body"),
        ({"a": nested(300)}, "body"),
        ({"a": nested(100_000)}, "body"),
    ],
)
def test_what_has_no_canonical_form_is_refused_with_its_path(value: object, path: str) -> None:
    with pytest.raises(EncodingError) as refused:
        canonical_bytes(value)  # type: ignore[arg-type]
    assert refused.value.path == path


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 300 + b"]" * 300,
        b'{"b":1,"a":2}',
        b'{"a": 1}',
        b'{"a":1,"a":1}',
        b'{"a":1}\n',
        b'{"a":1.0}',
        b"{",
        b"\xff",
    ],
)
def test_bytes_that_are_not_canonical_are_refused(body: bytes) -> None:
    with pytest.raises(EncodingError):
        parse(body)


def test_a_body_of_exactly_the_limit_is_taken() -> None:
    body = canonical_bytes(
        {"a": "x" * (MAX_BODY - len(json.dumps({"a": ""}, separators=(",", ":"))))}
    )
    assert len(body) == MAX_BODY
