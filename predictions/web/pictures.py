"""Pictures by themselves, to be linked to or shown elsewhere."""

import hashlib
from collections.abc import Callable

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.utils.cache import get_conditional_response, patch_cache_control
from django.utils.http import quote_etag
from django.views.decorators.http import require_safe

from ledger import journal
from predictions import charts
from predictions.charts import Picture
from predictions.errors import NotFound, PredictionsError
from predictions.scorecards import (
    Scope,
    calibration_of,
    head_to_head,
    scope_asked,
    scorecard,
    timeline,
)
from predictions.web import asking
from predictions.web.access import readable

_OF_A_SCOPE: dict[str, Callable[[Scope], Picture]] = {
    "calibration": lambda scope: charts.calibration(calibration_of(scope)),
    "timeline": lambda scope: charts.timeline(timeline(scope)),
    "distribution": lambda scope: charts.distribution(scorecard(scope).distribution),
}
_OF_TWO = "head-to-head"
# In each process, in seconds. The tag names the head of the ledger: what is kept is never old.
_KEPT = 3_600
_TYPES = {"svg": "image/svg+xml", "png": "image/png"}


@require_safe
@readable
def picture(request: HttpRequest, name: str, kind: str) -> HttpResponseBase:
    """`name` of a picture, `kind` of a file. What is refused is told in one line of text."""
    try:
        draw = _drawn(name, kind, request.GET)
        etag = _etag(request)
        unchanged = get_conditional_response(request, etag=etag)
        response = unchanged or HttpResponse(
            cache.get_or_set(etag, draw, _KEPT), content_type=_TYPES[kind]
        )
    except PredictionsError as error:
        line = "".join(letter if letter.isprintable() else " " for letter in str(error))
        return HttpResponse(
            f"{line}\n", status=asking.status(error), content_type="text/plain; charset=utf-8"
        )
    response["ETag"] = etag
    whose = "public" if settings.PUBLIC_READ else "private"
    patch_cache_control(response, no_cache=True, **{whose: True})
    return response


def _drawn(name: str, kind: str, query: QueryDict) -> Callable[[], bytes]:
    """What will draw it. All that can be refused without a look at the database is refused here."""
    if name not in (*_OF_A_SCOPE, _OF_TWO) or kind not in _TYPES:
        known = ", ".join((*_OF_A_SCOPE, _OF_TWO))
        raise NotFound(f"there is no {name}.{kind}; there are {known}, as .svg and as .png")
    of_two = name == _OF_TWO
    looks = ("width", "theme") if kind == "png" else ("width",)
    asking.only(query, (*(asking.TWO + asking.SCOPE[1:] if of_two else asking.SCOPE), *looks))
    scope, width, theme = scope_asked(query.dict()), asking.width(query), asking.theme(query)
    two = asking.two(query) if of_two else ("", "")

    def draw() -> bytes:
        made = asking.found(
            lambda: (
                charts.head_to_head(head_to_head(*two, scope))
                if of_two
                else _OF_A_SCOPE[name](scope)
            )
        )
        return made.svg(width) if kind == "svg" else made.png(theme, width)

    return draw


def _etag(request: HttpRequest) -> str:
    """Of everything that the picture is made of: the ledger, and what was asked for."""
    said = f"{journal.head().root} {request.get_full_path()}"
    return quote_etag(hashlib.sha256(said.encode()).hexdigest()[:32])
