"""Mail as rows, and the passes that come round. Operational: the ledger does not know them."""

import datetime as dt

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from predictions.models.base import not_empty, one_of
from predictions.models.choices import MessageKind, MessageState, SuspensionReason
from predictions.querysets import MessageQuerySet


class Message(models.Model):
    """One mail to one recipient: a row first, then claimed, sent, and marked."""

    kind = models.CharField(max_length=10, choices=MessageKind.choices)
    recipient = models.EmailField()
    subject = models.CharField(max_length=300)
    text = models.TextField()
    html = models.TextField()
    # What goes with it: {"name", "type", "text"} each, or for what is no text {"name", "type",
    # "base64"} and, if it stands within the HTML, the "cid" that the HTML names it by.
    attachments = models.JSONField(default=list, blank=True)
    # Beside those that every mail has, such as List-Unsubscribe (RFC 8058).
    headers = models.JSONField(default=dict, blank=True)
    # Stable over every attempt, so that a copy can be told apart from another message.
    message_id = models.CharField(max_length=200, unique=True)
    state = models.CharField(
        max_length=10, choices=MessageState.choices, default=MessageState.WAITING
    )
    attempts = models.PositiveIntegerField(default=0)
    # Whether an attempt broke off so that the server may have accepted it without our hearing so:
    # then it goes out again as it is, for mail programs to see one message.
    doubtful = models.BooleanField(default=False)
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


class Suspension(models.Model):
    """An address that nothing is sent to, because its mail came back or its reader complained."""

    email = models.EmailField()
    reason = models.CharField(max_length=10, choices=SuspensionReason.choices)
    detail = models.TextField(blank=True)
    since = models.DateTimeField()

    class Meta:
        ordering = ["-since", "-id"]
        constraints = [
            not_empty("email"),
            one_of("reason", SuspensionReason),
            models.UniqueConstraint(Lower("email"), name="suspension_once_an_address"),
        ]
        indexes = [models.Index(fields=["-since", "-id"], name="suspension_in_order")]

    def __str__(self) -> str:
        return f"{self.email}, {self.get_reason_display()}"


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
