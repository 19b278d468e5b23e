"""Entries and checkpoints to look at. The log is written by the database alone."""

import base64
import json
import re
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.decorators import display

from ledger import checkpoints, parts, proving
from ledger.checkpoints import Signed
from ledger.errors import DoesNotHold, EncodingError, NoteError, NotSigned, OutOfRange
from ledger.exporting import Column, ExportedAdmin
from ledger.filtering import Narrow, equal, text
from ledger.journal import body_of, leaf_hash_of
from ledger.listing import BoundedAdmin
from ledger.models import Checkpoint, Entry

# No index knows kinds and actors, for every entry would have to be in it.
NEWEST = 20_000
_ROOT = re.compile(r"[0-9a-fA-F]{64}")


class LogAdmin(ExportedAdmin, BoundedAdmin, ModelAdmin):
    """Who has Django's `view` permission may look, and nobody may do more."""

    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def _of_newest(column: str) -> Narrow:
    def narrow(entries: QuerySet[Any], value: str) -> QuerySet[Any]:
        last = Entry.objects.order_by("-sequence").values_list("sequence", flat=True).first() or 0
        return entries.filter(**{column: value}, sequence__gt=last - NEWEST)

    return narrow


@admin.register(Entry)
class EntryAdmin(LogAdmin):
    list_display = ["sequence", "when", "kind", "subject", "actor"]
    list_filter = [
        text("Subject", "subject", equal("subject")),
        text(f"Kind, of the newest {NEWEST:,}", "kind", _of_newest("kind")),
        text(f"Actor, of the newest {NEWEST:,}", "actor", _of_newest("actor")),
    ]
    search_fields = ["subject", "uuid"]
    search_help_text = "A subject, such as question:Q16, or a uuid"
    ordering = ["-sequence"]
    sortable_by = ["sequence", "when"]
    exported = (
        Column("sequence", "sequence", "Its place in the log"),
        Column("time", "time", "When it was appended"),
        Column("kind", "kind", "What was done"),
        Column("subject", "subject", "To what"),
        Column("actor", "actor", "By whom"),
        Column("uuid", "uuid", "What rows name it by"),
    )
    fields = [
        "sequence",
        "time",
        "kind",
        "subject",
        "actor",
        "uuid",
        "leaf",
        "receipt",
        "shown_body",
    ]
    readonly_fields = fields

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Entry], search_term: str
    ) -> tuple[QuerySet[Entry], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        try:
            return queryset.filter(uuid=UUID(term)), False
        except ValueError:
            return queryset.filter(subject=term), False

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.receipt_view)
        return [
            path("<int:sequence>/receipt/", view, name="ledger_entry_receipt"),
            *super().get_urls(),
        ]

    def receipt_view(self, request: HttpRequest, sequence: int) -> HttpResponse:
        """The entry with its proof, as a file; or in words, why there is none yet."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            made = proving.receipt(sequence=sequence)
        except OutOfRange as error:
            raise Http404(f"There is no entry {sequence}.") from error
        except (NotSigned, DoesNotHold) as error:
            self.message_user(request, str(error), messages.ERROR)
            return redirect("admin:ledger_entry_change", sequence)
        response = JsonResponse(made.as_json())
        name = f"entry-{sequence}.receipt.json"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response

    @display(description="Receipt")
    def receipt(self, entry: Entry) -> SafeString:
        signed, every = checkpoints.latest(), settings.CHECKPOINT_SECONDS
        if signed is None or signed.size < entry.sequence:
            return format_html("From the next checkpoint on, at most {} seconds", every)
        address = reverse("admin:ledger_entry_receipt", args=[entry.sequence])
        return format_html(
            '<a href="{}">Download</a>: these bytes, and the proof that a signed checkpoint covers '
            "them, for <code>ledger/verifier.py --receipt</code>",
            address,
        )

    @display(description="Time", ordering="sequence")
    def when(self, entry: Entry) -> str:
        return f"{entry.time[:10]} {entry.time[11:19]} UTC"

    @display(description="Leaf hash, computed from the bytes")
    def leaf(self, entry: Entry) -> SafeString:
        return format_html('<code class="pl-hash">{}</code>', leaf_hash_of(entry))

    # A commitment is shown with the part it hides: {"hmac": …, "part": …}.
    @display(description="Body, with its personal parts as far as they are kept")
    def shown_body(self, entry: Entry) -> SafeString:
        return format_html('<pre class="pl-body" tabindex="0">{}</pre>', _pretty(entry))


@admin.register(Checkpoint)
class CheckpointAdmin(LogAdmin):
    list_display = ["number", "size", "shown_root"]
    exported = (
        Column("number", "number", "Its number"),
        Column("size", "size", "Of how many entries it is"),
        Column("note", "note", "The signed note"),
    )
    search_fields = ["note"]
    search_help_text = "A root, or part of a note"
    ordering = ["-number"]
    fields = ["number", "size", "shown_root", "shown_note"]
    readonly_fields = fields

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Checkpoint], search_term: str
    ) -> tuple[QuerySet[Checkpoint], bool]:
        if _ROOT.fullmatch(search_term):  # as reports and pages show it; the note has it in base64
            search_term = base64.b64encode(bytes.fromhex(search_term)).decode()
        found: tuple[QuerySet[Checkpoint], bool] = super().get_search_results(
            request, queryset, search_term
        )
        return found

    @display(description="Root")
    def shown_root(self, checkpoint: Checkpoint) -> SafeString:
        signed = Signed(checkpoint.number, checkpoint.size, checkpoint.note)
        try:
            return format_html('<code class="pl-hash">{}</code>', signed.head.root)
        except NoteError as error:
            return format_html("unreadable: {}", error)

    @display(description="Signed note")
    def shown_note(self, checkpoint: Checkpoint) -> SafeString:
        return format_html('<pre class="pl-body" tabindex="0">{}</pre>', checkpoint.note)


def _pretty(entry: Entry) -> str:
    """The body for people; as its bytes are, where they are not canonical."""
    try:
        body = body_of(entry)
        if isinstance(body, dict) and isinstance(body.get("facts"), dict):
            body = {**body, "facts": parts.revealed(body["facts"])}
        return json.dumps(body, indent=2, ensure_ascii=False)
    except EncodingError as error:
        return f"not canonical: {error}\n\n{bytes(entry.body).decode(errors='replace')}"
