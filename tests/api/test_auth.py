"""Tokens: who may read, who may write what."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from predictions.models import ApiToken, Outcome, User
from predictions.services.tokens import token_create

Clients = Callable[..., APIClient]
QUESTIONS, OUTCOMES = "/api/v1/questions/", "/api/v1/outcomes/"
POSTS = {
    "questions": "record",
    "predictions": "record",
    "events": "record",
    "reviews": "record",
    "outcomes": "adjudicate",
}


def test_reading_is_public(api: APIClient) -> None:
    assert api.get(QUESTIONS).status_code == 200


def test_reading_needs_a_token_where_it_is_not_public(
    api: APIClient, client_with: Clients, settings: Any, refused: Any
) -> None:
    settings.PUBLIC_READ = False
    for address in ("/api/v1/", QUESTIONS, "/api/v1/scoreboard/", "/api/v1/ledger/entries/"):
        answer = api.get(address)
        refused(answer, 401)
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        for scope in ("read", "record", "adjudicate"):
            assert client_with(scope).get(address).status_code == 200


@pytest.mark.parametrize(("name", "scope"), POSTS.items())
def test_writing_needs_a_token_of_the_scope_and_says_which(
    api: APIClient, client_with: Clients, refused: Any, name: str, scope: str
) -> None:
    address = f"/api/v1/{name}/"
    answer = api.post(address, {}, format="json")
    refused(answer, 401)
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="prediction-ledger"'
    others = {"read", "record", "adjudicate"} - {scope}
    answer = client_with(*others).post(address, {}, format="json")
    assert scope in refused(answer, 403)["detail"]
    assert f'scope="{scope}"' in answer.headers["WWW-Authenticate"]
    refused(client_with(scope).post(address, {}, format="json"), 400)


@pytest.mark.parametrize(
    "header",
    ["Bearer wrong", "Bearer ", "bearer pl_wrong", "Bearer caf\u00e9", "Bearer " + "x" * 5000],
)
def test_a_wrong_token_is_refused_even_for_what_is_public(
    refused: Any, header: str, db: None
) -> None:
    answer = APIClient(headers={"Authorization": header}).get(QUESTIONS)
    refused(answer, 401)
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_a_scheme_that_is_not_ours_is_as_no_token(refused: Any, db: None) -> None:
    stranger = APIClient(headers={"Authorization": "Basic YTpi"})
    assert stranger.get(QUESTIONS).status_code == 200
    refused(stranger.post(OUTCOMES, {}, format="json"), 401)


def test_a_revoked_token_is_refused(
    adjudicating: APIClient, refused: Any, now: dt.datetime
) -> None:
    ApiToken.objects.update(revoked_at=now)
    refused(adjudicating.post(OUTCOMES, {}, format="json"), 401)


def test_a_token_of_somebody_who_left_is_refused(adjudicating: APIClient, refused: Any) -> None:
    User.objects.update(is_active=False)
    refused(adjudicating.post(OUTCOMES, {}, format="json"), 401)
    assert not Outcome.objects.exists()


def test_a_session_of_the_desk_is_no_token(adjudicator: User, refused: Any) -> None:
    client = APIClient()
    client.force_login(adjudicator)
    refused(client.post(OUTCOMES, {}, format="json"), 401)


def test_a_secret_is_kept_as_its_digest_alone(adjudicator: User, now: dt.datetime) -> None:
    token = token_create(name="robot", scopes=["read"], user=adjudicator, now=now)
    kept = ApiToken.objects.values().get()
    assert len(kept["digest"]) == 64
    assert not any(token.secret in str(value) for value in kept.values())
