"""Addresses that nothing is sent to: seen, added by hand, and lifted."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.decorators import action

from ledger.filtering import between, one_of
from predictions.admin.base import ListAdmin, moment, needs
from predictions.errors import NotFound
from predictions.models import Suspension
from predictions.models.choices import SuspensionReason
from predictions.services.suspensions import address_resume, address_suspend


class SuspensionForm(forms.ModelForm):
    detail = forms.CharField(
        label="Why", max_length=500, widget=forms.Textarea(attrs={"rows": 3}), required=False
    )

    class Meta:
        model = Suspension
        fields = ("email", "detail")

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        if Suspension.objects.filter(email__iexact=email).exists():
            raise ValidationError(f"Nothing is sent to {email} already.")
        return email


@admin.register(Suspension)
class SuspensionAdmin(ListAdmin):
    form = SuspensionForm
    fields = ["email", "detail"]
    list_display = ["email", "reason", "detail", "since_when"]
    list_filter = [
        one_of("Reason", "reason", SuspensionReason.choices),
        between("Since", "since", "time"),
    ]
    search_fields = ["email"]
    ordering = ["-since", "-id"]
    sortable_by = ["since_when"]
    actions = ["lift"]
    readonly_fields = ["reason", "since_when"]
    since_when = moment("since", "Since")

    has_add_permission = needs("predictions.change_message")
    has_lift_permission = needs("predictions.change_message")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return [*self.fields, *(["reason", "since_when"] if obj else [])]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        made = address_suspend(
            email=obj.email,
            reason=SuspensionReason.BY_HAND,
            detail=obj.detail,
            now=timezone.now(),
        )
        obj.pk = made.pk  # the page that follows names it

    @action(description="Lift: mail goes there again", permissions=["lift"])
    def lift(self, request: HttpRequest, queryset: QuerySet[Suspension]) -> None:
        lifted, given_up = 0, 0
        for suspension in queryset:
            try:
                given_up += address_resume(email=suspension.email)
            except NotFound:  # somebody else has just lifted it
                continue
            lifted += 1
        addresses = "1 address gets" if lifted == 1 else f"{lifted} addresses get"
        given = "message was" if given_up == 1 else "messages were"
        text = f"{addresses} mail again. {given_up} {given} given up on the way there"
        messages.success(request, f"{text}; try again from Messages what is still worth sending.")
