"""The page that asks, and those behind the links of its mail."""

import datetime as dt
import html
import itertools
import random
import re
import time
from typing import Any

import pytest
from django.core import signing
from django.test import Client

from predictions import services
from predictions.mail import links
from predictions.mail.subscribing import subscription_ask
from predictions.models import Message, Subscription, User
from predictions.services.subscriptions import Wish, subscription_confirm, subscription_end
from predictions.web.throttle import minutes_to_wait
from tests.making import Maker

pytestmark = pytest.mark.django_db

FORM = {
    "email": "rita@example.org",
    "about": "all",
    "subject": "",
    "period": "weekly",
    "time_zone": "Europe/Vienna",
    "language": "en",
}
# Nobody else's: the counter of an hour outlives a test.
_NETWORKS = itertools.count(random.getrandbits(40))


@pytest.fixture
def network() -> str:
    return f"10.{random.randrange(256)}.{random.randrange(256)}.{random.randrange(256)}"


@pytest.fixture
def reader() -> Client:
    """A browser that sends forms as ours are, from a network of its own."""
    number = next(_NETWORKS)
    network = f"2001:db8:{number >> 16 & 0xFFFF:x}:{number & 0xFFFF:x}::1"
    return Client(REMOTE_ADDR=network)


@pytest.fixture
def row(now: dt.datetime) -> Subscription:
    return subscription_ask(wish=Wish(email="rita@example.org"), now=dt.datetime.now(dt.UTC))


def link(purpose: str, row: Subscription) -> str:
    return links.address(purpose, {"subscription": row.pk}).partition("//")[2].partition("/")[2]


def page(purpose: str, row: Subscription) -> str:
    return f"/{link(purpose, row)}"


def words(answer: Any) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", answer.content.decode())).split())


def state(row: Subscription) -> tuple[bool, bool]:
    """Whether it is confirmed, and whether it has ended."""
    row.refresh_from_db()
    return row.confirmed_at is not None, row.ended_at is not None


# -- asking ---------------------------------------------------------------------------------------


def test_who_subscribes_is_asked(reader: Client) -> None:
    shown = reader.post("/subscribe/", FORM, follow=True)
    assert "Look into your mail" in words(shown)
    row = Subscription.objects.get()
    assert (row.email, row.time_zone, row.confirmed_at) == (FORM["email"], "Europe/Vienna", None)
    assert Message.objects.get().recipient == "rita@example.org"


def test_the_answer_is_the_same_for_every_address(reader: Client, now: dt.datetime) -> None:
    User.objects.create_user("una", "una@example.org")
    known = subscription_ask(wish=Wish(email="known@example.org"), now=now)
    subscription_confirm(subscription=known, now=now)
    answers = []
    for name in ("known", "una", "new", "new"):
        answer = reader.post("/subscribe/", {**FORM, "email": f"{name}@example.org"})
        answers.append((answer.status_code, answer["Location"], answer.content))
    assert len(set(answers)) == 1


@pytest.mark.parametrize(
    ("field", "given", "told"),
    [
        ("email", "nobody", "Your address: is no address; write it as name@example.org."),
        ("email", "", "Your address: is missing"),
        ("email", "a\x00@example.org", "Null characters are not allowed."),
        ("about", "topic", "Which one: is missing; give the key of the topic."),
        ("subject", "rye", "Which one: is of a report on one thing"),
        ("period", "daily", "How often: 'daily' is not one of weekly, monthly, quarterly."),
        ("time_zone", "Vienna", "Time zone: 'Vienna' is no time zone"),
        ("language", "xx", "Dates and numbers as in: 'xx' is not one of de"),
    ],
)
def test_what_cannot_be_is_told_at_its_field(
    reader: Client, field: str, given: str, told: str
) -> None:
    answer = reader.post("/subscribe/", {**FORM, field: given})
    assert answer.status_code == 400
    assert told in words(answer)
    assert not Subscription.objects.exists()
    assert not Message.objects.exists()


def test_an_empty_form_is_told_what_is_missing(reader: Client) -> None:
    answer = reader.post("/subscribe/", {})
    assert answer.status_code == 400
    assert "Your address: is missing" in words(answer)


def test_who_asks_too_often_is_told_how_long_to_wait(reader: Client, settings: Any) -> None:
    settings.SUBSCRIBING_AN_HOUR = 2
    for name in ("a", "b"):
        assert (
            reader.post("/subscribe/", {**FORM, "email": f"{name}@example.org"}).status_code == 302
        )
    answer = reader.post("/subscribe/", FORM)
    assert answer.status_code == 429
    assert re.search(r"try again in [0-9]+ minutes?\.", words(answer))
    assert 0 < int(answer["Retry-After"]) <= 3600
    assert Subscription.objects.count() == 2
    elsewhere = Client(REMOTE_ADDR=f"2001:db8:ffff:{random.getrandbits(16):x}::1")
    assert elsewhere.post("/subscribe/", FORM).status_code == 302


def test_minutes_are_counted_to_the_end_of_the_hour(network: str, now: dt.datetime) -> None:
    late = now + dt.timedelta(minutes=42, seconds=30)
    assert minutes_to_wait("try", network, most=1, now=late) == 0
    assert minutes_to_wait("try", network, most=1, now=late) == 18
    assert minutes_to_wait("else", network, most=1, now=late) == 0
    assert minutes_to_wait("try", network, most=1, now=now + dt.timedelta(hours=1)) == 0


def test_a_household_is_one_network(now: dt.datetime) -> None:
    network = f"2001:db8:{random.getrandbits(16):x}:{random.getrandbits(16):x}"
    assert minutes_to_wait("try", f"{network}::1", most=1, now=now) == 0
    assert minutes_to_wait("try", f"{network}:a:b:c:d", most=1, now=now) == 60


def test_where_nothing_can_be_counted_nobody_subscribes(reader: Client, settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    answer = reader.post("/subscribe/", FORM)
    assert answer.status_code == 503
    assert "try again in a few minutes" in words(answer)
    assert not Subscription.objects.exists()


def test_another_site_cannot_send_the_form(settings: Any) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/subscribe/", FORM).status_code == 403


def test_the_choices_are_bounded_and_a_key_beyond_them_is_taken(
    reader: Client, make: Maker, django_assert_max_num_queries: Any
) -> None:
    for number in range(110):
        services.topic_record(key=f"topic-{number:03}", name=f"Topic {number}", by=None)
    with django_assert_max_num_queries(4):
        shown = reader.get("/subscribe/").content.decode()
    [subjects] = re.findall(r'<datalist id="subjects">(.*?)</datalist>', shown)
    assert 0 < subjects.count("<option") <= 100
    assert "topic-109" not in subjects
    reader.post("/subscribe/", {**FORM, "about": "topic", "subject": "topic-109"})
    assert str(Subscription.objects.get().subject) == "Topic 109"


def test_a_scorecard_leads_to_its_report(reader: Client, make: Maker) -> None:
    make.forecaster(key="almanac")
    shown = reader.get("/scorecard/?forecaster=almanac").content.decode()
    [address] = re.findall(r'href="(/subscribe/\?[^"]*)"', shown)
    form = reader.get(html.unescape(address)).content.decode()
    assert 'value="almanac"' in form
    assert '<option value="forecaster" selected>' in form
    assert "/subscribe/?" not in reader.get("/scorecard/").content.decode()
    narrowed = reader.get("/scorecard/?forecaster=almanac&horizon=week").content.decode()
    assert "/subscribe/?" not in narrowed


def test_where_reading_is_not_public_strangers_do_not_subscribe(
    reader: Client, settings: Any, adjudicator: User
) -> None:
    settings.PUBLIC_READ = False
    assert reader.post("/subscribe/", FORM)["Location"].startswith("/admin/login/")
    assert not Subscription.objects.exists()
    reader.force_login(adjudicator)
    assert reader.post("/subscribe/", FORM)["Location"] == "/subscribe/asked/"


# -- saying yes -----------------------------------------------------------------------------------


def test_the_link_asks_and_the_form_confirms(reader: Client, row: Subscription) -> None:
    address = page("confirm", row)
    assert address in Message.objects.get().text
    for _ in range(2):
        shown = reader.get(address)
        assert "Do you want the weekly scored report?" in words(shown)
        assert reader.head(address).status_code == 200
        assert state(row) == (False, False)
    for _ in range(2):
        shown = reader.post(address)
        assert (shown.status_code, "You are subscribed" in words(shown)) == (200, True)
        assert state(row) == (True, False)
    assert "You are subscribed" in words(reader.get(address))


def test_the_pages_behind_links_take_no_cookie_and_tell_nobody_of_them(row: Subscription) -> None:
    strict = Client(enforce_csrf_checks=True)
    for purpose in ("confirm", "unsubscribe"):
        for answer in (strict.get(page(purpose, row)), strict.post(page(purpose, row))):
            assert answer.status_code == 200
            assert not answer.cookies
            assert answer["Referrer-Policy"] == "no-referrer"
            assert answer["X-Robots-Tag"] == "noindex, nofollow"
            assert "no-store" in answer["Cache-Control"]
            assert "rita@example.org" not in words(answer)
            assert "r…@example.org" in words(answer)


def test_an_old_link_does_not_bring_back_what_has_ended(
    reader: Client, row: Subscription, now: dt.datetime
) -> None:
    subscription_end(subscription=row, now=now)
    for answer in (reader.get(page("confirm", row)), reader.post(page("confirm", row))):
        assert answer.status_code == 409
        assert "This subscription has ended" in words(answer)
    assert state(row) == (False, True)


def test_what_was_forgotten_is_said_to_be(reader: Client, row: Subscription) -> None:
    address = page("confirm", row)
    Subscription.objects.all().delete()
    answer = reader.post(address)
    assert answer.status_code == 404
    assert "nobody confirmed this subscription in time" in words(answer).lower()


# -- ending ---------------------------------------------------------------------------------------


def test_a_link_in_a_mail_asks_before_it_ends(
    reader: Client, row: Subscription, now: dt.datetime
) -> None:
    subscription_confirm(subscription=row, now=now)
    address = page("unsubscribe", row)
    assert "End the weekly scored report?" in words(reader.get(address))
    assert state(row) == (True, False)
    assert "You are no longer subscribed" in words(reader.post(address))
    assert state(row) == (True, True)
    assert "You are no longer subscribed" in words(reader.get(address))
    assert reader.post(address).status_code == 200


def test_a_mail_program_ends_it_with_one_request(row: Subscription, now: dt.datetime) -> None:
    subscription_confirm(subscription=row, now=now)
    program = Client(enforce_csrf_checks=True)
    answer = program.post(
        page("unsubscribe", row),
        "List-Unsubscribe=One-Click",
        content_type="application/x-www-form-urlencoded",
    )
    assert answer.status_code == 200
    assert state(row) == (True, True)


class Old(signing.TimestampSigner):
    """Seals as `links` did, so many days ago."""

    def __init__(self, purpose: str, days: int) -> None:
        super().__init__(salt=f"mail.{purpose}")
        self.days = days

    def timestamp(self) -> str:
        return signing.b62_encode(int(time.time()) - self.days * 86_400)


def test_the_link_that_ends_it_is_good_for_ever(reader: Client, row: Subscription) -> None:
    what = {"subscription": row.pk}
    late = Old("confirm", 31).sign_object(what, compress=True)
    answer = reader.post(f"/mail/confirm/{late}/")
    assert answer.status_code == 400
    assert "This link was good for 30 days" in words(answer)
    assert state(row) == (False, False)
    old = Old("unsubscribe", 20 * 365).sign_object(what, compress=True)
    assert reader.post(f"/mail/unsubscribe/{old}/").status_code == 200
    assert state(row) == (False, True)


def test_nobody_is_unsubscribed_by_a_link_that_is_not_theirs(
    reader: Client, row: Subscription
) -> None:
    other = subscription_ask(wish=Wish(email="bo@example.org"), now=dt.datetime.now(dt.UTC))
    mine, theirs = (links.sealed("unsubscribe", {"subscription": one.pk}) for one in (row, other))
    content, _, signature = mine.partition(":")
    forged = (
        f"{theirs.partition(':')[0]}:{signature}",  # their number, my signature
        f"{mine[:-1]}{'A' if mine[-1] != 'A' else 'B'}",
        mine[:-5],
        links.sealed("confirm", {"subscription": other.pk}),
        links.sealed("report", {"subscription": other.pk}),
        str(other.pk),
        f"{content}:x:y",
        "%00",
        "ü",
    )
    for token in forged:
        answer = reader.post(f"/mail/unsubscribe/{token}/")
        assert answer.status_code == 400, token
        assert "Nothing was changed." in words(answer)
    assert (state(row), state(other)) == ((False, False), (False, False))
    reader.post(f"/mail/unsubscribe/{mine}/")
    assert (state(row), state(other)) == ((False, True), (False, False))


def test_a_link_of_one_purpose_is_none_of_another(reader: Client, row: Subscription) -> None:
    token = links.sealed("unsubscribe", {"subscription": row.pk})
    assert reader.post(f"/mail/confirm/{token}/").status_code == 400
    assert state(row) == (False, False)
