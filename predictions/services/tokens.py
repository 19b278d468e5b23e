"""API tokens: made here, shown once, kept as a digest. Operational: not in the ledger."""

import datetime as dt
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError

from predictions.errors import Invalid
from predictions.models import ApiToken, IdempotencyKey, User
from predictions.models.choices import Scope
from predictions.services.posting import refusal

# Lets people, and scanners for leaked secrets, tell what a found string is.
PREFIX = "pl_"
_REMEMBERED = dt.timedelta(days=30)


@dataclass(frozen=True)
class NewToken:
    """A token and its secret, which nothing can show again."""

    row: ApiToken
    secret: str


def token_create(*, name: str, scopes: Sequence[str], user: User, now: dt.datetime) -> NewToken:
    """Make a token with which a client acts for `user` within `scopes`.

    Raises Invalid, naming the field.
    """
    if not scopes:
        raise Invalid("scopes", f"is empty; give one or more of {', '.join(Scope.values)}")
    secret = PREFIX + secrets.token_urlsafe(32)
    name = name.strip()
    if ApiToken.objects.filter(name=name).exists():
        raise Invalid("name", f"there is a token {name!r} already; choose another name")
    row = ApiToken(
        name=name,
        digest=token_digest(secret),
        user=user,
        scopes=sorted(set(scopes)),
        created_at=now,
    )
    try:
        row.full_clean()
    except ValidationError as error:
        raise refusal(error, "token") from error
    row.save(force_insert=True)
    return NewToken(row=row, secret=secret)


def answers_forget(*, now: dt.datetime) -> int:
    """Forget what was answered to Idempotency-Keys a month ago; returns how many."""
    count, _ = IdempotencyKey.objects.filter(created_at__lt=now - _REMEMBERED).delete()
    return count


def token_digest(secret: str) -> str:
    """SHA-256 in hex. The secret is 256 random bits, so no slower hash is called for."""
    return hashlib.sha256(secret.encode()).hexdigest()
