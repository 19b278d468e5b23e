"""Two browsers at the same moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice

from predictions.errors import Conflict, Invalid
from predictions.services.two_factor import (
    two_factor_check,
    two_factor_key,
    two_factor_set_up,
)
from tests.admin.signing_in.people import App, Person

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(act: Callable[[], object]) -> list[bool]:
    """Does it four times at the same moment; says which of them succeeded."""

    def attempt(_: int) -> bool:
        try:
            act()
        except (Invalid, Conflict):
            return False
        else:
            return True
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(attempt, range(4)))


@pytest.mark.parametrize("kind", ["app", "backup"])
def test_a_code_given_several_times_at_once_serves_once(vera: Person, app: App, kind: str) -> None:
    code = app.code() if kind == "app" else app.backup_codes[0]
    done = at_once(lambda: two_factor_check(user=vera.user, code=code, now=timezone.now()))
    assert done.count(True) == 1


def test_two_keys_confirmed_at_once_leave_one(vera: Person) -> None:
    def set_up() -> None:
        app = App(two_factor_key())
        two_factor_set_up(user=vera.user, key=app.key, code=app.code(), now=timezone.now())

    assert at_once(set_up).count(True) == 1
    assert TOTPDevice.objects.count() == 1
