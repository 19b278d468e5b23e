"""What the view sets share: reading lists and single rows, and recording one row a POST."""

import datetime as dt
from typing import Any, ClassVar

from django.db.models import Model
from django.utils import timezone
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.viewsets import ReadOnlyModelViewSet

from ledger.retries import retried
from predictions.api.bodies import Body
from predictions.api.idempotency import once
from predictions.models import User

KEY = "[A-Za-z0-9][A-Za-z0-9._-]*"
UUID = "[0-9A-Fa-f-]{36}"


class Reading(ReadOnlyModelViewSet):
    """A list in pages, and a single row by its key or uuid."""

    lookup_value_regex = UUID
    # Public name → column; see `pagination`.
    orderings: ClassVar[dict[str, str]] = {}
    ordering: ClassVar[str]


class KeyedReading(Reading):
    lookup_field = "key"
    lookup_value_regex = KEY


class Recording(Reading):
    """Also takes POST, with a token of `scope`."""

    scope: ClassVar[str]
    body_class: ClassVar[type[Body]]
    answer_class: ClassVar[Any] = None

    def create(self, request: Request) -> Response:
        now = timezone.now()
        return retried(lambda: once(request, lambda: self._recorded(request, now), now=now))

    def record(self, asked: dict[str, Any], by: User, now: dt.datetime) -> Model:
        """Call the service with what was asked."""
        raise NotImplementedError

    def _recorded(self, request: Request, now: dt.datetime) -> Response:
        body = self.body_class(data=request.data)
        body.is_valid(raise_exception=True)
        recorded = self.record(dict(body.validated_data), by=request.auth.user, now=now)
        row = self.get_queryset().get(pk=recorded.pk)
        answer = (self.answer_class or self.get_serializer_class())(row)
        return Response(
            answer.data, status.HTTP_201_CREATED, headers={"Location": self._address(row)}
        )

    def _address(self, row: Model) -> str:
        name = f"api:{row._meta.model_name}-detail"
        value = getattr(row, self.lookup_field)
        return reverse(name, kwargs={self.lookup_field: value}, request=self.request)
