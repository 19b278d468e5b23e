"""A report as a mail program reads it: parsed by who knows nothing of how it was made."""

import base64
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from predictions.mail.reports import reports_queue
from predictions.models import Message, Subscription, User
from tests.making import Maker
from tests.settled import settle

# What is signed must be committed.
pytestmark = pytest.mark.django_db(transaction=True)

LIMIT = 100_000  # bytes; some programs cut off what is longer than 102 kB
_VOID = {"meta", "img", "br"}
_UNSEEN = {"style", "title"}
# Long, and each letter of it longer still in HTML.
AWKWARD = "<script src='https://example.org/x.js'></script> & \"quoted\" 'text' ≥ 道 " * 5


class Reader(HTMLParser):
    """Every tag with its attributes, and what is seen or linked to but for what is personal."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.seen = ""
        self.personal = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if not self.personal:
            self.seen += f" {dict(attrs).get('href', '')} "
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not _UNSEEN & set(self.open) and not self.personal:
            self.seen += data

    def handle_comment(self, data: str) -> None:
        self.personal = data == " personal "

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture
def subscribed(adjudicator: User, now: Any) -> User:
    Subscription.objects.create(user=adjudicator, created_at=now, confirmed_at=now)
    return adjudicator


def read(message: Message) -> Reader:
    """The HTML, held against what mail programs can show."""
    reader = Reader(message.html)
    assert reader.open == []
    assert len(message.html.encode()) < LIMIT
    tags = {tag for tag, _ in reader.tags}
    assert not tags & {"script", "link", "iframe", "form", "object", "svg", "base", "video"}
    cids = {part["cid"] for part in message.attachments if "cid" in part}
    for tag, attributes in reader.tags:
        assert not [name for name in attributes if name.startswith("on")]
        if tag != "a":
            assert "://" not in " ".join(filter(None, attributes.values())), attributes
        if tag == "table" and attributes.get("role") != "presentation":
            assert reader.named("th")
    assert "url(" not in message.html
    assert "@import" not in message.html
    for image in reader.named("img"):
        assert image["alt"]
        assert str(image["src"]).partition(":")[0] == "cid"
        assert str(image["src"]).partition(":")[2] in cids
    assert len(reader.named("img")) == len(cids)
    return reader


def figures(words: str) -> set[str]:
    return set(re.findall(r"\d+(?:[.,]\d+)*", words.partition("\n-- \n")[0]))


@pytest.mark.usefixtures("seeded", "subscribed")
def test_the_report_of_the_seed_articles_is_read_alike_in_both_forms(now: Any) -> None:
    reports_queue(now=now)
    message = Message.objects.get()
    reader = read(message)
    assert len(reader.named("img")) == 1
    assert figures(reader.seen) == figures(message.text)
    words = " ".join(message.text.split())
    for heading in ("Best calls", "Worst calls", "What happened", "Standings", "Calibration"):
        assert heading in reader.seen
        assert heading.upper() in words
    [picture] = [part for part in message.attachments if "cid" in part]
    assert picture["type"] == "image/png"
    assert base64.b64decode(picture["base64"], validate=True).startswith(b"\x89PNG")
    assert [part["name"] for part in message.attachments] == [
        *("checkpoint.txt", "scores.csv", "calibration.png")
    ]


@pytest.mark.usefixtures("subscribed")
def test_a_report_of_five_thousand_outcomes_fits_and_counts_what_it_leaves_out(now: Any) -> None:
    settle(questions=5_000, text=AWKWARD)
    reports_queue(now=now)
    message = Message.objects.get()
    reader = read(message)
    assert figures(reader.seen) == figures(message.text)
    assert message.subject == "Scored report, everything so far: 5,000 outcomes"
    [left_out] = re.findall(r"and ([\d,]+) more in scores\.csv\.zip", message.text)
    shown = len(re.findall(r"settled \d", message.text))
    assert shown + int(left_out) == 5_000
    assert shown >= 3
    assert len(message.text.encode()) < LIMIT


@pytest.mark.usefixtures("subscribed")
def test_of_nothing_there_is_neither_picture_nor_table(now: Any, make: Maker) -> None:
    reports_queue(now=now)
    message = Message.objects.get()
    reader = read(message)
    assert reader.named("img") == []
    assert [part["name"] for part in message.attachments] == ["checkpoint.txt"]
    assert "Standings" not in reader.seen
    assert "Calibration" not in reader.seen
