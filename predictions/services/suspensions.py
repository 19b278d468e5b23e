"""Addresses that nothing is sent to. Operational: the ledger does not know them."""

import datetime as dt

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from predictions.errors import Invalid, NotFound
from predictions.models import Message, Suspension
from predictions.models.choices import MessageState, SuspensionReason

# How the error of a message begins whose recipient the server refused.
_REFUSED = "recipient refused: "


def address_suspend(*, email: str, reason: str, detail: str = "", now: dt.datetime) -> Suspension:
    """Send nothing to an address from now on, for one of `SuspensionReason`.

    What waits for it is given up by the next delivery. If nothing is sent there already, the first
    reason stays. Raises Invalid, naming the field.
    """
    email = _checked(email)
    if reason not in SuspensionReason.values:
        raise Invalid("reason", f"{reason!r} is not one of {', '.join(SuspensionReason.values)}")
    new = Suspension(email=email, reason=reason, detail=detail.replace("\0", ""), since=now)
    try:
        with transaction.atomic():
            new.save(force_insert=True)
    except IntegrityError:  # once an address, however it is spelled
        return Suspension.objects.get(email__iexact=email)
    return new


def address_resume(*, email: str) -> int:
    """Send to an address again; returns how many messages to it were given up meanwhile or before.

    They are not sent by this: what is still worth sending is tried again by hand. Raises NotFound.
    """
    deleted, _ = Suspension.objects.filter(email__iexact=email.strip()).delete()
    if not deleted:
        raise NotFound(f"nothing keeps mail from {email}")
    return Message.objects.filter(recipient__iexact=email.strip(), state=MessageState.DEAD).count()


def address_bounced(*, message: Message, said: str, now: dt.datetime) -> Suspension | None:
    """Note that the server refused a message's recipient for good.

    Once may be a slip of the server's; the second message that is refused suspends the address.
    """
    before = Message.objects.filter(
        recipient__iexact=message.recipient,
        state=MessageState.DEAD,
        last_error__startswith=_REFUSED,
    ).exclude(pk=message.pk)
    if not before.exists():
        return None
    return address_suspend(
        email=message.recipient, reason=SuspensionReason.BOUNCED, detail=said, now=now
    )


def _checked(email: str) -> str:
    email = email.strip()
    try:
        validate_email(email)
    except ValidationError:
        raise Invalid("email", f"{email!r} is no address; write name@domain") from None
    room = Suspension._meta.get_field("email").max_length or 0
    if len(email) > room:
        raise Invalid("email", f"has {len(email)} characters; there is room for {room}")
    return email
