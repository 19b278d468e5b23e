"""The page on which anybody asks to get the report by mail."""

import zoneinfo
from functools import cache
from http import HTTPStatus
from itertools import chain
from typing import Any

import redis
from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from predictions.errors import Invalid
from predictions.mail.subscribing import subscription_ask
from predictions.models.choices import Period, ReportScope
from predictions.services.subscriptions import SUBJECTS, Wish
from predictions.web.access import readable
from predictions.web.throttle import minutes_to_wait

# Of each kind: who has more knows their keys, or follows the link of a scorecard.
_OFFERED = 33
_LONG = 254


class SubscribeForm(forms.Form):
    """What was typed; whether it will do is for the service to say."""

    email = forms.CharField(
        required=False,
        strip=True,
        label="Your address",
        widget=forms.EmailInput({"autocomplete": "email", "required": True, "maxlength": _LONG}),
    )
    about = forms.CharField(
        required=False, label="About", widget=forms.Select(choices=ReportScope.choices)
    )
    subject = forms.CharField(
        required=False,
        label="Which one",
        widget=forms.TextInput(
            {"list": "subjects", "autocomplete": "off", "spellcheck": "false", "maxlength": 100}
        ),
    )
    period = forms.CharField(
        required=False, label="How often", widget=forms.Select(choices=Period.choices)
    )
    time_zone = forms.CharField(
        required=False,
        label="Time zone",
        widget=forms.TextInput(
            {"list": "zones", "autocomplete": "off", "spellcheck": "false", "maxlength": 64}
        ),
    )
    language = forms.CharField(
        required=False,
        label="Dates and numbers as in",
        widget=forms.Select(choices=settings.LANGUAGES),
    )

    def refuse(self, error: Invalid) -> None:
        """At the field that is named, for sighted readers and others."""
        self.add_error(error.field, f"{self.fields[error.field].label}: {error.problem}.")
        told = {"aria-invalid": "true", "aria-describedby": f"wrong_{error.field}"}
        self.fields[error.field].widget.attrs |= told


_INITIAL = {
    "about": ReportScope.ALL,
    "subject": "",
    "period": Period.WEEKLY,
    "time_zone": "UTC",
    "language": settings.LANGUAGE_CODE,
}


@require_http_methods(["GET", "HEAD", "POST"])
@readable
def subscribe(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        asked = {name: said for name in _INITIAL if (said := request.GET.get(name, ""))}
        return _page(request, SubscribeForm(initial=_INITIAL | asked))
    form = SubscribeForm(request.POST)
    if not form.is_valid():  # its fields take any text but NUL
        return _page(request, form, HTTPStatus.BAD_REQUEST)
    if waiting := _turned_away(request, form):
        return waiting
    try:
        subscription_ask(wish=Wish(**form.cleaned_data), now=timezone.now())
    except Invalid as error:
        form.refuse(error)
        return _page(request, form, HTTPStatus.BAD_REQUEST)
    return redirect("subscribe-asked")


@require_safe
@readable
def asked(request: HttpRequest) -> HttpResponse:
    """The same for every address, known or not, subscribed already or not."""
    return render(request, "web/subscribe_asked.html")


def _turned_away(request: HttpRequest, form: SubscribeForm) -> HttpResponse | None:
    """For who asks too often; nobody's mailbox is filled from here."""
    most, address = settings.SUBSCRIBING_AN_HOUR, str(request.META.get("REMOTE_ADDR", ""))
    try:
        minutes = minutes_to_wait("subscribe", address, most=most, now=timezone.now())
    except redis.RedisError:
        told = "Just now nobody can subscribe; try again in a few minutes."
        form.add_error(None, told)
        return _page(request, form, HTTPStatus.SERVICE_UNAVAILABLE)
    if not minutes:
        return None
    told = f"From your network so many have subscribed that it must wait: try again in {minutes}"
    form.add_error(None, f"{told} minute{'' if minutes == 1 else 's'}.")
    answer = _page(request, form, HTTPStatus.TOO_MANY_REQUESTS)
    answer["Retry-After"] = str(minutes * 60)
    return answer


def _page(
    request: HttpRequest, form: SubscribeForm, status: HTTPStatus = HTTPStatus.OK
) -> HttpResponse:
    context: dict[str, Any] = {"form": form, "subjects": _subjects(), "zones": _zones()}
    return render(request, "web/subscribe.html", context, status=status)


def _subjects() -> list[tuple[str, str]]:
    """Keys with what they are called, the first of each kind."""
    found = (
        [(row.key, f"{row}, {about}") for row in model.objects.order_by("key")[:_OFFERED]]
        for about, model in SUBJECTS.items()
    )
    return list(chain.from_iterable(found))


@cache
def _zones() -> tuple[str, ...]:
    """Those that people live in; others that exist are taken too."""
    named = zoneinfo.available_timezones()
    lived_in = (name for name in named if "/" in name and not name.startswith(("Etc/", "SystemV/")))
    return ("UTC", *sorted(lived_in))
