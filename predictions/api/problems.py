"""Every refusal as `application/problem+json` (RFC 9457): the one map from errors to HTTP."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.signals import got_request_exception
from django.db import IntegrityError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.log import log_response
from django.views import defaults
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.settings import api_settings

from ledger.errors import DifferentEntry
from ledger.retries import PASSING as BUSY
from predictions.errors import Conflict, Denied, Invalid, NotFound

MEDIA_TYPE = "application/problem+json"
UNIQUE_VIOLATION = "23505"
# What is not said by the status alone has a type of its own: a name, at no address.
_TYPES = "urn:prediction-ledger:problem"
# The bundled server is back within seconds of a crash, and so is one that was restarted.
RETRY_SECONDS = 5


class TooLarge(APIException):
    status_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    default_detail = "The body is too large."


class KeyReused(APIException):
    status_code = HTTPStatus.UNPROCESSABLE_ENTITY
    default_detail = (
        "This Idempotency-Key was already used for another request; use a new one for a new request"
    )


@dataclass(frozen=True)
class Fault:
    """What a problem document says; `errors` are (field, what is wrong with it)."""

    status: int
    detail: str
    errors: tuple[tuple[str, str], ...] = ()
    type: str = "about:blank"


def handle(error: Exception, context: dict[str, Any]) -> HttpResponse:
    """What a view answers when it raises. Called by REST framework."""
    request = context["request"]._request
    fault = fault_of(error)
    response = respond(request, fault)
    if fault.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        # As Django would: the log and whoever listens learn of it, the caller does not.
        log_response(
            "%s: %s",
            fault.detail,
            request.path,
            response=response,
            request=request,
            exception=error,
        )
        got_request_exception.send(sender=None, request=request)
    for header, value in _headers(error).items():
        response[header] = value
    return response


def respond(request: HttpRequest, fault: Fault) -> HttpResponse:
    document = {
        "type": fault.type,
        "title": HTTPStatus(fault.status).phrase,
        "status": int(fault.status),
        "detail": fault.detail,
        "instance": request.path,
        "errors": [{"field": field, "detail": detail} for field, detail in fault.errors],
    }
    return HttpResponse(_bytes(document), status=fault.status, content_type=MEDIA_TYPE)


def fault_of(error: Exception) -> Fault:
    match error:
        case Invalid():
            return _invalid([(error.field, error.problem)])
        case ValidationError():
            return _invalid(_flat(error.detail))
        case APIException():
            return Fault(error.status_code, str(error.detail))
        case NotFound() | Http404():
            return Fault(HTTPStatus.NOT_FOUND, str(error) or "There is no such thing.")
        case Conflict() | DifferentEntry():
            return Fault(HTTPStatus.CONFLICT, str(error))
        case Denied():
            return Fault(HTTPStatus.FORBIDDEN, str(error), type=f"{_TYPES}:{error.rule}")
        case _:
            return _unforeseen(error)


def _unforeseen(error: Exception) -> Fault:
    match error:
        case RequestDataTooBig():
            return Fault(TooLarge.status_code, TooLarge.default_detail)
        case SuspiciousOperation():
            return Fault(HTTPStatus.BAD_REQUEST, str(error))
        case PermissionDenied():
            return Fault(HTTPStatus.FORBIDDEN, str(error) or "This is not allowed.")
        case IntegrityError() if getattr(error.__cause__, "sqlstate", "") == UNIQUE_VIOLATION:
            # Two writers passed the check of the service together; the database let one through.
            return Fault(HTTPStatus.CONFLICT, "Another request recorded the same meanwhile.")
        case OperationalError() if getattr(error.__cause__, "sqlstate", "") in BUSY:
            return Fault(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "Others were writing at the same time, and nothing was written; send it again.",
            )
        case OperationalError() | InterfaceError():
            return Fault(HTTPStatus.SERVICE_UNAVAILABLE, "The database is not available.")
        case _:
            return Fault(HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong on our side.")


def _invalid(errors: Iterable[tuple[str, str]]) -> Fault:
    told = tuple(errors)
    field, problem = told[0]
    more = f" (and {len(told) - 1} more)" if len(told) > 1 else ""
    return Fault(HTTPStatus.BAD_REQUEST, f"{field}: {problem}{more}", told)


def _flat(detail: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Nested errors of a serializer as ("passages[1].quote", "This field is required.")."""
    if isinstance(detail, Mapping):
        for key, value in detail.items():
            yield from _flat(value, _joined(path, key))
    elif isinstance(detail, list):
        for index, item in enumerate(detail):
            yield from _flat(item, path if isinstance(item, str) else _joined(path, index))
    else:
        yield path or api_settings.NON_FIELD_ERRORS_KEY, str(detail)


def _joined(path: str, key: object) -> str:
    if isinstance(key, int):
        return f"{path}[{key}]"
    if key == api_settings.NON_FIELD_ERRORS_KEY:
        return path
    return f"{path}.{key}" if path else str(key)


def _headers(error: Exception) -> dict[str, str]:
    headers = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = f"{wait:.0f}"
    elif isinstance(error, OperationalError | InterfaceError):
        headers["Retry-After"] = str(RETRY_SECONDS)
    return headers


def _bytes(document: dict[str, Any]) -> bytes:
    # A message may quote half a character out of the request, which no UTF-8 can say.
    return json.dumps(document, ensure_ascii=False).encode("utf-8", "backslashreplace")


# For `config.urls`: what goes wrong outside every view, such as in the middleware.


def handler400(request: HttpRequest, exception: Exception) -> HttpResponse:
    if _asks_api(request):
        return respond(request, Fault(HTTPStatus.BAD_REQUEST, "The request is not acceptable."))
    return defaults.bad_request(request, exception)


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    if _asks_api(request):
        return respond(request, Fault(HTTPStatus.NOT_FOUND, f"There is nothing at {request.path}"))
    return defaults.page_not_found(request, exception)


def handler500(request: HttpRequest) -> HttpResponse:
    if _asks_api(request):
        return respond(request, _unforeseen(Exception()))
    return defaults.server_error(request)


def _asks_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")
