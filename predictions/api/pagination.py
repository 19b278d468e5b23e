"""Pages by cursor: the next page begins after the last row seen, whatever was added meanwhile.

A view names its `orderings` (public name → column) and its default `ordering`. The primary key
settles ties, so rows that are alike in their column, such as the scores of one outcome, are neither
lost nor shown twice.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

from django.core.signing import BadSignature, Signer
from django.db.models import Field, Model, Q, QuerySet
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param

PAGE_SIZE = 100
MAX_PAGE_SIZE = 500
_signer = Signer(salt="api.cursor")


@dataclass(frozen=True)
class Column:
    """One column of an ordering. NULL is greater than every value, as PostgreSQL has it."""

    path: str
    field: "Field[Any, Any]"
    nullable: bool
    descending: bool

    def reversed(self) -> "Column":
        return Column(self.path, self.field, self.nullable, not self.descending)

    @property
    def term(self) -> str:
        return f"-{self.path}" if self.descending else self.path

    @property
    def is_unique(self) -> bool:
        return self.field.unique and not self.nullable and "__" not in self.path

    def value_of(self, row: Model) -> str | None:
        value = reduce(lambda at, name: at and getattr(at, name), self.path.split("__"), row)
        if isinstance(value, dt.date):
            return value.isoformat()
        return None if value is None else str(value)

    def beyond(self, value: Any) -> Q | None:
        """Rows that come after `value`; None where there can be none."""
        if value is None:
            return self._where("isnull", False) if self.descending else None
        if self.descending:
            return self._where("lt", value)
        greater = self._where("gt", value)
        return greater | self._where("isnull", True) if self.nullable else greater

    def same(self, value: Any) -> Q:
        return self._where("isnull", True) if value is None else self._where("exact", value)

    def reach(self, value: Any) -> Q:
        """A bound that holds for `same` and `beyond` alike, from which an index can start."""
        if self.nullable:
            return Q()
        return self._where("lte" if self.descending else "gte", value)

    def _where(self, lookup: str, value: Any) -> Q:
        return Q(**{f"{self.path}__{lookup}": value})


@dataclass(frozen=True)
class Place:
    """Where a page begins: after these values of the columns, in reading direction or backwards."""

    values: tuple[str | None, ...]
    backwards: bool


class CursorPages(BasePagination):
    """`page_size`, `ordering`, and a `cursor` that is signed: what we did not write is refused."""

    parameters = ("cursor", "page_size", "ordering")

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self._request = request
        self._size = _page_size(request.query_params.get("page_size", str(PAGE_SIZE)))
        ordering = _ordering(request.query_params.get("ordering", view.ordering), view)
        self._columns = columns_of(queryset.model, ordering, view.orderings)
        self._list = f"{queryset.model._meta.label} {ordering}"
        self._place = self._asked()
        rows = list(self._slice(queryset))
        self._more = len(rows) > self._size
        rows = rows[: self._size]
        self._page = rows[::-1] if self._place and self._place.backwards else rows
        return self._page

    def get_paginated_response(self, data: Any) -> Response:
        back = self._place is not None and self._place.backwards
        return Response(
            {
                "next": self._link(-1, backwards=False) if back or self._more else None,
                "previous": self._link(0, backwards=True) if self._has_previous(back) else None,
                "results": data,
            }
        )

    def _has_previous(self, back: bool) -> bool:
        return self._more if back else self._place is not None

    def _asked(self) -> Place | None:
        cursor = self._request.query_params.get("cursor")
        if cursor is None:
            return None
        try:
            said = _signer.unsign_object(cursor)
        except (BadSignature, ValueError):
            raise ValidationError({"cursor": ["is not one that this API gave"]}) from None
        if said["list"] != self._list:
            raise ValidationError({"cursor": ["was given for another list or ordering"]})
        return Place(tuple(said["values"]), said["backwards"])

    def _slice(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        columns = self._columns
        if self._place and self._place.backwards:
            columns = [column.reversed() for column in columns]
        queryset = queryset.order_by(*(column.term for column in columns))
        if self._place:
            queryset = queryset.filter(_beyond(columns, self._place.values))
        return queryset[: self._size + 1]

    def _link(self, index: int, *, backwards: bool) -> str:
        url = self._request.build_absolute_uri()
        if not self._page:  # the rows before or after a place are gone: begin anew
            return remove_query_param(url, "cursor")
        values = [column.value_of(self._page[index]) for column in self._columns]
        said = {"list": self._list, "values": values, "backwards": backwards}
        return replace_query_param(url, "cursor", _signer.sign_object(said))

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": "string", "format": "uri", "nullable": True}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": link, "previous": link, "results": schema},
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        names = [sign + name for name in view.orderings for sign in ("", "-")]
        return [
            _parameter("cursor", "Where the page begins: taken from `next` or `previous`."),
            _parameter(
                "page_size",
                "Rows a page.",
                {"type": "integer", "minimum": 1, "maximum": MAX_PAGE_SIZE, "default": PAGE_SIZE},
            ),
            _parameter(
                "ordering",
                "Ascending, or descending with a dash.",
                {"type": "string", "enum": names, "default": view.ordering},
            ),
        ]


def columns_of(model: type[Model], ordering: str, orderings: dict[str, str]) -> list[Column]:
    """The columns of an ordering, with the primary key last unless the first is unique."""
    descending, name = ordering.startswith("-"), ordering.removeprefix("-")
    first = _column(model, orderings[name], descending)
    if first.is_unique:
        return [first]
    pk = model._meta.pk
    assert pk is not None  # noqa: S101 -- for the type checker: every table here has one
    return [first, Column(pk.name, pk, nullable=False, descending=descending)]


def _column(model: type[Model], path: str, descending: bool) -> Column:
    at: Any = model
    nullable = False
    for name in path.split("__"):
        field = at._meta.get_field(name)
        nullable = nullable or field.null
        at = field.related_model
    return Column(path, field, nullable, descending)


def _beyond(columns: Sequence[Column], values: Sequence[str | None]) -> Q:
    """Rows after `values` in the order of the columns: a > x, or a = x and b > y."""
    found, alike, reach = Q(), Q(), Q()
    for column, text in zip(columns, values, strict=True):
        value = column.field.to_python(text)
        step = column.beyond(value)
        if step is not None:
            found |= alike & step
        if column is columns[0]:
            reach = column.reach(value)
        alike &= column.same(value)
    return reach & found


def _page_size(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= MAX_PAGE_SIZE:
        return int(text)
    raise ValidationError({"page_size": [f"must be a whole number from 1 to {MAX_PAGE_SIZE}"]})


def _ordering(text: str, view: Any) -> str:
    if text.removeprefix("-") in view.orderings:
        return text
    names = ", ".join(view.orderings)
    raise ValidationError(
        {"ordering": [f"must be one of {names}, with a dash before it for descending"]}
    )


def _parameter(name: str, description: str, schema: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": description,
        "schema": schema or {"type": "string"},
    }
