import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.test import Client

from predictions.models import User
from tests.admin.pages import Pages

# As `config.urls` does, for tests that look at what is registered.
admin.autodiscover()


@pytest.fixture
def desk(client: Client, adjudicator: User) -> Pages:
    """The admin, signed in as a superuser."""
    client.force_login(adjudicator)
    return Pages(client)


@pytest.fixture
def viewer(db: None) -> User:
    return member("vera", "viewer")


@pytest.fixture
def looking(viewer: User) -> Pages:
    """The admin, signed in as the viewer."""
    client = Client()
    client.force_login(viewer)
    return Pages(client)


def member(name: str, *roles: str) -> User:
    """A person with these roles."""
    user = User.objects.create_user(name, f"{name}@example.org", "a long enough secret")
    user.groups.set(Group.objects.filter(name__in=roles))
    return user


def allow(user: User, *codenames: str) -> None:
    user.user_permissions.add(*Permission.objects.filter(codename__in=codenames))
