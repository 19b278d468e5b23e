import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from predictions.importing import Row, read
from predictions.when import end_of

HEADER = "question,forecaster,made_at,probability"
LINE = "Q1,almanac,2026-01-31,0.7"


def problems(text: str | bytes) -> list[str]:
    return [
        str(problem) for problem in read(text.encode() if isinstance(text, str) else text).problems
    ]


def row(text: str) -> Row:
    found = read(text.encode())
    assert not found.problems
    [one] = found.rows
    return one


def with_cell(column: str, cell: str) -> str:
    """A file of one row that is right but for this cell."""
    cells = dict(zip(HEADER.split(","), LINE.split(","), strict=True)) | {column: cell}
    return f"{','.join(cells)}\n{','.join(cells.values())}\n"


def test_what_a_row_does_not_say_is_empty() -> None:
    assert row(f"{HEADER}\n{LINE}\n") == Row(
        line=2,
        question="Q1",
        forecaster="almanac",
        made_at=end_of(dt.date(2026, 1, 31)),
        probability=Decimal("0.7"),
        text="",
        criteria="",
        topic="",
        opened_at=None,
        due_at=None,
        outcome="",
        resolved_at=None,
        quote="",
        article_url="",
    )


def test_columns_come_in_any_order_and_cells_with_blanks_around() -> None:
    found = row(' quote , probability,question,made_at,forecaster\n" a, b ", 1 ,Q1,2026-01-31,x\n')
    assert (found.quote, found.probability, found.forecaster) == ("a, b", Decimal(1), "x")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-01-31", "2026-01-31T23:59:59.999999+00:00"),
        ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00+00:00"),
        ("2026-01-31T12:00+02:00", "2026-01-31T10:00:00+00:00"),
        ("2914-01-31", "2914-01-31T23:59:59.999999+00:00"),
    ],
)
def test_times_have_a_zone_or_are_a_day_which_means_its_end(written: str, meant: str) -> None:
    assert row(with_cell("due_at", written)).due_at == dt.datetime.fromisoformat(meant)


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_mark_at_the_beginning_and_other_line_ends_change_nothing(start: bytes, end: str) -> None:
    text = end.join([f"{HEADER},quote", f'{LINE},"two\nlines, ""so"""', "", ",,,,", f"{LINE},x"])
    found = read(start + text.encode())
    assert not found.problems
    assert [(one.line, one.quote) for one in found.rows] == [(2, 'two\nlines, "so"'), (6, "x")]


@pytest.mark.parametrize(
    ("column", "cell", "told"),
    [
        ("question", "", "line 2, question: is empty; every row needs it"),
        ("question", "-Q", "line 2, question: '-Q' is no key: it must be 1 to 100 letters"),
        ("question", "Q" * 101, "line 2, question: 'QQQ"),
        ("forecaster", "Zoë", "line 2, forecaster: 'Zoë' is no key"),
        ("forecaster", " ", "line 2, forecaster: is empty"),
        ("made_at", "", "line 2, made_at: is empty"),
        ("made_at", "yesterday", "line 2, made_at: 'yesterday' is not a date or time; write 20"),
        ("made_at", "2026-01-31T12:00", "line 2, made_at: 2026-01-31T12:00:00 has no zone"),
        ("made_at", "2026-02-30", "line 2, made_at: '2026-02-30' is not a date or time"),
        ("opened_at", "0001-01-01T00:00+14:00", "line 2, opened_at: 0001-01-01T00:00:00+14:00 is"),
        ("due_at", "1" * 51, "line 2, due_at: is 51 characters long"),
        ("resolved_at", "31.1.2026", "line 2, resolved_at: '31.1.2026' is not a date or time"),
        ("probability", "", "line 2, probability: is empty"),
        ("probability", "70%", "line 2, probability: 70% is not a probability: give 0 to 1"),
        ("probability", "1.01", "line 2, probability: 1.01 is not a probability"),
        ("probability", "-0.1", "line 2, probability: -0.1 is not a probability"),
        ("probability", "0.1234567", "line 2, probability: 0.1234567 is not a probability"),
        ("probability", "nan", "line 2, probability: nan is not a probability"),
        ("probability", "9" * 999, "line 2, probability: is 999 characters long"),
        ("outcome", "Yes", "line 2, outcome: 'Yes' is no outcome: give yes, no, void or nothing"),
        ("topic", "the harvest", "line 2, topic: 'the harvest' is no key"),
        ("text", "x" * 7_001, "line 2, text: is longer than 7,000 characters; shorten it"),
        ("quote", "a\0b", "line 2, quote: holds a NUL character; remove it"),
        ("criteria", "a\0b", "line 2, criteria: holds a NUL character; remove it"),
    ],
)
def test_a_bad_cell_is_named_with_line_and_column(column: str, cell: str, told: str) -> None:
    [problem] = problems(with_cell(column, cell))
    assert problem.startswith(told)
    assert len(problem) < 400
    assert "\n" not in problem


def test_every_bad_cell_of_every_row_is_named() -> None:
    told = problems(f"{HEADER},outcome\nQ1,x,never,2,maybe\n{LINE},yes\n,x,2026-01-31,0.5,\n")
    assert [problem.partition(":")[0] for problem in told] == [
        "line 2, made_at",
        "line 2, probability",
        "line 2, outcome",
        "line 4, question",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "line 1: the file is empty; begin with a header of question, forecaster, made_at"),
        ("\ufeff\r\n\n", "line 1: the file is empty"),
        (f"{HEADER},weight\n", "line 1, weight: is not a column of this file; known are question"),
        (f"{HEADER},\n", "line 1, (no name): is not a column"),
        (f"{HEADER},quote,quote\n", "line 1, quote: stands twice in the header; keep one"),
        ("question,forecaster,made_at\n", "line 1, probability: is missing in the header"),
        (LINE, "line 1, Q1: is not a column of this file"),
        (f"{HEADER}\n{LINE}".replace(",", ";"), "line 1: cells are separated by semicolons"),
        (f"{HEADER}\n{LINE}".replace(",", "\t"), "line 1: cells are separated by tabs"),
        (f"\n\n{HEADER},x\n", "line 3, x: is not a column"),
        (f"{HEADER}\n{LINE}\n{LINE},yes\n", "line 3: has 5 cells, and the header 4; put quotes"),
        (f"{HEADER}\n{LINE}\nQ1,x\n", "line 3: has 2 cells, and the header 4"),
        (f'{HEADER},quote\n{LINE},x\n{LINE},"never closed\n{LINE},x\n', "line 3: cannot be read"),
        (f'{HEADER},quote\n{LINE},"a" b\n', "line 2: cannot be read"),
        (f"{HEADER},quote\n{LINE},{'x' * 200_000}\n", "line 2: cannot be read (field larger"),
    ],
)
def test_a_file_of_another_form_is_refused_with_the_fix(text: str, told: str) -> None:
    [problem] = problems(text)
    assert problem.startswith(told)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (f"{HEADER}\n{LINE}".encode("utf-16"), "line 1: the file is not UTF-8 (UTF-16, it seems)"),
        (f"{HEADER}\n{LINE}".encode("utf-16-le"), "line 1: the file is not UTF-8 (UTF-16, it"),
        (f"{HEADER},quote\n{LINE},Zürich".encode("latin-1"), "line 2: byte 0xfc is not UTF-8"),
    ],
)
def test_other_encodings_are_refused(data: bytes, told: str) -> None:
    [problem] = problems(data)
    assert problem.startswith(told)


@given(
    st.binary(max_size=300)
    | st.text(max_size=300).map(lambda text: f"{HEADER}\n{text}".encode("utf-8", "surrogatepass"))
)
def test_whatever_a_file_holds_it_is_rows_or_problems(data: bytes) -> None:
    found = read(data)
    assert all(problem.line > 0 and problem.message for problem in found.problems)


def test_the_rows_before_a_place_that_cannot_be_read_are_there() -> None:
    found = read(f'{HEADER}\n{LINE}\nQ2,"x\n'.encode())
    assert [one.question for one in found.rows] == ["Q1"]
    assert len(found.problems) == 1
