"""Outcomes that wait for a second pair of eyes. Operational: what is confirmed is in the ledger."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from predictions.models.base import not_empty, one_of
from predictions.models.choices import ProposalState, VoidReason
from predictions.models.evidence import Event, Outcome
from predictions.models.questions import Question
from predictions.querysets import ProposalQuerySet

_WAITING = Q(state=ProposalState.WAITING)


class Proposal(models.Model):
    """What somebody who may not decide says became of a question, and what became of that."""

    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="proposals")
    # As in `Outcome`.
    answer = models.CharField(max_length=200, null=True, blank=True)  # noqa: DJ001 -- void is no text
    void_reason = models.CharField(max_length=20, choices=VoidReason.choices, blank=True)
    settled_at = models.DateTimeField()
    rationale = models.TextField()
    evidence = models.ManyToManyField(Event, related_name="proposals", blank=True)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="proposals"
    )
    proposed_at = models.DateTimeField()
    state = models.CharField(
        max_length=10, choices=ProposalState.choices, default=ProposalState.WAITING
    )
    # Null where it was overtaken by an outcome that followed by itself.
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="decided_proposals",
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    # Why it was declined.
    note = models.TextField(blank=True)
    # The outcome by which it was confirmed, or overtaken.
    outcome = models.ForeignKey(
        Outcome, on_delete=models.PROTECT, null=True, blank=True, related_name="proposals"
    )

    objects = ProposalQuerySet.as_manager()

    class Meta:
        ordering = ["-proposed_at"]
        constraints = [
            not_empty("rationale"),
            one_of("state", ProposalState),
            models.CheckConstraint(
                condition=Q(answer__isnull=True, void_reason__in=VoidReason.values)
                | Q(answer__isnull=False, void_reason="") & ~Q(answer=""),
                name="proposal_answers_or_is_void",
            ),
            models.CheckConstraint(
                condition=_WAITING & Q(decided_by__isnull=True, decided_at__isnull=True)
                | ~_WAITING & Q(decided_at__isnull=False),
                name="proposal_decided_unless_waiting",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["confirmed", "overtaken"], outcome__isnull=False)
                | Q(state__in=["waiting", "declined"], outcome__isnull=True),
                name="proposal_settled_by_outcome",
            ),
            models.CheckConstraint(
                condition=~Q(state=ProposalState.CONFIRMED)
                | Q(decided_by__isnull=False) & ~Q(decided_by=F("proposed_by")),
                name="proposal_confirmed_by_another",
            ),
            models.CheckConstraint(
                condition=~Q(state=ProposalState.DECLINED)
                | Q(decided_by__isnull=False) & ~Q(note=""),
                name="proposal_declined_with_note",
            ),
            models.UniqueConstraint(
                fields=["question"], condition=_WAITING, name="proposal_waiting_once_a_question"
            ),
        ]
        indexes = [
            # The desk: what waits, the longest first.
            models.Index(fields=["proposed_at"], condition=_WAITING, name="proposal_waiting"),
            models.Index(fields=["proposed_at", "id"], name="proposal_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.question.key}: {self.verdict}, proposed by {self.proposed_by}"

    @property
    def is_void(self) -> bool:
        return self.answer is None

    @property
    def verdict(self) -> str:
        """The answer, or `void (reason)`."""
        return self.answer or f"void ({self.get_void_reason_display()})"
