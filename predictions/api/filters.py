"""Filtering that refuses what it does not know: a typo must not silently answer with everything."""

from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from predictions.when import instant


def refuse_unknown(request: Request, known: set[str]) -> None:
    """Raises ValidationError for a query parameter that is not known, empty, or given twice."""
    for name, values in request.query_params.lists():
        if name not in known:
            told = ", ".join(sorted(known)) or "none"
            raise ValidationError({name: [f"is not a parameter here; known: {told}"]})
        if len(values) > 1:
            raise ValidationError({name: ["is given more than once"]})
        if not values[0].strip() or "\x00" in values[0]:
            raise ValidationError({name: ["is empty or no text; leave it out or give a value"]})


class StrictFilterBackend(DjangoFilterBackend):
    """The view's `filterset_class` on lists; no parameters at all on single objects."""

    def filter_queryset(
        self, request: Request, queryset: QuerySet[Any], view: Any
    ) -> QuerySet[Any]:
        if view.detail:
            refuse_unknown(request, set())
            return queryset
        filterset = self.get_filterset_class(view, queryset)
        known = set(filterset.base_filters) if filterset else set()
        refuse_unknown(request, known | set(view.paginator.parameters))
        found: QuerySet[Any] = super().filter_queryset(request, queryset, view)
        return found


class InstantField(forms.Field):
    def to_python(self, value: Any) -> Any:
        if not value:
            return None
        try:
            return instant(value)
        except (ValueError, OverflowError) as error:
            # As a parameter: what it quotes of the caller's may hold a percent sign.
            raise forms.ValidationError("%(told)s", params={"told": error}) from error


_DATE_OR_TIME = {
    "type": "string",
    "description": "A time with a zone, or a date, which means its end in UTC.",
    "example": "2024-02-17",
}


@extend_schema_field(_DATE_OR_TIME)
class After(django_filters.Filter):
    """Times later than the given one."""

    field_class = InstantField

    def __init__(self, field_name: str) -> None:
        super().__init__(field_name, lookup_expr="gt")


@extend_schema_field(_DATE_OR_TIME)
class Until(django_filters.Filter):
    """Times up to and including the given one."""

    field_class = InstantField

    def __init__(self, field_name: str) -> None:
        super().__init__(field_name, lookup_expr="lte")


class DayAfter(django_filters.DateFilter):
    def __init__(self, field_name: str) -> None:
        super().__init__(field_name, lookup_expr="gt", input_formats=["%Y-%m-%d"])


class DayUntil(django_filters.DateFilter):
    def __init__(self, field_name: str) -> None:
        super().__init__(field_name, lookup_expr="lte", input_formats=["%Y-%m-%d"])


@extend_schema_field(OpenApiTypes.STR)
class Keyed(django_filters.ModelChoiceFilter):
    """A reference by its key; a key that nobody has is refused."""

    def __init__(self, field_name: str, queryset: QuerySet[Any], to: str = "key") -> None:
        super().__init__(
            field_name,
            queryset=queryset,
            to_field_name=to,
            error_messages={"invalid_choice": "names nothing that is recorded"},
        )


@extend_schema_field(OpenApiTypes.UUID)
class ById(Keyed):
    """A reference to a row that has no key of its own."""

    def __init__(self, field_name: str, queryset: QuerySet[Any]) -> None:
        super().__init__(field_name, queryset, to="pk")


@extend_schema_field(OpenApiTypes.BOOL)
class Whether(django_filters.ChoiceFilter):
    """`true` for the rows that meet the condition, `false` for the others."""

    def __init__(self, condition: Q) -> None:
        super().__init__(choices=[("true", "true"), ("false", "false")], empty_label=None)
        self.condition = condition

    def filter(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        if not value:
            return queryset
        return queryset.filter(self.condition if value == "true" else ~self.condition)
