import pytest
from django.test import Client

from predictions.models import User
from tests.admin.signing_in.people import App, Person


@pytest.fixture
def ada(adjudicator: User) -> Person:
    """A superuser who has not signed in yet."""
    return Person(adjudicator, Client(REMOTE_ADDR="192.0.2.1"))


@pytest.fixture
def vera(viewer: User) -> Person:
    """A viewer who has not signed in yet."""
    return Person(viewer, Client(REMOTE_ADDR="192.0.2.2"))


@pytest.fixture
def app(vera: Person) -> App:
    """Vera's app, set up a while ago."""
    return vera.set_up()
