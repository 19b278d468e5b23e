"""The one place that asks for the second factor, whatever page or act of the admin is meant."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import Group
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from predictions.models import User
from predictions.services.two_factor import two_factor_is_on

# What leads to a second factor, or away.
_OPEN = {"login", "second_step", "logout", "jsi18n"}
_SET_UP = "two_factor"
# "Last seen" is as fresh as this; sessions are not saved more often for it.
_SEEN_SECONDS = 300
_SEEN = "seen"


class Gate:
    """Lets into the admin who has shown the second factor, or needs none."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        match = request.resolver_match
        if match is None or "admin" not in match.namespaces or match.url_name in _OPEN:
            return None
        if not isinstance(request.user, User):
            return None  # the admin sends them to sign in
        if not request.user.is_verified():  # type: ignore[attr-defined]  # django-otp sets it
            return self._unverified(request, request.user, match.url_name)
        _note_seen(request)
        return None

    def _unverified(
        self, request: HttpRequest, user: User, page: str | None
    ) -> HttpResponse | None:
        if two_factor_is_on(user):
            wanted = {"next": request.get_full_path()} if request.method == "GET" else None
            return HttpResponseRedirect(reverse("admin:second_step", query=wanted))
        if page != _SET_UP and _is_required(user):
            messages.warning(request, "Set up two-factor sign-in first: it is required here.")
            return HttpResponseRedirect(reverse(f"admin:{_SET_UP}"))
        _note_seen(request)
        return None


def _is_required(user: User) -> bool:
    """Of everybody, where a role is named that there is none of: a slip must not open the door."""
    if settings.TWO_FACTOR != "required":
        return False
    roles = set(settings.TWO_FACTOR_ROLES)
    if not roles or user.is_superuser:
        return True
    known = set(Group.objects.filter(name__in=roles).values_list("name", flat=True))
    return known != roles or user.groups.filter(name__in=roles).exists()


def _note_seen(request: HttpRequest) -> None:
    now = int(timezone.now().timestamp())
    if now - request.session.get(_SEEN, 0) >= _SEEN_SECONDS:
        request.session[_SEEN] = now
