"""Filters as fields of one form. What cannot be read is said at its field, and finds nothing."""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib.admin import ListFilter
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from unfold.widgets import INPUT_CLASSES, SELECT_CLASSES

INPUT = " ".join(INPUT_CLASSES)
SELECT = " ".join(SELECT_CLASSES)

# Of a value that a form has read, the rows that fit.
Narrow = Callable[[QuerySet[Any], Any], QuerySet[Any]]


class FormFilter(ListFilter):
    """A filter of one field or two; subclasses say which, and what their values mean."""

    template = "admin/lists/filter.html"
    # Its parameters in an address.
    names: ClassVar[tuple[str, ...]]

    def __init__(
        self, request: HttpRequest, params: dict[str, Any], model: type[Model], model_admin: Any
    ) -> None:
        self.request = request
        fields = self.fields()
        self.title = next(iter(fields.values())).label or ""
        super().__init__(request, params, model, model_admin)
        given = {name: params.pop(name)[-1].strip() for name in fields if name in params}
        self.used_parameters.update({name: value for name, value in given.items() if value})
        self.form = forms.Form(given or None)
        self.form.fields = fields

    def fields(self) -> dict[str, forms.Field]:
        raise NotImplementedError

    def narrow(self, rows: QuerySet[Any], given: dict[str, Any]) -> QuerySet[Any]:
        raise NotImplementedError

    @property
    def is_good(self) -> bool:
        """Whether what was given can be read."""
        return not self.used_parameters or self.form.is_valid()

    def has_output(self) -> bool:
        return True

    def expected_parameters(self) -> list[str | None]:
        return list(self.names)

    def choices(self, changelist: Any) -> Iterator[dict[str, Any]]:
        yield {"form": self.form}

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not self.used_parameters:
            return queryset
        if not self.is_good:
            return queryset.none()
        return self.narrow(queryset, self.form.cleaned_data)


class OneFilter(FormFilter):
    """A filter of one field."""

    def fields(self) -> dict[str, forms.Field]:
        return {self.names[0]: self.field()}

    def field(self) -> forms.Field:
        raise NotImplementedError


def equal(lookup: str) -> Narrow:
    return lambda rows, value: rows.filter(**{lookup: value})


def one_of(
    label: str, name: str, choices: Sequence[tuple[str, str]], narrow: Narrow | None = None
) -> type[FormFilter]:
    """A choice; of the column `name`, where nothing else is said."""

    class Choice(OneFilter):
        def field(self) -> forms.Field:
            offered = [("", "All"), *choices]
            widget = forms.Select({"class": SELECT})
            return forms.ChoiceField(choices=offered, label=label, required=False, widget=widget)

        def narrow(self, rows: QuerySet[Any], given: dict[str, Any]) -> QuerySet[Any]:
            return (narrow or equal(name))(rows, given[name])

    Choice.names = (name,)
    return Choice


def text(label: str, name: str, narrow: Narrow | None = None) -> type[FormFilter]:
    """Words; the whole of the column `name` in whatever capitals, where nothing else is said."""

    class Text(OneFilter):
        def field(self) -> forms.Field:
            return forms.CharField(
                label=label, required=False, widget=forms.TextInput({"class": INPUT})
            )

        def narrow(self, rows: QuerySet[Any], given: dict[str, Any]) -> QuerySet[Any]:
            return (narrow or equal(f"{name}__iexact"))(rows, given[name])

    Text.names = (name,)
    return Text


def yes_or_no(label: str, name: str, condition: Q) -> type[FormFilter]:
    def narrow(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        return rows.filter(condition if value == "yes" else ~condition)

    return one_of(label, name, [("yes", "Yes"), ("no", "No")], narrow)


def between(label: str, column: str, kind: str) -> type[FormFilter]:
    """From and to, both included: of `kind` "day" (a date), "time" (days, in UTC) or "share"."""

    class Between(FormFilter):
        names = (f"{column}__from", f"{column}__to")

        def fields(self) -> dict[str, forms.Field]:
            words = (f"{label} from", f"{label} to")
            return {name: _bound(said, kind) for name, said in zip(self.names, words, strict=True)}

        def narrow(self, rows: QuerySet[Any], given: dict[str, Any]) -> QuerySet[Any]:
            low, high = (given[name] for name in self.names)
            if kind == "time":
                low, high = _moment(low, dt.time.min), _moment(high, dt.time.max)
            bounds = {f"{column}__gte": low, f"{column}__lte": high}
            return rows.filter(
                **{name: bound for name, bound in bounds.items() if bound is not None}
            )

    return Between


def _bound(label: str, kind: str) -> forms.Field:
    if kind == "share":
        widget = forms.NumberInput({"class": INPUT, "min": 0, "max": 1, "step": "any"})
        return forms.DecimalField(
            label=label, required=False, min_value=0, max_value=1, max_digits=7, widget=widget
        )
    day = forms.DateInput({"class": INPUT, "type": "date"}, format="%Y-%m-%d")
    errors = {"invalid": "Is not a date; write it as 2023-06-25."}
    return forms.DateField(label=label, required=False, widget=day, error_messages=errors)


def _moment(day: dt.date | None, time: dt.time) -> dt.datetime | None:
    return dt.datetime.combine(day, time, dt.UTC) if day else None
