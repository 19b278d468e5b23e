"""Reports as they were sent."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from unfold.decorators import display

from ledger.filtering import between, text
from predictions.admin.base import ReadOnlyAdmin, moment
from predictions.models import Report


@admin.register(Report)
class ReportAdmin(ReadOnlyAdmin):
    change_form_outer_before_template = "admin/mail/preview_link.html"
    list_display = ["ends", "subscription", "ledger_size", "shown_root", "created"]
    list_select_related = ["subscription__user"]
    list_filter = [
        text("Subscriber", "subscription__user__username"),
        text("Address", "subscription__email"),
        between("To", "period_end", "time"),
    ]
    search_fields = ["ledger_root", "subscription__user__username", "subscription__email"]
    ordering = ["-period_end", "-id"]
    sortable_by: list[str] = []
    fields = [
        "subscription",
        "starts",
        "ends",
        "message",
        "ledger_size",
        "ledger_root",
        "created",
    ]
    readonly_fields = ["starts", "ends", "created"]
    starts = moment("period_start", "From")
    ends = moment("period_end", "To")
    created = moment("created_at", "Created")

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **given: Any
    ) -> HttpResponse:
        if (row := context.get("original")) is not None:
            url = reverse("report", args=[row.key])
            context |= {"preview_url": url, "preview_label": "As everybody sees it"}
        return super().render_change_form(request, context, *args, **given)  # type: ignore[no-any-return]

    @display(description="Root")
    def shown_root(self, report: Report) -> str:
        return f"{report.ledger_root[:16]}…"
