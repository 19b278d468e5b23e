"""Who asks, by bearer token (RFC 6750), and what the token is for."""

import hmac
from typing import TYPE_CHECKING, Any

from django.conf import settings
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from predictions.models import ApiToken, User
from predictions.services.tokens import token_digest

if TYPE_CHECKING:
    # The views load this module by its name in the settings.
    from rest_framework.views import APIView

_REFUSED = "This token is not known, was revoked, or its user is not active."


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer <secret>`. Other schemes, such as a proxy's, are not ours to judge."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        # Found by its digest: how long that takes tells nothing about the secret.
        digest = token_digest(secret.strip())
        token = (
            ApiToken.objects.select_related("user")
            .filter(digest=digest, revoked_at__isnull=True, user__is_active=True)
            .first()
        )
        if token is None or not hmac.compare_digest(token.digest, digest):
            raise AuthenticationFailed(_REFUSED)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        told = ', error="invalid_token"' if "Authorization" in request.headers else ""
        return f'Bearer realm="prediction-ledger"{told}'


class Scoped(BasePermission):
    """Reading needs any token, or none where it is public; writing the scope of the view."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        if request.method in SAFE_METHODS:
            return settings.PUBLIC_READ or request.auth is not None
        if request.auth is None:
            return False  # answered as 401
        token: Any = request.auth
        needed = getattr(view, "scope", None)
        if needed and needed not in token.scopes:
            raise _insufficient(needed)
        return True


def _insufficient(scope: str) -> PermissionDenied:
    error = PermissionDenied(f"This needs a token with the scope '{scope}'.")
    error.auth_header = (  # type: ignore[attr-defined]
        f'Bearer realm="prediction-ledger", error="insufficient_scope", scope="{scope}"'
    )
    return error
