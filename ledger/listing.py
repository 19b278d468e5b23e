"""Lists in the admin that take as long among a million rows as among a thousand.

What would have to look at all rows is bounded: of a long list its first `REACH` rows are paged
through, exactly counted up to there, and beyond that counted as the planner estimates them.
"""

import json
from functools import cached_property
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db.models import IntegerField, QuerySet, Subquery
from django.http import HttpRequest

PER_PAGE = 50
REACH = 2_000
# Of what is counted beside a row.
COUNTED = 1_000


# Generic in its stubs alone.
class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Pages of the first `REACH` rows."""

    template_name = "admin/lists/pagination.html"

    @property
    def count(self) -> int:
        """Of the rows that can be reached."""
        return min(self._counted, REACH)

    @property
    def is_cut(self) -> bool:
        """Whether there are more than can be reached."""
        return self._counted > REACH

    @cached_property
    def estimate(self) -> int:
        """About how many rows there are in all: what the planner expects."""
        return max(planned_rows(self._rows), REACH)

    @property
    def _rows(self) -> QuerySet[Any]:
        rows: Any = self.object_list
        unordered: QuerySet[Any] = rows.order_by()
        return unordered

    @cached_property
    def _counted(self) -> int:
        """Up to one more than can be reached."""
        return self._rows.values("pk")[: REACH + 1].count()


def planned_rows(rows: QuerySet[Any]) -> int:
    [explained] = json.loads(rows.explain(format="json"))
    return int(explained["Plan"]["Plan Rows"])


class BoundedList(ChangeList):
    """Is ordered by columns that have an index alone, whatever an address asks for."""

    def get_ordering_field(self, field_name: Any) -> Any:
        sortable = field_name in (self.sortable_by or ())
        return super().get_ordering_field(field_name) if sortable else None


class CountUpTo(Subquery):
    """How many rows a sliced query has: no more than its slice, however many there are."""

    template = "(SELECT count(*) FROM (%(subquery)s) counted)"
    output_field = IntegerField()


def count_up_to(rows: QuerySet[Any]) -> int:
    """How many `rows` there are, or `COUNTED` and one where there are more."""
    return rows.order_by().values("pk")[: COUNTED + 1].count()


def shown_count(count: int, most: int = COUNTED) -> str:
    """`1,000`, `over 1,000`."""
    return f"{count:,}" if count <= most else f"over {most:,}"


class BoundedAdmin:
    """What makes the list of a model admin a bounded one."""

    paginator: Any = BoundedPaginator
    list_per_page = PER_PAGE
    list_max_show_all = PER_PAGE
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    # Filters are fields of one form, which its button sends.
    list_filter_submit = True

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return BoundedList
