"""Files that programs fetch again and again: made once for each head of the ledger."""

import datetime as dt
import hashlib
import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response, patch_cache_control
from django.utils.http import http_date, quote_etag

from ledger import journal
from predictions.errors import PredictionsError
from predictions.web import asking

# In each process, in seconds, the last of each address; its tag tells whether it is old.
_KEPT = 3_600
# But for line ends and tabs, what XML 1.0 cannot hold and RFC 5545 does not allow, and what some
# take for the end of a line.
_UNWRITABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]")


def kept(
    request: HttpRequest,
    make: Callable[[], bytes],
    content_type: str,
    *,
    public: bool = True,
    also: str = "",
    modified: dt.datetime | None = None,
) -> HttpResponse:
    """What `make` makes of the ledger, or a 304 to who has it.

    `also` is what it depends on beside the ledger and what was asked for; `public`, whether it is
    for everybody where reading is.
    """
    etag = _etag(request, also)
    since = int(modified.timestamp()) if modified else None
    unchanged = get_conditional_response(request, etag=etag, last_modified=since)
    response = unchanged or HttpResponse(_made(request, etag, make), content_type=content_type)
    response["ETag"] = etag
    if since:
        response["Last-Modified"] = http_date(since)
    whose = "public" if public and settings.PUBLIC_READ else "private"
    patch_cache_control(response, no_cache=True, **{whose: True})
    return response


def refused_in_a_line(
    view: Callable[..., HttpResponseBase],
) -> Callable[..., HttpResponseBase]:
    """What is refused is told in one line of text."""

    @wraps(view)
    def answered(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, **kwargs)
        except PredictionsError as error:
            line = "".join(letter if letter.isprintable() else " " for letter in str(error))
            return HttpResponse(
                f"{line}\n", status=asking.status(error), content_type="text/plain; charset=utf-8"
            )

    return answered


def plain(text: str) -> str:
    """Without the characters that files of text cannot hold."""
    return _UNWRITABLE.sub(" ", text.replace("\r\n", "\n"))


def place_of(address: str) -> str:
    """Where the last file of an address is kept, with its tag."""
    return f"file-{hashlib.sha256(address.encode()).hexdigest()}"


def _made(request: HttpRequest, etag: str, make: Callable[[], bytes]) -> bytes:
    place = place_of(request.get_full_path())
    tag, made = cache.get(place, ("", b""))
    if tag != etag:
        made = make()
        cache.set(place, (etag, made), _KEPT)
    return bytes(made)


def _etag(request: HttpRequest, also: str) -> str:
    """Of everything that the file is made of: the ledger, and what was asked for."""
    said = f"{journal.head().root} {request.get_full_path()} {also}"
    return quote_etag(hashlib.sha256(said.encode()).hexdigest()[:32])
