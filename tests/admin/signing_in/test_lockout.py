"""Who fails too often is locked out for a while."""

import datetime as dt
from typing import Any

import pytest
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.core.management import call_command
from django.db.models import F
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from predictions.models import User
from tests.admin.conftest import allow
from tests.admin.pages import Pages, text_of
from tests.admin.signing_in.people import App, Person, some_time_passes
from tests.admin.signing_in.test_set_up import PAGE, sets_up

LIMIT, ADDRESS_LIMIT = 5, 50


def fails(person: Person, times: int = LIMIT) -> Any:
    for _ in range(times):
        answer = person.gives_password("a guess")
    return answer


def time_passes(minutes: float) -> None:
    AccessAttempt.objects.update(attempt_time=F("attempt_time") - dt.timedelta(minutes=minutes))


def test_one_failure_less_than_the_limit_locks_nobody_out(vera: Person) -> None:
    fails(vera, LIMIT - 1)
    vera.signs_in()


def test_the_limit_locks_out_and_says_for_how_long(vera: Person) -> None:
    page = fails(vera)
    assert page.status_code == 429
    assert page.headers["Retry-After"] == "900"
    assert "You can try again in 15 minutes , at" in text_of(page)
    time_passes(5)
    assert "You can try again in 10 minutes" in text_of(vera.gives_password())
    assert not vera.is_in()


def test_trying_on_does_not_make_it_longer(vera: Person) -> None:
    fails(vera)
    time_passes(14.5)
    assert "You can try again in 1 minute , at" in text_of(fails(vera, 3))
    time_passes(1)
    vera.signs_in()


def test_a_name_that_nobody_has_is_locked_out_alike(vera: Person) -> None:
    known = text_of(fails(vera))
    nobody = Person(User(username="nobody"), Client(REMOTE_ADDR="192.0.2.9"))
    assert text_of(fails(nobody)) == known


def test_signing_in_forgives_what_was_before(vera: Person) -> None:
    for _ in range(3):
        fails(vera, LIMIT - 1)
        vera.signs_in()
        vera = vera.elsewhere(REMOTE_ADDR="192.0.2.2")


def test_the_right_password_alone_forgives_nothing(vera: Person, app: App) -> None:
    fails(vera, LIMIT - 1)
    vera.gives_password()
    assert vera.gives_code(app.wrong_code()).status_code == 429


def test_others_and_other_addresses_are_not_locked_out(vera: Person, ada: Person) -> None:
    fails(vera)
    vera.elsewhere(REMOTE_ADDR="198.51.100.7").signs_in()
    ada.elsewhere(REMOTE_ADDR="192.0.2.2").signs_in()


def test_another_browser_at_the_same_address_is(vera: Person) -> None:
    fails(vera)
    other = vera.elsewhere(REMOTE_ADDR="192.0.2.2", HTTP_USER_AGENT="another")
    assert other.gives_password().status_code == 429


def guesses_many_names(address: str, times: int) -> None:
    for number in range(times):
        Person(User(username=f"guess{number}"), Client(REMOTE_ADDR=address)).gives_password("x")


def test_an_address_that_guesses_at_many_names_is_locked_out(vera: Person) -> None:
    guesses_many_names("192.0.2.2", ADDRESS_LIMIT - 1)
    vera.signs_in()
    # Which forgives their own failures, and not those of the address.
    guesses_many_names("192.0.2.2", 1)
    assert vera.elsewhere(REMOTE_ADDR="192.0.2.2").gives_password().status_code == 429
    vera.elsewhere(REMOTE_ADDR="192.0.2.3").signs_in()


def test_it_opens_as_soon_as_enough_is_forgotten(vera: Person) -> None:
    fails(vera, 1)
    time_passes(10)
    page = fails(vera.elsewhere(REMOTE_ADDR="192.0.2.2", HTTP_USER_AGENT="b"), LIMIT - 1)
    assert "You can try again in 5 minutes" in text_of(page)
    time_passes(5)
    vera.signs_in()


def test_wrong_codes_lock_out_also_who_began_elsewhere(vera: Person, app: App) -> None:
    ready = vera.elsewhere(REMOTE_ADDR="192.0.2.2")
    ready.gives_password()
    vera.gives_password()
    for _ in range(LIMIT):
        some_time_passes(vera.user)
        answer = vera.gives_code(app.wrong_code())
    assert answer.status_code == 429
    some_time_passes(vera.user)
    for person in (vera, ready):
        assert person.gives_code(app.code()).status_code == 429
        assert not person.is_in()


def test_codes_that_were_not_looked_at_do_not_count(vera: Person, app: App) -> None:
    vera.gives_password()
    for _ in range(LIMIT + 1):
        answer = vera.gives_code(app.wrong_code())
    assert answer.status_code == 200
    assert AccessAttempt.objects.get().failures_since_start == 1


def test_who_found_a_browser_open_guesses_no_password(vera: Person) -> None:
    vera.signs_in()
    for _ in range(LIMIT):
        _, answer = sets_up(vera, password="a guess")
    assert answer.status_code == 429
    data = {"old_password": "a long enough secret", "new_password1": "x", "new_password2": "x"}
    assert vera.client.post(reverse("admin:password_change"), data).status_code == 429
    assert vera.client.get(PAGE).status_code == 200


def test_a_wrong_old_password_is_said_at_its_field(vera: Person) -> None:
    vera.signs_in()
    data = {"old_password": "a guess", "new_password1": "x", "new_password2": "x"}
    page = vera.client.post(reverse("admin:password_change"), data)
    assert (
        "Your old password was entered incorrectly"
        in page.context["form"].errors["old_password"][0]
    )
    assert AccessAttempt.objects.get().failures_since_start == 1


@pytest.mark.parametrize("username", ["", "x" * 254, "x" * 5000, "a\0b", "' OR 1=1 --", "ＶＥＲＡ"])
def test_any_name_is_answered(client: Client, db: None, username: str) -> None:
    for _ in range(LIMIT + 1):
        answer = client.post(reverse("admin:login"), {"username": username, "password": "x"})
    assert answer.status_code in (200, 429)


class TestBehindProxies:
    def try_from(self, forwarded: str | None, times: int, name: str = "vera") -> int:
        headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
        for _ in range(times):
            answer = Client(REMOTE_ADDR="10.0.0.1").post(
                reverse("admin:login"), {"username": name, "password": "x"}, headers=headers
            )
        return answer.status_code

    def test_without_any_the_header_is_not_believed(self, vera: Person) -> None:
        for number in range(LIMIT - 1):
            self.try_from(f"203.0.113.{number}", 1)
        assert self.try_from("203.0.113.99", 1) == 429
        assert AccessAttempt.objects.get().ip_address == "10.0.0.1"

    def test_what_the_nearest_one_said_counts(self, vera: Person, settings: Any) -> None:
        settings.PROXIES = 1
        for number in range(LIMIT - 1):
            self.try_from(f"198.51.100.{number}, 203.0.113.5", 1)
        assert self.try_from("203.0.113.5", 1) == 429
        assert self.try_from("203.0.113.6", 1) == 200
        assert set(AccessAttempt.objects.values_list("ip_address", flat=True)) == {
            "203.0.113.5",
            "203.0.113.6",
        }

    def test_of_two_the_outer_one_says_who_asked(self, vera: Person, settings: Any) -> None:
        settings.PROXIES = 2
        self.try_from("1.2.3.4, 2001:db8::7, 10.0.0.9", 1)
        assert AccessAttempt.objects.get().ip_address == "2001:db8::7"

    @pytest.mark.parametrize("forwarded", [None, "", "203.0.113.5", "a, b", "unknown, 10.0.0.9"])
    def test_who_came_past_one_is_taken_for_whom_they_came_as(
        self, vera: Person, settings: Any, forwarded: str | None
    ) -> None:
        settings.PROXIES = 2
        self.try_from(forwarded, 1)
        assert AccessAttempt.objects.get().ip_address == "10.0.0.1"


class TestThePages:
    def test_a_superuser_sees_who_is_locked_and_releases_them(
        self, desk: Pages, vera: Person
    ) -> None:
        fails(vera)
        page = text_of(desk.get("axes_accessattempt_changelist"))
        assert "vera 192.0.2.2" in page
        assert "locked" in page
        [attempt] = AccessAttempt.objects.all()
        data = {"action": "release", "_selected_action": [str(attempt.pk)]}
        answer = desk.post("axes_accessattempt_changelist", data=data)
        assert "1 released; they may try again." in text_of(answer)
        vera.signs_in()

    def test_failures_below_the_limit_are_counted_and_old_ones_gone(
        self, desk: Pages, vera: Person
    ) -> None:
        fails(vera, 1)
        assert "vera 192.0.2.2" in text_of(desk.get("axes_accessattempt_changelist"))
        assert "locked" not in text_of(desk.get("axes_accessattempt_changelist"))
        time_passes(15)
        assert "vera 192.0.2.2" not in text_of(desk.get("axes_accessattempt_changelist"))

    def test_an_auditor_looks_and_releases_nobody(
        self, looking: Pages, viewer: User, ada: Person
    ) -> None:
        allow(viewer, "view_accessattempt", "view_accessfailurelog", "view_accesslog")
        fails(ada)
        for model in ("accessattempt", "accessfailurelog", "accesslog"):
            assert looking.get(f"axes_{model}_changelist").status_code == 200
        [attempt] = AccessAttempt.objects.all()
        data = {"action": "release", "_selected_action": [str(attempt.pk)]}
        looking.post("axes_accessattempt_changelist", data=data)
        assert AccessAttempt.objects.exists()
        change = looking.post("axes_accessattempt_change", attempt.pk, data={"username": "x"})
        assert change.status_code == 403

    @pytest.mark.parametrize("model", ["accessattempt", "accessfailurelog", "accesslog"])
    def test_who_has_no_right_to_look_is_refused(self, looking: Pages, model: str) -> None:
        assert looking.get(f"axes_{model}_changelist").status_code == 403

    def test_who_came_and_went_is_kept(self, desk: Pages, vera: Person) -> None:
        vera.signs_in()
        vera.client.post(reverse("admin:logout"))
        fails(vera, 1)
        row = AccessLog.objects.get(username="vera")
        assert (row.ip_address, row.logout_time is None) == ("192.0.2.2", False)
        assert "vera 192.0.2.2" in text_of(desk.get("axes_accesslog_changelist"))
        assert "vera 192.0.2.2" in text_of(desk.get("axes_accessfailurelog_changelist"))
        assert AccessFailureLog.objects.get().attempt_time <= timezone.now()

    def test_pages_that_show_keys_or_sessions_do_not_exist(self, desk: Pages) -> None:
        for path in ("otp_totp/totpdevice/", "otp_static/staticdevice/", "qsessions/session/"):
            assert desk.client.get(f"/admin/{path}").status_code == 404


def test_a_command_releases_a_name(vera: Person, capsys: Any) -> None:
    fails(vera)
    call_command("axes_reset_username", "vera")
    assert capsys.readouterr().out == "1 attempts removed.\n"
    vera.signs_in()
