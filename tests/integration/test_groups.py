"""The four groups: made by a migration, given what the table says, and left to administrators."""

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission

from predictions.models import User
from predictions.roles import GRANTS, ROLES, grant, permissions_of
from tests.servers import own_servers

EVERY = {held[:2] for given in GRANTS for held in given.permissions()}


_COLUMNS = ("content_type__app_label", "content_type__model", "codename")


def held(group: Group) -> set[tuple[str, str, str]]:
    return set(group.permissions.values_list(*_COLUMNS))


@pytest.mark.django_db
def test_each_role_has_what_the_table_says_and_nothing_else() -> None:
    for role in ROLES:
        assert held(Group.objects.get(name=role)) == set(permissions_of(role)), role


@pytest.mark.django_db
def test_every_permission_of_the_table_is_one_that_django_knows() -> None:
    known = {
        (model._meta.app_label, model._meta.model_name, codename)
        for model in apps.get_models()
        for codename in (
            *(f"{verb}_{model._meta.model_name}" for verb in model._meta.default_permissions),
            *(code for code, _ in model._meta.permissions),
        )
    }
    assert {given for role in ROLES for given in permissions_of(role)} <= known


@pytest.mark.django_db
def test_granting_again_changes_nothing_and_makes_no_group_anew() -> None:
    Group.objects.filter(name="editor").update(name="desk")
    Group.objects.get(name="auditor").delete()
    before = {group.name: held(group) for group in Group.objects.all()}
    permissions = Permission.objects.count()
    grant(apps, EVERY)
    assert {group.name: held(group) for group in Group.objects.all()} == before
    assert Permission.objects.count() == permissions


@pytest.mark.django_db
def test_what_a_later_migration_grants_leaves_alone_what_was_taken_away() -> None:
    viewer = Group.objects.get(name="viewer")
    viewer.permissions.remove(Permission.objects.get(codename="view_score"))
    Permission.objects.get(codename="view_topic").delete()
    grant(apps, {("predictions", "topic")})
    assert held(viewer) == {given for given in permissions_of("viewer") if given[2] != "view_score"}


@pytest.mark.django_db
def test_no_role_may_delete_anything_but_how_a_topic_is_reminded_of() -> None:
    held = Permission.objects.filter(group__name__in=ROLES, codename__startswith="delete_")
    assert [one.codename for one in held] == ["delete_reminderpolicy"]


@pytest.mark.django_db
def test_a_role_is_told_by_what_its_permissions_allow() -> None:
    user = User.objects.create_user("bo", "bo@example.org")
    user.groups.add(Group.objects.get(name="auditor"))
    assert user.has_perms(["predictions.verify_ledger", "predictions.export_facts"])
    assert not user.has_perm("predictions.add_outcome")


_STAFF = """
from django.contrib.auth.models import Group
from predictions.models import User
for name, staff in ("looks", True), ("mailed", False):
    User.objects.create_user(name, f"{name}@example.org", is_staff=staff)
Group.objects.filter(name="editor").update(name="desk")
"""
_TELL = """
from django.contrib.auth.models import Group
from predictions.models import User
print({user.username: [group.name for group in user.groups.all()] for user in User.objects.all()})
print({group.name: group.permissions.count() for group in Group.objects.order_by("name")})
"""


def test_the_migration_can_be_undone_and_made_again() -> None:
    with own_servers() as servers:

        def shell(code: str) -> str:
            return servers.run("manage.py", "shell", "--no-imports", "--command", code)

        def migrate(*to: str) -> None:
            servers.run("manage.py", "migrate", "predictions", *to, "--verbosity", "0")

        counts = {name: len(permissions_of(name)) for name in ROLES}
        shell(_STAFF)
        migrate("0005")
        migrate()
        told = shell(_TELL)
        assert "{'looks': ['viewer'], 'mailed': []}" in told
        expected = dict(sorted({**counts, "desk": counts["editor"]}.items()))
        assert str(expected) in told
