"""The page on which one finds, renews and removes the address of one's calendar."""

import re

from django.test import Client

from predictions.models import User
from predictions.services.erasure import user_erase
from tests.admin.conftest import member
from tests.admin.pages import Pages, text_of
from tests.making import Maker


def address_on(pages: Pages) -> str:
    """The path that the page shows; empty for none."""
    found = re.search(r"/feeds/due/[0-9a-f-]{36}\.ics", text_of(pages.get("calendar")))
    return found[0] if found else ""


def test_a_calendar_is_made_renewed_and_removed(looking: Pages, viewer: User) -> None:
    assert "You have none yet." in text_of(looking.get("calendar"))
    assert "new address" in text_of(looking.post("calendar", data={"renew": "1"}))
    first, stranger = address_on(looking), Client()
    assert stranger.get(first).status_code == 200
    shown = text_of(looking.post("calendar", data={"renew": "1"}))
    assert "The old one shows nothing any more." in shown
    second = address_on(looking)
    assert (stranger.get(first).status_code, stranger.get(second).status_code) == (404, 200)
    assert "Your calendar is removed." in text_of(looking.post("calendar", data={"remove": "1"}))
    assert stranger.get(second).status_code == 404
    assert address_on(looking) == ""


def test_the_address_is_offered_to_the_calendar_program(looking: Pages, settings: object) -> None:
    settings.SITE_URL = "https://ledger.example"  # type: ignore[attr-defined]
    looking.post("calendar", data={"renew": "1"})
    page = looking.get("calendar")
    assert f"https://ledger.example{address_on(looking)}" in text_of(page)
    assert f'href="webcal://ledger.example{address_on(looking)}"' in page.content.decode()
    assert "no-store" in page["Cache-Control"]


def test_to_look_at_the_page_or_to_send_it_nothing_makes_no_calendar(
    looking: Pages, viewer: User
) -> None:
    looking.get("calendar")
    looking.post("calendar", data={})
    viewer.refresh_from_db()
    assert viewer.calendar_key is None


def test_the_calendar_of_who_is_erased_goes_with_them(
    looking: Pages, viewer: User, make: Maker
) -> None:
    member("ada", "viewer")
    looking.post("calendar", data={"renew": "1"})
    user_erase(user=viewer, by=None, now=make.now)
    viewer.refresh_from_db()
    assert viewer.calendar_key is None
