"""What a superuser may do for an account: a lost device, and sessions left open."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.decorators import action

from predictions.admin.signing_in.sessions import person_of
from predictions.models import User
from predictions.services.sign_ins import sign_ins_end
from predictions.services.two_factor import two_factor_lost


class AccountActions:
    """Actions for the list of users."""

    actions: Any = ["sign_out", "lose_device"]

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
