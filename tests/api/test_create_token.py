"""`create_token`"""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from predictions.models import ApiToken, User

pytestmark = pytest.mark.django_db


def _created(*arguments: str) -> str:
    printed = StringIO()
    call_command("create_token", *arguments, stdout=printed)
    return printed.getvalue()


def _failure(*arguments: str) -> str:
    with pytest.raises(CommandError) as failed:
        call_command("create_token", *arguments)
    assert failed.value.returncode == 2
    message = str(failed.value)
    assert "\n" not in message
    return message


def test_the_secret_is_printed_alone_and_works(adjudicator: User) -> None:
    secret = _created("robot", "--scope", "adjudicate", "--scope", "record")
    assert secret.count("\n") == 1
    token = ApiToken.objects.get(name="robot")
    assert (token.user, token.scopes) == (adjudicator, ["adjudicate", "record"])
    client = APIClient(headers={"Authorization": f"Bearer {secret.strip()}"})
    assert client.post("/api/v1/outcomes/", {}, format="json").status_code == 400


def test_a_token_may_be_for_somebody_by_name(adjudicator: User) -> None:
    User.objects.create_user("eve")
    _created("robot", "--scope", "read", "--user", "eve")
    assert ApiToken.objects.get().user.username == "eve"


def test_without_one_superuser_the_user_must_be_said() -> None:
    assert "--user" in _failure("robot", "--scope", "read")
    for name in ("ada", "bob"):
        User.objects.create_superuser(name, password="a long enough secret")
    assert "--user" in _failure("robot", "--scope", "read")


@pytest.mark.usefixtures("adjudicator")
def test_what_is_wrong_is_said_in_one_line() -> None:
    _created("robot", "--scope", "read")
    taken = "there is a token 'robot' already; choose another name"
    assert _failure(" robot ", "--scope", "read") == f"name: {taken}"
    assert "name" in _failure(" ", "--scope", "read")
    assert "'eve'" in _failure("other", "--scope", "read", "--user", "eve")
    for arguments in (["other", "--scope", "everything"], ["other"]):
        with pytest.raises(CommandError, match="--scope"):
            call_command("create_token", *arguments)
