"""Where a second factor is required, nothing of the admin opens without one."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from predictions.models import User
from tests.admin.pages import text_of
from tests.admin.signing_in.people import PASSWORD, App, Person
from tests.admin.signing_in.test_set_up import sets_up

SET_UP = "/admin/account/two-factor/"
OPEN = {"login", "logout", "jsi18n", "second_step", "two_factor"}


def addresses(patterns: list[URLPattern | URLResolver], start: str) -> Iterator[tuple[str, str]]:
    """Name and an address of every pattern, with a 1 for whatever it takes."""
    for pattern in patterns:
        route = start + re.sub(r"<[^>]+>", "1", str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, route)
        else:
            yield pattern.name or "", re.sub(r"\(\?P1.*|[$^]", "auth/", route)


ADMIN = [
    (name, address)
    for name, address in addresses(list(admin.site.urls[0]), "/admin/")
    if name not in OPEN
]


@pytest.fixture
def required(settings: Any) -> None:
    settings.TWO_FACTOR = "required"


def test_the_addresses_are_those_of_the_admin() -> None:
    assert len(ADMIN) > 100
    resolver = get_resolver()
    for name, address in ADMIN:
        match = resolver.resolve(address)
        assert "admin" in match.namespaces, (name, address)
    assert {"index", "predictions_question_outcome", "ledger_entry_receipt", "autocomplete"} <= {
        name for name, _ in ADMIN
    }


@pytest.mark.usefixtures("required")
def test_every_address_leads_to_setting_up(ada: Person) -> None:
    ada.signs_in()
    for name, address in ADMIN:
        for method in (ada.client.get, ada.client.post):
            answer = method(address)
            assert answer.status_code == 302, (name, address)
            assert answer.headers["Location"] == SET_UP, (name, address)


def test_every_address_asks_for_the_code_of_who_has_an_app(ada: Person) -> None:
    ada.set_up()
    ada.client.force_login(ada.user)
    step = reverse("admin:second_step")
    for name, address in [*ADMIN, ("two_factor", SET_UP)]:
        for method in (ada.client.get, ada.client.post):
            answer = method(address)
            assert answer.status_code == 302, (name, address)
            assert answer.headers["Location"].partition("?")[0] == step, (name, address)


@pytest.mark.usefixtures("required")
def test_once_it_is_set_up_everything_opens(vera: Person) -> None:
    vera.signs_in()
    page = vera.client.get("/admin/", follow=True)
    assert "Set up two-factor sign-in first: it is required here." in text_of(page)
    sets_up(vera)
    assert vera.is_in()


@pytest.mark.usefixtures("required")
class TestOfRoles:
    @pytest.fixture(autouse=True)
    def of_auditors(self, db: None, settings: Any) -> Group:
        settings.TWO_FACTOR_ROLES = ["Auditors"]
        return Group.objects.create(name="Auditors")

    def test_it_is_required_of_who_has_one_of_them(self, vera: Person, of_auditors: Group) -> None:
        vera.signs_in()
        assert vera.is_in()
        vera.user.groups.add(of_auditors)
        assert not vera.is_in()

    def test_it_is_required_of_superusers(self, ada: Person) -> None:
        ada.signs_in()
        assert not ada.is_in()

    def test_a_role_that_does_not_exist_has_it_required_of_all(
        self, vera: Person, settings: Any
    ) -> None:
        settings.TWO_FACTOR_ROLES = ["Auditors", "Auditers"]
        vera.signs_in()
        assert not vera.is_in()

    def test_it_is_optional_where_it_is_not_required(self, ada: Person, settings: Any) -> None:
        settings.TWO_FACTOR = "optional"
        ada.signs_in()
        assert ada.is_in()


@pytest.mark.usefixtures("required")
def test_who_has_not_set_it_up_can_sign_out(vera: Person) -> None:
    vera.signs_in()
    assert vera.client.post(reverse("admin:logout")).status_code == 200
    assert vera.client.get("/admin/").headers["Location"].startswith(reverse("admin:login"))


@pytest.mark.usefixtures("required")
def test_who_has_shown_a_code_goes_on(vera: Person, app: App) -> None:
    vera.signs_in(app.code())
    assert vera.is_in()


@pytest.mark.usefixtures("required")
def test_removing_it_leads_to_setting_it_up_anew(vera: Person, app: App) -> None:
    vera.signs_in(app.backup_codes[0])
    vera.client.post(reverse("admin:two_factor_remove"), {"code": app.backup_codes[1]})
    assert vera.client.get("/admin/").headers["Location"] == SET_UP


@pytest.mark.usefixtures("required")
def test_who_has_not_signed_in_is_asked_to(client: Client, db: None) -> None:
    assert client.get("/admin/").headers["Location"] == "/admin/login/?next=/admin/"
    assert client.get(SET_UP).headers["Location"] == f"/admin/login/?next={SET_UP}"


@pytest.mark.usefixtures("required")
def test_public_pages_and_the_api_do_not_ask_for_it(vera: Person) -> None:
    vera.signs_in()
    assert vera.client.get("/").status_code == 200
    assert vera.client.get("/api/v1/questions/").status_code == 200


@pytest.mark.usefixtures("required")
def test_who_has_no_role_gets_no_further_by_it(client: Client, db: None) -> None:
    client.force_login(User.objects.create_user("ned", "ned@example.org", PASSWORD))
    assert client.get("/admin/").headers["Location"] == SET_UP
    told: Any = client.get(SET_UP)
    assert told.status_code == 403
    assert "Your account has no role yet" in text_of(told)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TWO_FACTOR", "requierd"),
        ("LOCKOUT_FAILURES", "0"),
        ("PROXIES", "-1"),
        ("REMIND_BEFORE", "7, soon"),
        ("REMIND_BEFORE", "0"),
        ("REMIND_EVERY", "-1"),
        ("ESCALATE_AFTER", "9999"),
        ("REMINDER_HOUR", "24"),
    ],
)
def test_a_setting_that_means_nothing_stops_the_service(name: str, value: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import config.settings"],
        env={**os.environ, name: value},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ImproperlyConfigured.__name__ in done.stderr
    assert f"{name} is {value!r}" in done.stderr or f"{name} is {value};" in done.stderr
