"""`/api/v1/articles/`, `/api/v1/forecasters/` and `/api/v1/statements/`"""

import pytest
from rest_framework.test import APIClient

from predictions import services
from tests.making import Maker


@pytest.mark.usefixtures("seeded")
def test_an_article_is_found_by_key_outlet_and_date(api: APIClient) -> None:
    row = api.get("/api/v1/articles/seed-000/").json()
    assert (row["outlet"], row["published_on"]) == (None, "2023-06-25")
    assert len(row["sha256"]) == 64
    (row,) = api.get("/api/v1/articles/?outlet=the-sun").json()["results"]
    assert row["key"] == "seed-002"
    (row,) = api.get("/api/v1/articles/?published_until=2023-06-24").json()["results"]
    assert row["key"] == "seed-002"


def test_a_forecaster_is_found_by_key_and_kind(api: APIClient, make: Maker) -> None:
    crowd = make.forecaster(kind="crowd")
    make.forecaster()
    (row,) = api.get("/api/v1/forecasters/?kind=crowd").json()["results"]
    assert row == {"key": crowd.key, "name": crowd.name, "kind": "crowd", "note": ""}
    assert api.get(f"/api/v1/forecasters/{crowd.key}/").json() == row


def test_a_statement_says_why_it_is_not_scored(api: APIClient, make: Maker) -> None:
    services.statement_record(
        article=make.article(key="almanac"),
        forecaster=make.forecaster(key="writer"),
        kind="unscorable",
        reason="maxim",
        passages=[{"offset": 0, "quote": "The harvest will fail"}],
        by=None,
        now=make.now,
    )
    (row,) = api.get("/api/v1/statements/?kind=unscorable&article=almanac").json()["results"]
    assert (row["forecaster"], row["reason"]) == ("writer", "maxim")
    assert api.get(f"/api/v1/statements/{row['id']}/").json() == row
    assert api.get("/api/v1/statements/?reason=abstention").json()["results"] == []
