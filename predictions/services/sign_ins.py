"""Where people are signed in, and who signed in when. Operational: not in the ledger."""

import datetime as dt
import hashlib
from dataclasses import dataclass

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY
from django.utils.crypto import constant_time_compare
from qsessions.models import Session

from predictions.models import User

_KEPT = dt.timedelta(days=90)


@dataclass(frozen=True)
class SignIn:
    """A browser in which somebody is signed in. `mark` names it and opens nothing."""

    mark: str
    user_agent: str
    address: str | None
    since: dt.datetime
    seen: dt.datetime
    here: bool


def sign_ins_of(*, user: User, key: str | None, now: dt.datetime) -> list[SignIn]:
    """Where `user` is signed in, the latest first; `key` is of the session that asks.

    Sessions from before a change of the password are not among them: they open nothing any more.
    """
    return [
        SignIn(
            mark=_mark(row),
            user_agent=row.user_agent or "",
            address=row.ip,
            since=row.created_at,
            seen=row.updated_at,
            here=row.session_key == key,
        )
        for row in Session.objects.filter(user=user, expire_date__gt=now).order_by("-updated_at")
        if _holds(row, user)
    ]


def sign_in_end(*, user: User, mark: str) -> bool:
    """End the session of `user` so marked; returns whether there was one."""
    ended = [row.delete() for row in Session.objects.filter(user=user) if _mark(row) == mark]
    return bool(ended)


def sign_ins_end(*, user: User, but: str | None = None) -> int:
    """End every session of `user` but the one with that key; returns how many held."""
    rows = Session.objects.filter(user=user).exclude(session_key=but)
    count = sum(_holds(row, user) for row in rows)
    rows.delete()
    return count


def sign_ins_forget(*, now: dt.datetime) -> None:
    """Forget sessions that have ended, failures that count no more, and who came and went."""
    Session.objects.filter(expire_date__lte=now).delete()
    AccessAttempt.objects.filter(attempt_time__lte=now - settings.AXES_COOLOFF_TIME).delete()
    for log in (AccessLog, AccessFailureLog):
        log.objects.filter(attempt_time__lte=now - _KEPT).delete()


def sign_ins_erase(*, user: User) -> None:
    """Sign `user` out, and forget whence and when they signed in."""
    Session.objects.filter(user=user).delete()
    for log in (AccessAttempt, AccessLog, AccessFailureLog):
        log.objects.filter(username=user.username).delete()


def _holds(row: Session, user: User) -> bool:
    made_for = row.get_decoded().get(HASH_SESSION_KEY, "")
    return constant_time_compare(made_for, user.get_session_auth_hash())


def _mark(row: Session) -> str:
    return hashlib.sha256(row.session_key.encode()).hexdigest()[:16]
