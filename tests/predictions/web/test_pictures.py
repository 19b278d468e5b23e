"""Pictures at an address of their own."""

from io import BytesIO
from typing import Any
from xml.etree import ElementTree

import pytest
from django.core.cache import cache
from django.test import Client
from PIL import Image

from ledger import journal
from predictions import charts
from predictions.charts import Picture, Theme, Width
from predictions.models import User
from predictions.scorecards import Scope, head_to_head, scorecard, timeline
from predictions.web.files import place_of
from tests.making import Maker

pytestmark = pytest.mark.django_db

TWO = "first=columnist-seed-000&second=the-sun-analysis"
PATHS = (
    "/charts/calibration",
    "/charts/timeline",
    "/charts/distribution",
    "/charts/head-to-head",
)


def asking_two(path: str) -> str:
    return TWO if path.endswith("head-to-head") else ""


def drawn() -> dict[str, Picture]:
    card = scorecard(Scope())
    return {
        "/charts/calibration": charts.calibration(card.calibration),
        "/charts/timeline": charts.timeline(timeline(Scope())),
        "/charts/distribution": charts.distribution(card.distribution),
        "/charts/head-to-head": charts.head_to_head(
            head_to_head("columnist-seed-000", "the-sun-analysis")
        ),
    }


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.usefixtures("seeded")
def test_a_picture_is_that_of_the_scorecard(client: Client, path: str) -> None:
    answer = client.get(f"{path}.svg?{asking_two(path)}")
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/svg+xml")
    assert answer.content == drawn()[path].svg()
    narrow = client.get(f"{path}.svg?width=narrow&{asking_two(path)}")
    assert narrow.content == drawn()[path].svg(Width.NARROW)
    answer = client.get(f"{path}.png?theme=dark&{asking_two(path)}")
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/png")
    assert answer.content == drawn()[path].png(Theme.DARK)
    assert Image.open(BytesIO(answer.content)).width == 1440


@pytest.mark.usefixtures("seeded")
def test_a_picture_is_of_the_scope_that_is_asked_for(client: Client) -> None:
    asked = "forecaster=the-sun-analysis&horizon=year&since=2023-06-01&until=2023-07-31&outlet="
    root = ElementTree.fromstring(client.get(f"/charts/distribution.svg?{asked}").content)  # noqa: S314
    everyone = ElementTree.fromstring(client.get("/charts/distribution.svg").content)  # noqa: S314
    assert root[1].text != everyone[1].text


def test_a_picture_of_an_empty_ledger_says_so(client: Client) -> None:
    for path in PATHS[:3]:
        assert b"Nothing scored yet" in client.get(f"{path}.svg").content


@pytest.mark.parametrize(
    ("path", "status", "told"),
    [
        (
            "calibration.svg?forcaster=x",
            400,
            "forcaster: is not a parameter here; leave it out, or",
        ),
        ("calibration.svg?topic=a&topic=b", 400, "topic: is given more than once; give it once"),
        ("timeline.svg?horizon=soon", 400, "horizon: 'soon' is not one of week, month, quarter,"),
        (
            "timeline.svg?since=2023-13-01",
            400,
            "since: '2023-13-01' is not a day since 1900 such as",
        ),
        ("timeline.svg?since=20230101", 400, "since: '20230101' is not a day since 1900 such as"),
        ("timeline.svg?until=0001-01-01", 400, "until: '0001-01-01' is not a day since 1900"),
        (
            "timeline.svg?since=2024-01-02&until=2024-01-01",
            400,
            "until: 2024-01-01 is before since",
        ),
        ("timeline.svg?theme=dark", 400, "theme: is not a parameter here"),
        ("timeline.png?theme=pink", 400, "theme: 'pink' is not one of light, dark"),
        ("timeline.svg?width=11", 400, "width: '11' is not one of wide, narrow"),
        ("timeline.svg?a%0Ab%1B=1", 400, "a b : is not a parameter here"),
        ("head-to-head.svg?first=one", 400, "second: is missing; give the key of a forecaster"),
        ("head-to-head.svg?first=one&second=one", 400, "second: is 'one', as first is"),
        ("head-to-head.svg?first=one&second=two&forecaster=one", 400, "forecaster: is not a"),
        (
            "distribution.svg?forecaster=nobody",
            404,
            "forecaster: there is none with the key 'nobody'",
        ),
        ("distribution.svg?outlet=nowhere", 404, "outlet: there is none with the key 'nowhere'"),
        ("distribution.svg?topic=nothing", 404, "topic: there is none with the key 'nothing'"),
        (
            "head-to-head.svg?first=one&second=nobody",
            404,
            "second: there is no forecaster with the",
        ),
        ("sharpness.svg", 404, "there is no sharpness.svg; there are calibration, timeline,"),
        ("timeline.gif", 404, "there is no timeline.gif; there are"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_a_line(
    client: Client, make: Maker, path: str, status: int, told: str
) -> None:
    make.forecaster(key="one")
    answer = client.get(f"/charts/{path}")
    assert (answer.status_code, answer["Content-Type"]) == (status, "text/plain; charset=utf-8")
    assert answer.content.decode().startswith(told)
    assert answer.content.count(b"\n") == 1
    assert "ETag" not in answer


@pytest.mark.django_db(transaction=True)
def test_a_picture_is_sent_again_only_after_the_ledger_has_grown(
    client: Client, make: Maker
) -> None:
    first = client.get("/charts/distribution.svg")
    assert first["Cache-Control"] == "no-cache, public"
    kept = {"If-None-Match": first["ETag"]}
    again = client.get("/charts/distribution.svg", headers=kept)
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert client.get("/charts/distribution.svg?width=narrow", headers=kept).status_code == 200
    prediction = make.prediction()
    make.outcome(prediction.question)
    grown = client.get("/charts/distribution.svg", headers=kept)
    assert grown.status_code == 200
    assert grown["ETag"] != first["ETag"]
    assert grown.content != first.content


def test_an_unchanged_picture_is_not_drawn_from_the_tables(
    client: Client, django_assert_max_num_queries: Any
) -> None:
    kept = {"If-None-Match": client.get("/charts/timeline.svg")["ETag"]}
    with django_assert_max_num_queries(1):
        assert client.get("/charts/timeline.svg", headers=kept).status_code == 304


def test_a_picture_is_only_looked_at(client: Client) -> None:
    assert client.post("/charts/timeline.svg").status_code == 405
    assert client.head("/charts/timeline.svg").status_code == 200


def test_without_public_reading_a_picture_asks_to_sign_in(
    client: Client, settings: Any, adjudicator: User
) -> None:
    settings.PUBLIC_READ = False
    to = "/admin/login/?next=/charts/timeline.svg%3Fwidth%3Dwide"
    assert client.get("/charts/timeline.svg?width=wide")["Location"] == to
    client.force_login(adjudicator)
    answer = client.get("/charts/timeline.svg?width=wide")
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-cache, private")


def test_a_picture_is_drawn_once_for_each_head_of_the_ledger(client: Client, make: Maker) -> None:
    def drawn() -> bytes:
        journal.flush()
        return client.get("/charts/calibration.svg").content

    before = drawn()
    etag = client.get("/charts/calibration.svg").headers["ETag"]
    assert cache.get(place_of("/charts/calibration.svg")) == (etag, before)
    question = make.question()
    make.prediction(question=question)
    make.outcome(question)
    assert drawn() != before
