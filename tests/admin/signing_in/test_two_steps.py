"""Signing in: a password, and a code where one is asked for."""

import datetime as dt
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.auth import get_user
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from tests.admin.pages import text_of
from tests.admin.signing_in.people import DESK, STEP, App, Person, some_time_passes


def test_a_password_is_enough_where_nothing_is_set_up(vera: Person) -> None:
    vera.signs_in()
    assert vera.is_in()


def test_who_has_an_app_is_not_signed_in_by_the_password(vera: Person, app: App) -> None:
    answer = vera.gives_password()
    assert answer.headers["Location"] == reverse("admin:second_step")
    assert not get_user(vera.client).is_authenticated
    assert not vera.is_in()


def test_the_apps_code_signs_in(vera: Person, app: App) -> None:
    vera.signs_in(app.code())
    assert vera.is_in()


def test_a_code_is_read_as_people_write_it(vera: Person, app: App) -> None:
    code = app.code()
    vera.signs_in(f" {code[:3]} {code[3:]} ")
    assert vera.is_in()


def test_a_code_serves_once(vera: Person, app: App) -> None:
    code = app.code()
    vera.signs_in(code)
    again = vera.elsewhere()
    again.gives_password()
    page = again.gives_code(code)
    assert "Is wrong or was used already" in text_of(page)
    assert code not in page.content.decode()
    assert not again.is_in()


@pytest.mark.parametrize("off", [-STEP, STEP])
def test_a_clock_may_be_half_a_minute_out(vera: Person, app: App, off: int) -> None:
    vera.signs_in(app.code(off))
    assert vera.is_in()


@pytest.mark.parametrize("off", [-4 * STEP, 4 * STEP])
def test_a_clock_may_not_be_two_minutes_out(vera: Person, app: App, off: int) -> None:
    vera.gives_password()
    vera.gives_code(app.code(off))
    assert not vera.is_in()


@pytest.mark.parametrize(
    "code", ["", "abc", "12345", "1234567", "１２３４５６", "123\0456", "-12345", "x" * 500]
)
def test_what_is_no_code_is_refused_at_the_field(vera: Person, app: App, code: str) -> None:
    vera.gives_password()
    page = vera.gives_code(code)
    assert page.status_code == 200
    assert page.context["form"].errors["code"]
    assert not vera.is_in()


def test_wrong_codes_are_answered_ever_more_slowly(vera: Person, app: App) -> None:
    vera.gives_password()
    vera.gives_code(app.wrong_code())
    assert "There were wrong codes; wait 1 s before the next." in text_of(
        vera.gives_code(app.code())
    )
    TOTPDevice.objects.update(
        throttling_failure_timestamp=timezone.now(), throttling_failure_count=4
    )
    assert "wait 8 s" in text_of(vera.gives_code(app.code()))
    some_time_passes(vera.user)
    assert vera.gives_code(app.code()).headers["Location"] == DESK


def test_a_backup_code_serves_once_and_another_is_left(vera: Person, app: App) -> None:
    first, second, *_ = app.backup_codes
    vera.signs_in(first)
    assert vera.is_in()
    again = vera.elsewhere()
    again.gives_password()
    again.gives_code(first)
    assert not again.is_in()
    some_time_passes(vera.user)
    again.signs_in(second.upper().replace("-", " "))
    assert StaticToken.objects.count() == 8


def test_a_backup_code_is_not_kept_as_it_is(vera: Person, app: App) -> None:
    kept = set(StaticToken.objects.values_list("token", flat=True))
    assert len(kept) == len(app.backup_codes)
    assert kept.isdisjoint({code.replace("-", "") for code in app.backup_codes})


def test_a_backup_code_is_of_one_person(vera: Person, ada: Person, app: App) -> None:
    ada.set_up()
    ada.gives_password()
    ada.gives_code(app.backup_codes[0])
    assert not ada.is_in()
    ada.gives_code(app.code())
    assert not ada.is_in()


def test_without_a_password_there_is_no_second_step(vera: Person, app: App) -> None:
    for answer in (vera.client.get(reverse("admin:second_step")), vera.gives_code(app.code())):
        assert answer.headers["Location"] == reverse("admin:login")


def test_the_second_step_is_not_open_for_long(vera: Person, app: App) -> None:
    vera.gives_password()
    session = vera.client.session
    session["signing_in"] = {**session["signing_in"], "at": timezone.now().timestamp() - 601}
    session.save()
    assert vera.gives_code(app.code()).headers["Location"] == reverse("admin:login")
    assert not vera.is_in()


def test_a_new_password_ends_a_second_step_that_was_begun(vera: Person, app: App) -> None:
    vera.gives_password()
    vera.user.set_password("another long secret")
    vera.user.save()
    assert vera.gives_code(app.code()).headers["Location"] == reverse("admin:login")


def test_who_was_made_inactive_in_between_is_not_let_in(vera: Person, app: App) -> None:
    vera.gives_password()
    vera.user.is_active = False
    vera.user.save()
    vera.gives_code(app.code())
    assert not vera.is_in()


def test_the_session_has_another_key_after_each_step(vera: Person, app: App) -> None:
    vera.gives_password()
    before = vera.client.session.session_key
    vera.gives_password()
    between = vera.client.session.session_key
    vera.gives_code(app.code())
    assert len({before, between, vera.client.session.session_key}) == 3


@pytest.mark.parametrize("secured", [False, True])
def test_one_is_led_to_where_one_wanted_to_go(vera: Person, secured: bool) -> None:
    wanted = "/admin/predictions/question/?q=a&state=open"
    app = vera.set_up() if secured else None
    answer = vera.gives_password(next=wanted)
    if app:
        step = answer.headers["Location"]
        assert step == reverse("admin:second_step", query={"next": wanted})
        answer = vera.client.post(step, {"code": app.code()})
    assert answer.headers["Location"] == wanted


@pytest.mark.parametrize(
    "wanted", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example"]
)
@pytest.mark.parametrize("secured", [False, True])
def test_but_never_to_another_site(vera: Person, wanted: str, secured: bool) -> None:
    app = vera.set_up() if secured else None
    answer = vera.gives_password(next=wanted)
    if app:
        assert "evil" not in answer.headers["Location"]
        answer = vera.gives_code(app.code(), next=wanted)
    assert answer.headers["Location"] == DESK


def test_a_wrong_password_says_the_same_with_and_without_an_app(vera: Person) -> None:
    before = text_of(vera.gives_password("a guess"))
    vera.set_up()
    assert text_of(vera.gives_password("a guess")) == before


def test_a_session_without_the_code_of_an_app_is_asked_for_it(vera: Person, app: App) -> None:
    vera.client.force_login(vera.user)  # as if signed in just before the app was set up
    page = reverse("admin:predictions_question_changelist")
    answer = vera.client.get(page)
    assert answer.headers["Location"] == reverse("admin:second_step", query={"next": page})
    assert (
        vera.client.post(answer.headers["Location"], {"code": app.code()}).headers["Location"]
        == page
    )
    assert vera.is_in()


def test_who_has_signed_in_is_led_on(vera: Person) -> None:
    vera.signs_in()
    assert vera.client.get(reverse("admin:login")).headers["Location"] == DESK


def test_a_form_from_elsewhere_is_refused_at_each_step(vera: Person, app: App) -> None:
    vera.client = Client(enforce_csrf_checks=True)
    assert vera.gives_password().status_code == 403
    assert vera.gives_code(app.code()).status_code == 403


def test_codes_are_not_written_down(vera: Person, app: App, caplog: Any) -> None:
    vera.gives_password()
    vera.gives_code(code := app.wrong_code())
    [attempt] = AccessAttempt.objects.all()
    assert code not in attempt.post_data
    assert code not in caplog.text
    assert attempt.attempt_time > timezone.now() - dt.timedelta(minutes=1)
