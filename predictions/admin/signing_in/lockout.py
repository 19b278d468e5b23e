"""What is answered to who is locked out of signing in."""

import math
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from predictions.services.locks import locked_until


def locked_out(
    request: HttpRequest, response: HttpResponse | None, credentials: dict[str, Any]
) -> HttpResponse:
    """The page that says for how long; the same whether or not there is such a user."""
    now = timezone.now()
    until = locked_until(request, credentials["username"]) or now
    seconds = max(1, math.ceil((until - now).total_seconds()))
    context = {
        **admin.site.each_context(request),
        "title": "Signing in is locked",
        "until": until,
        "minutes": math.ceil(seconds / 60),
        "limit": settings.AXES_FAILURE_LIMIT,
    }
    page = render(request, "admin/signing_in/locked_out.html", context, status=429)
    page["Retry-After"] = str(seconds)
    page["Cache-Control"] = "no-store"
    return page
