"""What happened: events, what they say about which question, reviews, and outcomes."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from predictions.models.base import Fact, KeyedFact, is_list, not_empty, one_of
from predictions.models.choices import VoidReason, Weight
from predictions.models.questions import Question
from predictions.querysets import EventQuerySet, OutcomeQuerySet


class Event(KeyedFact):
    """Something that happened on a date, with its sources."""

    happened_on = models.DateField()
    title = models.CharField(max_length=300)
    text = models.TextField(blank=True)
    # [{"name": "...", "url": "https://..."}]
    sources = models.JSONField(default=list)
    recorded_at = models.DateTimeField()
    questions = models.ManyToManyField(Question, through="Bearing", related_name="events")

    objects = EventQuerySet.as_manager()

    class Meta:
        ordering = ["happened_on", "key"]
        constraints = [not_empty("title"), is_list("sources")]
        indexes = [models.Index(fields=["happened_on", "id"], name="event_in_order")]

    def __str__(self) -> str:
        return f"{self.happened_on}: {self.title}"


class Bearing(Fact):
    """What an event says about a question."""

    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="bearings")
    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="bearings")
    bearing = models.CharField(max_length=10, choices=Weight.choices)
    note = models.TextField(blank=True)

    class Meta:
        ordering = ["event__happened_on"]
        constraints = [
            one_of("bearing", Weight),
            models.UniqueConstraint(fields=["event", "question"], name="bearing_once"),
        ]

    def __str__(self) -> str:
        return f"{self.event.key} {self.get_bearing_display()} {self.question.key}"

    @property
    def subject(self) -> str:
        return self.event.subject


class Outcome(Fact):
    """The answer to a question, or void. Never edited: a later outcome corrects it.

    One that reopens takes back what it corrects and answers nothing: the question is open again.
    Its `settled_at` repeats that of what it takes back.
    """

    final = True
    later: ClassVar[dict[str, Any]] = {"reopens": False, "follows_id": None}

    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="outcomes")
    # `yes` or `no`, a fraction of yes, an option, a number or a date, as text; null where the
    # question is void or open again.
    answer = models.CharField(max_length=200, null=True, blank=True)  # noqa: DJ001 -- void is no text
    void_reason = models.CharField(max_length=20, choices=VoidReason.choices, blank=True)
    # When the world decided, not when it was entered.
    settled_at = models.DateTimeField()
    rationale = models.TextField()
    evidence = models.ManyToManyField(
        Event, through="OutcomeEvidence", related_name="outcomes", blank=True
    )
    corrects = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="correction"
    )
    correction_reason = models.TextField(blank=True)
    reopens = models.BooleanField(default=False)
    # The outcome of the question's condition from which this one follows by itself.
    follows = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="consequences"
    )
    entered_at = models.DateTimeField()
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True
    )

    objects = OutcomeQuerySet.as_manager()

    class Meta:
        ordering = ["settled_at", "entered_at"]
        indexes = [
            models.Index(fields=["entered_at", "id"], name="outcome_in_order"),
            models.Index(fields=["settled_at", "id"], name="outcome_by_settling"),
        ]
        constraints = [
            not_empty("rationale"),
            models.CheckConstraint(
                condition=Q(answer__isnull=True, reopens=False)
                & Q(void_reason__in=["condition_not_met", "ambiguous", "withdrawn"])
                | Q(answer__isnull=False, void_reason="", reopens=False) & ~Q(answer="")
                | Q(answer__isnull=True, void_reason="", reopens=True),
                name="outcome_answers_or_is_void_or_reopens",
            ),
            models.CheckConstraint(
                condition=Q(reopens=False) | Q(corrects__isnull=False),
                name="outcome_reopens_what_it_corrects",
            ),
            models.CheckConstraint(
                condition=Q(corrects__isnull=True, correction_reason="")
                | Q(corrects__isnull=False) & ~Q(correction_reason=""),
                name="outcome_correction_has_reason",
            ),
            # One first outcome a question, and one correction an outcome: a chain, never a fork.
            models.UniqueConstraint(
                fields=["question"],
                condition=Q(corrects__isnull=True),
                name="outcome_first_once_a_question",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.question.key}: {self.verdict}"

    @property
    def subject(self) -> str:
        return self.question.subject

    @property
    def stands(self) -> bool:
        """Whether it is what became of the question, as `OutcomeQuerySet.current` has it."""
        return not self.reopens and not hasattr(self, "correction")

    @property
    def replaces(self) -> "Outcome | None":
        """The answer or void that it takes the place of, if there was one before."""
        before = self.corrects
        return before.corrects if before and before.reopens else before

    @property
    def is_void(self) -> bool:
        return self.answer is None and not self.reopens

    @property
    def verdict(self) -> str:
        """The answer, `void (reason)`, or that the question is open again."""
        if self.reopens:
            return "open again"
        return self.answer or f"void ({self.get_void_reason_display()})"


class OutcomeEvidence(Fact):
    """An event on which an outcome rests."""

    final = True

    outcome = models.ForeignKey(Outcome, on_delete=models.PROTECT)
    event = models.ForeignKey(Event, on_delete=models.PROTECT)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["outcome", "event"], name="outcome_evidence_once")
        ]

    def __str__(self) -> str:
        return f"{self.event.key} for {self.outcome}"

    @property
    def subject(self) -> str:
        return self.outcome.subject


class Review(Fact):
    """Somebody looked: the question is still open, why, and when to look again."""

    final = True

    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="reviews")
    # Which due version of the question this review answers.
    due_version = models.PositiveIntegerField()
    note = models.TextField()
    next_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True
    )

    class Meta:
        ordering = ["-recorded_at"]
        indexes = [models.Index(fields=["recorded_at", "id"], name="review_in_order")]
        constraints = [
            not_empty("note"),
            models.CheckConstraint(
                condition=Q(next_at__gt=models.F("recorded_at")), name="review_next_is_later"
            ),
            models.UniqueConstraint(
                fields=["question", "due_version"], name="review_once_a_version"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.question.key} reviewed {self.recorded_at:%Y-%m-%d}"

    @property
    def subject(self) -> str:
        return self.question.subject
