"""Who is to get the scored report: asked for by anybody, confirmed by whoever reads it, and ended.

Operational: the ledger does not know of it. What is mailed meanwhile is `mail.subscribing`'s.
"""

import datetime as dt
import zoneinfo
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Q, QuerySet

from predictions.checks import clean_text
from predictions.errors import Conflict, Invalid
from predictions.models import Forecaster, Message, Outlet, Subscription, Topic, User
from predictions.models.choices import MessageKind, MessageState, Period, ReportScope
from predictions.services.sweeps import take_turns

# What was never confirmed is forgotten after so long; the link that confirms it is good no longer.
KEPT = dt.timedelta(days=30)
SUBJECTS: dict[str, type[Forecaster] | type[Outlet] | type[Topic]] = {
    ReportScope.FORECASTER: Forecaster,
    ReportScope.OUTLET: Outlet,
    ReportScope.TOPIC: Topic,
}
_LONGEST_ADDRESS = 254


@dataclass(frozen=True)
class Wish:
    """A report that somebody asks for, to an address or to an account's: `subject` is a key.

    An empty time zone is the account's, or UTC.
    """

    email: str = ""
    user: User | None = None
    about: str = ReportScope.ALL
    subject: str = ""
    period: str = Period.WEEKLY
    time_zone: str = ""
    language: str = settings.LANGUAGE_CODE

    @property
    def address(self) -> str:
        return self.user.email if self.user else self.email


def wish_check(*, wish: Wish) -> dict[str, Any]:
    """The columns of a subscription; raises Invalid, which names the field of the wish."""
    subject = _subject(wish)
    return {
        "user": wish.user,
        "email": "" if wish.user else _address(wish.email),
        "about": _one_of("about", wish.about, ReportScope.values),
        "period": _one_of("period", wish.period, Period.values),
        "time_zone": _time_zone(wish),
        "language": _one_of("language", wish.language, [code for code, _ in settings.LANGUAGES]),
        **{name: subject if name == wish.about else None for name in SUBJECTS},
    }


def turns_of(address: str) -> None:
    """Whoever asks for the same address waits; held until the transaction ends."""
    take_turns(f"subscriptions of {address.strip().lower()}")


def subscription_standing(*, wish: Wish) -> Subscription | None:
    """The one that is as wished for and has not ended, confirmed or not; raises Invalid."""
    return _standing(wish_check(wish=wish)).first()


def _standing(columns: dict[str, Any]) -> QuerySet[Subscription]:
    same = {name: columns[name] for name in ("user", "about", "period", *SUBJECTS)}
    return Subscription.objects.filter(
        **same, email__iexact=columns["email"], ended_at__isnull=True
    )


@transaction.atomic
def subscription_open(*, wish: Wish, now: dt.datetime) -> Subscription:
    """The subscription that is as wished for and has not ended, or a new one, not confirmed.

    Until it is confirmed the last word on its zone and language holds; afterwards it is left as it
    is. Raises Invalid, which names the field.
    """
    columns = wish_check(wish=wish)
    turns_of(wish.address)
    standing = _standing(columns)
    standing.filter(confirmed_at__isnull=True).update(
        time_zone=columns["time_zone"], language=columns["language"]
    )
    return standing.first() or Subscription.objects.create(**columns, created_at=now)


def subscription_confirmable(*, subscription: Subscription) -> None:
    """Raises Conflict if it has ended: an old link does not bring it back."""
    if subscription.ended_at is not None:
        raise Conflict("this subscription has ended; to get the report again, subscribe anew")


@transaction.atomic
def subscription_confirm(*, subscription: Subscription, now: dt.datetime) -> Subscription:
    """Its recipient has said yes; once more changes nothing. Raises Conflict if it has ended."""
    row = Subscription.objects.select_for_update().get(pk=subscription.pk)
    subscription_confirmable(subscription=row)
    if row.confirmed_at is None:
        row.confirmed_at = now
        row.save(update_fields=["confirmed_at"])
    return row


@transaction.atomic
def subscription_end(*, subscription: Subscription, now: dt.datetime) -> bool:
    """Nothing is sent to it any more, nor what waits to go out; False if it had ended already."""
    running = Subscription.objects.filter(pk=subscription.pk, ended_at__isnull=True)
    ended = bool(running.update(ended_at=now))
    waiting = Message.objects.filter(report__subscription=subscription, state=MessageState.WAITING)
    waiting.update(state=MessageState.WITHDRAWN)
    return ended


@transaction.atomic
def subscriptions_forget(*, now: dt.datetime) -> int:
    """Forget what nobody has confirmed, and the mail that asked, so long after it was last asked.

    Returns how many subscriptions it was.
    """
    old = now - KEPT
    asked = Q(asked_at__lte=old) | Q(asked_at__isnull=True, created_at__lte=old)
    unconfirmed = Subscription.objects.filter(asked, confirmed_at__isnull=True)
    forgotten, _ = unconfirmed.delete()
    over = (MessageState.SENT, MessageState.DEAD, MessageState.WITHDRAWN)
    Message.objects.filter(kind=MessageKind.CONFIRM, created_at__lte=old, state__in=over).delete()
    return forgotten


def _subject(wish: Wish) -> Forecaster | Outlet | Topic | None:
    model = SUBJECTS.get(wish.about)
    if model is None:
        if wish.subject:
            raise Invalid("subject", "is of a report on one thing; leave it empty, or say which")
        return None
    if not wish.subject:
        raise Invalid("subject", f"is missing; give the key of the {wish.about}")
    # NUL is in no key, and no database takes it.
    found = model.objects.filter(key=clean_text(wish.subject, "subject")).first()
    if found is None:
        said = f"{wish.subject[:50]!r} is the key of no {wish.about}"
        raise Invalid("subject", f"{said}; choose one of the list, or copy it from a scorecard")
    return found


def _address(email: str) -> str:
    address = clean_text(email, "email")
    if not address:
        raise Invalid("email", "is missing; give the address that the report is to go to")
    try:
        validate_email(address)
    except ValidationError:
        raise Invalid("email", "is no address; write it as name@example.org") from None
    if len(address) > _LONGEST_ADDRESS:
        raise Invalid("email", f"is longer than {_LONGEST_ADDRESS} characters; give another one")
    return address


def _time_zone(wish: Wish) -> str:
    name = wish.time_zone or (wish.user.time_zone if wish.user else "UTC")
    if name not in zoneinfo.available_timezones():
        raise Invalid("time_zone", f"{name[:50]!r} is no time zone; write it as Europe/Vienna")
    return name


def _one_of(field: str, said: str, known: list[str]) -> str:
    if said not in known:
        raise Invalid(field, f"{said[:50]!r} is not one of {', '.join(known)}")
    return said
