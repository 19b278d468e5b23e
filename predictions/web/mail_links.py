"""The pages behind the links of a mail: each asks, and what it asks for is done by its form alone.

So whatever follows links, be it a scanner or a preview, changes nothing. The link is all it takes:
no cookie, no signing in, and so no forgery of a form by another site, which does not know it.
"""

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from predictions.errors import Conflict, Invalid, NotFound, PredictionsError
from predictions.mail import links
from predictions.mail.subscribing import described
from predictions.models import Subscription
from predictions.services.subscriptions import (
    subscription_confirm,
    subscription_confirmable,
    subscription_end,
)
from predictions.web.quiet import quiet

_STATUS = {
    Invalid: HTTPStatus.BAD_REQUEST,
    NotFound: HTTPStatus.NOT_FOUND,
    Conflict: HTTPStatus.CONFLICT,
}


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@quiet
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    try:
        subscription = _subscription("confirm", token, days=links.DAYS)
        subscription_confirmable(subscription=subscription)
        if request.method == "POST":
            subscription_confirm(subscription=subscription, now=timezone.now())
            subscription.refresh_from_db()
    except PredictionsError as error:
        return _refused(request, error)
    ending = links.address("unsubscribe", {"subscription": subscription.pk})
    context = {**_shown(subscription), "ending": ending}
    return render(request, "web/mail_confirm.html", context)


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@quiet
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Also for a mail program that sends `List-Unsubscribe=One-Click` (RFC 8058): done at once."""
    try:
        subscription = _subscription("unsubscribe", token, days=None)
    except PredictionsError as error:
        return _refused(request, error)
    if request.method == "POST":
        subscription_end(subscription=subscription, now=timezone.now())
        subscription.refresh_from_db()
    return render(request, "web/mail_unsubscribe.html", _shown(subscription))


def _subscription(purpose: str, token: str, *, days: int | None) -> Subscription:
    what = links.opened(purpose, token, days=days)
    related = Subscription.objects.select_related("user", "forecaster", "outlet", "topic")
    found = related.filter(pk=what["subscription"]).first()
    if found is None:
        raise NotFound("nobody confirmed this subscription in time, so it was forgotten")
    return found


def _shown(subscription: Subscription) -> dict[str, Any]:
    return {
        "subscription": subscription,
        "described": described(subscription),
        "to": _veiled(subscription.recipient),
    }


def _veiled(address: str) -> str:
    """`r…@example.org`: whoever was sent a mail knows; whoever it was passed on to does not."""
    name, at, domain = address.rpartition("@")
    return f"{name[:1]}…{at}{domain}" if at else "an account without an address"


def _refused(request: HttpRequest, error: PredictionsError) -> HttpResponse:
    told = error.problem if isinstance(error, Invalid) else str(error)
    context = {"told": f"{told[:1].upper()}{told[1:]}."}
    return render(request, "web/mail_refused.html", context, status=_STATUS[type(error)])
