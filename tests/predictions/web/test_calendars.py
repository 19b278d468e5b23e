"""The calendars, read back by a parser that had no hand in writing them."""

import datetime as dt
import re
import time
import uuid
from typing import Any

import pytest
import vobject
from django.test import Client
from django.utils import timezone

from ledger import journal
from predictions import services
from predictions.models import Question, User
from predictions.services.accounts import calendar_key_renew
from predictions.web import calendars
from predictions.when import end_of
from tests.making import Maker

pytestmark = pytest.mark.django_db

ALL = "/feeds/due.ics"


def on(days: int) -> dt.date:
    return (timezone.now() + dt.timedelta(days=days)).date()


def falls_due(make: Maker, days: int, **given: Any) -> Question:
    return make.question(due_at=end_of(on(days)), **given)


def file_of(client: Client, address: str = ALL) -> bytes:
    journal.flush()
    answer = client.get(address)
    assert answer.status_code == 200, answer.content
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    return bytes(answer.content)


def events(client: Client, address: str = ALL) -> dict[str, Any]:
    """By UID."""
    calendar = vobject.readOne(file_of(client, address).decode())
    calendar.validate(raiseException=True)
    found = calendar.contents.get("vevent", [])
    assert len({event.uid.value for event in found}) == len(found)
    return {event.uid.value: event for event in found}


def test_a_question_is_an_event_of_the_day_on_which_it_falls_due(
    client: Client, make: Maker, settings: Any
) -> None:
    settings.SITE_URL = "https://ledger.example"
    topic = services.topic_record(key="harvest", name="Harvest, and weather", by=None)
    question = falls_due(make, 30, key="Q7", topic=topic)
    [event] = events(client).values()
    assert event.uid.value == str(question.pk)
    assert (event.dtstart.value, event.dtend.value) == (on(30), on(31))
    assert event.summary.value == f"Q7 due for review: {question.text}"
    assert question.criteria in event.description.value
    assert event.url.value == "https://ledger.example/api/v1/questions/Q7/"
    assert event.url.value in event.description.value
    assert event.transp.value == "TRANSPARENT"
    assert event.categories.value == ["Harvest, and weather"]
    assert client.get(event.url.value.removeprefix(settings.SITE_URL)).status_code == 200
    changed = dt.datetime.fromisoformat(journal.about("question:Q7").get().time)
    for stamp in (event.dtstamp.value, event.last_modified.value):
        assert stamp == changed.replace(microsecond=0)


def test_the_calendar_says_what_it_is_and_how_often_to_look(client: Client) -> None:
    calendar = vobject.readOne(file_of(client).decode())
    told = {name: [line.value for line in lines] for name, lines in calendar.contents.items()}
    assert told == {
        "prodid": ["-//Prediction Ledger//EN"],
        "version": ["2.0"],
        "method": ["PUBLISH"],
        "name": ["Prediction Ledger: due for review"],
        "x-wr-calname": ["Prediction Ledger: due for review"],
        "refresh-interval": ["PT6H"],
        "x-published-ttl": ["PT6H"],
    }
    assert b"REFRESH-INTERVAL;VALUE=DURATION:PT6H\r\n" in file_of(client)


def test_an_event_moves_when_the_date_does(client: Client, make: Maker) -> None:
    question = falls_due(make, 10)
    [before] = events(client).values()
    services.question_amend(
        question=question,
        changes={"due_at": end_of(on(20))},
        reason="The ministry is late.",
        by=None,
        now=make.now,
    )
    [after] = events(client).values()
    assert after.uid.value == before.uid.value
    assert int(after.sequence.value) > int(before.sequence.value)
    assert (before.dtstart.value, after.dtstart.value) == (on(10), on(20))
    assert after.last_modified.value >= before.last_modified.value


def test_what_is_settled_leaves_and_comes_back_when_it_is_open_again(
    client: Client, make: Maker
) -> None:
    question = falls_due(make, 10)
    [before] = events(client).values()
    outcome = make.outcome(question)
    assert events(client) == {}
    make.withdraw(outcome)
    [after] = events(client).values()
    assert after.uid.value == before.uid.value
    assert int(after.sequence.value) >= int(before.sequence.value)


ODD = {
    "signs": "Rain, hail; or \\snow\\ – “in May”? 100 % N\\A \\n",
    "lines": "One line\r\nanother\nand a third",
    "emoji": "👩‍👩‍👧 🌾 " * 40,
    "long": "überaus " * 60,
    "one word": "漢" * 300,
    "marks": 'BEGIN:VEVENT "quoted": <b>; \u2028END:VEVENT\x0bX:\x85Y',
}


@pytest.mark.parametrize("name", ODD)
def test_whatever_is_written_arrives_as_it_was(client: Client, make: Maker, name: str) -> None:
    falls_due(make, 1, text=ODD[name], criteria=ODD[name])
    [event] = events(client).values()
    meant = re.sub("[\u2028\x0b\x85]", " ", ODD[name].replace("\r\n", "\n").strip())
    assert event.summary.value.partition(": ")[2] == meant
    assert meant in event.description.value
    lines = file_of(client).split(b"\r\n")
    assert lines.pop() == b""
    for line in lines:
        assert len(line) <= 75
        assert b"\n" not in line
        assert b"\r" not in line
        line.decode()  # no character is cut in two


def test_it_holds_what_is_open_from_ninety_days_ago_on(client: Client, make: Maker) -> None:
    open_ones = [falls_due(make, days) for days in (-89, -1, 0, 4000)]
    falls_due(make, -91)
    make.question(due_at=None, due_rule="Six months after the harvest.")
    make.outcome(falls_due(make, 5))
    assert set(events(client)) == {str(question.pk) for question in open_ones}


def test_of_more_than_a_thousand_it_holds_the_next(make: Maker) -> None:
    now = timezone.now()
    for days in (3, 1, 2):
        falls_due(make, days)
    assert calendars.MOST == 1000
    soon = calendars.due_soon(Question.objects.all(), now)
    assert [question.review_at for question in soon] == [end_of(on(days)) for days in (1, 2, 3)]


def test_it_takes_as_many_queries_for_many_as_for_few(
    client: Client, make: Maker, django_assert_num_queries: Any
) -> None:
    for count in (1, 20):
        for days in range(count):
            falls_due(make, days)
        journal.flush()
        with django_assert_num_queries(5):
            client.get(ALL)


def test_who_has_it_is_told_that_nothing_has_changed(
    client: Client, make: Maker, django_assert_max_num_queries: Any
) -> None:
    falls_due(make, 3)
    journal.flush()
    time.sleep(1)  # in the second in which the ledger grows no time is told
    first = client.get(ALL)
    assert first["Cache-Control"] == "no-cache, public"
    for name, value in (
        ("If-None-Match", first["ETag"]),
        ("If-Modified-Since", first["Last-Modified"]),
    ):
        with django_assert_max_num_queries(3):
            again = client.get(ALL, headers={name: value})
        assert (again.status_code, again.content) == (304, b"")
        assert again["ETag"] == first["ETag"]
    make.forecaster()
    journal.flush()
    later = client.get(ALL, headers={"If-None-Match": first["ETag"]})
    assert later.status_code == 200
    assert "Last-Modified" not in later


def test_one_s_own_holds_what_one_is_to_review(
    client: Client, make: Maker, adjudicator: User
) -> None:
    other = User.objects.create_user("bo")
    mine = falls_due(make, 3, reviewer=adjudicator)
    falls_due(make, 4, reviewer=other)
    falls_due(make, 5)
    address = f"/feeds/due/{calendar_key_renew(user=adjudicator)}.ics"
    [event] = events(client, address).values()
    assert event.uid.value == str(mine.pk)
    assert event.url.value.endswith(f"/admin/predictions/question/{mine.pk}/change/")
    assert client.get(address)["Cache-Control"] == "no-cache, private"


def test_one_s_own_is_read_without_signing_in_even_where_nothing_is_public(
    client: Client, make: Maker, adjudicator: User, settings: Any
) -> None:
    settings.PUBLIC_READ = False
    falls_due(make, 3, reviewer=adjudicator)
    assert client.get(ALL)["Location"] == f"/admin/login/?next={ALL}"
    assert len(events(client, f"/feeds/due/{calendar_key_renew(user=adjudicator)}.ics")) == 1


def test_an_address_is_dead_once_there_is_another_or_its_owner_has_left(
    client: Client, adjudicator: User
) -> None:
    old = f"/feeds/due/{calendar_key_renew(user=adjudicator)}.ics"
    assert client.get(old).status_code == 200
    new = f"/feeds/due/{calendar_key_renew(user=adjudicator)}.ics"
    assert (client.get(old).status_code, client.get(new).status_code) == (404, 200)
    assert client.get(old).content.startswith(b"there is no such calendar; its owner finds")
    User.objects.filter(pk=adjudicator.pk).update(is_active=False)
    assert client.get(new).status_code == 404
    assert client.get(f"/feeds/due/{uuid.uuid4()}.ics").status_code == 404


def test_what_is_asked_for_wrongly_is_refused_in_a_line(client: Client) -> None:
    answer = client.get(f"{ALL}?reviewer=me")
    assert (answer.status_code, answer["Content-Type"]) == (400, "text/plain; charset=utf-8")
    assert answer.content == b"reviewer: is not a parameter here; leave it out, or use none\n"
    assert client.post(ALL).status_code == 405
    assert client.get("/feeds/due/me.ics").status_code == 404


def test_pages_lead_to_both_feeds(client: Client) -> None:
    page = client.get("/").content.decode()
    for address, kind in ((ALL, "text/calendar"), ("/feeds/outcomes.atom", "application/atom+xml")):
        assert re.search(f'<link rel="alternate" type="{re.escape(kind)}" [^>]*"{address}">', page)
        assert page.index(f'<a href="{address}">') > page.index("<footer")
