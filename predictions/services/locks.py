"""Who is locked out of signing in after failures, and until when."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from axes.attempts import get_cool_off_threshold
from axes.handlers.database import AxesDatabaseHandler
from axes.handlers.proxy import AxesProxyHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.http import HttpRequest

_ROOM = 255


class Handler(AxesDatabaseHandler):
    """Axes' own, which locks a name at an address; and an address, once it has failed often.

    Not by way of AXES_LOCKOUT_PARAMETERS: there both have one limit, and whoever signs in under a
    name of their own would be forgiven every failure from their address.
    """

    def get_failures(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """As many as lock, or none: how many there were is nobody's business."""
        return settings.AXES_FAILURE_LIMIT if self.locked_until(request, credentials) else 0

    def locked_until(
        self, request: HttpRequest, credentials: dict[str, Any] | None
    ) -> dt.datetime | None:
        [of_name] = self.get_user_attempts(request, credentials)
        of_address = AccessAttempt.objects.filter(
            ip_address=request.axes_ip_address,  # type: ignore[attr-defined]  # axes sets it
            attempt_time__gte=get_cool_off_threshold(request),
        )
        ends = [
            _end(of_name.order_by("-attempt_time"), settings.AXES_FAILURE_LIMIT),
            _end(of_address.order_by("-attempt_time"), settings.LOCKOUT_ADDRESS_FAILURES),
        ]
        return max((end for end in ends if end), default=None)


def _end(latest_first: Iterable[AccessAttempt], limit: int) -> dt.datetime | None:
    """When so many of the failures are forgotten that the rest is below the limit."""
    failures = 0
    for attempt in latest_first:
        failures += attempt.failures_since_start
        if failures >= limit:
            end: dt.datetime = attempt.attempt_time + settings.AXES_COOLOFF_TIME
            return end
    return None


def username_of(request: HttpRequest, credentials: dict[str, Any] | None) -> str:
    """The name that was tried, as far as there is room for it."""
    return str((credentials or request.POST).get("username", ""))[:_ROOM]


def locked_until(request: HttpRequest, username: str) -> dt.datetime | None:
    """Until when nobody signs in as `username` from where the request comes; None if they may."""
    AxesProxyHandler.update_request(request)
    return Handler().locked_until(request, {"username": username})
