"""The first administrator."""

import datetime as dt
import secrets

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
