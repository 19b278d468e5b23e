"""The page "Your calendar": the address at which a calendar program reads what one is to review."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache

from predictions.admin.signing_in.sessions import person_of
from predictions.services.accounts import calendar_key_remove, calendar_key_renew


@method_decorator(never_cache, name="dispatch")
class YourCalendar(View):
    """Shows the address, makes one, makes another, or takes it away."""

    def get(self, request: HttpRequest) -> HttpResponse:
        key = person_of(request).calendar_key
        address = key and f"{settings.SITE_URL}{reverse('feed-due-of', args=[key])}"
        context: dict[str, Any] = {
            **admin.site.each_context(request),
            "title": "Your calendar",
            "address": address,
            # What opens the program that calendars are kept in.
            "webcal": address and urlsplit(address)._replace(scheme="webcal").geturl(),
        }
        return TemplateResponse(request, "admin/signing_in/calendar.html", context)

    def post(self, request: HttpRequest) -> HttpResponse:
        person = person_of(request)
        if "renew" in request.POST:
            had = person.calendar_key is not None
            calendar_key_renew(user=person)
            dead = " The old one shows nothing any more." if had else ""
            messages.success(request, f"Your calendar has a new address.{dead}")
        elif "remove" in request.POST:
            calendar_key_remove(user=person)
            messages.success(request, "Your calendar is removed.")
        return HttpResponseRedirect(reverse("admin:calendar"))
