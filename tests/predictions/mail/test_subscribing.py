"""Who is asked whether they want the report, how often, and what becomes of who never answers."""

import datetime as dt
import threading
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection

from predictions import services, tasks
from predictions.errors import Conflict, Invalid
from predictions.mail.reports import reports_queue
from predictions.mail.subscribing import confirmation_queue, described, subscription_ask
from predictions.models import Message, Report, Subscription, Suspension, User
from predictions.models.choices import MessageKind, MessageState
from predictions.services.subscriptions import (
    Wish,
    subscription_confirm,
    subscription_end,
    subscriptions_forget,
)
from tests.making import Maker

pytestmark = pytest.mark.django_db

WISH = Wish(email="rita@example.org", time_zone="Europe/Vienna")
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


def asked() -> list[str]:
    confirmations = Message.objects.filter(kind=MessageKind.CONFIRM).order_by("created_at")
    return list(confirmations.values_list("recipient", flat=True))


def test_nothing_but_the_question_is_sent_before_a_yes(now: dt.datetime) -> None:
    row = subscription_ask(wish=WISH, now=now)
    assert (row.confirmed_at, row.asked_at, row.created_at) == (None, now, now)
    assert asked() == ["rita@example.org"]
    message = Message.objects.get()
    assert message.subject == "Do you want the weekly scored report?"
    for body in (message.text, message.html):
        assert "/mail/confirm/" in body
        assert "/mail/unsubscribe/" not in body
    assert reports_queue(now=now + 30 * DAY) == 0
    assert not Subscription.objects.running(now).exists()


@pytest.mark.django_db(transaction=True)
def test_after_the_yes_the_first_report_comes(make: Maker) -> None:
    row = subscription_ask(wish=WISH, now=make.now)
    subscription_confirm(subscription=row, now=make.now)
    assert reports_queue(now=make.now) == 1
    assert Report.objects.get().message.recipient == "rita@example.org"


def test_asking_again_within_an_hour_sends_nothing_more(now: dt.datetime) -> None:
    first = subscription_ask(wish=WISH, now=now)
    again = replace(WISH, email="Rita@Example.org")
    assert subscription_ask(wish=again, now=now + 0.99 * HOUR) == first
    assert asked() == ["rita@example.org"]
    subscription_ask(wish=WISH, now=now + HOUR)
    assert len(asked()) == 2


def test_an_address_is_asked_so_often_a_day_whatever_it_is_asked(
    now: dt.datetime, settings: Any
) -> None:
    settings.CONFIRMATIONS_A_DAY = 2
    for period in ("weekly", "monthly", "quarterly"):
        subscription_ask(wish=replace(WISH, period=period), now=now)
    subscription_ask(wish=Wish(email="bo@example.org"), now=now)
    assert asked() == ["rita@example.org"] * 2 + ["bo@example.org"]
    row = Subscription.objects.get(period="quarterly")
    assert confirmation_queue(subscription=row, now=now + DAY - HOUR) is False
    assert confirmation_queue(subscription=row, now=now + DAY) is True


def test_who_gets_it_already_is_not_asked_and_keeps_what_they_chose(now: dt.datetime) -> None:
    row = subscription_ask(wish=WISH, now=now)
    subscription_confirm(subscription=row, now=now)
    other = replace(WISH, time_zone="Asia/Tokyo", language="de")
    assert subscription_ask(wish=other, now=now + DAY) == row
    row.refresh_from_db()
    assert (row.time_zone, row.language) == ("Europe/Vienna", "en")
    assert len(asked()) == 1


def test_before_the_yes_the_last_word_on_zone_and_language_holds(now: dt.datetime) -> None:
    row = subscription_ask(wish=WISH, now=now)
    subscription_ask(wish=replace(WISH, time_zone="Asia/Tokyo", language="de"), now=now)
    row.refresh_from_db()
    assert (row.time_zone, row.language) == ("Asia/Tokyo", "de")


def test_a_suspended_address_is_not_asked(now: dt.datetime) -> None:
    Suspension.objects.create(email="RITA@example.org", reason="complained", since=now)
    assert subscription_ask(wish=WISH, now=now).asked_at is None
    assert asked() == []


def test_an_account_is_asked_at_its_address_and_in_its_zone(now: dt.datetime) -> None:
    rita = User.objects.create_user("rita", "rita@example.org", time_zone="Asia/Tokyo")
    row = subscription_ask(wish=Wish(user=rita), now=now)
    assert (row.user, row.email, row.time_zone) == (rita, "", "Asia/Tokyo")
    assert asked() == ["rita@example.org"]
    User.objects.update(is_active=False)
    assert confirmation_queue(subscription=Subscription.objects.get(), now=now + DAY) is False


@pytest.mark.parametrize(
    ("given", "field", "fix"),
    [
        ({"email": ""}, "email", "give the address"),
        ({"email": "rita"}, "email", "write it as name@example.org"),
        ({"email": "a@b.org\nBcc: c@d.org"}, "email", "write it as name@example.org"),
        ({"email": f"{'a' * 60}@{'b.' * 120}org"}, "email", "longer than 254"),
        ({"about": "person"}, "about", "all, forecaster, outlet, topic"),
        ({"subject": "harvest"}, "subject", "leave it empty"),
        ({"about": "topic"}, "subject", "give the key of the topic"),
        ({"about": "topic", "subject": "rye"}, "subject", "'rye' is the key of no topic"),
        ({"about": "topic", "subject": "r\x00"}, "subject", "NUL"),
        ({"about": "outlet", "subject": "harvest"}, "subject", "is the key of no outlet"),
        ({"period": "daily"}, "period", "weekly, monthly, quarterly"),
        ({"time_zone": "Vienna"}, "time_zone", "write it as Europe/Vienna"),
        ({"time_zone": "../etc/passwd"}, "time_zone", "write it as Europe/Vienna"),
        ({"language": "xx"}, "language", "is not one of de, en, "),
    ],
)
def test_what_cannot_be_is_refused_with_its_field_and_the_fix(
    now: dt.datetime, given: dict[str, Any], field: str, fix: str
) -> None:
    services.topic_record(key="harvest", name="Harvest", by=None)
    with pytest.raises(Invalid, match=fix) as refused:
        subscription_ask(wish=replace(WISH, **given), now=now)
    assert refused.value.field == field
    assert not Subscription.objects.exists()
    assert asked() == []


def test_the_question_says_what_the_report_is_on(now: dt.datetime) -> None:
    services.topic_record(key="harvest", name="Harvest", by=None)
    wish = replace(WISH, about="topic", subject="harvest", period="monthly")
    assert described(subscription_ask(wish=wish, now=now)) == (
        "monthly scored report on the topic Harvest"
    )
    assert "on the topic Harvest?" in Message.objects.get().subject


def test_a_second_yes_changes_nothing_and_an_end_is_final(now: dt.datetime) -> None:
    row = subscription_ask(wish=WISH, now=now)
    subscription_confirm(subscription=row, now=now)
    assert subscription_confirm(subscription=row, now=now + DAY).confirmed_at == now
    assert subscription_end(subscription=row, now=now + DAY) is True
    assert subscription_end(subscription=row, now=now + 2 * DAY) is False
    with pytest.raises(Conflict, match="subscribe anew"):
        subscription_confirm(subscription=row, now=now + DAY)
    row.refresh_from_db()
    assert row.ended_at == now + DAY
    assert subscription_ask(wish=WISH, now=now + 2 * DAY) != row


@pytest.mark.django_db(transaction=True)
def test_the_end_takes_back_what_waits_to_go_out(make: Maker) -> None:
    mine, other = (
        subscription_ask(wish=Wish(email=f"{name}@example.org"), now=make.now)
        for name in ("rita", "bo")
    )
    for row in (mine, other):
        subscription_confirm(subscription=row, now=make.now)
    reports_queue(now=make.now)
    subscription_end(subscription=mine, now=make.now)
    states = Message.objects.filter(kind=MessageKind.REPORT).values_list("recipient", "state")
    assert dict(states) == {
        "rita@example.org": MessageState.WITHDRAWN,
        "bo@example.org": MessageState.WAITING,
    }


def test_what_nobody_confirms_is_forgotten_with_the_mail_that_asked(now: dt.datetime) -> None:
    row = subscription_ask(wish=WISH, now=now)
    kept = subscription_ask(wish=Wish(email="bo@example.org"), now=now)
    subscription_confirm(subscription=kept, now=now)
    Message.objects.update(state=MessageState.SENT, sent_at=now)
    assert subscriptions_forget(now=now + 30 * DAY - HOUR) == 0
    assert subscriptions_forget(now=now + 30 * DAY) == 1
    assert list(Subscription.objects.all()) == [kept]
    assert not Subscription.objects.filter(pk=row.pk).exists()
    assert asked() == []


def test_what_was_asked_again_later_is_kept_for_as_long_again(now: dt.datetime) -> None:
    row = subscription_ask(wish=WISH, now=now)
    subscription_ask(wish=WISH, now=now + 20 * DAY)
    assert subscriptions_forget(now=now + 30 * DAY) == 0
    assert Subscription.objects.get() == row


def test_the_worker_forgets_them(now: dt.datetime) -> None:
    row = subscription_ask(wish=WISH, now=dt.datetime.now(dt.UTC) - 31 * DAY)
    subscription_ask(wish=Wish(email="bo@example.org"), now=dt.datetime.now(dt.UTC))
    tasks.forget_subscriptions()
    assert Subscription.objects.get() != row


@pytest.mark.django_db(transaction=True)
def test_of_many_who_ask_at_once_for_one_address_one_is_heard(now: dt.datetime) -> None:
    ready, made = threading.Barrier(4), []

    def ask() -> None:
        ready.wait()
        try:
            made.append(subscription_ask(wish=WISH, now=now).pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [Subscription.objects.get().pk] * 4
    assert asked() == ["rita@example.org"]
