"""`/healthz` and `/readyz`, which are read by machines that nobody sits at."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from predictions.models import Message
from predictions.services.sweeps import sweep_ended
from tests.making_mail import message

pytestmark = pytest.mark.django_db

PASSES = ("reminders", "reports", "deliveries", "checkpoints")


def ago(**span: float) -> dt.datetime:
    return timezone.now() - dt.timedelta(**span)


@pytest.fixture
def _all_ended() -> None:
    for name in PASSES:
        sweep_ended(name=name, now=timezone.now())


def checks(client: Client, status: int) -> dict[str, str]:
    answer = client.get("/readyz")
    assert answer.status_code == status, answer.content
    said: dict[str, str] = answer.json()["checks"]
    assert (status == 200) == (set(said.values()) == {"ok"})
    return said


def test_healthz_answers_while_the_process_lives(client: Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}


@pytest.mark.usefixtures("_all_ended")
def test_a_fresh_service_without_any_mail_is_ready(client: Client) -> None:
    assert set(checks(client, 200)) == {
        *("database", "redis", "sweep", "reports", "deliveries", "checkpoint", "mail")
    }


@pytest.mark.usefixtures("_all_ended")
@pytest.mark.parametrize(
    ("name", "check", "seconds"),
    [
        ("reminders", "sweep", 60),
        ("reports", "reports", 60),
        ("deliveries", "deliveries", 60),
        ("checkpoints", "checkpoint", 600),
    ],
)
def test_readyz_turns_red_by_itself_when_a_pass_stops(
    client: Client, name: str, check: str, seconds: int
) -> None:
    sweep_ended(name=name, now=ago(seconds=seconds))
    assert checks(client, 200)[check] == "ok"
    ended = ago(seconds=2 * seconds)
    sweep_ended(name=name, now=ended)
    said = checks(client, 503)
    assert said.pop(check) == f"late: the last one ended at {ended:%Y-%m-%d %H:%M:%S} UTC"
    assert set(said.values()) == {"ok"}


def test_readyz_is_red_before_the_first_pass(client: Client) -> None:
    said = checks(client, 503)
    assert said["sweep"] == said["deliveries"] == "no sweep has ended yet"
    assert said["mail"] == "ok"


@pytest.mark.usefixtures("_all_ended")
def test_a_long_delivery_is_not_late_while_it_sends(client: Client) -> None:
    sweep_ended(name="deliveries", now=ago(minutes=10))
    message(now=ago(minutes=20), state="sent", sent_at=ago(seconds=5))
    assert checks(client, 200)["deliveries"] == "ok"


@pytest.mark.usefixtures("_all_ended")
@pytest.mark.parametrize(
    ("given", "due_in", "minutes", "late"),
    [
        ({}, 0, 59, False),
        ({}, 0, 61, True),
        # Tried again and again, the next time in a while.
        ({"attempts": 8}, 60, 59, False),
        ({"attempts": 8}, 60, 61, True),
        # Held by somebody who has it in hand.
        ({"attempts": 8, "state": "claimed"}, 5, 61, True),
        # Meant for later.
        ({}, 60, 600, False),
        ({"state": "dead"}, 0, 600, False),
        ({"state": "withdrawn"}, 0, 600, False),
    ],
)
def test_mail_is_late_when_some_has_waited_for_an_hour(
    client: Client, given: dict[str, Any], due_in: int, minutes: int, late: bool
) -> None:
    row = message(now=ago(minutes=minutes), **given)
    if due_in:
        Message.objects.filter(pk=row.pk).update(due_at=ago(minutes=-due_in))
    said = checks(client, 503 if late else 200)["mail"]
    assert said.startswith("late: a message has waited since 20" if late else "ok")


@pytest.mark.usefixtures("_all_ended")
def test_how_long_mail_may_wait_is_a_setting(client: Client, settings: Any) -> None:
    message(now=ago(minutes=10))
    checks(client, 200)
    settings.MAIL_LATE_MINUTES = 5
    checks(client, 503)


@pytest.mark.usefixtures("_all_ended")
def test_readyz_says_when_each_last_ended_and_when_mail_was_last_accepted(client: Client) -> None:
    sent_at = ago(hours=2)
    last = client.get("/readyz").json()["last"]
    assert last.pop("mail") is None
    assert sorted(last) == sorted(PASSES)
    for at in last.values():
        assert abs(dt.datetime.fromisoformat(at) - timezone.now()) < dt.timedelta(minutes=1)
    for hours in (3, 2):
        message(now=sent_at, state="sent", sent_at=ago(hours=hours))
    at = dt.datetime.fromisoformat(client.get("/readyz").json()["last"]["mail"])
    assert abs(at - sent_at) < dt.timedelta(minutes=1)


def test_readyz_says_that_redis_is_away_without_naming_hosts(client: Client, settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert checks(client, 503)["redis"] == "failed (ConnectionError)"


@pytest.mark.usefixtures("_all_ended")
def test_readyz_reads_what_runs_by_itself_in_one_query(
    client: Client, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(4):  # and three for how durable the database is
        client.get("/readyz")
