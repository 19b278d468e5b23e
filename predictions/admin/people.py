"""Users, their roles, and API tokens. Nobody is deleted: facts refer to who recorded them."""

import zoneinfo
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin as BaseGroupAdmin
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin
from django.contrib.auth.models import Group
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import action, display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminSelectWidget

from ledger.filtering import text, yes_or_no
from predictions.admin.base import ListAdmin, ReadOnlyAdmin, moment, needs
from predictions.admin.mail_previews import PreviewReminder
from predictions.admin.signing_in.accounts import AccountActions
from predictions.models import ApiToken, User
from predictions.roles import ROLES


class SuperuserOnly:
    """Superusers add and change, who has the `view` permission looks; nobody deletes."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return bool(request.user.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class RolesField(forms.ModelMultipleChoiceField):
    """The groups, each with what it may do; one that an administrator made has its name alone."""

    def __init__(self, **given: Any) -> None:
        super().__init__(
            Group.objects.order_by("pk"),
            label="Roles",
            required=False,
            widget=UnfoldAdminCheckboxSelectMultipleWidget(),
            help_text="Who has a role may sign in here. Roles add up: whoever records predictions "
            "and enters outcomes has two.",
            **given,
        )

    def label_from_instance(self, obj: Any) -> str:
        said = ROLES.get(obj.name)
        return f"{obj.name}: {said}" if said else obj.name


class NewUserForm(UserCreationForm):
    groups = RolesField()

    class Meta:
        model = User
        fields = ("username", "email", "groups")


class EditUserForm(UserChangeForm):
    groups = RolesField()
    time_zone = forms.ChoiceField(
        choices=lambda: [(name, name) for name in sorted(zoneinfo.available_timezones())],
        widget=UnfoldAdminSelectWidget,
        help_text="Mail to this person tells times in this zone.",
    )

    class Meta:
        model = User
        fields = "__all__"


@admin.register(User)
class UserAdmin(AccountActions, SuperuserOnly, BaseUserAdmin, ListAdmin):
    form = EditUserForm
    add_form = NewUserForm
    change_password_form = AdminPasswordChangeForm
    list_display = [
        "username",
        "email",
        "shown_roles",
        "is_superuser",
        "is_active",
        "two_factor",
    ]
    list_filter = [
        yes_or_no("Active", "is_active", Q(is_active=True)),
        yes_or_no("Superuser", "is_superuser", Q(is_superuser=True)),
        text("Role", "groups__name"),
    ]
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        ("Person", {"fields": ["first_name", "last_name", "email", "time_zone"]}),
        ("What they may do", {"fields": ["is_active", "groups", "beside", "is_superuser"]}),
        ("Dates", {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [
        (None, {"fields": ["username", "email", "usable_password", "password1", "password2"]}),
        ("What they may do", {"fields": ["groups"]}),
    ]
    readonly_fields = ["beside", "last_login", "date_joined"]
    filter_horizontal = ()
    change_form_outer_before_template = "admin/mail/preview_link.html"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(PreviewReminder.as_view())
        own = path("<int:pk>/reminder/", view, name=PreviewReminder.page_name)
        return [own, *super().get_urls()]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **given: Any
    ) -> HttpResponse:
        if (row := context.get("original")) is not None:
            url = reverse(f"admin:{PreviewReminder.page_name}", args=[row.pk])
            context |= {"preview_url": url, "preview_label": "Preview the next reminder"}
        return super().render_change_form(request, context, *args, **given)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        users: QuerySet[User] = super().get_queryset(request)
        return users.prefetch_related("groups")

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return fieldsets
        # Who only looks has no use for a password, were it a digest of one.
        return [(None, {"fields": ["username"]}), *fieldsets[1:]]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        # Who may enter is decided by roles; the libraries' pages show their search to staff alone.
        obj.is_staff = True
        super().save_model(request, obj, form, change)

    @display(description="Beside its roles")
    def beside(self, user: User) -> SafeString | str:
        """Permissions that are nobody else's are given by no page; what there is is shown."""
        return _listed(user.user_permissions) or "nothing"

    @display(description="Roles")
    def shown_roles(self, user: User) -> str:
        return ", ".join(group.name for group in user.groups.all()) or "–"


admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(SuperuserOnly, BaseGroupAdmin, ListAdmin):
    list_display = ["name", "shown_role"]
    filter_horizontal = ()
    readonly_fields = ["held"]

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        looking = obj is not None and not self.has_change_permission(request, obj)
        return ["name", "held"] if looking else ["name", "permissions"]

    def get_form(self, *args: Any, **given: Any) -> Any:
        """Boxes: they are some hundred, and the usual two lists fit no telephone."""
        return super().get_form(
            *args, widgets={"permissions": UnfoldAdminCheckboxSelectMultipleWidget}, **given
        )

    @display(description="May")
    def held(self, group: Group) -> SafeString:
        return _listed(group.permissions)

    @display(description="May")
    def shown_role(self, group: Group) -> str:
        return ROLES.get(group.name, "–")


def _listed(permissions: Any) -> SafeString:
    rows = permissions.select_related("content_type")
    return format_html_join("", "<div>{}</div>", ((row,) for row in rows))


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

    has_revoke_permission = needs("predictions.change_apitoken")

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
