"""Somebody who signs in, with a browser and perhaps an app."""

import re
from binascii import unhexlify
from dataclasses import dataclass, field
from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_otp.oath import totp
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from predictions.models import User
from predictions.services.two_factor import NewKey, two_factor_key, two_factor_set_up
from tests.admin.pages import text_of

PASSWORD = "a long enough secret"
LOGIN, DESK = "/admin/login/", "/admin/"
STEP = 30


@dataclass
class App:
    """An authenticator app, and the backup codes that came with it."""

    key: NewKey
    backup_codes: list[str] = field(default_factory=list)

    def code(self, seconds_from_now: int = 0) -> str:
        t0 = -seconds_from_now
        return f"{totp(unhexlify(self.key.secret), step=STEP, t0=t0):06}"

    def wrong_code(self) -> str:
        near = {self.code(steps * STEP) for steps in range(-3, 4)}
        return next(code for code in map("{:06}".format, range(10)) if code not in near)


@dataclass
class Person:
    user: User
    client: Any  # a `Client`; what it answers is typed by nobody

    def gives_password(self, password: str = PASSWORD, **query: str) -> Any:
        data = {"username": self.user.username, "password": password}
        return self.client.post(reverse("admin:login", query=query or None), data)

    def gives_code(self, code: str, **query: str) -> Any:
        address = reverse("admin:second_step", query=query or None)
        return self.client.post(address, {"code": code})

    def signs_in(self, code: str | None = None) -> None:
        answer = self.gives_password()
        if code is not None:
            answer = self.gives_code(code)
        assert answer.headers["Location"] == DESK, text_of(answer)

    def is_in(self) -> bool:
        return bool(self.client.get(DESK).status_code == 200)

    def set_up(self) -> App:
        """An app, set up a while ago and without the page."""
        key = two_factor_key()
        app = App(key)
        _, app.backup_codes = two_factor_set_up(
            user=self.user, key=key, code=app.code(), now=timezone.now()
        )
        some_time_passes(self.user)
        return app

    def elsewhere(self, **meta: Any) -> "Person":
        """The same person in another browser."""
        return Person(self.user, Client(**meta))


def some_time_passes(user: User) -> None:
    """Enough for the app to show another code, and for wrong ones to be forgiven."""
    for kind in (TOTPDevice, StaticDevice):
        kind.objects.filter(user=user).update(throttling_failure_timestamp=None)
    TOTPDevice.objects.filter(user=user).update(last_t=-1, drift=0)


def hidden(page: Any, name: str) -> str:
    """The value of a hidden field."""
    [value] = re.findall(rf'name="{name}" value="([^"]*)"', page.content.decode())
    return str(value)
