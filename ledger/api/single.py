"""What the views of single things share: strict parameters, refusals in words, how long to keep."""

import re
from http import HTTPStatus
from typing import Any, ClassVar

from django.conf import settings
from rest_framework import serializers
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ledger.errors import DoesNotHold, NotSigned, OutOfRange

MOST = 2**63 - 1


class NotYet(APIException):
    status_code = HTTPStatus.CONFLICT


class Contradiction(APIException):
    status_code = HTTPStatus.SERVICE_UNAVAILABLE


class Whole(serializers.IntegerField):
    """A whole number in plain digits; `int` would also take +1, 1_000 and the digits of others."""

    def to_internal_value(self, data: Any) -> int:
        if not re.fullmatch(r"[0-9]{1,19}", str(data)) or int(data) > MOST:
            raise serializers.ValidationError("must be a whole number, in digits")
        return super().to_internal_value(data)


class Query(serializers.Serializer):
    """The parameters of a view. One that is not known, empty or given twice is refused."""

    def asked(self, request: Request) -> dict[str, Any]:
        given = request.query_params
        for name, values in given.lists():
            if name not in self.fields:
                known = ", ".join(sorted(self.fields)) or "none"
                raise ValidationError({name: [f"is not a parameter here; known: {known}"]})
            if len(values) > 1:
                raise ValidationError({name: ["is given more than once"]})
            if not values[0].strip():
                raise ValidationError({name: ["is empty; leave it out or give a value"]})
        self.initial_data = given.dict()
        self.is_valid(raise_exception=True)
        return dict(self.validated_data)


class SingleView(APIView):
    """Answers one thing to `query`. Errors of the ledger become refusals that say what to do."""

    query: ClassVar[type[Query]] = Query

    def asked(self, request: Request) -> dict[str, Any]:
        return self.query().asked(request)

    def handle_exception(self, exc: Exception) -> Response:
        return super().handle_exception(_refusal(exc))


def kept(response: Response, *, always: bool) -> Response:
    """How long the answer may be kept: for good where it is about a fixed size of the log."""
    if not settings.PUBLIC_READ:
        response["Cache-Control"] = "private, no-cache"
    elif always:
        response["Cache-Control"] = "public, max-age=31536000, immutable"
    else:
        response["Cache-Control"] = "no-cache"
    return response


def _refusal(error: Exception) -> Exception:
    match error:
        case OutOfRange():
            return ValidationError({error.field: [error.problem]})
        case NotSigned():
            return NotYet(str(error))
        case DoesNotHold():
            return Contradiction(str(error))
        case _:
            return error
