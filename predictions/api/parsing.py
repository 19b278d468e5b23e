"""Reading requests: JSON without loss, and always UTF-8."""

import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import IO, Any

from django.conf import settings
from rest_framework.exceptions import ParseError
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import BaseParser

from predictions.api.problems import TooLarge

# Nothing that is asked for lies deeper than a list of objects in an object.
MAX_DEPTH = 16


class ExactJSONParser(BaseParser):
    """JSON with its numbers as Decimals: 0.99999999999999999999 is not 1.

    What two readers could understand differently is refused: a key that stands twice, NaN.
    """

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0
        raw = stream.read(limit + 1)
        if len(raw) > limit:
            raise TooLarge
        try:
            value = json.loads(
                raw.decode(),
                parse_float=_decimal,
                parse_constant=_refused,
                object_pairs_hook=_object,
            )
        except ValueError as error:
            raise ParseError(f"The body is not JSON in UTF-8: {error}") from error
        except RecursionError:
            raise ParseError(_TOO_DEEP) from None
        if not _is_shallow(value):
            raise ParseError(_TOO_DEEP)
        return value


_TOO_DEEP = f"The body is nested more than {MAX_DEPTH} deep."


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:  # an exponent beyond what a Decimal can hold
        raise ValueError(f"{text} is out of range") from None


def _refused(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {key!r} stands twice")
        found[key] = value
    return found


def _is_shallow(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [child for item in level for child in _children(item)]
        if not level:
            return True
    return False


def _children(value: Any) -> list[Any]:
    match value:
        case dict():
            return list(value.values())
        case list():
            return value
        case _:
            return []


class Negotiation(DefaultContentNegotiation):
    """Comes first in every view, so it is here that a charset of the caller's is set aside.

    Django would read the query string with it: `unicode_escape` lets half characters through.
    """

    def select_renderer(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        request._request.encoding = "utf-8"
        return super().select_renderer(request, *args, **kwargs)
