"""Apps of others, under a name that says what they are for here."""

from axes.apps import AppConfig


class SigningIn(AppConfig):  # type: ignore[misc]  # axes is untyped
    verbose_name = "Signing in"
