"""Pictures by themselves, to be linked to or shown elsewhere."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase, QueryDict
from django.views.decorators.http import require_safe

from predictions import charts
from predictions.charts import Picture
from predictions.errors import NotFound
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
from predictions.web.files import kept, refused_in_a_line

_OF_A_SCOPE: dict[str, Callable[[Scope], Picture]] = {
    "calibration": lambda scope: charts.calibration(calibration_of(scope)),
    "timeline": lambda scope: charts.timeline(timeline(scope)),
    "distribution": lambda scope: charts.distribution(scorecard(scope).distribution),
}
_OF_TWO = "head-to-head"
_TYPES = {"svg": "image/svg+xml", "png": "image/png"}


@require_safe
@readable
@refused_in_a_line
def picture(request: HttpRequest, name: str, kind: str) -> HttpResponseBase:
    """`name` of a picture, `kind` of a file."""
    return kept(request, _drawn(name, kind, request.GET), _TYPES[kind])


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
