"""Lists as files: what is narrowed, in full, exact, and harmless in a spreadsheet."""

import csv
import datetime as dt
import io
import xml.etree.ElementTree as ElementTree
import zipfile
from decimal import Decimal
from typing import Any

import pytest
from django.contrib import admin

from ledger.exporting import Column, csv_lines, guarded, xlsx_file
from predictions.models import Forecaster, Prediction, User
from predictions.services.erasure import forecaster_erase
from tests.admin.conftest import allow
from tests.admin.pages import Pages, text_of
from tests.making import Maker

_SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def as_csv(pages: Pages, model: str, **query: Any) -> list[dict[str, str]]:
    answer = pages.get(f"{model}_export_as", "csv", **query)
    assert answer.status_code == 200
    text = b"".join(answer.streaming_content).decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def as_xlsx(pages: Pages, model: str, **query: Any) -> list[list[Any]]:
    answer = pages.get(f"{model}_export_as", "xlsx", **query)
    assert answer.status_code == 200
    content = b"".join(answer.streaming_content)
    return cells_of(content)


def written(columns: list[Column], *rows: tuple[Any, ...]) -> list[list[Any]]:
    with xlsx_file(columns, rows) as file:
        return cells_of(file.read())


def cells_of(workbook: bytes) -> list[list[Any]]:
    """The cells of a sheet by their places: numbers as they are written, text as text."""
    with zipfile.ZipFile(io.BytesIO(workbook)) as book:
        content = book.read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in content
    sheet = ElementTree.fromstring(content)  # noqa: S314 -- our own
    return [[_value(cell) for cell in row] for row in sheet.iter(f"{_SHEET}row")]


def _value(cell: ElementTree.Element) -> Any:
    if cell.get("t") == "inlineStr":
        return "".join(cell.itertext())
    [value] = cell.iter(f"{_SHEET}v")
    return Decimal(str(value.text))


@pytest.mark.usefixtures("seeded")
def test_a_list_is_exported_as_it_is_narrowed_and_ordered(desk: Pages) -> None:
    rows = as_csv(desk, "predictions_prediction", state="scored")
    listed = desk.get("predictions_prediction_changelist", state="scored").context["cl"].result_list
    assert [row["id"] for row in rows] == [str(row.pk) for row in listed]
    assert {row["state"] for row in rows} == {"scored"}
    assert len(as_csv(desk, "predictions_prediction")) == Prediction.objects.count()


@pytest.mark.usefixtures("seeded")
def test_csv_and_xlsx_hold_what_is_recorded(desk: Pages) -> None:
    recorded = {str(row.pk): row for row in Prediction.objects.with_scores()}
    rows = as_csv(desk, "predictions_prediction")
    for row in rows:
        stands = recorded[row["id"]]
        assert row["probability"] == str(stands.probability)
        assert dt.datetime.fromisoformat(row["made_at"]) == stands.made_at
        assert row["made_at"].endswith("Z")
        assert row["brier"] == ("" if stands.brier is None else f"{stands.brier:f}")
    heading, *lines = as_xlsx(desk, "predictions_prediction")
    assert heading == list(rows[0])
    place = heading.index("probability")
    assert [line[place] for line in lines] == [Decimal(row["probability"]) for row in rows]


def test_a_page_of_the_list_is_exported_with_all_others(desk: Pages, make: Maker) -> None:
    for _ in range(60):
        make.forecaster()
    assert len(as_csv(desk, "predictions_forecaster", p=2)) == 60


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_text_is_never_a_formula(sign: str) -> None:
    assert guarded(f"{sign}1+1") == f"'{sign}1+1"


@pytest.mark.parametrize("number", ["-12.5", "+3", "-7", "0.40"])
def test_a_number_stays_a_number(number: str) -> None:
    assert guarded(number) == number
    assert guarded(Decimal(number)) == str(Decimal(number))


def test_a_formula_of_a_name_is_text_in_both_formats(desk: Pages, make: Maker) -> None:
    make.forecaster(key="evil", name='=HYPERLINK("http://example.org")')
    [row] = as_csv(desk, "predictions_forecaster")
    assert row["name"] == '\'=HYPERLINK("http://example.org")'
    heading, line = as_xlsx(desk, "predictions_forecaster")
    assert line[heading.index("name")] == '=HYPERLINK("http://example.org")'


def test_a_long_decimal_is_text_where_a_workbook_would_round_it() -> None:
    column = [Column("n", "n", "")]
    exact, rounded = Decimal("0.123456789"), Decimal("1234567890.123456789")
    rows = written(column, (exact,), (rounded,))
    assert rows == [["n"], [exact], ["1234567890.123456789"]]
    assert list(csv_lines(column, [(rounded,), (Decimal("1E-7"),)]))[1:] == [
        "1234567890.123456789\r\n",
        "0.0000001\r\n",
    ]


def test_a_text_longer_than_a_cell_is_cut_and_says_so() -> None:
    [_, [text]] = written([Column("t", "t", "")], ("x" * 40_000,))
    assert len(text) == 32_767
    assert text.endswith("(cut here: a cell of XLSX holds no more; the CSV has all of it)")


def test_a_workbook_of_too_many_rows_is_refused_with_the_way_out(
    desk: Pages, make: Maker, settings: Any
) -> None:
    settings.EXPORT_XLSX_ROWS = 2
    for _ in range(3):
        make.forecaster()
    page: Any = desk.client.get("/admin/predictions/forecaster/export/xlsx/", follow=True)
    assert "An XLSX holds at most 2 rows here, and there are more" in text_of(page)
    assert len(as_csv(desk, "predictions_forecaster")) == 3


def test_who_was_erased_stays_erased(desk: Pages, make: Maker, adjudicator: User) -> None:
    forecaster = make.forecaster(key="jo-doe", name="Jo Doe", note="Lives in Graz.")
    make.prediction(forecaster=forecaster)
    forecaster_erase(forecaster=forecaster, reason="request", by=adjudicator, now=make.now)
    for model in ("predictions_forecaster", "predictions_prediction"):
        said = str(as_csv(desk, model)) + str(as_xlsx(desk, model))
        assert "Jo Doe" not in said
        assert "jo-doe" not in said
        assert "Graz" not in said


def test_an_export_takes_few_queries_however_long_it_is(
    desk: Pages, make: Maker, django_assert_max_num_queries: Any
) -> None:
    question = make.question()
    for _ in range(30):
        make.prediction(question=question)
    desk.get("index")  # the first visit of a session is noted
    with django_assert_max_num_queries(9):
        assert len(as_csv(desk, "predictions_prediction")) == 30


def test_a_filter_that_cannot_be_read_exports_nothing(desk: Pages, make: Maker) -> None:
    make.prediction()
    address = "/admin/predictions/prediction/export/csv/?made_at__from=yesterday"
    page: Any = desk.client.get(address, follow=True)
    assert "Nothing was exported: a filter cannot be read; see there." in text_of(page)
    assert "Is not a date; write it as 2023-06-25." in text_of(page)
    address = "/admin/predictions/prediction/export/csv/?nonsense=1"
    unknown: Any = desk.client.get(address, follow=True)
    assert unknown.status_code == 200
    assert "names a filter that there is not" in text_of(unknown)


@pytest.mark.usefixtures("make")
def test_an_export_takes_a_permission_of_its_own(looking: Pages, viewer: User) -> None:
    for args in ((), ("csv",), ("xlsx",)):
        name = "predictions_question_export" + ("_as" if args else "")
        page = looking.get(name, *args)
        assert page.status_code == 403
        assert "predictions.export_facts" in text_of(page)
    assert "About these files" not in text_of(looking.get("predictions_question_changelist"))
    allow(viewer, "export_facts")
    looking.client.force_login(User.objects.get(pk=viewer.pk))
    assert "About these files" in text_of(looking.get("predictions_question_changelist"))
    assert looking.get("predictions_question_export_as", "csv").status_code == 200
    assert looking.get("predictions_message_export_as", "csv").status_code == 403


@pytest.mark.django_db
def test_every_list_has_an_export_that_says_what_its_columns_hold(desk: Pages) -> None:
    registered: dict[Any, Any] = dict(admin.site._registry)
    for model, model_admin in registered.items():
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        assert model_admin.exported, f"{name} needs its columns in predictions/admin/columns.py"
        page = text_of(desk.get(f"{name}_export"))
        for column in model_admin.exported:
            assert f"{column.heading} {column.about}" in page
        assert as_csv(desk, name) is not None
        assert as_xlsx(desk, name)[0] == [column.heading for column in model_admin.exported]
    assert not Forecaster.objects.exists()
