"""Reports as they were sent."""

from django.contrib import admin
from unfold.decorators import display

from ledger.filtering import between, text
from predictions.admin.base import ReadOnlyAdmin, moment
from predictions.models import Report


@admin.register(Report)
class ReportAdmin(ReadOnlyAdmin):
    list_display = ["ends", "subscription", "ledger_size", "shown_root", "created"]
    list_select_related = ["subscription__user"]
    list_filter = [
        text("Subscriber", "subscription__user__username"),
        between("To", "period_end", "time"),
    ]
    search_fields = ["ledger_root", "subscription__user__username"]
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

    @display(description="Root")
    def shown_root(self, report: Report) -> str:
        return f"{report.ledger_root[:16]}…"
