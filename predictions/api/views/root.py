"""The way in, and what is said where there is nothing."""

from typing import Any, NoReturn

from django.http import Http404, HttpRequest, HttpResponsePermanentRedirect
from django.urls import Resolver404, resolve
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from predictions.api.filters import refuse_unknown

LISTS = (
    "article",
    "forecaster",
    "question",
    "prediction",
    "statement",
    "event",
    "review",
    "outcome",
    "score",
)


class RootView(APIView):
    """Where everything is."""

    @extend_schema(responses=OpenApiTypes.OBJECT, operation_id="root_retrieve")
    def get(self, request: Request) -> Response:
        refuse_unknown(request, set())
        names = {f"{name}s": f"api:{name}-list" for name in LISTS}
        names |= {
            "scoreboard": "api:scoreboard",
            "ledger_entries": "api:ledger:entry-list",
            "ledger_checkpoint": "api:ledger:checkpoint-latest",
            "ledger_checkpoints": "api:ledger:checkpoint-list",
            "ledger_keys": "api:ledger:key-list",
            "ledger_inclusion": "api:ledger:inclusion",
            "ledger_consistency": "api:ledger:consistency",
            "schema": "api:schema",
            "docs": "api:docs",
        }
        return Response({name: reverse(view, request=request) for name, view in names.items()})


@extend_schema(exclude=True)
class NothingHereView(APIView):
    """The last of the routes: every other address below the API's, in the form of its errors."""

    authentication_classes = ()
    permission_classes = ()

    def get(self, request: Request, **kwargs: Any) -> HttpResponsePermanentRedirect:
        # Django redirects to the address with a slash only where no route matches; this one does.
        slashed = f"{request.path_info}/"
        if not request.path_info.endswith("/") and _is_something(slashed):
            return HttpResponsePermanentRedirect(
                request._request.get_full_path(force_append_slash=True)
            )
        raise _nothing_at(request)

    def http_method_not_allowed(
        self, request: HttpRequest | Request, *args: Any, **kwargs: Any
    ) -> NoReturn:
        raise _nothing_at(request)


def _is_something(path: str) -> bool:
    try:
        view = resolve(path).func
    except Resolver404:
        return False
    return getattr(view, "view_class", None) is not NothingHereView


def _nothing_at(request: HttpRequest | Request) -> Http404:
    return Http404(f"There is nothing at {request.path}; addresses end in a slash.")
