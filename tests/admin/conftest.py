import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from predictions.models import User
from tests.admin.pages import Pages


@pytest.fixture
def desk(client: Client, adjudicator: User) -> Pages:
    """The admin, signed in as a superuser."""
    client.force_login(adjudicator)
    return Pages(client)


@pytest.fixture
def viewer(db: None) -> User:
    """Staff without any permission."""
    return User.objects.create_user(
        "vera", "vera@example.org", "a long enough secret", is_staff=True
    )


@pytest.fixture
def looking(viewer: User) -> Pages:
    """The admin, signed in as the viewer."""
    client = Client()
    client.force_login(viewer)
    return Pages(client)


def allow(user: User, *codenames: str) -> None:
    user.user_permissions.add(*Permission.objects.filter(codename__in=codenames))
