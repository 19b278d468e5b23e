"""Who was reminded of what, who asked to be left alone until when, and how often it is done.

Operational: these rows change, and the ledger does not know them.
"""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from predictions.models.notices import Message
from predictions.models.questions import Question
from predictions.models.sources import Topic


class Reminder(models.Model):
    """One person told once about one due version of one question at one stage."""

    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="reminders")
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="reminders"
    )
    due_version = models.PositiveIntegerField()
    # Days from the day on which it falls due: below zero before it, above after it.
    stage = models.SmallIntegerField()
    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="reminders")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["question", "recipient", "due_version", "stage"], name="reminder_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.question.key} v{self.due_version} {self.stage:+d}"


class Snooze(models.Model):
    """One person is left alone about one due version of one question, for a while."""

    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="snoozes")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="snoozes"
    )
    due_version = models.PositiveIntegerField()
    since = models.DateTimeField()
    # The morning of which they are reminded again.
    until = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["question", "person", "due_version"], name="snooze_once_a_version"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.question.key} v{self.due_version} for {self.person} until {self.until}"


class ReminderPolicy(models.Model):
    """How reviewers of a topic's questions are reminded, where it is not as the settings say."""

    topic = models.OneToOneField(Topic, on_delete=models.PROTECT, related_name="reminder_policy")
    # Days before the due day.
    before = ArrayField(models.PositiveSmallIntegerField(), default=list, blank=True)
    # Days between reminders after the due day; none after it without.
    every = models.PositiveSmallIntegerField(null=True, blank=True)
    # So many days after the due day the adjudicators are told as well; never without.
    escalate_after = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "reminder policies"
        ordering = ["topic"]
        constraints = [
            models.CheckConstraint(
                condition=Q(every__isnull=True) | Q(every__gt=0),
                name="reminder_policy_every_positive",
            ),
        ]

    def __str__(self) -> str:
        return f"Reminders of {self.topic}"
