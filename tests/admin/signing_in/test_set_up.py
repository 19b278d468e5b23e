"""The page "Two-factor sign-in"."""

import base64
import logging
import re
from typing import Any

import pytest
from django.core import signing
from django.core.management import CommandError, call_command
from django.urls import reverse
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from predictions.services.two_factor import NewKey, two_factor_is_on
from tests.admin.pages import Pages, text_of
from tests.admin.signing_in.people import PASSWORD, App, Person, hidden, some_time_passes

PAGE = "/admin/account/two-factor/"


def shown_app(page: Any) -> App:
    """The app of somebody who typed in the key that the page shows."""
    [text] = re.findall(r'class="pl-secret">([A-Z2-7 ]+)<', page.content.decode())
    return App(NewKey(base64.b32decode(text.replace(" ", "")).hex()))


def sets_up(person: Person, **given: str) -> tuple[App, Any]:
    page = person.client.get(PAGE)
    app = shown_app(page)
    data = {"sealed": hidden(page, "sealed"), "password": PASSWORD, "code": app.code(), **given}
    return app, person.client.post(PAGE, data)


def codes_on(page: Any) -> list[str]:
    return re.findall(r"<code>([a-z2-9]{5}-[a-z2-9]{5})</code>", page.content.decode())


def test_setting_up_shows_ten_codes_this_once(vera: Person) -> None:
    vera.signs_in()
    app, page = sets_up(vera)
    codes = codes_on(page)
    assert len(set(codes)) == 10
    assert page.headers["Cache-Control"].startswith("max-age=0, no-cache, no-store")
    assert vera.is_in()
    again = vera.client.get(PAGE)
    assert "10 backup codes left" in text_of(again)
    assert codes_on(again) == []
    some_time_passes(vera.user)
    vera.elsewhere().signs_in(app.code())
    vera.elsewhere().signs_in(codes[0])


def test_looking_at_the_page_sets_up_nothing(vera: Person) -> None:
    vera.signs_in()
    keys = {shown_app(vera.client.get(PAGE)).key for _ in range(2)}
    assert len(keys) == 2
    assert not TOTPDevice.objects.exists()


def test_the_code_that_set_it_up_does_not_sign_in(vera: Person) -> None:
    vera.signs_in()
    page = vera.client.get(PAGE)
    app = shown_app(page)
    code = app.code()
    data = {"sealed": hidden(page, "sealed"), "password": PASSWORD, "code": code}
    vera.client.post(PAGE, data)
    again = vera.elsewhere()
    again.gives_password()
    again.gives_code(code)
    assert not again.is_in()


def test_setting_up_ends_other_sessions(vera: Person) -> None:
    other = vera.elsewhere()
    other.signs_in()
    vera.signs_in()
    sets_up(vera)
    assert vera.is_in()
    assert not other.is_in()


@pytest.mark.parametrize(
    ("given", "field", "says"),
    [
        ({"password": "a guess"}, "password", "Is not yours"),
        ({"password": ""}, "password", "Is missing"),
        ({"code": "abcdef"}, "code", "Is not the one that the app shows"),
        ({"code": ""}, "code", "Is missing"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_the_key_stays(
    vera: Person, given: dict[str, str], field: str, says: str
) -> None:
    vera.signs_in()
    app, page = sets_up(vera, **given)
    assert says in page.context["form"].errors[field][0]
    assert shown_app(page).key == app.key
    assert not two_factor_is_on(vera.user)


@pytest.mark.parametrize("sealed", ["", "rubbish", "other"])
def test_a_key_that_the_page_did_not_show_them_is_refused(
    vera: Person, ada: Person, sealed: str
) -> None:
    if sealed == "other":
        ada.signs_in()
        sealed = hidden(ada.client.get(PAGE), "sealed")
    vera.signs_in()
    _, page = sets_up(vera, sealed=sealed)
    assert "That key was shown too long ago; take the new one." in text_of(page)
    assert signing.loads(
        hidden(page, "sealed"), salt=f"predictions.admin.signing_in.two_factor {vera.user.pk}"
    ) == (shown_app(page).key.secret)
    assert not two_factor_is_on(vera.user)


def test_the_picture_holds_the_key_and_has_a_name(vera: Person) -> None:
    vera.signs_in()
    page = vera.client.get(PAGE).content.decode()
    assert 'role="img" aria-label="QR picture' in page
    picture = page[page.index("<svg") : page.index("</svg>")]
    assert "style" not in picture
    assert "otpauth" not in page


def test_the_address_for_apps_names_service_and_user(vera: Person, app: App) -> None:
    address = app.key.address(vera.user)
    assert address.startswith("otpauth://totp/Prediction%20Ledger%3Avera?secret=")
    assert "issuer=Prediction%20Ledger" in address


def test_a_form_sent_twice_sets_up_once(vera: Person) -> None:
    vera.signs_in()
    page = vera.client.get(PAGE)
    data = {
        "sealed": hidden(page, "sealed"),
        "password": PASSWORD,
        "code": shown_app(page).code(),
    }
    vera.client.post(PAGE, data)
    again = vera.client.post(PAGE, data, follow=True)
    assert "Two-factor sign-in is set up already." in text_of(again)
    assert TOTPDevice.objects.count() == 1


def test_removing_takes_a_code(vera: Person, app: App) -> None:
    vera.signs_in(app.code())
    some_time_passes(vera.user)
    page = vera.client.post(reverse("admin:two_factor_remove"), {"code": app.wrong_code()})
    assert "Is wrong or was used already" in page.context["form"].errors["code"][0]
    assert two_factor_is_on(vera.user)
    some_time_passes(vera.user)
    vera.client.post(reverse("admin:two_factor_remove"), {"code": app.code()})
    assert not TOTPDevice.objects.exists()
    assert not StaticDevice.objects.exists()
    assert vera.is_in()
    vera.elsewhere().signs_in()


def test_new_backup_codes_replace_the_old_ones(vera: Person, app: App) -> None:
    vera.signs_in(app.code())
    some_time_passes(vera.user)
    page = vera.client.post(reverse("admin:two_factor_codes"), {"code": app.code()})
    new = codes_on(page)
    assert len(new) == 10
    again = vera.elsewhere()
    again.gives_password()
    again.gives_code(app.backup_codes[0])
    assert not again.is_in()
    some_time_passes(vera.user)
    again.signs_in(new[0])


def test_who_signed_in_by_a_backup_code_stays_signed_in_with_new_ones(
    vera: Person, app: App
) -> None:
    vera.signs_in(app.backup_codes[0])
    vera.client.post(reverse("admin:two_factor_codes"), {"code": app.backup_codes[1]})
    assert vera.is_in()


@pytest.mark.parametrize("page", ["two_factor_codes", "two_factor_remove"])
def test_acts_on_what_is_not_set_up_lead_to_setting_it_up(vera: Person, page: str) -> None:
    vera.signs_in()
    for answer in (
        vera.client.get(reverse(f"admin:{page}")),
        vera.client.post(reverse(f"admin:{page}"), {"code": "123456"}),
    ):
        assert answer.headers["Location"] == PAGE


def test_nothing_is_done_by_looking(vera: Person, app: App) -> None:
    vera.signs_in(app.code())
    for page in ("two_factor", "two_factor_codes", "two_factor_remove"):
        assert vera.client.get(reverse(f"admin:{page}")).status_code == 200
    assert two_factor_is_on(vera.user)
    assert "10 backup codes left" in text_of(vera.client.get(PAGE))


class TestALostDevice:
    def lose(self, pages: Pages, person: Person) -> str:
        data = {"action": "lose_device", "_selected_action": [str(person.user.pk)]}
        return text_of(pages.post("predictions_user_changelist", data=data))

    def test_a_superuser_removes_it_and_the_user_is_signed_out(
        self, desk: Pages, vera: Person, app: App, caplog: Any
    ) -> None:
        vera.signs_in(app.code())
        with caplog.at_level(logging.WARNING):
            assert "vera signs in with a password alone." in self.lose(desk, vera)
        assert "two-factor sign-in of vera was removed by ada" in caplog.text
        assert not vera.is_in()
        vera.signs_in()

    def test_their_own_is_removed_with_a_code_alone(self, ada: Person) -> None:
        app = ada.set_up()
        ada.signs_in(app.code())
        assert "with a code" in self.lose(Pages(ada.client), ada)
        assert two_factor_is_on(ada.user)

    def test_the_list_of_users_says_who_has_one(self, desk: Pages, vera: Person, app: App) -> None:
        page = desk.get("predictions_user_changelist")
        assert {user.username: user.two_factor_on for user in page.context["cl"].result_list} == {
            "ada": False,
            "vera": True,
        }

    def test_who_has_none_is_named(self, desk: Pages, vera: Person) -> None:
        assert "vera has no two-factor sign-in." in self.lose(desk, vera)

    def test_the_command_helps_a_superuser(self, ada: Person, capsys: Any) -> None:
        app = ada.set_up()
        ada.signs_in(app.code())
        call_command("remove_two_factor", "ada")
        assert capsys.readouterr().out == "ada signs in with a password alone\n"
        assert not ada.is_in()
        ada.signs_in()

    @pytest.mark.parametrize(
        ("name", "says", "code"),
        [("nobody", "there is no user 'nobody'", 2), ("ada", "ada has no two-factor sign-in", 1)],
    )
    @pytest.mark.usefixtures("adjudicator")
    def test_the_command_says_what_it_did_not_do(self, name: str, says: str, code: int) -> None:
        with pytest.raises(CommandError, match=says) as refused:
            call_command("remove_two_factor", name)
        assert refused.value.returncode == code
