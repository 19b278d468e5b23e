"""What is told to whom. Operational: these rows change, and the ledger does not know them."""

import datetime as dt

from django.conf import settings
from django.db import models
from django.db.models import Q

from predictions.models.base import not_empty, one_of
from predictions.models.choices import MessageKind, MessageState, Period, Stage
from predictions.models.questions import Question
from predictions.querysets import MessageQuerySet


class Message(models.Model):
    """One mail to one recipient: a row first, then claimed, sent, and marked."""

    kind = models.CharField(max_length=10, choices=MessageKind.choices)
    recipient = models.EmailField()
    subject = models.CharField(max_length=300)
    text = models.TextField()
    html = models.TextField()
    # What goes with it: {"name": …, "type": "text/plain", "text": …} each.
    attachments = models.JSONField(default=list, blank=True)
    # Stable over every attempt, so that a copy can be told apart from another message.
    message_id = models.CharField(max_length=200, unique=True)
    state = models.CharField(
        max_length=10, choices=MessageState.choices, default=MessageState.WAITING
    )
    attempts = models.PositiveIntegerField(default=0)
    # Not before this: the next attempt, or the end of the lease of whoever has claimed it.
    due_at = models.DateTimeField()
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            not_empty("recipient"),
            not_empty("message_id"),
            one_of("kind", MessageKind),
            one_of("state", MessageState),
            models.CheckConstraint(
                condition=Q(state="sent", sent_at__isnull=False)
                | ~Q(state="sent") & Q(sent_at__isnull=True),
                name="message_sent_has_time",
            ),
        ]
        indexes = [
            # The delivery pass: what may be tried now.
            models.Index(
                fields=["due_at"],
                condition=Q(state__in=["waiting", "claimed"]),
                name="message_deliverable",
            ),
            # The desk: what was given up, and when the last one went out.
            models.Index(fields=["created_at"], condition=Q(state="dead"), name="message_given_up"),
            models.Index(fields=["-sent_at"], condition=Q(state="sent"), name="message_sent"),
            models.Index(fields=["created_at", "id"], name="message_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} → {self.recipient}"


class Reminder(models.Model):
    """One person told once about one due version of one question at one stage."""

    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="reminders")
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="reminders"
    )
    due_version = models.PositiveIntegerField()
    stage = models.CharField(max_length=10, choices=Stage.choices)
    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="reminders")

    class Meta:
        constraints = [
            one_of("stage", Stage),
            models.UniqueConstraint(
                fields=["question", "recipient", "due_version", "stage"], name="reminder_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.question.key} v{self.due_version} {self.stage}"


class Subscription(models.Model):
    """Who wants the scored report, and how often."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="subscriptions"
    )
    period = models.CharField(max_length=10, choices=Period.choices, default=Period.WEEKLY)
    created_at = models.DateTimeField()
    # Nothing is sent before the recipient has said yes.
    confirmed_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            one_of("period", Period),
            models.UniqueConstraint(
                fields=["user", "period"],
                condition=Q(ended_at__isnull=True),
                name="subscription_once_a_period",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.period} report for {self.user}"


class Report(models.Model):
    """A report of one period to one subscription, archived as it was sent."""

    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="reports")
    # Null: over everything so far.
    period_start = models.DateTimeField(null=True, blank=True)
    period_end = models.DateTimeField()
    message = models.OneToOneField(Message, on_delete=models.PROTECT, related_name="report")
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


# A sweep may miss a turn, behind a long delivery say, before anybody is alarmed.
TURNS = 3


class Sweep(models.Model):
    """When a periodic pass last ended, for `/readyz` and the desk."""

    name = models.CharField(max_length=50, primary_key=True)
    ended_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} {self.ended_at:%Y-%m-%d %H:%M:%S}"

    def is_late(self, now: dt.datetime) -> bool:
        """Whether it has not ended for three of its periods."""
        periods = {"checkpoints": settings.CHECKPOINT_SECONDS}
        period = dt.timedelta(seconds=periods.get(self.name, settings.SWEEP_SECONDS))
        return now - self.ended_at > TURNS * period
