"""What a list of the admin shows, as a file: CSV of any length, or XLSX of a bounded one.

One query, and thereby one moment. Rows are read and written as they come, so that a million take no
more memory than a thousand. Times are in UTC by ISO 8601, decimals are exact.
"""

import csv
import datetime as dt
import json
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import IO, Any

from django.conf import settings
from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

PERMISSION = "predictions.export_facts"
# What the format holds, beside its line of headings.
MOST_IN_XLSX = 1_048_575
_LONGEST_IN_XLSX = 32_767
_CUT = "… (cut here: a cell of XLSX holds no more; the CSV has all of it)"
_ROWS_A_TURN = 2_000
# With these a spreadsheet takes a text for a formula; a number is none.
_FORMULA = re.compile(r"[=+\-@\t\r\n]")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
# Beyond these, a spreadsheet would round a number.
_EXACT_DIGITS = 15

# What the domain says to whoever lacks the permission: a page, or None for who has it.
Refusal = Callable[[HttpRequest], HttpResponse | None]
_refusals: list[Refusal] = []


def refuse_with(refusal: Refusal) -> None:
    """Have the domain's page shown to whoever may not export."""
    _refusals[:] = [refusal]


@dataclass(frozen=True)
class Column:
    """A column of a file: its heading, where its value is read, and what it means."""

    heading: str
    path: str
    about: str


def read(columns: Sequence[Column], rows: QuerySet[Any]) -> Iterator[tuple[Any, ...]]:
    """The values of each row, through a cursor of the server's."""
    paths = [column.path for column in columns]
    with transaction.atomic():
        yield from rows.prefetch_related(None).values_list(*paths).iterator(chunk_size=_ROWS_A_TURN)


# -- CSV ------------------------------------------------------------------------------------------


class _Line:
    """A file that hands each line back to who writes it."""

    def write(self, line: str) -> str:
        return line


def csv_lines(columns: Sequence[Column], rows: Iterable[tuple[Any, ...]]) -> Iterator[str]:
    writer: Any = csv.writer(_Line())
    yield writer.writerow([column.heading for column in columns])
    for row in rows:
        yield writer.writerow([guarded(plain(value)) for value in row])


def plain(value: Any) -> Any:
    """A value as a number or as text."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case int():
            return value
        case Decimal():
            return value
        case dt.datetime():
            return value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
        case dt.date():
            return value.isoformat()
        case list() | dict():
            return json.dumps(value, ensure_ascii=False)
    return str(value)


def guarded(value: Any) -> Any:
    """Decimals in full; and an apostrophe before text that a spreadsheet would calculate."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, str) and _FORMULA.match(value) and not _NUMBER.fullmatch(value):
        return f"'{value}"
    return value


# -- XLSX -----------------------------------------------------------------------------------------


def xlsx_file(columns: Sequence[Column], rows: Iterable[tuple[Any, ...]]) -> IO[bytes]:
    """A workbook in a file that is gone once it is closed. Text stays text, never a formula."""
    import xlsxwriter  # takes longer than most commands

    file = tempfile.TemporaryFile()  # noqa: SIM115 -- who sends it closes it
    options = {"constant_memory": True, "in_memory": False}
    with xlsxwriter.Workbook(file, options) as book:
        sheet = book.add_worksheet()
        sheet.freeze_panes(1, 0)
        bold = book.add_format({"bold": True})
        for place, column in enumerate(columns):
            sheet.write_string(0, place, column.heading, bold)
        for line, row in enumerate(rows, start=1):
            for place, value in enumerate(row):
                _write(sheet, line, place, plain(value))
    file.seek(0)
    return file


def _write(sheet: Any, line: int, place: int, value: Any) -> None:
    if isinstance(value, int) or (isinstance(value, Decimal) and _is_exact(value)):
        sheet.write_number(line, place, value)
        return
    text = f"{value:f}" if isinstance(value, Decimal) else str(value)
    if len(text) > _LONGEST_IN_XLSX:
        text = text[: _LONGEST_IN_XLSX - len(_CUT)] + _CUT
    if text:
        sheet.write_string(line, place, text)


def _is_exact(value: Decimal) -> bool:
    return len(value.normalize().as_tuple().digits) <= _EXACT_DIGITS


# -- the list's buttons ---------------------------------------------------------------------------


class ExportedAdmin:
    """A model admin whose list can be taken as a file, as it is narrowed, searched and ordered."""

    exported: Sequence[Column] = ()
    list_before_template = "admin/lists/export.html"
    # Of the model admin that this is mixed into.
    admin_site: Any
    opts: Any

    def export_rows(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """With what `exported` names beyond the model's own columns."""
        return rows

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_export"
        view = self.admin_site.admin_view(self.export_view)
        return [
            path("export/", view, name=name),
            path("export/<str:form>/", view, name=f"{name}_as"),
            *super().get_urls(),  # type: ignore[misc]
        ]

    def export_view(self, request: HttpRequest, form: str = "") -> HttpResponseBase:
        """The file; without a form of it, what its columns hold."""
        # First, as who may not look is told by no more than that.
        if not self.has_view_permission(request):  # type: ignore[attr-defined]
            raise PermissionDenied
        if refused := _refused(request):
            return refused
        if form not in ("csv", "xlsx"):
            return self._explained(request)
        try:
            listed = self.get_changelist_instance(request)  # type: ignore[attr-defined]
        except IncorrectLookupParameters:
            return self._back(request, "The address names a filter that there is not.", plain=True)
        if not all(spec.is_good for spec in listed.filter_specs if hasattr(spec, "is_good")):
            return self._back(request, "Nothing was exported: a filter cannot be read; see there.")
        rows = self.export_rows(listed.queryset)
        return self._csv(rows) if form == "csv" else self._xlsx(request, rows)

    def _csv(self, rows: QuerySet[Any]) -> HttpResponseBase:
        lines = csv_lines(self.exported, read(self.exported, rows))
        response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{self._file_name()}.csv"'
        return response

    def _xlsx(self, request: HttpRequest, rows: QuerySet[Any]) -> HttpResponseBase:
        most = min(settings.EXPORT_XLSX_ROWS, MOST_IN_XLSX)
        if rows[most : most + 1].exists():
            return self._back(
                request,
                f"An XLSX holds at most {most:,} rows here, and there are more: narrow the list, "
                "or take the CSV, which has no limit.",
            )
        file = xlsx_file(self.exported, read(self.exported, rows))
        return FileResponse(file, as_attachment=True, filename=f"{self._file_name()}.xlsx")

    def _explained(self, request: HttpRequest) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": f"Export of {self.opts.verbose_name_plural}",
            "opts": self.opts,
            "columns": self.exported,
            "most": min(settings.EXPORT_XLSX_ROWS, MOST_IN_XLSX),
            "query": request.GET.urlencode(),
        }
        return TemplateResponse(request, "admin/lists/columns.html", context)

    def _back(self, request: HttpRequest, problem: str, *, plain: bool = False) -> HttpResponse:
        messages.error(request, problem)
        url = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
        query = "" if plain else request.GET.urlencode()
        return redirect(f"{url}?{query}" if query else url)

    def _file_name(self) -> str:
        names = str(self.opts.verbose_name_plural).replace(" ", "-").lower()
        return f"{names}-{timezone.now():%Y-%m-%dT%H%MZ}"


def _refused(request: HttpRequest) -> HttpResponse | None:
    for refusal in _refusals:
        return refusal(request)
    if request.user.has_perm(PERMISSION):
        return None
    raise PermissionDenied
