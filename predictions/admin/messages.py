"""Mail as it went out, or did not."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import action, display

from ledger.filtering import between, one_of
from predictions.admin.base import ReadOnlyAdmin, moment, needs
from predictions.admin.retries import Retry, retry
from predictions.models import Message
from predictions.models.choices import MessageKind, MessageState


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    list_display = ["subject", "recipient", "kind", "shown_state", "attempts", "created"]
    list_filter = [
        one_of("State", "state", MessageState.choices),
        one_of("Kind", "kind", MessageKind.choices),
        between("Created", "created_at", "time"),
    ]
    search_fields = ["subject", "recipient", "message_id"]
    ordering = ["-created_at", "-id"]
    sortable_by = ["created"]
    fields = [
        "subject",
        "recipient",
        "shown_state",
        "attempts",
        "doubtful",
        "last_error",
        "created",
        "due",
        "sent",
        "body",
        "attached",
        "kind",
        "message_id",
    ]
    readonly_fields = ["shown_state", "body", "attached", "created", "due", "sent"]
    actions = ["retry"]
    created = moment("created_at", "Created")
    due = moment("due_at", "Next attempt not before")
    sent = moment("sent_at", "Sent")

    @display(
        description="State",
        ordering="state",
        label={"sent": "success", "given up": "danger", "waiting": "info", "claimed": "info"},
    )
    def shown_state(self, message: Message) -> str:
        return str(message.get_state_display()).lower()

    change_form_outer_before_template = "admin/parts/retry.html"
    has_retry_permission = needs("predictions.change_message")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(Retry.as_view())
        return [path("retry/", view, name="predictions_message_retry"), *super().get_urls()]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **given: Any
    ) -> HttpResponse:
        context["may_retry"] = self.has_retry_permission(request)
        return super().render_change_form(request, context, *args, **given)  # type: ignore[no-any-return]

    @action(description="Try again: what was given up goes out anew", permissions=["retry"])
    def retry(self, request: HttpRequest, queryset: QuerySet[Message]) -> None:
        count = retry(queryset)
        messages.success(
            request, f"{count} message{'' if count == 1 else 's'} will be tried again."
        )

    @display(description="Text")
    def body(self, message: Message) -> SafeString:
        return format_html('<pre class="pl-mail" tabindex="0">{}</pre>', message.text)

    @display(description="Attached")
    def attached(self, message: Message) -> SafeString:
        return format_html_join(
            "",
            '{}<pre class="pl-mail" tabindex="0">{}</pre>',
            ((one["name"], _shown(one)) for one in message.attachments),
        )


def _shown(attachment: dict[str, str]) -> str:
    """A text as it is; of what is none, what it is."""
    if "text" in attachment:
        return attachment["text"]
    size = len(attachment.get("base64", "")) * 3 // 4
    return f"{attachment.get('type', '')}, some {size:,} bytes"
