"""What every request passes through."""

import ipaddress
from collections.abc import Callable
from contextlib import suppress

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest


def refuse_nul(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[..., HttpResponse]:
    """Answer 400 to a query with a NUL character: PostgreSQL takes none, and would end in a 500.

    The API names the parameter itself.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if "%00" in request.META.get("QUERY_STRING", "") and not request.path.startswith("/api/"):
            return HttpResponseBadRequest("The address holds a NUL character; remove it.")
        return get_response(request)

    return middleware


def refuse_charsets(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[..., HttpResponse]:
    """Answer 400 to a form in anything but UTF-8, which no browser sends here.

    Django would read some, and find halves of characters in them, and fail at others. The API
    reads its bodies itself.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        charset = (request.content_params or {}).get("charset", "utf-8").lower()
        if charset not in ("utf-8", "utf8") and not request.path.startswith("/api/"):
            return HttpResponseBadRequest("The form is not in UTF-8; send it so.")
        return get_response(request)

    return middleware


def find_address(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[..., HttpResponse]:
    """Have REMOTE_ADDR say who asks, where `PROXIES` of ours stand in between.

    Each of them adds whom it was asked by at the end of X-Forwarded-For. What stands before that
    came with the request and may be made up. A request that passed too few of them is not believed.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        hops = request.headers.get("X-Forwarded-For", "").split(",")
        if 0 < settings.PROXIES <= len(hops):
            with suppress(ValueError):
                address = ipaddress.ip_address(hops[-settings.PROXIES].strip())
                request.META["REMOTE_ADDR"] = str(address)
        return get_response(request)

    return middleware
