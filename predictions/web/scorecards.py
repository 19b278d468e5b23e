"""The pages on how well somebody forecast, and on who forecast better."""

import base64
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from predictions import charts, scorecards
from predictions.charts import Picture, Width
from predictions.charts.words import interval, signed
from predictions.errors import PredictionsError
from predictions.models import Forecaster, Outlet, Topic
from predictions.scorecards import MIN_QUESTIONS, Call, Card, Horizon, Scope
from predictions.services.subscriptions import SUBJECTS
from predictions.web import asking, figures
from predictions.web.access import readable

_HORIZONS = {
    Horizon.WEEK: "up to 7 days",
    Horizon.MONTH: "8 to 31 days",
    Horizon.QUARTER: "32 to 92 days",
    Horizon.YEAR: "93 to 366 days",
    Horizon.LONGER: "more than 366 days",
    Horizon.UNDATED: "to no date",
}


@dataclass(frozen=True)
class Shown:
    """A picture with its numbers, of the same moment as the page: it is in the page itself."""

    picture: Picture
    svg: str  # address of the picture alone
    png: str

    @property
    def wide(self) -> str:
        return self._data(Width.WIDE)

    @property
    def narrow(self) -> str:
        return self._data(Width.NARROW)

    def _data(self, width: Width) -> str:
        return f"data:image/svg+xml;base64,{base64.b64encode(self.picture.svg(width)).decode()}"


@require_safe
@readable
def scorecard_page(request: HttpRequest) -> HttpResponse:
    context: dict[str, Any] = _choices()
    try:
        asking.only(request.GET, asking.SCOPE)
        scope = scorecards.scope_asked(request.GET.dict())
        card = asking.found(lambda: scorecards.scorecard(scope))
        context |= _shown(scope, card) | _about(scope, context) | _called(card, context)
    except PredictionsError as error:
        return _refused(request, "web/scorecard.html", context, error)
    return render(request, "web/scorecard.html", context)


@require_safe
@readable
def head_to_head_page(request: HttpRequest) -> HttpResponse:
    context: dict[str, Any] = {"forecasters": _named(Forecaster)}
    try:
        asking.only(request.GET, asking.TWO)
        if any(request.GET.values()):
            first, second = asking.two(request.GET)
            met = scorecards.head_to_head(first, second)
            asked = urlencode({"first": first, "second": second})
            context |= {
                "met": met,
                "difference": "–" if met.difference is None else signed(met.difference, 3),
                "interval": interval(met.interval, 3),
                "shown": _alone(charts.head_to_head(met), "head-to-head", asked),
            }
    except PredictionsError as error:
        return _refused(request, "web/head_to_head.html", context, error)
    return render(request, "web/head_to_head.html", context)


def _refused(
    request: HttpRequest, template: str, context: dict[str, Any], error: PredictionsError
) -> HttpResponse:
    return render(request, template, context | {"refused": error}, status=asking.status(error))


def _choices() -> dict[str, Any]:
    """What there is to choose from: keys and names."""
    return {
        "forecasters": _named(Forecaster),
        "outlets": _named(Outlet),
        "topics": _named(Topic),
        "horizons": {horizon.value: told for horizon, told in _HORIZONS.items()},
        "min_questions": MIN_QUESTIONS,
    }


def _named(model: Any) -> dict[str, str]:
    return {row.key: str(row) for row in model.objects.all()}


def _shown(scope: Scope, card: Card) -> dict[str, Any]:
    asked = asking.query(scope)
    drawn = {
        "calibration": charts.calibration(card.calibration),
        "timeline": charts.timeline(scorecards.timeline(scope)),
        "distribution": charts.distribution(card.distribution),
    }
    return {
        "card": card,
        "lede": figures.lede(card),
        "counted": figures.counted(card),
        "groups": figures.groups(card),
        "pictures": [_alone(picture, name, asked) for name, picture in drawn.items()],
    }


def _called(card: Card, names: dict[str, Any]) -> dict[str, list[tuple[Call, str]]]:
    """The best and the worst calls, each with its forecaster's name."""
    return {
        which: [
            (call, names["forecasters"].get(call.forecaster, call.forecaster)) for call in calls
        ]
        for which, calls in (("best", card.best), ("worst", card.worst))
    }


def _alone(picture: Picture, name: str, asked: str) -> Shown:
    def address(kind: str) -> str:
        path = reverse("picture", kwargs={"name": name, "kind": kind})
        return f"{path}?{asked}" if asked else path

    return Shown(picture, address("svg"), address("png"))


def _about(scope: Scope, names: dict[str, Any]) -> dict[str, str]:
    """In words: whose predictions they are, and what they have in common."""
    parts = [
        scope.outlet and f"published in {names['outlets'].get(scope.outlet, scope.outlet)}",
        scope.topic and f"on {names['topics'].get(scope.topic, scope.topic)}",
        scope.horizon and f"looking ahead {_HORIZONS[scope.horizon]}",
        scope.since and f"made since {scope.since}",
        scope.until and f"made until {scope.until}",
    ]
    return {
        "who": names["forecasters"].get(scope.forecaster, "All forecasters together"),
        "about": ", ".join(part for part in parts if part),
        "by_mail": _by_mail(scope),
    }


def _by_mail(scope: Scope) -> str:
    """What asks for reports on the same, which are on one thing; empty where there are none."""
    asked = [(name, said) for name in asking.SCOPE if (said := getattr(scope, name))]
    if len(asked) != 1 or asked[0][0] not in SUBJECTS:
        return ""
    [(about, key)] = asked
    return urlencode({"about": about, "subject": key})
