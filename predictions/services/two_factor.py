"""The second step of signing in: codes of an authenticator app, and backup codes for a lost one.

Each code serves once. After a wrong one, the next is looked at a second later, then two, then four
(django-otp). Operational: not in the ledger.
"""

import base64
import datetime as dt
import logging
import re
import secrets
from binascii import unhexlify
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.crypto import salted_hmac
from django_otp import verify_token
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice
from django_otp.util import random_hex

from predictions.errors import Conflict, Invalid
from predictions.models import User
from predictions.services.sign_ins import sign_ins_end

BACKUP_CODES = 10
_LENGTH = 10
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is taken for another
_APPS_CODE = re.compile(r"[0-9]{6}")
_STEPS_OFF = 1  # a telephone's clock may be half a minute out

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class NewKey:
    """A key that an app can take: kept by nobody until a code confirms it."""

    secret: str

    @property
    def text(self) -> str:
        """As it is typed where no picture can be taken: `ABCD EFGH …`."""
        written = base64.b32encode(unhexlify(self.secret)).decode()
        return " ".join(re.findall(".{4}", written))

    def address(self, user: User) -> str:
        """What the picture says: `otpauth://…`."""
        return str(TOTPDevice(user=user, key=self.secret).config_url)


def two_factor_key() -> NewKey:
    return NewKey(random_hex(20))


def two_factor_is_on(user: User) -> bool:
    return bool(TOTPDevice.objects.devices_for_user(user, confirmed=True).exists())


def backup_codes_left(user: User) -> int:
    return int(StaticToken.objects.filter(device__user=user).count())


@transaction.atomic
def two_factor_set_up(
    *, user: User, key: NewKey, code: str, now: dt.datetime
) -> tuple[TOTPDevice, list[str]]:
    """Ask `user` for codes of the app that holds `key` from now on.

    Returns the device, and the backup codes, which nothing can show again. Raises Invalid for a
    code that is not the app's, Conflict if there is an app already.
    """
    User.objects.select_for_update().get(pk=user.pk)  # who sets up twice at once takes turns
    if two_factor_is_on(user):
        raise Conflict("two-factor sign-in is set up already; remove it before setting up another")
    totp = TOTP(unhexlify(key.secret))
    totp.time = now.timestamp()
    plain = _plain(code)
    if not (_APPS_CODE.fullmatch(plain) and totp.verify(int(plain), _STEPS_OFF)):
        raise Invalid(
            "code",
            "is not the one that the app shows for this key; wait for the next one, and see that"
            " the telephone's clock is right",
        )
    device = TOTPDevice.objects.create(
        user=user, name="app", key=key.secret, last_t=totp.t(), drift=totp.drift
    )
    return device, _new_backup_codes(user)


def two_factor_check(*, user: User, code: str, now: dt.datetime) -> Any:
    """The device of `user` that `code` is of: an app, or the list of backup codes.

    Raises Invalid for any that is not, Conflict while none is looked at. Must not run inside a
    transaction that the refusal would undo: it counts.
    """
    app = _APPS_CODE.fullmatch(_plain(code))
    device = (TOTPDevice if app else StaticDevice).objects.filter(user=user, confirmed=True).first()
    if device is None:
        raise _wrong()
    allowed, why = device.verify_is_allowed()
    if not allowed:
        seconds = int((why["locked_until"] - now).total_seconds()) + 1
        raise Conflict(f"there were wrong codes; wait {seconds} s before the next")
    given = _plain(code) if app else _kept(user, _plain(code))
    verified = verify_token(user, device.persistent_id, given)
    if verified is None:
        raise _wrong()
    return verified


def backup_codes_renew(*, user: User, code: str, now: dt.datetime) -> list[str]:
    """Ten new backup codes; the old ones open nothing any more. Raises as `two_factor_check`."""
    two_factor_check(user=user, code=code, now=now)
    with transaction.atomic():
        return _new_backup_codes(user)


def two_factor_remove(*, user: User, code: str, now: dt.datetime) -> None:
    """Ask `user` for a password alone from now on. Raises as `two_factor_check`."""
    two_factor_check(user=user, code=code, now=now)
    two_factor_forget(user=user)


def two_factor_lost(*, user: User, by: User | None) -> bool:
    """Remove what `user` lost, without a code, and sign them out everywhere.

    Returns whether there was anything. `by` is None at the command line.
    """
    if not two_factor_forget(user=user):
        return False
    sign_ins_end(user=user)
    logger.warning("two-factor sign-in of %s was removed by %s", user, by or "a command")
    return True


@transaction.atomic
def two_factor_forget(*, user: User) -> bool:
    """Delete the app's key and the backup codes; returns whether there were any."""
    gone = [kind.objects.filter(user=user).delete() for kind in (TOTPDevice, StaticDevice)]
    return any(count for count, _ in gone)


def _new_backup_codes(user: User) -> list[str]:
    device, _ = StaticDevice.objects.get_or_create(user=user, name="backup codes")
    device.token_set.all().delete()
    codes = ["".join(secrets.choice(_LETTERS) for _ in range(_LENGTH)) for _ in range(BACKUP_CODES)]
    StaticToken.objects.bulk_create(
        StaticToken(device=device, token=_kept(user, code)) for code in codes
    )
    return [f"{code[: _LENGTH // 2]}-{code[_LENGTH // 2 :]}" for code in codes]


def _kept(user: User, code: str) -> str:
    """A backup code as it is kept: who reads the database cannot sign in with what stands there."""
    return salted_hmac(__name__, f"{user.pk} {code}", algorithm="sha256").hexdigest()[:16]


def _plain(code: str) -> str:
    return re.sub(r"[\s-]", "", code).lower()


def _wrong() -> Invalid:
    return Invalid(
        "code", "is wrong or was used already; wait for the app's next one, or use a backup code"
    )
