"""What the pages of recorded things have in common: they are read, never edited in place."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model
from django.db.models.functions import Length
from django.forms.widgets import Script
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.decorators import display

from ledger.exporting import ExportedAdmin
from ledger.listing import BoundedAdmin
from predictions.admin.amending import amending
from predictions.admin.columns import EXPORTED
from predictions.admin.history import history_context, proofs
from predictions.admin.searching import SearchedAdmin
from predictions.models import Fact
from predictions.templatetags.figures import score, when

_SUGGESTED = 12
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


class ListAdmin(SearchedAdmin, ExportedAdmin, BoundedAdmin, ModelAdmin):
    """A list: bounded, searched by indexes, narrowed by forms, exported as it is narrowed."""

    class Media:
        js = [Script("admin/suggest.js", type="module")]

    search_help_text: Any = "Words, all of which must stand there; “in quotes” they belong together"

    def __init__(self, model: type[Model], site: AdminSite) -> None:
        super().__init__(model, site)
        self.exported = EXPORTED.get(model, ())

    def response_action(self, request: HttpRequest, queryset: Any) -> Any:
        """What is chosen for an action is sent by the list's own boxes; what else is, is no row."""
        try:
            for chosen in request.POST.getlist(ACTION_CHECKBOX_NAME):
                self.opts.pk.to_python(chosen)
        except (ValidationError, ValueError):
            messages.error(request, "A row that was chosen is none of this list; choose again.")
            return None
        return super().response_action(request, queryset)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        named = (name for one in self.list_filter for name in getattr(one, "names", ()))
        return lookup in named or bool(super().lookup_allowed(lookup, value, request))


class ReadOnlyAdmin(ListAdmin):
    """Nobody adds, changes or deletes here; who may look is Django's `view` permission."""

    actions: list[str] | None = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class FactAdmin(ReadOnlyAdmin):
    """Facts: every role may look at them. Each page ends in the history of its row."""

    change_form_outer_before_template = "admin/parts/amend.html"
    change_form_outer_after_template = "admin/parts/history.html"

    def get_urls(self) -> list[URLPattern]:
        view, name = self.admin_site.admin_view, f"predictions_{self.opts.model_name}"
        own = [path("<uuid:pk>/proofs/", view(self.proofs_view), name=f"{name}_proofs")]
        if act := amending(self.model):
            own.append(path("<uuid:pk>/amend/", view(act.as_view()), name=f"{name}_amend"))
        return [*own, *super().get_urls()]

    def proofs_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return proofs(request, get_object_or_404(self.model, pk=pk))

    def history_view(self, request: HttpRequest, object_id: str, *_: Any) -> HttpResponse:
        """Django's own history is of what its admin did; ours is of the ledger, on the page."""
        name = f"admin:predictions_{self.opts.model_name}_change"
        return HttpResponseRedirect(f"{reverse(name, args=[object_id])}#history")

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **given: Any
    ) -> HttpResponse:
        if (row := context.get("original")) is not None:
            context |= history_context(request, row) | amend_context(request, row)
        return super().render_change_form(request, context, *args, **given)  # type: ignore[no-any-return]


def needs(permission: str) -> Any:
    """The `has_…_permission` of an action that takes this permission.

    It carries the permission, so that a refusal can say which role holds it.
    """

    def may(model_admin: ModelAdmin, request: HttpRequest) -> bool:
        return request.user.has_perm(permission)

    may.permission = permission  # type: ignore[attr-defined]
    return may


def amend_context(request: HttpRequest, row: Fact) -> dict[str, str]:
    """What `admin/parts/amend.html` shows; nothing where the row cannot be amended, or not by
    whoever asks."""
    act = amending(type(row))
    if act is None or row.is_erased or not request.user.has_perm(act.permission):
        return {}
    url = reverse(f"admin:predictions_{row._meta.model_name}_amend", args=[row.pk])
    return {"amend_url": url, "amend_label": act.title.split()[0]}


class KeyedAdmin(FactAdmin):
    """Facts with keys, which are offered as one types."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.suggest_view)
        name = f"predictions_{self.opts.model_name}_suggest"
        return [path("suggest/", view, name=name), *super().get_urls()]

    def suggest_view(self, request: HttpRequest) -> JsonResponse:
        """Keys of a few rows in which the words of `term` stand, each with what it is called."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows = self.model._default_manager.order_by("key")
        found, _ = self.get_search_results(request, rows, request.GET.get("term", ""))
        offered = [{"key": row.key, "text": str(row)} for row in found[:_SUGGESTED]]
        return JsonResponse({"results": offered})


def link(row: Model | None, text: object = None) -> SafeString | str:
    """A link to the page of a row."""
    if row is None:
        return "–"
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"
    return format_html('<a href="{}">{}</a>', reverse(name, args=[row.pk]), text or row)


def link_to_list(model: type[Model], count: int | str, **lookup: Any) -> SafeString | str:
    """A link to the list of the rows of `model` that fit, named by their number."""
    if count in (0, "0"):
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
