"""Who subscribes to what."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.decorators import action

from ledger.filtering import one_of, text, yes_or_no
from predictions.admin.base import ListAdmin, moment, needs
from predictions.models import Subscription
from predictions.models.choices import Period


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
