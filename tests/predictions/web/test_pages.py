from typing import Any

import pytest
from django.test import Client

from predictions.models import User

pytestmark = pytest.mark.django_db


@pytest.mark.usefixtures("seeded")
def test_the_dashboard_shows_standings_comparison_due_and_head(client: Client) -> None:
    page = client.get("/").content.decode()
    for words in (
        "Columnist, seed article 000",
        "The Sun, analysis said 10 % yes: Brier 0.010",
        "overdue since 2023-09-23",
        "void (condition not met)",
        " entries, root",
    ):
        assert words in page


def test_the_dashboard_of_an_empty_ledger_says_so(client: Client) -> None:
    page = client.get("/").content.decode()
    assert "No outcome has been entered yet." in page
    assert "Nothing is open with a date." in page


@pytest.mark.usefixtures("seeded")
def test_the_dashboard_takes_a_fixed_number_of_queries(
    client: Client, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(12):
        client.get("/")


def test_the_dashboard_changes_nothing(client: Client) -> None:
    assert client.post("/").status_code == 405


def test_without_public_reading_the_dashboard_asks_to_sign_in(
    client: Client, settings: Any, adjudicator: User
) -> None:
    settings.PUBLIC_READ = False
    assert client.get("/")["Location"] == "/admin/login/?next=/"
    client.force_login(adjudicator)
    assert client.get("/").status_code == 200


@pytest.mark.parametrize(
    "path",
    ["/?a=%00", "/admin/ledger/entry/?kind=%00", "/admin/predictions/event/add/?question=%00"],
)
def test_a_nul_character_in_an_address_is_refused(
    client: Client, adjudicator: User, path: str
) -> None:
    client.force_login(adjudicator)
    assert client.get(path).status_code == 400


@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00%2B14:00"])
def test_a_time_that_no_calendar_has_is_refused(client: Client, moment: str) -> None:
    assert client.get(f"/api/v1/ledger/entries/?time_after={moment}").status_code == 400
