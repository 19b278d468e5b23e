"""The feed of outcomes, read back by a feed reader and held against RFC 4287."""

import datetime as dt
import html
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import feedparser
import pytest
from django.test import Client

from ledger import journal
from predictions import services
from predictions.models import Outcome
from predictions.web import news
from tests.making import Maker

pytestmark = pytest.mark.django_db

FEED = "/feeds/outcomes.atom"
ATOM = "{http://www.w3.org/2005/Atom}"


def fetch(client: Client, asked: str = "") -> bytes:
    journal.flush()
    answer = client.get(f"{FEED}{asked}")
    assert answer.status_code == 200, answer.content
    assert answer["Content-Type"] == "application/atom+xml; charset=utf-8"
    return bytes(answer.content)


def entries(client: Client, asked: str = "") -> list[Any]:
    """The newest first, of a feed that is as it must be."""
    content = fetch(client, asked)
    check(ElementTree.fromstring(content))  # noqa: S314 -- our own
    read = feedparser.parse(content)
    assert not read.bozo
    assert read.version == "atom10"
    return list(read.entries)


def check(feed: ElementTree.Element) -> None:
    """The musts of RFC 4287, sections 4.1.1 and 4.1.2, of a feed whose entries have no content."""
    assert feed.tag == f"{ATOM}feed"
    found = feed.findall(f"{ATOM}entry")
    assert feed.find(f"{ATOM}author/{ATOM}name") is not None
    links = {link.get("rel"): link.get("href", "") for link in feed.findall(f"{ATOM}link")}
    assert set(links) == {"self", "alternate"}
    for element in (feed, *found):
        for name in ("id", "title", "updated"):
            [only] = element.findall(f"{ATOM}{name}")
            assert only.text
        assert dt.datetime.fromisoformat(element.findtext(f"{ATOM}updated", "")).tzinfo
        assert urlsplit(element.findtext(f"{ATOM}id", "")).scheme in ("urn", "http", "https")
        for link in element.findall(f"{ATOM}link"):
            assert urlsplit(link.get("href")).netloc
    for entry in found:
        assert len(entry.findall(f"{ATOM}link[@rel='alternate']")) == 1
        [summary] = entry.findall(f"{ATOM}summary")
        assert summary.get("type") == "html"
    ids = [element.findtext(f"{ATOM}id") for element in (feed, *found)]
    assert len(set(ids)) == len(ids)
    updated = [entry.findtext(f"{ATOM}updated", "") for entry in found]
    if updated:
        assert feed.findtext(f"{ATOM}updated") == max(updated)


def told(entry: Any) -> str:
    """What a summary says, without its tags."""
    return html.unescape(" ".join(re.sub(r"<[^>]*>", " ", entry.summary).split()))


@pytest.mark.usefixtures("seeded")
def test_the_seeds_outcomes_are_all_there_the_newest_first(client: Client) -> None:
    read = entries(client)
    assert len(read) == Outcome.objects.count()
    assert [one.updated for one in read] == sorted((one.updated for one in read), reverse=True)
    outcome = Outcome.objects.current().filter(answer="no").earliest("question__key")
    [entry] = [one for one in read if one.id == outcome.pk.urn]
    assert entry.title.startswith(f"{outcome.question.key}: no. ")
    assert f"Answer: no , settled {outcome.settled_at:%Y-%m-%d}" in told(entry)


def test_an_outcome_says_how_the_predictions_scored(
    client: Client, make: Maker, settings: Any
) -> None:
    settings.SITE_URL = "https://ledger.example"
    question = make.question(key="Q7")
    for probability, name in (("0.9", "Ann & Sons"), ("0.5", "Bo")):
        make.prediction(probability, question=question, forecaster=make.forecaster(name=name))
    outcome = make.outcome(question)
    [entry] = entries(client)
    assert entry.title == f"Q7: yes. {question.text}"
    assert entry.id == outcome.pk.urn
    assert dt.datetime.fromisoformat(entry.updated) == outcome.entered_at
    assert "2 predictions scored. Brier from 0.010 to 0.250, on average 0.130" in told(entry)
    assert "lower is better. Best: Ann & Sons, who said 90 % yes." in told(entry)
    assert "The ministry said so." in told(entry)
    assert entry.link == f"https://ledger.example/api/v1/outcomes/{outcome.pk}/"
    addresses = re.findall(r'href="([^"]+)"', entry.summary)
    assert len(addresses) == 2
    for address in (entry.link, *addresses):
        assert client.get(address.removeprefix(settings.SITE_URL)).status_code == 200
    sequence = journal.said_by([outcome.entry]).get().sequence
    assert addresses[1].endswith(f"/api/v1/ledger/entries/{sequence}/")


def test_a_correction_and_a_withdrawal_are_entries_that_say_what_they_replace(
    client: Client, make: Maker
) -> None:
    question = make.prediction(question=make.question(key="Q7")).question
    first = make.outcome(question, "yes")
    second = make.correct(first, "no")
    third = make.withdraw(second)
    fourth = make.outcome(Outcome.objects.get(pk=third.pk).question, "yes")
    told_of = {entry.id: entry for entry in entries(client)}
    was = {name: told(entry) for name, entry in told_of.items()}
    assert "It was corrected since, and its scores were reversed." in was[first.pk.urn]
    assert "Q7: no, corrected from yes. " in told_of[second.pk.urn].title
    assert "Takes the place of “yes”, entered 2026-11-23 09:00 UTC: Misread." in was[second.pk.urn]
    assert "Q7: open again, no longer no. " in told_of[third.pk.urn].title
    assert "Its scores were reversed." in was[third.pk.urn]
    assert "Too early." in was[third.pk.urn]
    assert "1 prediction scored. Brier 0.090; lower is better. By: " in was[fourth.pk.urn]


def test_what_people_wrote_is_text_and_never_markup(client: Client, make: Maker) -> None:
    odd = '<script>alert("1")</script> & <b>\x0b\ufffe bold'
    make.outcome(make.question(text=odd), rationale=odd)
    content = fetch(client)
    [entry] = entries(client)
    assert "alert" in entry.title
    [summary] = ElementTree.fromstring(content).findall(f"{ATOM}entry/{ATOM}summary")  # noqa: S314
    assert summary.text
    assert "<script" not in summary.text
    assert summary.text.count("&lt;script&gt;alert(&quot;1&quot;)") == 2


def test_numbers_and_voids_have_their_words(client: Client, make: Maker) -> None:
    ranged = make.range(make.numeric(key="Q1"), {"0.1": "8", "0.5": "12", "0.9": "14"})
    make.outcome(ranged.question, "12.5")
    make.outcome(make.question(key="Q2"), None, void_reason="ambiguous")
    read = {entry.title.partition(":")[0]: entry for entry in entries(client)}
    assert "1 prediction scored. CRPS " in told(read["Q1"])
    assert read["Q2"].title.startswith("Q2: void (ambiguous). ")
    assert "No prediction was scored." in told(read["Q2"])


def test_it_is_narrowed_to_a_topic_a_forecaster_or_an_outlet(client: Client, make: Maker) -> None:
    outlet = services.outlet_record(key="almanac", name="The Almanac", by=None)
    topic = services.topic_record(key="rain", name="Rain", by=None)
    said = make.prediction(
        question=make.question(key="Q1", topic=topic),
        forecaster=make.forecaster(key="ann"),
        article=make.article(outlet=outlet),
    )
    for question in (said.question, make.question(key="Q2")):
        make.outcome(question)
    assert len(entries(client)) == 2
    for asked in ("topic=rain", "forecaster=ann", "outlet=almanac", "topic=rain&forecaster=ann"):
        [entry] = entries(client, f"?{asked}")
        assert entry.title.startswith("Q1: ")
        named = parse_qs(urlsplit(feedparser.parse(fetch(client, f"?{asked}")).feed.id).query)
        assert named == parse_qs(asked)
    [entry] = entries(client, "?topic=rain")
    assert [tag.term for tag in entry.tags] == ["Rain"]
    make.forecaster(key="silent")
    assert entries(client, "?forecaster=silent") == []


@pytest.mark.parametrize(
    ("asked", "status", "said"),
    [
        ("?topic=nothing", 404, "topic: there is none with the key 'nothing'"),
        ("?who=ann", 400, "who: is not a parameter here; leave it out, or use topic, forecaster"),
        ("?topic=a&topic=b", 400, "topic: is given more than once; give it once"),
    ],
)
def test_what_is_asked_for_wrongly_is_refused_in_a_line(
    client: Client, asked: str, status: int, said: str
) -> None:
    answer = client.get(f"{FEED}{asked}")
    assert (answer.status_code, answer["Content-Type"]) == (status, "text/plain; charset=utf-8")
    assert answer.content.decode().startswith(said)


def test_of_more_than_a_hundred_it_holds_the_newest_in_a_few_queries(
    client: Client, make: Maker, django_assert_num_queries: Any
) -> None:
    assert news.NEWEST == 100
    for count in (2, 8):
        for _ in range(count):
            make.outcome(make.prediction().question)
        journal.flush()
        with django_assert_num_queries(7):
            client.get(FEED)


def test_it_is_sent_again_only_after_the_ledger_has_grown(client: Client, make: Maker) -> None:
    make.outcome(make.question())
    journal.flush()
    first = client.get(FEED)
    kept = {"If-None-Match": first["ETag"]}
    assert client.get(FEED, headers=kept).status_code == 304
    make.outcome(make.question())
    journal.flush()
    assert client.get(FEED, headers=kept).content.count(b"<entry>") == 2


def test_an_empty_feed_is_a_feed(client: Client, settings: Any) -> None:
    assert entries(client) == []
    settings.PUBLIC_READ = False
    assert client.get(FEED)["Location"] == f"/admin/login/?next={FEED}"
