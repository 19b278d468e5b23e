from django.contrib.auth.models import Group
from django.utils import timezone

from predictions.models import ApiToken, User
from tests.admin.conftest import allow
from tests.admin.pages import Pages, text_of


def token(user: User) -> ApiToken:
    return ApiToken.objects.create(
        name="reader", digest="d" * 64, user=user, scopes=["read"], created_at=timezone.now()
    )


def on_selected(pages: Pages, model: str, action: str, pk: object) -> str:
    data = {"action": action, "_selected_action": [str(pk)]}
    return text_of(pages.post(f"predictions_{model}_changelist", data=data))


def test_a_superuser_adds_a_user(desk: Pages) -> None:
    data = {
        "username": "bo",
        "email": "bo@example.org",
        "usable_password": "true",
        "password1": "a long enough secret",
        "password2": "a long enough secret",
    }
    response = desk.post("predictions_user_add", data=data)
    assert response.status_code == 200
    assert User.objects.get(username="bo").check_password("a long enough secret")


def test_a_superuser_gives_a_role_and_a_time_zone(desk: Pages, viewer: User) -> None:
    group = Group.objects.create(name="Adjudicators")
    data = {
        "username": "vera",
        "is_active": "on",
        "is_staff": "on",
        "time_zone": "Europe/Vienna",
        "groups": [str(group.pk)],
    }
    desk.post("predictions_user_change", viewer.pk, data=data)
    viewer.refresh_from_db()
    assert viewer.time_zone == "Europe/Vienna"
    assert list(viewer.groups.all()) == [group]


def test_a_time_zone_that_does_not_exist_is_refused(desk: Pages, viewer: User) -> None:
    data = {"username": "vera", "time_zone": "Europe/Atlantis"}
    response = desk.post("predictions_user_change", viewer.pk, data=data)
    assert "time_zone" in response.context["adminform"].form.errors


def test_users_and_groups_are_not_deleted(desk: Pages, viewer: User) -> None:
    response = desk.post("predictions_user_delete", viewer.pk, data={"post": "yes"})
    assert response.status_code == 403
    assert User.objects.filter(pk=viewer.pk).exists()


def test_a_member_of_staff_cannot_make_a_superuser(looking: Pages, viewer: User) -> None:
    allow(viewer, "change_user", "add_user", "view_user")
    response = looking.post("predictions_user_change", viewer.pk, data={"is_superuser": "on"})
    assert response.status_code == 403


def test_the_digest_of_a_token_is_never_shown(desk: Pages, adjudicator: User) -> None:
    row = token(adjudicator)
    for page in (
        desk.get("predictions_apitoken_changelist"),
        desk.get("predictions_apitoken_change", row.pk),
    ):
        assert "reader" in page.content.decode()
        assert row.digest not in page.content.decode()


def test_a_token_is_revoked_once(desk: Pages, adjudicator: User) -> None:
    row = token(adjudicator)
    assert "1 token revoked." in on_selected(desk, "apitoken", "revoke", row.pk)
    row.refresh_from_db()
    assert row.revoked_at is not None
    assert "0 tokens revoked." in on_selected(desk, "apitoken", "revoke", row.pk)


def test_who_may_only_look_at_tokens_revokes_none(
    looking: Pages, viewer: User, adjudicator: User
) -> None:
    row = token(adjudicator)
    allow(viewer, "view_apitoken")
    on_selected(looking, "apitoken", "revoke", row.pk)
    row.refresh_from_db()
    assert row.revoked_at is None
