"""Who may act, and the page that says which permission is missing."""

from django.contrib import admin
from django.http import HttpRequest
from django.template.response import TemplateResponse


def refusal(request: HttpRequest, *, doing: str, permission: str) -> TemplateResponse | None:
    """The 403 page for whoever lacks the permission; None for who has it."""
    if request.user.has_perm(permission):
        return None
    context = {
        **admin.site.each_context(request),
        "title": "Not permitted",
        "doing": doing,
        "permission": permission,
    }
    return TemplateResponse(request, "admin/refused.html", context, status=403)
