"""Who may enter and act here, and the pages that say in words which role is missing."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.forms import AuthenticationForm as AnybodysForm
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, Group
from django.db.models import Q
from django.http import HttpRequest
from django.template.response import TemplateResponse
from unfold.forms import AuthenticationForm

from predictions.errors import Denied
from predictions.models import User
from predictions.roles import ROLES

Person = AbstractBaseUser | AnonymousUser
# An administrator to ask: more names would not help.
_NAMED = 3


def may_enter(request: HttpRequest) -> bool:
    """Who may do anything at all may sign in: a role is all it takes, no second switch."""
    user = request.user
    return user.is_active and (user.is_superuser or bool(user.get_all_permissions()))


class SignInForm(AuthenticationForm):
    """Lets in whoever is active: who has no role is told so on the next page."""

    def confirm_login_allowed(self, user: Any) -> None:
        AnybodysForm.confirm_login_allowed(self, user)


def refusal(
    request: HttpRequest, *, doing: str, permission: str, other: str = ""
) -> TemplateResponse | None:
    """The 403 page for whoever lacks the permission, and the other one that would do as well;
    None for who has one."""
    if any(request.user.has_perm(name) for name in (permission, other) if name):
        return None
    return refused(request, doing=doing, permission=permission, other=other)


def refused(
    request: HttpRequest, *, doing: str, permission: str, other: str = ""
) -> TemplateResponse:
    """The 403 page: which role it takes, which ones the person has, and whom to ask.

    Without a permission, or where no group holds it, it takes a superuser.
    """
    roles = _either(_roles_with(permission, other))
    takes = f"needs the role {roles}" if roles else "is for superusers alone"
    return _page(
        request,
        f"{doing} {takes}; you are {_own(request.user)}.",
        advice=_advice("give you a role that may"),
        permission=permission,
    )


def refused_to_all(request: HttpRequest, *, doing: str) -> TemplateResponse:
    """The 403 page for what no role could do, such as deleting what is recorded."""
    text = "is not possible here, not even for superusers: what is recorded stays as it is"
    return _page(request, f"{doing} {text}.")


def refused_by_rule(request: HttpRequest, error: Denied) -> TemplateResponse:
    """The 403 page for who has the role, but for whom somebody else must act."""
    text = str(error)
    return _page(request, f"{text[:1].upper()}{text[1:]}.")


def without_a_role(request: HttpRequest) -> TemplateResponse:
    """The 403 page for who has signed in and may do nothing yet."""
    return _page(
        request,
        "Your account has no role yet, so there is nothing here for you to see.",
        advice=_advice("give you a role"),
        roles=ROLES,
    )


def _page(request: HttpRequest, text: str, **given: Any) -> TemplateResponse:
    context = {**admin.site.each_context(request), "title": "Not permitted", "text": text, **given}
    return TemplateResponse(request, "admin/refused.html", context, status=403)


def _roles_with(*permissions: str) -> list[str]:
    held = Q(pk__in=[])
    for permission in permissions:
        app, _, codename = permission.partition(".")
        held |= Q(permissions__content_type__app_label=app, permissions__codename=codename)
    holding = Group.objects.filter(held)
    return list(holding.order_by("name").values_list("name", flat=True).distinct())


def _own(user: Person) -> str:
    """The person's roles: `viewer and editor`."""
    if not isinstance(user, User):
        return "not signed in"
    if user.is_superuser:
        return "a superuser"
    names = list(user.groups.order_by("name").values_list("name", flat=True))
    return " and ".join(names) or "without a role"


def _either(names: list[str]) -> str:
    """`editor`, `adjudicator or editor`, `a, b or c`."""
    return " or ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def _advice(what: str) -> str:
    administrators = User.objects.filter(is_superuser=True, is_active=True).order_by("pk")
    names = ", ".join(administrators.values_list("username", flat=True)[:_NAMED])
    return f"An administrator can {what}{f': ask {names}' if names else ''}."
