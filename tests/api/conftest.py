"""Callers of the API. Every answer goes through the real stack, from the middleware down."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from predictions.models import User
from predictions.services.tokens import token_create


@pytest.fixture
def api(db: None) -> APIClient:
    """Somebody without a token."""
    return APIClient()


@pytest.fixture
def client_with(adjudicator: User, now: dt.datetime) -> Callable[..., APIClient]:
    """A caller whose token has the given scopes."""

    def build(*scopes: str) -> APIClient:
        name = f"for {' '.join(scopes)} {dt.datetime.now(dt.UTC).timestamp()}"
        token = token_create(name=name, scopes=scopes, user=adjudicator, now=now)
        return APIClient(headers={"Authorization": f"Bearer {token.secret}"})

    return build


@pytest.fixture
def adjudicating(client_with: Callable[..., APIClient]) -> APIClient:
    return client_with("adjudicate")


@pytest.fixture
def recording(client_with: Callable[..., APIClient]) -> APIClient:
    return client_with("record")


@pytest.fixture
def refused() -> Callable[..., dict[str, Any]]:
    """Holds an answer against RFC 9457 and returns the document; `field` must be named in it."""

    def check(
        answer: Any, status: int, field: str | None = None, kind: str = "about:blank"
    ) -> dict[str, Any]:
        assert answer.status_code == status, answer.content
        assert answer.headers["Content-Type"] == "application/problem+json"
        problem: dict[str, Any] = answer.json()
        assert list(problem) == ["type", "title", "status", "detail", "instance", "errors"]
        assert problem["type"] == kind
        assert problem["status"] == status
        assert problem["title"]
        assert problem["detail"]
        assert problem["instance"] == answer.wsgi_request.path
        if field is not None:
            assert field in [error["field"] for error in problem["errors"]], problem
        return problem

    return check
