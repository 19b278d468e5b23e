import datetime as dt

import pytest

from predictions.models import IdempotencyKey, User
from predictions.services.tokens import answers_forget, token_create

pytestmark = pytest.mark.django_db


def test_answers_are_remembered_for_a_month(adjudicator: User, now: dt.datetime) -> None:
    token = token_create(name="dashboard", scopes=["record"], user=adjudicator, now=now).row
    for days in (29, 31):
        IdempotencyKey.objects.create(
            token=token,
            key=f"{days} days old",
            request_digest="0" * 64,
            status=201,
            body={},
            created_at=now - dt.timedelta(days=days),
        )
    assert answers_forget(now=now) == 1
    assert IdempotencyKey.objects.get().key == "29 days old"
