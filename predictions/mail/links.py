"""Links in mail: signed, each for one purpose, and good for a while.

A link opens a page that asks; what it asks for is done by the form on it. So whatever follows the
links of a mail, be it a scanner, changes nothing and uses nothing up.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core import signing

from predictions.errors import Invalid

# Long enough for somebody to come back from a holiday.
DAYS = 30


def sealed(purpose: str, what: Mapping[str, str | int]) -> str:
    """A token that says `what`, and opens for this purpose alone."""
    return signing.dumps(dict(what), salt=_salt(purpose), compress=True)


def address(purpose: str, what: Mapping[str, str | int]) -> str:
    """The address of the page that asks; what it says cannot be changed, nor used for another."""
    return f"{settings.SITE_URL}/mail/{purpose}/{sealed(purpose, what)}/"


def opened(purpose: str, token: str, *, days: int | None = DAYS) -> dict[str, Any]:
    """What a token says; raises Invalid if we did not make it, or so many days are over."""
    age = dt.timedelta(days=days) if days is not None else None
    try:
        what: dict[str, Any] = signing.loads(token, salt=_salt(purpose), max_age=age)
    except signing.SignatureExpired:
        raise Invalid(
            "link", f"this link was good for {days} days; a later mail has a new one"
        ) from None
    except (signing.BadSignature, ValueError):
        raise Invalid(
            "link", "this link is not one of ours, or was cut short on its way; copy all of it"
        ) from None
    return what


def _salt(purpose: str) -> str:
    return f"mail.{purpose}"
