"""Who tried to sign in: to look at, and to release."""

from importlib import import_module
from typing import Any

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import F, QuerySet, Sum, Window
from django.http import HttpRequest
from django.utils import timezone
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice
from qsessions.models import Session
from unfold.decorators import action, display

from predictions.admin.base import ReadOnlyAdmin, moment
from predictions.admin.signing_in.sessions import device

# The libraries' own pages show what opens doors: keys of apps, backup codes, sessions.
for kept_from_everybody in (Session, StaticDevice, TOTPDevice):
    # It registers it, if nothing has made it do so yet.
    import_module(f"{kept_from_everybody._meta.app_config.name}.admin")
    admin.site.unregister(kept_from_everybody)


class SignInAdmin(ReadOnlyAdmin):
    """What is kept of one try: who, whence, with what, when."""

    search_fields = ["username", "ip_address"]
    search_help_text = "Part of a user name or of an address"
    ordering = ["-attempt_time", "-pk"]
    when = moment("attempt_time", "When")

    @display(description="User name", ordering="username")
    def name(self, row: Any) -> str:
        return row.username or "–"

    @display(description="Address", ordering="ip_address")
    def address(self, row: Any) -> str:
        return row.ip_address or "–"

    @display(description="Browser")
    def browser(self, row: Any) -> str:
        return device(row.user_agent)


@admin.register(AccessAttempt)
class AttemptAdmin(SignInAdmin):
    """Failures that still count towards lock-out."""

    list_display = ["name", "address", "browser", "failures_since_start", "last", "state"]
    fields = ["name", "address", "user_agent", "failures_since_start", "last", "state"]
    readonly_fields = ["name", "address", "last", "state"]
    last = moment("attempt_time", "Last")
    actions = ["release"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[AccessAttempt]:
        counting = timezone.now() - settings.AXES_COOLOFF_TIME
        rows = super().get_queryset(request).filter(attempt_time__gte=counting)
        counted: QuerySet[AccessAttempt] = rows.annotate(
            of_name=_failures("username", "ip_address"), of_address=_failures("ip_address")
        )
        return counted

    @display(description="State", label={"locked": "danger", "counted": "info"})
    def state(self, row: Any) -> str:
        locked = (
            row.of_name >= settings.AXES_FAILURE_LIMIT
            or row.of_address >= settings.LOCKOUT_ADDRESS_FAILURES
        )
        return "locked" if locked else "counted"

    def has_release_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    @action(description="Release: these failures count no more", permissions=["release"])
    def release(self, request: HttpRequest, queryset: QuerySet[AccessAttempt]) -> None:
        chosen = list(queryset.values_list("pk", flat=True))
        count, _ = AccessAttempt.objects.filter(pk__in=chosen).delete()
        messages.success(request, f"{count} released; they may try again.")


def _failures(*of: str) -> Window:
    return Window(Sum("failures_since_start"), partition_by=[F(name) for name in of])


@admin.register(AccessFailureLog)
class FailureAdmin(SignInAdmin):
    list_display = ["when", "name", "address", "browser", "locked_out"]
    fields = ["when", "name", "address", "user_agent", "path_info", "locked_out"]
    readonly_fields = ["when", "name", "address"]


@admin.register(AccessLog)
class LogAdmin(SignInAdmin):
    list_display = ["when", "name", "address", "browser", "left"]
    fields = ["when", "name", "address", "user_agent", "left"]
    readonly_fields = ["when", "name", "address", "left"]
    left = moment("logout_time", "Signed out")
