"""Users, groups and API tokens. Nobody is deleted: facts refer to who recorded them."""

import zoneinfo
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin as BaseGroupAdmin
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin
from django.contrib.auth.models import Group
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.decorators import action, display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminSelectWidget

from ledger.filtering import text, yes_or_no
from predictions.admin.base import ListAdmin, ReadOnlyAdmin, moment
from predictions.models import ApiToken, User


class SuperuserOnly:
    """Superusers see, add and change; nobody deletes."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return bool(request.user.is_superuser)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return bool(request.user.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class NewUserForm(UserCreationForm):
    class Meta:
        model = User
        fields = ("username", "email")


class EditUserForm(UserChangeForm):
    time_zone = forms.ChoiceField(
        choices=lambda: [(name, name) for name in sorted(zoneinfo.available_timezones())],
        widget=UnfoldAdminSelectWidget,
        help_text="Mail to this person tells times in this zone.",
    )

    class Meta:
        model = User
        fields = "__all__"


@admin.register(User)
class UserAdmin(SuperuserOnly, BaseUserAdmin, ListAdmin):
    form = EditUserForm
    add_form = NewUserForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["username", "email", "shown_groups", "is_staff", "is_superuser", "is_active"]
    list_filter = [
        yes_or_no("Active", "is_active", Q(is_active=True)),
        yes_or_no("May sign in here", "is_staff", Q(is_staff=True)),
        yes_or_no("Superuser", "is_superuser", Q(is_superuser=True)),
        text("Group", "groups__name"),
    ]
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        ("Person", {"fields": ["first_name", "last_name", "email", "time_zone"]}),
        (
            "May",
            {"fields": ["is_active", "is_staff", "is_superuser", "groups", "user_permissions"]},
        ),
        ("Dates", {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [
        (None, {"fields": ["username", "email", "usable_password", "password1", "password2"]})
    ]
    readonly_fields = ["last_login", "date_joined"]
    filter_horizontal = ["user_permissions"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        users: QuerySet[User] = super().get_queryset(request)
        return users.prefetch_related("groups")

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **given: Any) -> Any:
        if db_field.name == "groups":
            given["widget"] = UnfoldAdminCheckboxSelectMultipleWidget()
        return super().formfield_for_manytomany(db_field, request, **given)

    @display(description="Groups")
    def shown_groups(self, user: User) -> str:
        return ", ".join(group.name for group in user.groups.all()) or "–"


admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(SuperuserOnly, BaseGroupAdmin, ListAdmin):
    pass


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    list_display = ["name", "user", "shown_scopes", "shown_state", "created", "revoked"]
    list_select_related = ["user"]
    list_filter = [
        yes_or_no("Revoked", "revoked", Q(revoked_at__isnull=False)),
        text("User", "user__username"),
    ]
    search_fields = ["name", "user__username"]
    ordering = ["name"]
    fields = ["name", "user", "shown_scopes", "shown_state", "created", "revoked"]
    readonly_fields = ["shown_scopes", "shown_state", "created", "revoked"]
    created = moment("created_at", "Created")
    revoked = moment("revoked_at", "Revoked")
    actions = ["revoke"]

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("predictions.change_apitoken")

    @action(description="Revoke: the token opens nothing any more", permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        count = queryset.filter(revoked_at__isnull=True).update(revoked_at=timezone.now())
        messages.success(request, f"{count} token{'' if count == 1 else 's'} revoked.")

    @display(description="Scopes")
    def shown_scopes(self, token: ApiToken) -> str:
        return ", ".join(token.scopes)

    @display(description="State", label={"valid": "success", "revoked": "warning"})
    def shown_state(self, token: Any) -> str:
        return "revoked" if token.revoked_at else "valid"
