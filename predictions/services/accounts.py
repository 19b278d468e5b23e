"""The first administrator, and what people keep for themselves."""

import datetime as dt
import secrets
import uuid

from django.db import transaction

from predictions.models import Subscription, User


@transaction.atomic
def administrator_ensure(*, email: str, now: dt.datetime) -> tuple[str, str] | None:
    """Make the administrator where there is none, subscribed to the weekly report.

    Returns user name and password, which is kept nowhere else, or None if there is one already.
    """
    if User.objects.filter(is_superuser=True).exists():
        return None
    password = secrets.token_urlsafe(12)
    user = User.objects.create_superuser("admin", email, password)
    Subscription.objects.create(user=user, created_at=now, confirmed_at=now)
    return user.username, password


def calendar_key_renew(*, user: User) -> uuid.UUID:
    """Give a user's calendar an address that nobody knows; under the old one it is no more."""
    user.calendar_key = uuid.uuid4()
    user.save(update_fields=["calendar_key"])
    return user.calendar_key


def calendar_key_remove(*, user: User) -> None:
    """Leave a user without a calendar."""
    user.calendar_key = None
    user.save(update_fields=["calendar_key"])
