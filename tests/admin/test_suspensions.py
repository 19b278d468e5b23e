"""Suspending an address by hand, and lifting that again."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from predictions.errors import Invalid, NotFound
from predictions.models import Message, Suspension, User
from predictions.querysets import suspended
from predictions.services.suspensions import address_resume, address_suspend
from tests.admin.pages import text_of

pytestmark = pytest.mark.django_db
LIST = "admin:predictions_suspension_changelist"


@pytest.fixture
def client(adjudicator: User) -> Client:
    client = Client()
    client.force_login(adjudicator)
    return client


def lift(client: Client, suspension: Suspension) -> Any:
    data = {"action": "lift", "_selected_action": [str(suspension.pk)]}
    return client.post(reverse(LIST), data, follow=True)


def test_an_address_is_suspended_by_hand_and_shown_with_its_reason(client: Client) -> None:
    data = {"email": "Ada@example.org", "detail": "She asked on the telephone."}
    shown: Any = client.post(reverse("admin:predictions_suspension_add"), data, follow=True)
    assert "Ada@example.org" in text_of(shown)
    suspension = Suspension.objects.get()
    assert (suspension.reason, suspension.detail) == ("by_hand", data["detail"])


def test_the_same_address_spelled_otherwise_is_refused_in_words(client: Client) -> None:
    Suspension.objects.create(email="ada@example.org", reason="bounced", since="2026-11-01T00:00Z")
    data = {"email": "ADA@example.org"}
    shown: Any = client.post(reverse("admin:predictions_suspension_add"), data)
    assert "Nothing is sent to ADA@example.org already" in text_of(shown)
    assert Suspension.objects.count() == 1


def test_lifting_says_how_much_was_given_up(client: Client, now: dt.datetime) -> None:
    suspension = address_suspend(email="ada@example.org", reason="bounced", now=now)
    Message.objects.create(
        kind="report",
        recipient="Ada@example.org",
        subject="The report",
        message_id="<1@example.org>",
        state="dead",
        due_at=now,
        created_at=now,
    )
    shown = text_of(lift(client, suspension))
    assert "1 address gets mail again. 1 message was given up" in shown
    assert not Suspension.objects.exists()


def test_an_address_is_suspended_once_and_keeps_its_first_reason(now: dt.datetime) -> None:
    first = address_suspend(email=" ada@example.org ", reason="complained", now=now)
    assert address_suspend(email="ADA@example.org", reason="bounced", now=now) == first
    assert Suspension.objects.get().reason == "complained"
    User.objects.create_user("bo", "Ada@Example.org")
    assert User.objects.filter(suspended("email"), username="bo").exists()


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"email": "ada"}, "email"),
        ({"email": "ada\0@example.org"}, "email"),
        ({"email": f"ada@{'x' * 60}.{'y' * 60}.{'z' * 60}.{'w' * 60}.{'v' * 60}.org"}, "email"),
        ({"reason": "bored"}, "reason"),
    ],
)
def test_what_is_no_address_or_no_reason_is_refused(
    now: dt.datetime, given: dict[str, str], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        address_suspend(**{"email": "ada@example.org", "reason": "bounced", "now": now, **given})  # type: ignore[arg-type]
    assert refused.value.field == field
    assert not Suspension.objects.exists()


def test_an_address_that_is_not_suspended_cannot_be_resumed() -> None:
    with pytest.raises(NotFound):
        address_resume(email="ada@example.org")
