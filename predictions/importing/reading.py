"""The bytes of a CSV file as rows, each checked, and everything that is wrong with it."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field

from predictions.importing.findings import Finding
from predictions.importing.rows import COLUMNS, REQUIRED, Row, row_of

_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_OTHER_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}


@dataclass
class Read:
    """A file's rows in their order, what is wrong with the others, and what those name."""

    rows: list[Row] = field(default_factory=list)
    problems: list[Finding] = field(default_factory=list)
    spoiled: set[str] = field(default_factory=set)


def read(data: bytes) -> Read:
    """Read a CSV file: UTF-8, commas, a header. Every bad cell is a problem; nothing is raised."""
    found = Read()
    try:
        records = _records(_text(data))
        line, header = next(records)
        _check_header(header, line)
        for line, cells in records:
            _take(line, header, cells, found)
    except _Unreadable as error:
        found.problems.append(error.finding)
    except StopIteration:
        found.problems.append(Finding(1, "", f"the file is empty; {_WANTED}"))
    return found


class _Unreadable(Exception):
    """From here on nothing can be read."""

    def __init__(self, line: int, column: str, message: str) -> None:
        super().__init__(message)
        self.finding = Finding(line, column, message)


_WANTED = f"begin with a header of {', '.join(REQUIRED)}, and any of the other columns"


def _text(data: bytes) -> str:
    if data.startswith(_UTF_16) or b"\0" in data.partition(b"\n")[0]:
        raise _Unreadable(1, "", "the file is not UTF-8 (UTF-16, it seems); save it as UTF-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problem = f"byte {data[error.start]:#04x} is not UTF-8; save the file as UTF-8"
        raise _Unreadable(line, "", problem) from None


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """(the line on which it begins, its cells) of each record that is not blank."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        problem = f"cannot be read ({error}); look for a quote that is not closed or not doubled"
        raise _Unreadable(line, "", problem) from None


def _check_header(header: list[str], line: int) -> None:
    header[:] = [name.strip() for name in header]
    for sign, name in _OTHER_SEPARATORS.items():
        if len(header) == 1 and sign in header[0]:
            raise _Unreadable(line, "", f"cells are separated by {name}; save it with commas")
    for name in header:
        if name not in COLUMNS:
            problem = f"is not a column of this file; known are {', '.join(COLUMNS)}"
            raise _Unreadable(line, name or "(no name)", problem)
        if header.count(name) > 1:
            raise _Unreadable(line, name, "stands twice in the header; keep one")
    if missing := [name for name in REQUIRED if name not in header]:
        raise _Unreadable(line, missing[0], f"is missing in the header; {_WANTED}")


def _take(line: int, header: list[str], cells: list[str], found: Read) -> None:
    if len(cells) == len(header):
        row = row_of(line, dict(zip(header, cells, strict=True)))
    else:
        count = f"has {len(cells)} cells, and the header {len(header)}"
        row = [Finding(line, "", f"{count}; put quotes around a text that holds a comma")]
    if isinstance(row, Row):
        found.rows.append(row)
        return
    found.problems += row
    # What its other rows say cannot be judged without this one.
    found.spoiled.update(cell.strip() for cell in cells)
