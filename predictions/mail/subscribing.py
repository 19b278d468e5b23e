"""The one message before somebody has said yes: whether they want the report at all."""

import datetime as dt

from django.conf import settings
from django.db import transaction

from predictions.mail import links
from predictions.mail.drafts import Draft, drafted, message_queue
from predictions.models import Message, Subscription, Suspension
from predictions.models.choices import MessageKind, ReportScope
from predictions.services.subscriptions import Wish, subscription_open, turns_of

_PAUSE = dt.timedelta(hours=1)
_DAY = dt.timedelta(days=1)


@transaction.atomic
def subscription_ask(*, wish: Wish, now: dt.datetime) -> Subscription:
    """The subscription as wished for; its recipient is asked whether they want it.

    Raises Invalid, which names the field. Whether anything is sent shows in nothing that it
    answers: who asks for somebody else learns nothing about them.
    """
    subscription = subscription_open(wish=wish, now=now)
    confirmation_queue(subscription=subscription, now=now)
    return subscription


@transaction.atomic
def confirmation_queue(*, subscription: Subscription, now: dt.datetime) -> bool:
    """Ask the recipient, unless they have answered, or nothing is sent to them, or they were asked
    within the hour, or often enough that day; returns whether they are asked."""
    address = subscription.recipient
    turns_of(address)
    subscription.refresh_from_db()
    if not _may_ask(subscription, address, now):
        return False
    message_queue(confirmation(subscription), now=now)
    subscription.asked_at = now
    subscription.save(update_fields=["asked_at"])
    return True


def confirmation(subscription: Subscription) -> Draft:
    """The message that asks."""
    return drafted(
        MessageKind.CONFIRM,
        subscription.recipient,
        f"Do you want the {described(subscription)}?",
        {
            "subscription": subscription,
            "described": described(subscription),
            "url": links.address("confirm", {"subscription": subscription.pk}),
            "days": links.DAYS,
        },
    )


def described(subscription: Subscription) -> str:
    """In words: `weekly scored report`, `monthly scored report on the topic Harvest`."""
    report = f"{subscription.period} scored report"
    if subscription.about == ReportScope.ALL:
        return report
    return f"{report} on the {subscription.about} {subscription.subject}"


def _may_ask(subscription: Subscription, address: str, now: dt.datetime) -> bool:
    answered = subscription.confirmed_at or subscription.ended_at
    lately = subscription.asked_at and now - subscription.asked_at < _PAUSE
    gone = subscription.user and not subscription.user.is_active
    if answered or lately or gone or not address:
        return False
    if Suspension.objects.filter(email__iexact=address).exists():
        return False
    asked = Message.objects.filter(
        kind=MessageKind.CONFIRM, recipient__iexact=address, created_at__gt=now - _DAY
    )
    return asked.count() < settings.CONFIRMATIONS_A_DAY
