"""What every test may ask for. Real servers; nothing of ours is replaced."""

import datetime as dt
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.core.cache import cache
from django.db import connection

from ledger import roles
from predictions.models import User
from seeds.loader import load
from tests.making import Maker

# A busy machine is no bug. What deserves more examples asks for them.
hypothesis.settings.register_profile("tests", deadline=None, max_examples=40)
hypothesis.settings.load_profile("tests")


# pytest-django's two fixtures around the making of the test database, extended: the owner makes
# and migrates it, as in operation, and the tests run with the rights of the service.
@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> ExitStack:
    acting = ExitStack()
    acting.enter_context(roles.as_owner())
    return acting


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_modify_db_settings: ExitStack, django_db_setup: None, django_db_blocker: Any
) -> Iterator[None]:
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        # Between tests that are rolled back every table is empty. A planner that was told so by
        # chance of the clock plans for no rows when the next test has thousands.
        for table in connection.introspection.table_names():
            cursor.execute(f'ALTER TABLE "{table}" SET (autovacuum_enabled = false)')
    django_db_modify_db_settings.close()
    yield
    connection.close()


NOW = dt.datetime(2026, 11, 23, 9, 0, tzinfo=dt.UTC)


@pytest.fixture
def now() -> dt.datetime:
    """The moment at which a test acts."""
    return NOW


@pytest.fixture(autouse=True)
def signer_files(settings: Any, tmp_path: Path) -> None:
    """Each test's log is a new one, so its signer has a key and a memory of its own."""
    settings.LEDGER_KEY_FILE = tmp_path / "signer" / "ledger_key"
    settings.LEDGER_STATE_FILE = tmp_path / "signer" / "ledger_state.json"


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    """A test that is rolled back leaves the head of the ledger where the next one finds it."""
    cache.clear()


@pytest.fixture
def make(db: None) -> Maker:
    """Makes domain rows through the services, with as few words as a test needs."""
    return Maker(NOW)


@pytest.fixture
def seeded(db: None) -> None:
    """The seed articles, in a database that is rolled back."""
    load(now=NOW)


@pytest.fixture
def adjudicator(db: None) -> User:
    return User.objects.create_superuser("ada", "ada@example.org", "a long enough secret")
