"""Where mail providers tell what became of a message: an address that bounces for good, or whose
reader complains, is suspended. Served only if a secret is set, and to whoever knows it."""

from collections.abc import Callable, Iterator
from typing import Any

from anymail.exceptions import AnymailConfigurationError, AnymailWebhookValidationFailure
from anymail.signals import AnymailTrackingEvent, EventType, RejectReason, tracking
from anymail.urls import urlpatterns as anymail_hooks
from django.conf import settings
from django.dispatch import receiver
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from predictions.errors import Invalid
from predictions.models.choices import SuspensionReason
from predictions.services.suspensions import address_suspend

# Provider → its view. Of mail that comes in nothing is made.
HOOKS: dict[str, Callable[..., HttpResponseBase]] = {
    provider: pattern.callback
    for pattern in anymail_hooks
    for provider, slash, what in [str(pattern.pattern).partition("/")]
    if what == "tracking/"
}
# What anymail calls a bounce like any other, though the address may be well tomorrow.
_SOFT: tuple[tuple[str, Any], ...] = (
    ("Type", "SoftBounce"),  # Postmark
    ("event", "soft_bounce"),  # Brevo
    ("hard_bounce", False),  # Mailjet
    ("type", "blocked"),  # SendGrid
    ("type", "Transient"),  # Resend
    *(("bounce_class", code) for code in ("20", "21", "22", "23", "24", "40", "70")),  # SparkPost
)
_FOR_GOOD = {None, RejectReason.BOUNCED, RejectReason.INVALID}


@csrf_exempt
def hook(request: HttpRequest, provider: str) -> HttpResponseBase:
    view = HOOKS.get(provider)
    if view is None or not settings.ANYMAIL_WEBHOOK_SECRET:
        raise Http404
    try:
        return view(request)
    except AnymailWebhookValidationFailure:
        return HttpResponse("The name and password of this address are others.", status=403)
    except AnymailConfigurationError as error:
        return HttpResponseBadRequest(f"This hook cannot be used: {error}")
    except Invalid as error:
        return HttpResponseBadRequest(str(error))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        return HttpResponseBadRequest(f"The body is not what {provider} sends to its hook.")


@receiver(tracking)
def suspend(event: AnymailTrackingEvent, esp_name: str, **_: Any) -> None:
    """Suspend the address that an event is about, if there is reason to."""
    reason = _reason(event)
    if reason and event.recipient:
        said = event.mta_response or event.description or event.event_type
        detail = f"{esp_name}: {said}"
        address_suspend(email=event.recipient, reason=reason, detail=detail, now=timezone.now())


def _reason(event: AnymailTrackingEvent) -> SuspensionReason | None:
    if event.event_type == EventType.COMPLAINED:
        return SuspensionReason.COMPLAINED
    refused = event.event_type in (EventType.BOUNCED, EventType.REJECTED)
    # A provider that rejects for no reason of the address's may send to it later.
    explained = event.event_type == EventType.BOUNCED or event.reject_reason is not None
    soft = any(told in _SOFT for told in _told(event.esp_event))
    if refused and explained and event.reject_reason in _FOR_GOOD and not soft:
        return SuspensionReason.BOUNCED
    return None


def _told(part: Any) -> Iterator[tuple[str, Any]]:
    """Every name and value of an event, however deep."""
    if isinstance(part, dict):
        for name, value in part.items():
            yield name, value
            yield from _told(value)
