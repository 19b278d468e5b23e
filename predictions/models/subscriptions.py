"""Who reads the scored report, and each report as it was sent.

Operational: these rows change, and the ledger does not know them.
"""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from predictions.models.base import one_of
from predictions.models.choices import Period, ReportScope
from predictions.models.notices import Message
from predictions.models.sources import Forecaster, Outlet, Topic
from predictions.querysets import SubscriptionQuerySet

_SUBJECTS = ("forecaster", "outlet", "topic")


def _one_subject() -> Q:
    """That a subscription names what it is about, and nothing else."""
    allowed = Q()
    for about in ReportScope.values:
        named = {f"{subject}__isnull": subject != about for subject in _SUBJECTS}
        allowed |= Q(about=about, **named)
    return allowed


class Subscription(models.Model):
    """Who wants the scored report, of what, and how often."""

    # Somebody who signs in, where their account says; or anybody, by an address.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="subscriptions",
        null=True,
        blank=True,
    )
    email = models.EmailField(blank=True)
    about = models.CharField(max_length=10, choices=ReportScope.choices, default=ReportScope.ALL)
    forecaster = models.ForeignKey(Forecaster, on_delete=models.PROTECT, null=True, blank=True)
    outlet = models.ForeignKey(Outlet, on_delete=models.PROTECT, null=True, blank=True)
    topic = models.ForeignKey(Topic, on_delete=models.PROTECT, null=True, blank=True)
    period = models.CharField(max_length=10, choices=Period.choices, default=Period.WEEKLY)
    # Where the recipient's days begin, and how dates are written for them.
    time_zone = models.CharField(max_length=64, default="UTC")
    language = models.CharField(max_length=10, default="en")
    created_at = models.DateTimeField()
    # Nothing but the question whether they want it is sent before the recipient has said yes.
    asked_at = models.DateTimeField(null=True, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        constraints = [
            one_of("period", Period),
            one_of("about", ReportScope),
            models.CheckConstraint(
                condition=Q(user__isnull=False, email="") | Q(user__isnull=True) & ~Q(email=""),
                name="subscription_goes_somewhere",
            ),
            models.CheckConstraint(condition=_one_subject(), name="subscription_is_about_one"),
            models.UniqueConstraint(
                "user",
                Lower("email"),
                "period",
                "about",
                "forecaster",
                "outlet",
                "topic",
                condition=Q(ended_at__isnull=True),
                name="subscription_once_a_period",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.period} report for {self.user or self.email}"

    @property
    def subject(self) -> Forecaster | Outlet | Topic | None:
        """Whom or what it is about; None for everything."""
        return self.forecaster or self.outlet or self.topic

    @property
    def recipient(self) -> str:
        """The address it goes to, which may be empty if an account has none."""
        return self.user.email if self.user else self.email


class Report(models.Model):
    """A report of one period to one subscription, archived as it was sent."""

    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="reports")
    # Null: over everything so far.
    period_start = models.DateTimeField(null=True, blank=True)
    period_end = models.DateTimeField()
    message = models.OneToOneField(Message, on_delete=models.PROTECT, related_name="report")
    # What its page is found by, which nobody guesses.
    key = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    ledger_size = models.BigIntegerField()
    ledger_root = models.CharField(max_length=64)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-period_end"]
        constraints = [
            models.UniqueConstraint(
                fields=["subscription", "period_end"], name="report_once_a_period"
            ),
            models.CheckConstraint(
                condition=Q(period_start__isnull=True) | Q(period_start__lt=models.F("period_end")),
                name="report_period_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subscription}, to {self.period_end:%Y-%m-%d}"
