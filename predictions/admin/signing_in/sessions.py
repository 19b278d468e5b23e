"""The page "Where you are signed in"."""

from typing import Any

import ua_parser
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache

from predictions.models import User
from predictions.services.sign_ins import sign_in_end, sign_ins_end, sign_ins_of


def device(user_agent: str) -> str:
    """What a browser says it is: `Firefox 140 on Linux`."""
    said = ua_parser.parse(user_agent)
    if said.user_agent is None:
        return user_agent[:40] or "Unknown browser"
    browser = " ".join(filter(None, (said.user_agent.family, said.user_agent.major)))
    return f"{browser} on {said.os.family}" if said.os else browser


@method_decorator(never_cache, name="dispatch")
class SignIns(View):
    """Shows where, and ends one or all others."""

    def get(self, request: HttpRequest) -> HttpResponse:
        found = sign_ins_of(
            user=person_of(request), key=request.session.session_key, now=timezone.now()
        )
        context: dict[str, Any] = {
            **admin.site.each_context(request),
            "title": "Where you are signed in",
            "sign_ins": [(device(one.user_agent), one) for one in found],
            "others": len(found) > 1,
        }
        return TemplateResponse(request, "admin/signing_in/sessions.html", context)

    def post(self, request: HttpRequest) -> HttpResponse:
        if mark := request.POST.get("end"):
            self._end(request, mark)
        elif "others" in request.POST:
            count = sign_ins_end(user=person_of(request), but=request.session.session_key)
            messages.success(request, f"{count} other session{'' if count == 1 else 's'} ended.")
        return HttpResponseRedirect(reverse("admin:sign_ins"))

    def _end(self, request: HttpRequest, mark: str) -> None:
        if sign_in_end(user=person_of(request), mark=mark):
            messages.success(request, "That session is ended.")
        else:
            messages.warning(request, "That session had ended already.")


def person_of(request: HttpRequest) -> User:
    """Who asks; the site lets nobody in who has not signed in."""
    assert isinstance(request.user, User)  # noqa: S101 -- for the type checker
    return request.user
