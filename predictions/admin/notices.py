"""Mail: messages and reports as they were sent, and who subscribes to what."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import action, display

from ledger.filtering import between, one_of, text, yes_or_no
from predictions.admin.base import ListAdmin, ReadOnlyAdmin, moment, needs
from predictions.mail.deliver import message_retry
from predictions.models import Message, Report, Subscription
from predictions.models.choices import MessageKind, MessageState, Period


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

    has_retry_permission = needs("predictions.change_message")

    @action(description="Try again: what was given up goes out anew", permissions=["retry"])
    def retry(self, request: HttpRequest, queryset: QuerySet[Message]) -> None:
        given_up = list(queryset.filter(state=MessageState.DEAD))
        for message in given_up:
            message_retry(message=message, now=timezone.now())
        count = len(given_up)
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
            ((attachment["name"], attachment["text"]) for attachment in message.attachments),
        )


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


class SubscriptionForm(forms.ModelForm):
    class Meta:
        model = Subscription
        fields = ("user", "period")

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        running = Subscription.objects.filter(
            user=given.get("user"), period=given.get("period"), ended_at__isnull=True
        )
        if running.exists():
            raise ValidationError(f"{given['user']} has a {given['period']} subscription already.")
        return given


@admin.register(Subscription)
class SubscriptionAdmin(ListAdmin):
    form = SubscriptionForm
    autocomplete_fields = ["user"]
    fields = ["user", "period"]
    list_display = ["user", "period", "created", "confirmed", "ended"]
    list_filter = [
        one_of("Period", "period", Period.choices),
        text("User", "user__username"),
        yes_or_no("Confirmed", "confirmed", Q(confirmed_at__isnull=False)),
        yes_or_no("Ended", "ended", Q(ended_at__isnull=False)),
    ]
    list_select_related = ["user"]
    search_fields = ["user__username", "user__email"]
    ordering = ["-created_at", "-pk"]
    actions = ["confirm", "end"]
    readonly_fields = ["created", "confirmed", "ended"]
    created = moment("created_at", "Created")
    confirmed = moment("confirmed_at", "Confirmed")
    ended = moment("ended_at", "Ended")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    has_run_permission = needs("predictions.change_subscription")

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return [*self.fields, *(["created", "confirmed", "ended"] if obj else [])]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        obj.created_at = timezone.now()
        super().save_model(request, obj, form, change)

    @action(description="Confirm: its recipient has said yes", permissions=["run"])
    def confirm(self, request: HttpRequest, queryset: QuerySet[Subscription]) -> None:
        waiting = queryset.filter(confirmed_at__isnull=True, ended_at__isnull=True)
        _tell(request, waiting.update(confirmed_at=timezone.now()), "confirmed")

    @action(description="End: nothing is sent any more", permissions=["run"])
    def end(self, request: HttpRequest, queryset: QuerySet[Subscription]) -> None:
        running = queryset.filter(ended_at__isnull=True)
        _tell(request, running.update(ended_at=timezone.now()), "ended")


def _tell(request: HttpRequest, count: int, done: str) -> None:
    messages.success(request, f"{count} subscription{'' if count == 1 else 's'} {done}.")
