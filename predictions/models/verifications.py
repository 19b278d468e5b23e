"""Verifications of the ledger that people asked for. Operational: the ledger does not know them."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q


class Verification(models.Model):
    """One verification: a row when it is asked for, then run by a pass, and what it found."""

    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="verifications"
    )
    # How often it was begun: more than once if a worker was lost meanwhile.
    attempts = models.PositiveIntegerField(default=0)
    began_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    # Why it could not run, if it could not; else what was read and what was found.
    error = models.TextField(blank=True)
    size = models.BigIntegerField(default=0)
    root = models.CharField(max_length=64, blank=True)
    rows = models.BigIntegerField(default=0)
    # The first of them, {"place": …, "problem": …} each.
    findings = models.JSONField(default=list, blank=True)
    findings_count = models.BigIntegerField(default=0)
    notes = models.JSONField(default=list, blank=True)

    class Meta:
        ordering = ["-asked_at", "-pk"]
        permissions = [("verify_ledger", "Can verify ledger")]
        constraints = [
            models.UniqueConstraint(
                models.ExpressionWrapper(
                    Q(ended_at__isnull=True), output_field=models.BooleanField()
                ),
                condition=Q(ended_at__isnull=True),
                name="verification_one_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True)
                | Q(began_at__isnull=False, ended_at__gte=F("began_at")),
                name="verification_ends_after_it_begins",
            ),
        ]

    def __str__(self) -> str:
        return f"asked for {self.asked_at:%Y-%m-%d %H:%M} UTC: {self.state}"

    @property
    def state(self) -> str:
        """`waiting`, `running`, `intact`, `not intact` or `could not run`."""
        if self.ended_at is None:
            return "running" if self.began_at else "waiting"
        if self.error:
            return "could not run"
        return "not intact" if self.findings_count else "intact"
