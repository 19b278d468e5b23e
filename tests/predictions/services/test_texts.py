"""Texts of articles: measured alike everywhere, held to their hash, gone with who is erased."""

import datetime as dt
import hashlib

import pytest

from predictions.errors import Conflict, Invalid
from predictions.models import ArticleText
from predictions.services.erasure import (
    article_byline_erase,
    erasure_preview,
    forecaster_erase,
)
from predictions.services.quotes import quote_find
from predictions.services.texts import article_text_keep, context_in, text_measure, text_of
from tests.making import ARTICLE_TEXT, Maker


def test_the_ends_of_lines_do_not_matter_to_a_hash() -> None:
    lf = text_measure("One.\nTwo.\n")
    assert text_measure("One.\r\nTwo.\r\n") == lf == text_measure("One.\rTwo.\r")
    assert (lf.characters, lf.sha256) == (10, hashlib.sha256(b"One.\nTwo.\n").hexdigest())


@pytest.mark.parametrize("text", ["", " \n ", "a\x00b", "a\ud800b", "x" * 1_000_001])
def test_what_is_no_text_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="text"):
        text_measure(text)


def test_a_kept_text_says_what_stands_around_a_quote(make: Maker, now: dt.datetime) -> None:
    article = make.article()
    passage = {"offset": 17, "quote": "fail"}
    assert text_of(article) is None
    article_text_keep(article=article, text=ARTICLE_TEXT, now=now)
    kept = text_of(article)
    assert kept == ARTICLE_TEXT
    found = context_in(kept, passage, around=5)
    assert found is not None
    assert (found.before, found.after, found.begins, found.ends) == ("will ", ", sai", False, False)
    assert context_in(kept, {"offset": 3, "quote": "fail"}) is None


def test_another_text_than_was_recorded_is_not_kept(make: Maker, now: dt.datetime) -> None:
    with pytest.raises(Invalid, match="is another than was recorded"):
        article_text_keep(article=make.article(), text="Another.", now=now)
    assert not ArticleText.objects.exists()


def test_the_text_of_an_erased_article_goes_and_stays_away(make: Maker, now: dt.datetime) -> None:
    article, other = make.article(byline="Rosa Reed"), make.article()
    for one in (article, other):
        article_text_keep(article=one, text=ARTICLE_TEXT, now=now)
    assert erasure_preview(row=article, now=now).copies == 1
    assert article_byline_erase(article=article, reason="request", by=None, now=now).copies == 1
    assert [kept.article for kept in ArticleText.objects.all()] == [other]
    with pytest.raises(Conflict, match="was erased"):
        article_text_keep(article=article, text=ARTICLE_TEXT, now=now)


def test_a_text_that_names_an_erased_forecaster_goes(make: Maker, now: dt.datetime) -> None:
    text = "Rosa Reed expects rain. So do the others."
    measured = text_measure(text)
    naming = make.article(sha256=measured.sha256, characters=measured.characters)
    article_text_keep(article=naming, text=text, now=now)
    article_text_keep(article=make.article(), text=ARTICLE_TEXT, now=now)
    rosa = make.forecaster(name="Rosa Reed")
    forecaster_erase(forecaster=rosa, reason="request", by=None, now=now)
    assert [kept.text for kept in ArticleText.objects.all()] == [ARTICLE_TEXT]


@pytest.mark.parametrize(
    ("quote", "found"),
    [
        ("It's almost   certain", [(4, "It’s almost\ncertain")]),
        ('"rain" - soon...', [(25, "“rain” — soon…")]),
        ("no such words", []),
        ("   ", []),
    ],
)
def test_a_quote_is_found_as_the_text_has_it(quote: str, found: list[tuple[int, str]]) -> None:
    text = "So: It’s almost\ncertain, “rain” — soon…"
    assert [(place.offset, place.quote) for place in quote_find(text, quote)] == found


def test_a_quote_that_stands_twice_has_two_places() -> None:
    assert [place.offset for place in quote_find("Rain. No rain. Rain.", "Rain.")] == [0, 15]
