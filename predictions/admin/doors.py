"""Every refusal of the admin, whichever page or library it comes from, as a page in words."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import model_format_dict
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import ResolverMatch

from predictions.admin import access
from predictions.errors import Denied
from predictions.models import User

# What leads in or out, whoever it is.
_OPEN = {"login", "second_step", "jsi18n"}
# The end of a page's name → what it takes Django's permission to, and what is done there.
_DONE = {
    "add": ("add", "Adding {}"),
    "delete": ("delete", "Deleting {}"),
    "password_change": ("change", "Changing the password of {}"),
    "changing": ("change", "Changing {}"),
}
_LOOKING = ("view", "Looking at {}")


class Doors:
    """Turns away who has no role, and says to whom an act is refused which role it takes."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        match = _of_the_admin(request)
        if match is None or match.url_name in _OPEN or not isinstance(request.user, User):
            return None  # the admin itself asks strangers to sign in
        if match.url_name == "view_on_site":
            raise Http404  # no row has a page elsewhere; Django's own view trips over odd ids
        if access.may_enter(request):
            return _refused_action(request, match)
        if match.url_name == "logout":
            # The admin would send whoever may not enter to its first page instead.
            return admin.site.logout(request)
        return access.without_a_role(request).render()

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        match = _of_the_admin(request)
        if match is None:
            return None
        if isinstance(error, Denied):
            return access.refused_by_rule(request, error).render()
        if isinstance(error, PermissionDenied):
            return _refused(request, match)
        return None


def _of_the_admin(request: HttpRequest) -> ResolverMatch | None:
    match = request.resolver_match
    return match if match and "admin" in match.namespaces else None


def _refused(request: HttpRequest, match: ResolverMatch) -> HttpResponse:
    """A page of a model was refused by Django's own checks."""
    model_admin = _model_admin(match)
    if model_admin is None:
        return access.refused(request, doing="This page", permission="").render()
    opts = model_admin.model._meta
    page = str(match.url_name).rpartition(f"{opts.model_name}_")[2]
    posted = page == "change" and request.method == "POST"
    verb, doing = _DONE.get("changing" if posted else page, _LOOKING)
    return _refuse(request, model_admin, verb, doing.format(opts.verbose_name_plural))


def _refused_action(request: HttpRequest, match: ResolverMatch) -> HttpResponse | None:
    """The admin would only say that no action was chosen."""
    chosen = request.POST.get("action") if request.method == "POST" else None
    model_admin = _model_admin(match)
    if not chosen or model_admin is None or not str(match.url_name).endswith("_changelist"):
        return None
    if chosen == "delete_selected":
        doing = f"Deleting several {model_admin.opts.verbose_name_plural} at once"
        return access.refused_to_all(request, doing=doing).render()
    if chosen in model_admin.get_actions(request):
        return None
    for action, name, description in model_admin._get_base_actions():
        if name == chosen:
            said = f"“{description.partition(':')[0] % model_format_dict(model_admin.opts)}”"
            return _refuse(request, model_admin, action.allowed_permissions[0], said)
    return None


def _refuse(request: HttpRequest, model_admin: Any, verb: str, doing: str) -> HttpResponse:
    """Who may is read off `has_…_permission`, which may name a permission of its own (`needs`)."""
    check = getattr(model_admin, f"has_{verb}_permission")
    if not check(_superusers_request()):
        return access.refused_to_all(request, doing=doing).render()
    opts = model_admin.model._meta
    permission = getattr(check, "permission", f"{opts.app_label}.{verb}_{opts.model_name}")
    return access.refused(request, doing=doing, permission=permission).render()


def _superusers_request() -> HttpRequest:
    """Of somebody who may do everything that is done at all."""
    request = HttpRequest()
    request.user = User(is_superuser=True, is_active=True)
    return request


def _model_admin(match: ResolverMatch) -> Any:
    """Whose page it is: Django's pages carry their admin, ours begin with the model's name."""
    if carried := getattr(match.func, "model_admin", None):
        return carried
    for model, model_admin in admin.site._registry.items():
        if str(match.url_name).startswith(f"{model._meta.app_label}_{model._meta.model_name}_"):
            return model_admin
    return None
