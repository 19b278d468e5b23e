"""Subscriptions, reports and reminders as an administrator sees them: never a yes for others."""

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from ledger import checkpoints, journal
from predictions import services
from predictions.models import Message, Reminder, Report, Subscription, User
from predictions.models.choices import MessageKind
from tests.admin.conftest import member
from tests.admin.pages import Pages, text_of
from tests.admin.test_access import signed_in
from tests.admin.test_people import on_selected
from tests.making import Maker


def add(desk: Pages, **given: Any) -> Any:
    data = {"period": "weekly", "language": "en", **given}
    return desk.post("predictions_subscription_add", data=data)


def past(row: Subscription, **hours: int) -> None:
    Subscription.objects.filter(pk=row.pk).update(asked_at=timezone.now() - dt.timedelta(**hours))


def test_a_subscription_for_an_account_is_asked_of_its_holder(desk: Pages, viewer: User) -> None:
    User.objects.filter(pk=viewer.pk).update(time_zone="Europe/Vienna")
    add(desk, user=viewer.username)
    row = Subscription.objects.get()
    assert (row.user, row.confirmed_at, row.time_zone) == (viewer, None, "Europe/Vienna")
    message = Message.objects.get()
    assert (message.kind, message.recipient) == (MessageKind.CONFIRM, "vera@example.org")


def test_a_subscription_for_an_address_is_on_what_was_chosen(desk: Pages, make: Maker) -> None:
    topic = services.topic_record(key="harvest", name="Harvest", by=None)
    add(desk, email="bo@example.org", topic=topic.key, time_zone="Asia/Tokyo", language="de")
    row = Subscription.objects.get()
    assert (row.email, row.about, row.topic) == ("bo@example.org", "topic", topic)
    assert (row.time_zone, row.language) == ("Asia/Tokyo", "de")
    shown = text_of(desk.get("predictions_subscription_change", row.pk))
    assert "topic: Harvest" in shown
    assert "bo@example.org" in text_of(desk.get("predictions_subscription_changelist"))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "Is missing; give the address that the report is to go to."),
        ({"email": "nobody"}, "Enter a valid email address."),
        ({"email": "a@example.org", "time_zone": "Vienna"}, "write it as Europe/Vienna."),
        ({"user": "nobody"}, "There is no account with the user name “nobody”."),
        ({"email": "a@example.org", "topic": "rye"}, "There is no topic with the key “rye”."),
        ({"email": "a@example.org", "language": "xx"}, "Select a valid choice"),
        ({"email": "a@example.org", "user": "ada"}, "Is given beside an account"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(
    desk: Pages, given: dict[str, str], told: str
) -> None:
    assert told in text_of(add(desk, **given))
    assert not Subscription.objects.exists()


def test_a_report_is_on_one_thing(desk: Pages, make: Maker) -> None:
    topic = services.topic_record(key="harvest", name="Harvest", by=None)
    both = {"topic": topic.key, "forecaster": make.forecaster().key}
    assert "Is given beside a forecaster" in text_of(add(desk, email="a@example.org", **both))


def test_a_second_running_subscription_is_refused(desk: Pages, viewer: User) -> None:
    add(desk, user=viewer.username)
    told = text_of(add(desk, user=viewer.username))
    assert "vera has a weekly scored report already." in told
    assert Subscription.objects.count() == Message.objects.count() == 1


def test_an_administrator_asks_again_and_cannot_say_yes(desk: Pages, viewer: User) -> None:
    add(desk, user=viewer.username)
    row = Subscription.objects.get()
    told = on_selected(desk, "subscription", "ask_again", row.pk)
    assert "0 subscriptions asked again." in told
    assert "1 not asked: it has been answered, was asked within the hour" in told
    past(row, hours=2)
    assert "1 subscription asked again." in on_selected(desk, "subscription", "ask_again", row.pk)
    row.refresh_from_db()
    assert row.confirmed_at is None
    assert Message.objects.count() == 2
    assert "No action selected" in on_selected(desk, "subscription", "confirm", row.pk)


def test_a_subscription_is_ended_once(desk: Pages, viewer: User) -> None:
    add(desk, user=viewer.username)
    row = Subscription.objects.get()
    assert "1 subscription ended." in on_selected(desk, "subscription", "end", row.pk)
    assert "0 subscriptions ended." in on_selected(desk, "subscription", "end", row.pk)
    row.refresh_from_db()
    assert row.ended_at is not None


# -- previews -------------------------------------------------------------------------------------


@pytest.fixture
def subscription(viewer: User, now: dt.datetime) -> Subscription:
    return Subscription.objects.create(user=viewer, created_at=now, confirmed_at=now)


@pytest.fixture
def signed(make: Maker) -> None:
    """An outcome to report, and a checkpoint over it."""
    make.outcome(make.prediction(question=make.question(key="RYE")).question, "yes")
    journal.flush()
    checkpoints.checkpoint_make()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("signed")
def test_a_report_is_shown_as_it_would_be_sent_and_nothing_is_written(
    desk: Pages, subscription: Subscription
) -> None:
    shown = desk.get("predictions_subscription_preview", subscription.pk)
    page = shown.content.decode()
    assert '<iframe class="pl-frame" sandbox title=' in page
    assert 'srcdoc="&lt;!doctype html&gt;' in page
    assert "RYE" in page
    as_text = text_of(
        desk.get("predictions_subscription_preview", subscription.pk, **{"as": "text"})
    )
    assert "WHAT HAPPENED RYE" in as_text
    assert not Message.objects.exists()
    assert not Report.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("signed")
def test_a_test_goes_to_who_asks_for_it_and_is_no_report(
    desk: Pages, subscription: Subscription, adjudicator: User
) -> None:
    told = text_of(desk.post("predictions_subscription_preview", subscription.pk, data={}))
    assert "A test is on its way to ada@example.org." in told
    message = Message.objects.get()
    assert (message.kind, message.recipient) == (MessageKind.TEST, adjudicator.email)
    assert message.subject.startswith("Test: Scored report")
    assert message.headers == {}
    assert "/mail/unsubscribe/" not in message.text + message.html
    attached = [each["name"] for each in message.attachments]
    assert attached == ["checkpoint.txt", "scores.csv", "calibration.png"]
    assert not Report.objects.exists()


def test_before_the_first_checkpoint_the_preview_says_so(
    desk: Pages, subscription: Subscription
) -> None:
    told = text_of(desk.get("predictions_subscription_preview", subscription.pk))
    assert "No checkpoint is signed yet; the worker signs one within some minutes." in told
    told = text_of(desk.post("predictions_subscription_preview", subscription.pk, data={}))
    assert "No checkpoint is signed yet" in told
    assert not Message.objects.exists()


def test_a_preview_of_no_subscription_is_not_found(desk: Pages) -> None:
    assert desk.get("predictions_subscription_preview", 2**31).status_code == 404


def test_a_reminder_is_shown_as_it_would_be_sent(
    desk: Pages, make: Maker, viewer: User, adjudicator: User
) -> None:
    told = text_of(desk.get("predictions_user_reminder", viewer.pk))
    assert "Vera would be reminded of nothing now." in told
    make.question(key="RYE", reviewer=viewer)
    told = text_of(desk.get("predictions_user_reminder", viewer.pk, **{"as": "text"}))
    assert "to vera@example.org" in told
    assert "RYE" in told
    assert not Message.objects.exists()
    assert not Reminder.objects.exists()
    desk.post("predictions_user_reminder", viewer.pk, data={})
    message = Message.objects.get()
    assert (message.kind, message.recipient) == (MessageKind.TEST, adjudicator.email)
    assert not Reminder.objects.exists()


def test_who_has_no_address_is_sent_no_test(
    desk: Pages, make: Maker, viewer: User, adjudicator: User
) -> None:
    make.question(reviewer=viewer)
    User.objects.filter(pk=adjudicator.pk).update(email="")
    told = text_of(desk.post("predictions_user_reminder", viewer.pk, data={}))
    assert "Your account has no address; give it one on its page." in told
    assert not Message.objects.exists()


def test_an_auditor_sees_a_preview_and_sends_none(
    subscription: Subscription, adjudicator: User
) -> None:
    auditing = signed_in(member("otto", "auditor"))
    page = auditing.get("predictions_subscription_preview", subscription.pk)
    assert page.status_code == 200
    assert "Send me a test" not in text_of(page)
    answer = auditing.post("predictions_subscription_preview", subscription.pk, data={})
    assert answer.status_code == 403
    assert "Sending a test is for superusers alone; you are auditor." in text_of(answer)
    assert not Message.objects.exists()
