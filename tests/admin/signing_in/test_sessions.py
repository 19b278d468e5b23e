"""The page "Where you are signed in"."""

import datetime as dt
import hashlib
from typing import Any

import pytest
from axes.models import AccessLog
from django.db.models import F
from django.urls import reverse
from django.utils import timezone
from qsessions.models import Session

from predictions import tasks
from predictions.admin.signing_in.sessions import device
from tests.admin.pages import Pages, text_of
from tests.admin.signing_in.people import PASSWORD, App, Person

PAGE = "/admin/account/sessions/"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like"
    " Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
)


@pytest.fixture
def elsewhere(vera: Person) -> Person:
    """Vera at home, signed in; in the office she is too."""
    other = vera.elsewhere(REMOTE_ADDR="198.51.100.7", HTTP_USER_AGENT=SAFARI)
    other.signs_in()
    vera.client.defaults["HTTP_USER_AGENT"] = FIREFOX
    vera.signs_in()
    return other


def mark_of(person: Person) -> str:
    key = person.client.session.session_key or ""
    return hashlib.sha256(key.encode()).hexdigest()[:16]


def test_it_shows_each_browser_and_which_is_this(vera: Person, elsewhere: Person) -> None:
    page = vera.client.get(PAGE)
    text = text_of(page)
    assert "Firefox 140 on Linux this one 192.0.2.2" in text
    assert "Mobile Safari 18 on iOS 198.51.100.7" in text
    assert text.count("this one") == 1


def test_it_holds_nothing_that_opens_a_session(vera: Person, elsewhere: Person) -> None:
    page = vera.client.get(PAGE).content.decode()
    for key in Session.objects.values_list("session_key", flat=True):
        assert key not in page


def test_ending_another_signs_it_out(vera: Person, elsewhere: Person) -> None:
    answer = vera.client.post(PAGE, {"end": mark_of(elsewhere)}, follow=True)
    assert "That session is ended." in text_of(answer)
    assert vera.is_in()
    assert not elsewhere.is_in()
    answer = vera.client.post(PAGE, {"end": mark_of(elsewhere)}, follow=True)
    assert "That session had ended already." in text_of(answer)


def test_all_others_end_at_once(vera: Person, elsewhere: Person) -> None:
    vera.elsewhere().signs_in()
    answer = vera.client.post(PAGE, {"others": "1"}, follow=True)
    assert "2 other sessions ended." in text_of(answer)
    assert vera.is_in()
    assert not elsewhere.is_in()


def test_looking_ends_nothing(vera: Person, elsewhere: Person) -> None:
    vera.client.get(PAGE, {"end": mark_of(elsewhere), "others": "1"})
    vera.client.post(PAGE, {})
    assert elsewhere.is_in()


def test_nobody_ends_anothers(vera: Person, ada: Person) -> None:
    ada.signs_in()
    vera.signs_in()
    vera.client.post(PAGE, {"end": mark_of(ada)})
    vera.client.post(PAGE, {"others": "1"})
    assert ada.is_in()


def test_who_has_not_signed_in_sees_none(vera: Person) -> None:
    assert vera.client.get(PAGE).headers["Location"].startswith(reverse("admin:login"))


def test_a_new_password_ends_all_but_the_present_one(vera: Person, elsewhere: Person) -> None:
    new = "another long secret"
    data = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    answer = vera.client.post(reverse("admin:password_change"), data)
    assert answer.headers["Location"] == reverse("admin:password_change_done")
    assert vera.is_in()
    assert not elsewhere.is_in()
    assert Session.objects.filter(user=vera.user).count() == 1


def test_a_password_changed_for_somebody_leaves_no_session_that_seems_to_hold(
    vera: Person, elsewhere: Person
) -> None:
    vera.user.set_password("another long secret")
    vera.user.save()
    vera = vera.elsewhere()
    assert vera.gives_password("another long secret").status_code == 302
    assert text_of(vera.client.get(PAGE)).count("UTC") == 2


def test_a_superuser_signs_somebody_out_everywhere(
    desk: Pages, vera: Person, elsewhere: Person
) -> None:
    data = {"action": "sign_out", "_selected_action": [str(vera.user.pk)]}
    answer = desk.post("predictions_user_changelist", data=data)
    assert "2 sessions ended." in text_of(answer)
    assert not vera.is_in()
    assert not elsewhere.is_in()


def test_last_seen_moves_and_is_not_written_at_every_page(
    vera: Person, django_assert_max_num_queries: Any
) -> None:
    vera.signs_in()
    vera.client.get(PAGE)
    Session.objects.update(updated_at=F("updated_at") - dt.timedelta(hours=3))
    vera.client.get(PAGE)
    assert Session.objects.get().updated_at < timezone.now() - dt.timedelta(hours=2)
    session = vera.client.session
    session["seen"] -= 301
    session.save()
    Session.objects.update(updated_at=F("updated_at") - dt.timedelta(hours=3))
    vera.client.get(PAGE)
    assert Session.objects.get().updated_at > timezone.now() - dt.timedelta(minutes=1)
    with django_assert_max_num_queries(6):
        vera.client.get(PAGE)


def test_a_session_ends_so_long_after_it_was_used(vera: Person, settings: Any) -> None:
    vera.signs_in()
    assert vera.is_in()
    left = Session.objects.get().expire_date - timezone.now()
    assert left > dt.timedelta(days=13, hours=23)
    Session.objects.update(expire_date=timezone.now())
    assert not vera.is_in()


@pytest.mark.django_db(transaction=True)
def test_what_has_ended_is_cleared(vera: Person, elsewhere: Person) -> None:
    Session.objects.filter(ip="198.51.100.7").update(expire_date=timezone.now())
    AccessLog.objects.filter(ip_address="192.0.2.2").update(
        attempt_time=timezone.now() - dt.timedelta(days=91)
    )
    tasks.forget_sign_ins()
    assert [row.ip for row in Session.objects.all()] == ["192.0.2.2"]
    assert [row.ip_address for row in AccessLog.objects.all()] == ["198.51.100.7"]


def test_the_menu_leads_to_ones_own_pages(vera: Person, app: App) -> None:
    vera.signs_in(app.code())
    page = vera.client.get("/admin/").content.decode()
    for name in ("two_factor", "sign_ins", "password_change"):
        assert page.count(f'href="{reverse(f"admin:{name}")}"') >= 2


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (FIREFOX, "Firefox 140 on Linux"),
        (SAFARI, "Mobile Safari 18 on iOS"),
        ("", "Unknown browser"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("x" * 300, "x" * 40),
    ],
)
def test_a_browser_is_named_in_words(user_agent: str, words: str) -> None:
    assert device(user_agent) == words
