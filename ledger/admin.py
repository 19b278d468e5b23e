"""Entries to look at. The log is written by the database alone."""

import json

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.decorators import display

from ledger import parts
from ledger.errors import EncodingError
from ledger.journal import body_of, leaf_hash_of
from ledger.models import Entry


@admin.register(Entry)
class EntryAdmin(ModelAdmin):
    actions = None
    list_display = ["sequence", "when", "kind", "subject", "actor"]
    list_filter = ["kind", "actor"]
    search_fields = ["subject", "kind", "uuid"]
    search_help_text = "Part of a subject, such as question:Q16, of a kind, or of a uuid"
    ordering = ["-sequence"]
    list_per_page = 50
    fields = ["sequence", "time", "kind", "subject", "actor", "uuid", "leaf", "shown_body"]
    readonly_fields = fields

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return True

    def has_module_permission(self, request: HttpRequest) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    @display(description="Time", ordering="sequence")
    def when(self, entry: Entry) -> str:
        return f"{entry.time[:10]} {entry.time[11:19]} UTC"

    @display(description="Leaf hash, computed from the bytes")
    def leaf(self, entry: Entry) -> SafeString:
        return format_html('<code class="pl-hash">{}</code>', leaf_hash_of(entry))

    # A commitment is shown with the part it hides: {"hmac": …, "part": …}.
    @display(description="Body, with its personal parts as far as they are kept")
    def shown_body(self, entry: Entry) -> SafeString:
        return format_html('<pre class="pl-body">{}</pre>', _pretty(entry))


def _pretty(entry: Entry) -> str:
    """The body for people; as its bytes are, where they are not canonical."""
    try:
        body = body_of(entry)
        if isinstance(body, dict) and isinstance(body.get("facts"), dict):
            body = {**body, "facts": parts.revealed(body["facts"])}
        return json.dumps(body, indent=2, ensure_ascii=False)
    except EncodingError as error:
        return f"not canonical: {error}\n\n{bytes(entry.body).decode(errors='replace')}"
