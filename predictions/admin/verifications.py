"""The auditor's pages: verify the ledger here, or take it along and verify it elsewhere."""

from collections.abc import Iterator
from itertools import chain, islice
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import display

from ledger import checkpoints
from ledger.export import this_log
from ledger.replay import snapshot
from predictions.admin.access import refusal
from predictions.admin.acts import Act
from predictions.admin.base import ReadOnlyAdmin, moment
from predictions.forms.base import ActForm
from predictions.models import Verification
from predictions.services.verifications import verification_ask

_PERMISSION = "predictions.verify_ledger"
# An entry is some hundred bytes: so many go out together.
_LINES = 500


class VerifyLedger(Act):
    permission = _PERMISSION
    doing = "Verifying the ledger"
    title = "Verify the ledger"
    template = "admin/verify.html"

    def form(self, data: Any = None) -> ActForm:
        return ActForm(data)

    def do(self, form: ActForm) -> HttpResponse:
        verification_ask(by=self.person, now=timezone.now())
        text = "The verification begins within a minute; its result will stand here."
        return self.done(text, reverse("admin:predictions_verification_ask"))

    def context(self) -> dict[str, Any]:
        asked = Verification.objects.select_related("asked_by")
        return {
            "signed": checkpoints.latest(),
            "running": asked.filter(ended_at=None).first(),
            "last": asked.filter(ended_at__isnull=False).first(),
        }


def export(request: HttpRequest) -> HttpResponseBase:
    """The whole log as a file, as `export_ledger` writes it, sent while it is read."""
    if refused := refusal(request, doing="Exporting the ledger", permission=_PERMISSION):
        return refused
    response = StreamingHttpResponse(_exported(), content_type="application/x-ndjson")
    response["Content-Disposition"] = 'attachment; filename="ledger.ndjson"'
    return response


def _exported() -> Iterator[bytes]:
    with snapshot():
        _, lines = this_log()
        for line in lines:
            yield b"".join(chain([line], islice(lines, _LINES)))


@admin.register(Verification)
class VerificationAdmin(ReadOnlyAdmin):
    list_display = ["asked", "asked_by", "shown_state", "size", "findings_count", "ended"]
    list_select_related = ["asked_by"]
    date_hierarchy = "asked_at"
    ordering = ["-asked_at", "-pk"]
    fields = [
        "shown_state",
        "asked",
        "asked_by",
        "began",
        "ended",
        "error",
        "size",
        "root",
        "rows",
        "findings_count",
        "shown_findings",
        "shown_notes",
    ]
    readonly_fields = ["shown_state", "asked", "began", "ended", "shown_findings", "shown_notes"]
    asked = moment("asked_at", "Asked for")
    began = moment("began_at", "Began")
    ended = moment("ended_at", "Ended")

    def get_urls(self) -> list[URLPattern]:
        view, name = self.admin_site.admin_view, "predictions_verification"
        return [
            path("verify/", view(VerifyLedger.as_view()), name=f"{name}_ask"),
            path("ledger/", view(export), name=f"{name}_ledger"),
            *super().get_urls(),
        ]

    @display(
        description="State",
        label={"intact": "success", "not intact": "danger", "could not run": "danger"},
    )
    def shown_state(self, row: Verification) -> str:
        return row.state

    @display(description="The first findings")
    def shown_findings(self, row: Verification) -> SafeString | str:
        found = ((finding["place"], finding["problem"]) for finding in row.findings)
        return format_html_join("", "<div><b>{}</b>: {}</div>", found) or "none"

    @display(description="Notes")
    def shown_notes(self, row: Verification) -> SafeString | str:
        return format_html_join("", "<div>{}</div>", ((note,) for note in row.notes)) or "none"
