"""What a superuser may do for an account: a lost device, and sessions left open."""

from typing import Any, cast

from django.contrib import messages
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django_otp.plugins.otp_totp.models import TOTPDevice
from unfold.decorators import action, display

from predictions.admin.signing_in.sessions import person_of
from predictions.models import User
from predictions.services.sign_ins import sign_ins_end
from predictions.services.two_factor import two_factor_lost


class AccountActions:
    """For the list of users: who has a second step, and the actions."""

    actions: Any = ["sign_out", "lose_device"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        apps = TOTPDevice.objects.filter(user=OuterRef("pk"), confirmed=True)
        users = super().get_queryset(request)  # type: ignore[misc]  # of the admin it is mixed into
        return cast("QuerySet[User]", users.annotate(two_factor_on=Exists(apps)))

    @display(description="Second step", boolean=True)
    def two_factor(self, user: Any) -> bool:
        return bool(user.two_factor_on)

    def has_account_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    @action(description="Sign out everywhere", permissions=["account"])
    def sign_out(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        count = sum(sign_ins_end(user=user, but=request.session.session_key) for user in queryset)
        messages.success(request, f"{count} session{'' if count == 1 else 's'} ended.")

    @action(description="Remove two-factor sign-in: the device is lost", permissions=["account"])
    def lose_device(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset:
            if user == request.user:
                messages.warning(request, "Your own is removed on its page, with a code.")
            elif two_factor_lost(user=user, by=person_of(request)):
                messages.success(request, f"{user} signs in with a password alone.")
            else:
                messages.warning(request, f"{user} has no two-factor sign-in.")
