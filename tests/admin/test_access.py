"""Who comes in, what they are told who may not, and how roles are given."""

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from predictions import services
from predictions.models import Outcome, User
from predictions.roles import ROLES
from tests.admin.conftest import allow, member
from tests.admin.pages import Pages, text_of
from tests.making import Maker

SECRET = "a long enough secret"


def signed_in(user: User) -> Pages:
    client = Client()
    client.force_login(user)
    return Pages(client)


def sign_in(client: Client, name: str) -> Any:
    data = {"username": name, "password": SECRET}
    return client.post(reverse("admin:login"), data, follow=True)


def test_a_role_is_all_it_takes_to_sign_in(viewer: User, client: Client) -> None:
    assert not viewer.is_staff
    shown = sign_in(client, "vera")
    assert shown.redirect_chain == [(reverse("admin:index"), 302)]
    assert shown.status_code == 200


def test_who_has_no_role_is_told_so_and_may_sign_out(client: Client, adjudicator: User) -> None:
    member("nora")
    shown = sign_in(client, "nora")
    assert shown.status_code == 403
    told = text_of(shown)
    assert "Your account has no role yet" in told
    assert "An administrator can give you a role: ask ada." in told
    for role, said in ROLES.items():
        assert f"{role} {said}" in told
    assert client.post(reverse("admin:logout")).status_code == 200
    assert "_auth_user_id" not in client.session


def test_staff_without_a_role_has_none(client: Client, db: None) -> None:
    User.objects.filter(pk=member("nora").pk).update(is_staff=True)
    assert sign_in(client, "nora").status_code == 403


def test_who_is_not_active_does_not_sign_in(client: Client, viewer: User) -> None:
    User.objects.filter(pk=viewer.pk).update(is_active=False)
    assert "_auth_user_id" not in sign_in(client, "vera").wsgi_request.session


def test_a_refusal_names_the_role_the_person_and_the_administrators(
    looking: Pages, make: Maker, adjudicator: User
) -> None:
    User.objects.create_superuser("zoe", "zoe@example.org", SECRET)
    told = text_of(looking.get("predictions_question_outcome", make.question().pk))
    assert "Entering an outcome needs the role adjudicator; you are viewer." in told
    assert "An administrator can give you a role that may: ask ada, zoe." in told


def test_a_refusal_knows_groups_that_an_administrator_made(
    looking: Pages, viewer: User, make: Maker
) -> None:
    judges = Group.objects.create(name="judges")
    judges.permissions.set(Group.objects.get(name="adjudicator").permissions.all())
    Group.objects.filter(name="adjudicator").update(name="referee")
    viewer.groups.add(Group.objects.get(name="editor"))
    told = text_of(looking.get("predictions_question_outcome", make.question().pk))
    assert "needs the role judges or referee; you are editor and viewer." in told
    viewer.groups.add(judges)
    assert looking.get("predictions_question_outcome", make.question().pk).status_code == 200


def test_a_permission_of_ones_own_counts_as_one_of_a_role(db: None, make: Maker) -> None:
    nora = member("nora")
    allow(nora, "view_question")
    told = text_of(signed_in(nora).get("predictions_topic_changelist"))
    assert "Looking at topics needs the role adjudicator, auditor, editor or viewer" in told
    assert "you are without a role." in told
    assert "Criteria" in signed_in(nora).question(make.question())


def test_what_nobody_may_do_is_not_blamed_on_a_role(desk: Pages, make: Maker) -> None:
    topic = services.topic_record(key="harvest", name="Harvest", by=None)
    told = text_of(desk.post("predictions_topic_delete", topic.pk, data={"post": "yes"}))
    assert "Deleting topics is not possible here, not even for superusers" in told


def test_who_recorded_predictions_is_told_who_may_adjudicate(
    desk: Pages, make: Maker, adjudicator: User, settings: Any
) -> None:
    settings.FOUR_EYES = True
    member("cy", "adjudicator")
    question = make.prediction(by=adjudicator).question
    for answer in (desk.get("predictions_question_outcome", question.pk), desk.enter(question)):
        assert answer.status_code == 403
        told = text_of(answer)
        assert (
            f"Ada has recorded or amended predictions that hang on {question.key} and does" in told
        )
        assert "another adjudicator must, such as cy." in told
    assert not Outcome.objects.exists()
    outcome = make.outcome(question)
    for name in ("correct", "withdraw"):
        page = desk.get(f"predictions_question_{name}", question.pk, outcome.pk)
        assert page.status_code == 403


def test_the_side_bar_shows_what_a_role_may_look_at(looking: Pages) -> None:
    assert {"Questions", "Ledger"} <= links(looking.get("index"))
    assert not {"Messages", "Users", "Verify"} & links(looking.get("index"))
    auditing = signed_in(member("otto", "auditor"))
    assert {"Questions", "Messages", "Users", "Verify"} <= links(auditing.get("index"))


def links(page: HttpResponse) -> set[str]:
    groups = page.context["sidebar_navigation"]  # type: ignore[attr-defined]
    return {item["title"] for group in groups for item in group["items"]}


def test_an_auditor_reads_about_people_and_changes_nothing(adjudicator: User) -> None:
    auditing = signed_in(member("otto", "auditor"))
    shown = auditing.get("predictions_user_change", adjudicator.pk)
    assert "ada@example.org" in text_of(shown)
    assert adjudicator.password not in shown.content.decode()
    assert "algorithm" not in text_of(shown)
    assert auditing.get("auth_group_change", Group.objects.get(name="editor").pk).status_code == 200
    answer = auditing.post("predictions_user_change", adjudicator.pk, data={"username": "eve"})
    assert answer.status_code == 403
    assert "Changing users is for superusers alone; you are auditor." in text_of(answer)


def test_a_new_person_is_given_roles_at_once(desk: Pages) -> None:
    shown = text_of(desk.get("predictions_user_add"))
    for role, said in ROLES.items():
        assert f"{role}: {said}" in shown
    editor = Group.objects.get(name="editor")
    data = {
        "username": "bo",
        "usable_password": "true",
        "password1": SECRET,
        "password2": SECRET,
        "groups": [str(editor.pk)],
    }
    desk.post("predictions_user_add", data=data)
    bo = User.objects.get(username="bo")
    assert list(bo.groups.all()) == [editor]
    assert bo.has_perm("predictions.add_question")
    assert signed_in(bo).get("index").status_code == 200


def test_what_somebody_holds_beside_their_roles_is_shown(desk: Pages, viewer: User) -> None:
    assert "Beside its roles nothing" in text_of(desk.get("predictions_user_change", viewer.pk))
    allow(viewer, "add_event")
    assert "Can add event" in text_of(desk.get("predictions_user_change", viewer.pk))


def test_a_superuser_changes_what_a_role_may(desk: Pages) -> None:
    viewer = Group.objects.get(name="viewer")
    kept = viewer.permissions.get(codename="view_topic")
    data = {"name": "reader", "permissions": [str(kept.pk)]}
    desk.post("auth_group_change", viewer.pk, data=data)
    viewer.refresh_from_db()
    assert viewer.name == "reader"
    assert list(viewer.permissions.all()) == [kept]


@pytest.mark.parametrize("role", ROLES)
def test_no_role_takes_many_queries_to_be_refused(
    role: str, make: Maker, django_assert_max_num_queries: Any
) -> None:
    pages = signed_in(member("mo", role))
    with django_assert_max_num_queries(14):
        assert pages.get("auth_group_add").status_code == 403


def test_proofs_and_exports_take_looking_at_what_they_are_of(make: Maker, db: None) -> None:
    nora = member("nora")
    allow(nora, "view_topic", "export_facts")
    pages = signed_in(nora)
    question = make.question()
    for page in (
        pages.get("predictions_question_proofs", question.pk),
        pages.get("predictions_question_export_as", "csv"),
    ):
        assert page.status_code == 403
        assert "Looking at questions needs the role" in text_of(page)
