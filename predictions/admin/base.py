"""What the pages of recorded things have in common: they are read, never edited in place."""

from typing import Any

from django.db.models import Model
from django.db.models.functions import Length
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.decorators import display

from predictions.templatetags.figures import score, when

# Q2 before Q10.
NUMBERED: list[Any] = [Length("key"), "key"]


def moment(field: str, description: str) -> Any:
    """A column for a time in UTC, or for a day where only that is known."""

    @display(description=description, ordering=field)
    def shown(model_admin: ModelAdmin, row: Model) -> str:
        return when(getattr(row, field))

    return shown


def day(field: str, description: str) -> Any:
    """A column for a date."""

    @display(description=description, ordering=field)
    def shown(model_admin: ModelAdmin, row: Model) -> str:
        return str(getattr(row, field).isoformat())

    return shown


class ReadOnlyAdmin(ModelAdmin):
    """Nobody adds, changes or deletes here; who may look is Django's `view` permission."""

    actions: list[str] | None = None
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class FactAdmin(ReadOnlyAdmin):
    """Facts: every role may look at them."""


def needs(permission: str) -> Any:
    """The `has_…_permission` of an action that takes this permission.

    It carries the permission, so that a refusal can say which role holds it.
    """

    def may(model_admin: ModelAdmin, request: HttpRequest) -> bool:
        return request.user.has_perm(permission)

    may.permission = permission  # type: ignore[attr-defined]
    return may


def link(row: Model | None, text: object = None) -> SafeString | str:
    """A link to the page of a row."""
    if row is None:
        return "–"
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"
    return format_html('<a href="{}">{}</a>', reverse(name, args=[row.pk]), text or row)


def link_to_list(model: type[Model], count: int, **lookup: Any) -> SafeString | str:
    """A link to the list of the rows of `model` that fit, named by their number."""
    if not count:
        return "none"
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
    url = reverse(name, query={key: str(value) for key, value in lookup.items()})
    return format_html('<a href="{}">{} →</a>', url, count)


def quotes(passages: list[dict[str, Any]]) -> SafeString:
    """Passages of an article: each quote with the place where it begins."""
    return format_html_join(
        "",
        '<blockquote class="pl-quote">{} <small>from character {}</small></blockquote>',
        ((passage["quote"], passage["offset"]) for passage in passages),
    )


def range_of(low: object, value: Any, high: object, places: int = 3) -> str:
    """`0.123 (0.040 to 0.250)`, or the value alone where the range is a point."""
    if low == value == high:
        return score(value, places)
    return f"{score(value, places)} ({score(low, places)} to {score(high, places)})"  # type: ignore[arg-type]
