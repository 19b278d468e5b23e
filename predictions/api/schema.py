"""What the OpenAPI description says of every operation: problems, tokens, idempotency."""

from typing import Any

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers
from rest_framework.permissions import SAFE_METHODS

from predictions.api import problems
from predictions.api.idempotency import HEADER, MAX_LENGTH

_READING = {400: "A parameter is not acceptable", 401: "The token is not accepted"}
_ONE = {404: "There is no such thing"}
_WRITING = {
    400: "The body is not acceptable; `errors` name the fields",
    401: "A token is missing or not accepted",
    403: "The token lacks the scope; or, of the type `urn:prediction-ledger:problem:four-eyes`, "
    "somebody else must do it: nobody records predictions on a question and adjudicates it too",
    409: "It does not fit what is recorded, such as a second outcome",
    413: "The body is too large",
    415: "The body is not `application/json`",
    422: "The idempotency key was used for another request",
}


class ProblemErrorSerializer(serializers.Serializer):
    field = serializers.CharField(help_text="Its place in the body, or the parameter's name.")
    detail = serializers.CharField()


class ProblemSerializer(serializers.Serializer):
    """RFC 9457. `errors` is empty where the problem is not about a field."""

    type = serializers.CharField(default="about:blank")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    instance = serializers.CharField()
    errors = ProblemErrorSerializer(many=True)  # type: ignore[assignment]  # a field here


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "predictions.api.auth.BearerAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A token made by `manage.py create_token`, with the scopes `read`, "
            "`record` or `adjudicate`.",
        }


class Schema(AutoSchema):
    def get_auth(self) -> list[dict[str, Any]]:
        auths: list[dict[str, Any]] = super().get_auth()
        is_open = settings.PUBLIC_READ and self.method in SAFE_METHODS
        return [*auths, {}] if is_open and {} not in auths else auths

    def get_override_parameters(self) -> list[Any]:
        if self.method != "POST":
            return []
        return [
            OpenApiParameter(
                HEADER,
                {"type": "string", "minLength": 1, "maxLength": MAX_LENGTH},
                OpenApiParameter.HEADER,
                description="Of your choosing. The same request sent again under the same key is "
                "answered as before, with `Idempotent-Replayed: true`, and not done twice.",
            )
        ]

    def get_description(self) -> str:  # type: ignore[override]  # the stubs are of another AutoSchema
        told: str = super().get_description()
        scope = getattr(self.view, "scope", None)
        if self.method in SAFE_METHODS or scope is None:
            return told
        return f"{told}\n\nNeeds a token with the scope `{scope}`.".strip()

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        for code, told in self._problems().items():
            answer = OpenApiResponse(ProblemSerializer, description=told)
            bodies[str(code)] = self._get_response_for_code(  # type: ignore[no-untyped-call]
                answer, str(code), [problems.MEDIA_TYPE], direction
            )
        return bodies

    def _problems(self) -> dict[int, str]:
        if self.method not in SAFE_METHODS:
            return _WRITING
        more: dict[int, str] = getattr(self.view, "problems", {})
        return (_READING if self._is_list_view() else _READING | _ONE) | more
