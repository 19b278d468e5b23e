"""What providers tell of bounces and complaints, in the words they use."""

import base64
from typing import Any

import pytest
from django.test import Client

from predictions.models import Suspension

pytestmark = [
    pytest.mark.django_db,
    # Which still understands it.
    pytest.mark.filterwarnings("ignore:django-anymail has dropped official support"),
]
SECRET = "provider:a-long-enough-secret"
BOUNCE = {
    "RecordType": "Bounce",
    "ID": 4323372036854775807,
    "Type": "HardBounce",
    "TypeCode": 1,
    "Name": "Hard bounce",
    "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483",
    "Description": "The server was unable to deliver your message (ex: unknown user).",
    "Details": "smtp;550 5.1.1 The email account does not exist",
    "Email": "gone@example.org",
    "From": "ledger@example.org",
    "BouncedAt": "2026-11-23T09:00:00Z",
    "Inactive": True,
}
COMPLAINT = {**BOUNCE, "RecordType": "SpamComplaint", "Type": "SpamComplaint"}


@pytest.fixture(autouse=True)
def secret(settings: Any) -> None:
    settings.ANYMAIL_WEBHOOK_SECRET = SECRET


def tell(provider: str, event: object, given: str = SECRET) -> Any:
    login = base64.b64encode(given.encode()).decode()
    return Client().post(
        f"/mail/hooks/{provider}/tracking/",
        event,
        content_type="application/json",
        headers={"Authorization": f"Basic {login}"},
    )


@pytest.mark.parametrize(
    ("provider", "event", "reason"),
    [
        ("postmark", BOUNCE, "bounced"),
        ("postmark", COMPLAINT, "complained"),
        (
            "sendgrid",
            [{"event": "bounce", "type": "bounce", "email": "gone@example.org", "reason": "550"}],
            "bounced",
        ),
        (
            "sendgrid",
            [{"event": "spamreport", "email": "gone@example.org", "timestamp": 1}],
            "complained",
        ),
    ],
)
def test_a_hard_bounce_and_a_complaint_suspend_the_address(
    provider: str, event: object, reason: str
) -> None:
    assert tell(provider, event).status_code == 200
    assert tell(provider, event).status_code == 200  # providers tell twice
    suspension = Suspension.objects.get()
    assert (suspension.email, suspension.reason) == ("gone@example.org", reason)


@pytest.mark.parametrize(
    ("provider", "event"),
    [
        ("postmark", {**BOUNCE, "Type": "SoftBounce"}),
        ("postmark", {**BOUNCE, "Type": "Transient"}),
        ("postmark", {"RecordType": "Delivery", "Recipient": "ada@example.org"}),
        ("sendgrid", [{"event": "bounce", "type": "blocked", "email": "ada@example.org"}]),
        ("sendgrid", [{"event": "deferred", "email": "ada@example.org"}]),
        (
            "sparkpost",
            [
                {
                    "msys": {
                        "message_event": {
                            "type": "bounce",
                            "bounce_class": "22",
                            "raw_rcpt_to": "ada@example.org",
                        }
                    }
                }
            ],
        ),
    ],
)
def test_what_may_be_well_tomorrow_suspends_nothing(provider: str, event: object) -> None:
    assert tell(provider, event).status_code == 200
    assert not Suspension.objects.exists()


def test_who_does_not_know_the_secret_is_refused() -> None:
    assert tell("postmark", BOUNCE, "provider:guessed").status_code == 403
    assert not Suspension.objects.exists()


def test_without_a_secret_there_are_no_hooks(settings: Any) -> None:
    settings.ANYMAIL_WEBHOOK_SECRET = ""
    assert tell("postmark", BOUNCE).status_code == 404
    assert tell("nobody", BOUNCE).status_code == 404
    assert not Suspension.objects.exists()


@pytest.mark.parametrize(
    "event",
    [
        "no JSON",
        "[]",
        "7",
        '{"RecordType": "Bounce", "Type": [], "Email": "a@example.org"}',
        {**BOUNCE, "Email": "no address"},
        {**BOUNCE, "Email": "nul\0@example.org"},
        {**BOUNCE, "BouncedAt": 7},
        {"FromFull": {}},
    ],
)
def test_nonsense_is_refused_in_words_and_suspends_nothing(event: object) -> None:
    answer = tell("postmark", event)
    assert answer.status_code == 400
    assert answer.content
    assert not Suspension.objects.exists()
