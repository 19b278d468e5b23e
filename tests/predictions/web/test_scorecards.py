"""The pages of scorecards, of two head to head, and of the lexicon."""

import base64
import html
import re
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from predictions import services
from predictions.charts import Width, calibration
from predictions.models import Phrase, User
from predictions.scorecards import Scope, head_to_head, scorecard
from predictions.services.posting import post
from predictions.web import figures
from tests.making import Maker

pytestmark = pytest.mark.django_db

SUN = "/scorecard/?forecaster=the-sun-analysis"
TWO = "/head-to-head/?first=columnist-seed-000&second=the-sun-analysis"
PAGES = ("/scorecard/", SUN, "/head-to-head/", TWO, "/lexicon/")


def words(page: str) -> str:
    """What is read, on one line; pictures by what is said instead of them."""
    page = re.sub(r'<img [^>]*alt="([^"]*)"[^>]*>', r"\1", page)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page)).split())


def read(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status
    return answer.content.decode()


@pytest.mark.usefixtures("seeded")
def test_a_scorecard_shows_the_figures_of_the_scorecard(client: Client) -> None:
    card = scorecard(Scope(forecaster="columnist-seed-000"))
    assert card.means.brier
    assert card.means.brier.interval
    seen = words(read(client, "/scorecard/?forecaster=columnist-seed-000"))
    low, high = card.means.brier.interval
    assert f"Brier score {card.means.brier.value:.3f} {low:.3f} to {high:.3f} The squared" in seen
    assert f"Predictions {card.counts.predictions} on {card.counts.questions} questions" in seen
    for row in (
        *figures.counted(card),
        *(row for group in figures.groups(card) for row in group.rows),
    ):
        assert " ".join(filter(None, (row.name, row.value, row.interval, row.told))) in seen
    for call in (*card.best, *card.worst):
        assert call.quote in seen
        assert f"came out {'yes' if call.o else 'no'}. Brier {call.score:.3f}" in seen
    assert f"Vagueness rate {card.vagueness_rate:.2%}".replace("%", " %") in seen


@pytest.mark.usefixtures("seeded")
def test_the_pictures_of_a_scorecard_stand_in_it_with_their_numbers(client: Client) -> None:
    page = read(client, SUN)
    picture = calibration(scorecard(Scope(forecaster="the-sun-analysis")).calibration)
    for width in Width:
        assert base64.b64encode(picture.svg(width)).decode() in page
    for told in (picture.gist, *map(" ".join, picture.table.rows)):
        assert words(told) in words(page)
    assert '"/charts/calibration.svg?forecaster=the-sun-analysis"' in page
    assert page.count("<img ") == page.count("alt=") == 3


@pytest.mark.usefixtures("seeded")
def test_a_scorecard_says_of_what_it_is(client: Client) -> None:
    asked = "forecaster=columnist-seed-000&horizon=year&since=2023-01-01&until=2023-12-31"
    seen = words(read(client, f"/scorecard/?{asked}"))
    assert (
        "Columnist, seed article 000 Only what was looking ahead 93 to 366 days, made since" in seen
    )
    assert "made since 2023-01-01, made until 2023-12-31." in seen
    assert "All forecasters together" in words(read(client, "/scorecard/?forecaster=&outlet="))


@pytest.mark.usefixtures("seeded")
def test_a_small_sample_is_called_one(client: Client) -> None:
    count = scorecard(Scope(forecaster="columnist-seed-000")).counts.scored_questions
    seen = words(read(client, "/scorecard/?forecaster=columnist-seed-000"))
    assert f"A small sample: {count} questions scored. Below 20 questions chance alone" in seen


def test_a_large_sample_is_not_called_small_and_gives_a_rank(client: Client, make: Maker) -> None:
    forecaster = make.forecaster(key="oracle")
    for _ in range(20):
        make.outcome(make.prediction("0.9", forecaster=forecaster).question)
    seen = words(read(client, "/scorecard/?forecaster=oracle"))
    assert "small sample" not in seen
    assert "Rank 1 of 1 " in seen
    assert "The 95 % interval is 0.010 to 0.010, better than that." in seen


def test_a_scorecard_of_an_empty_ledger_says_so(client: Client) -> None:
    seen = words(read(client, "/scorecard/"))
    assert "Nothing scored yet. Below 20 questions" in seen
    assert "Brier score – " in seen


@pytest.mark.usefixtures("seeded")
def test_two_forecasters_are_compared_by_the_figures_of_head_to_head(client: Client) -> None:
    met = head_to_head("columnist-seed-000", "the-sun-analysis")
    seen = words(read(client, TWO))
    assert f"{met.first_name} better {met.wins} {met.second_name} better {met.losses}" in seen
    assert f"Mean difference {met.difference:+.3f} in Brier score" in seen
    for shared in met.shared:
        assert f"{shared.question}: {shared.text} {shared.first:.3f} {shared.second:.3f}" in seen


def test_two_who_share_nothing_are_not_compared(client: Client, make: Maker) -> None:
    make.prediction(forecaster=make.forecaster(key="one"))
    make.forecaster(key="two")
    seen = words(read(client, "/head-to-head/?first=one&second=two"))
    assert "No question has been scored yet on which both have forecast." in seen


@pytest.mark.parametrize(
    ("address", "status", "told"),
    [
        ("/scorecard/?forecaster=nobody", 404, "forecaster: there is none with the key 'nobody'"),
        ("/scorecard/?horizon=soon", 400, "horizon: 'soon' is not one of week,"),
        ("/scorecard/?since=yesterday", 400, "since: 'yesterday' is not a day since 1900"),
        (
            "/scorecard/?who=<b>",
            400,
            "who: is not a parameter here; leave it out, or use forecaster",
        ),
        ("/head-to-head/?first=one", 400, "second: is missing; give the key of a forecaster"),
        ("/head-to-head/?first=one&second=one", 400, "second: is 'one', as first is"),
        ("/head-to-head/?first=one&second=nobody", 404, "second: there is no forecaster with"),
        ("/head-to-head/?topic=war", 400, "topic: is not a parameter here"),
    ],
)
def test_what_cannot_be_shown_is_refused_with_the_form_to_mend_it(
    client: Client, make: Maker, address: str, status: int, told: str
) -> None:
    make.forecaster(key="one")
    page = read(client, address, status)
    assert f"Not shown. {told}" in words(page)
    assert "<form " in page


@pytest.mark.usefixtures("seeded")
def test_the_lexicon_shows_each_phrase_with_its_range_and_source(client: Client) -> None:
    page = read(client, "/lexicon/")
    for phrase in Phrase.objects.all():
        assert phrase.phrase in html.unescape(page)
        assert phrase.source_title in html.unescape(page)
    phrase = Phrase.objects.get(phrase="very unlikely", source="icd203")
    said = 'aria-label="From 5 % to 20 %, read as 12.5 %"'
    assert f'{said}><rect class="all" y="9" width="1000" height="2"/>' in page
    assert '<rect class="from" x="50" y="4" width="150" height="12"/>' in page
    could = Phrase.objects.get(phrase="could")
    count = could.prediction_set.count()
    assert count
    assert re.search(rf"could .* 40 % 10 % to 70 % {count} might", words(page))


def test_a_phrase_shows_how_it_was_read_before(client: Client, make: Maker) -> None:
    said: dict[str, Any] = {
        "phrase": "a fair chance",
        "high": Decimal("0.7"),
        "source": "editorial",
        "source_title": "Editorial",
    }
    first = services.phrase_record(**said, low=Decimal("0.4"), point=Decimal("0.5"), by=None)
    read_as = {"low": first.low, "high": first.high}
    make.prediction("0.5", basis="verbal", phrase=first, **read_as)
    later = Phrase(**said, low=Decimal("0.5"), point=Decimal("0.6"), version=2, reason="A survey.")
    post(kind="phrase.recorded", by=None, rows=[later])
    seen = words(read(client, "/lexicon/"))
    assert "a fair chance Version 2: A survey. 60 % 50 % to 70 % 0 Version 1, replaced" in seen
    assert "Version 1, replaced 50 % 40 % to 70 % 1" in seen


def test_the_lexicon_of_an_empty_ledger_says_so(client: Client) -> None:
    assert "No phrase has been recorded yet." in read(client, "/lexicon/")


@pytest.mark.usefixtures("seeded")
def test_a_page_takes_a_fixed_number_of_queries(
    client: Client, django_assert_max_num_queries: Any
) -> None:
    for address, most in zip(PAGES, (11, 11, 2, 8, 2), strict=True):
        with django_assert_max_num_queries(most):
            client.get(address)


@pytest.mark.usefixtures("seeded")
def test_a_page_asks_for_nothing_elsewhere_and_runs_no_script(client: Client) -> None:
    for address in PAGES:
        page = read(client, address)
        assert "<script" not in page
        assert " style=" not in page
        for asked in re.findall(r'(?:src|srcset|href|action)="([^"]*)"', page):
            assert asked.startswith(("/", "data:"))


@pytest.mark.parametrize("address", PAGES)
def test_a_page_is_only_looked_at_and_by_whom_it_may(
    client: Client, settings: Any, adjudicator: User, make: Maker, address: str
) -> None:
    for key in ("the-sun-analysis", "columnist-seed-000"):
        make.forecaster(key=key)
    assert client.post(address).status_code == 405
    settings.PUBLIC_READ = False
    assert client.get(address)["Location"].startswith("/admin/login/?next=/")
    client.force_login(adjudicator)
    assert client.get(address).status_code == 200


@pytest.mark.usefixtures("seeded")
def test_names_in_the_standings_lead_to_scorecards(client: Client) -> None:
    page = read(client, "/")
    found = re.findall(r'href="(/scorecard/\?forecaster=[^"]+)"', page)
    assert len(found) == 2
    for address in found:
        read(client, address)
    for address in ("/scorecard/", "/head-to-head/", "/lexicon/"):
        assert f'href="{address}"' in page
