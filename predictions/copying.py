"""Rows by COPY, in PostgreSQL's binary form, to and from numpy arrays: a million take seconds.

Rows of one width alone: what may be null or is text is coalesced or numbered in the statement.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

# A UUID as 16 bytes; a whole number, or a time in microseconds since `EPOCH`, as eight, and so a
# float (`float8`).
UUID, NUMBER, FLOAT = "V16", ">i8", ">f8"
EPOCH = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)

Rows = NDArray[np.void]

# Signature, flags, no header extension; -1 ends the rows.
_BEGIN, _END = b"PGCOPY\n\xff\r\n\0" + b"\0" * 8, b"\xff\xff"
_GROUPS = 3  # of four digits, before the point and after it
_NUMERIC = np.dtype(
    [("groups", ">i2"), ("weight", ">i2"), ("sign", ">u2"), ("scale", ">i2"), ("digits", ">i2", 6)]
)


def read(statement: str, values: Sequence[Any], columns: Mapping[str, str]) -> Rows:
    """What a SELECT finds: an array with these columns, each of the three, never null."""
    # Composed here, for a cursor that logs its statements takes no values with a COPY.
    composed = connection.ops.compose_sql(statement, values)  # type: ignore[attr-defined]
    copy_out, data = f"COPY ({composed}) TO STDOUT (FORMAT BINARY)", bytearray()
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.copy(copy_out) as copy,
    ):
        for part in copy:
            data += part
    row = _row([np.dtype(kind) for kind in columns.values()], list(columns))
    found = np.frombuffer(data, row, offset=len(_BEGIN), count=(len(data) - 21) // row.itemsize)
    return found[list(columns)]


def csv(statement: str, values: Sequence[Any]) -> tuple[str, int]:
    """What a SELECT finds, as CSV with the names of its columns as headings; and how many rows."""
    composed = connection.ops.compose_sql(statement, values)  # type: ignore[attr-defined]
    with connection.cursor() as cursor, connection.wrap_database_errors:
        with cursor.copy(f"COPY ({composed}) TO STDOUT (FORMAT CSV, HEADER)") as copy:
            text = b"".join(copy).decode()
        return text, cursor.rowcount


@dataclass(frozen=True)
class Cells:
    """A column of what is written: an array, one value for all rows, or null (no type)."""

    values: Any
    type: np.dtype[Any] | None


def uuids(values: Any) -> Cells:
    return Cells(values, np.dtype(UUID))


def numbers(values: Any, kind: str = NUMBER) -> Cells:
    return Cells(values, np.dtype(kind))


def text(value: str) -> Cells:
    """One text for all rows."""
    return Cells(np.void(value.encode()), np.dtype(f"V{len(value.encode())}"))


def time(value: dt.datetime) -> Cells:
    """One time for all rows."""
    return numbers((value - EPOCH) // dt.timedelta(microseconds=1))


NULL = Cells(None, None)


def decimals(units: NDArray[np.int64]) -> Cells:
    """Numbers of nine decimal places, given in billionths."""
    whole, fraction = np.divmod(np.abs(units), 10**9)
    digits = np.empty((len(units), 2 * _GROUPS), ">i2")
    for part, column in ((whole, _GROUPS), (fraction * 1000, 2 * _GROUPS)):
        for place in range(1, _GROUPS + 1):
            part, digits[:, column - place] = np.divmod(part, 10_000)
    cells = np.empty(len(units), _NUMERIC)
    cells["groups"], cells["weight"], cells["scale"] = 2 * _GROUPS, _GROUPS - 1, 9
    cells["sign"] = np.where(units < 0, 0x4000, 0)
    cells["digits"] = digits
    return Cells(cells, _NUMERIC)


def rows(count: int, columns: Iterable[Cells]) -> bytes:
    """So many rows of these columns, as `write` takes them."""
    columns = list(columns)
    row = _row([cells.type for cells in columns], list(map(str, range(len(columns)))))
    packed = np.empty(count, row)
    packed["columns"] = len(columns)
    for place, cells in enumerate(columns):
        packed[f"length {place}"] = -1 if cells.type is None else cells.type.itemsize
        if cells.type is not None:
            packed[str(place)] = cells.values
    return packed.tobytes()


def write(table: str, columns: Sequence[str], blocks: Iterable[bytes]) -> None:
    """Add rows to a table. Its triggers see all of them as one statement's."""
    copy_in = f"COPY {table} ({', '.join(columns)}) FROM STDIN (FORMAT BINARY)"
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.copy(copy_in) as copy,
    ):
        copy.write(_BEGIN)
        for block in blocks:
            copy.write(block)
        copy.write(_END)


def _row(types: Sequence[np.dtype[Any] | None], names: Sequence[str]) -> np.dtype[np.void]:
    fields: list[tuple[str, Any]] = [("columns", ">i2")]
    for name, kind in zip(names, types, strict=True):
        fields.append((f"length {name}", ">i4"))
        if kind is not None:
            fields.append((name, kind))
    return np.dtype(fields)
