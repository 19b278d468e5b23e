"""Questions, the predictions on them, and forecast-like statements that have none."""

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length, Upper

from predictions.models.base import Fact, KeyedFact, between, is_list, not_empty, one_of
from predictions.models.choices import (
    Basis,
    HorizonBasis,
    QuestionKind,
    Side,
    StatementKind,
    UnscorableReason,
)
from predictions.models.sources import Article, Forecaster, Phrase, Topic
from predictions.querysets import PredictionQuerySet, QuestionQuerySet

if TYPE_CHECKING:
    from predictions.models.evidence import Outcome
    from predictions.models.scores import Score


class Question(KeyedFact):
    """A proposition with criteria by which two strangers would resolve it alike."""

    later: ClassVar[dict[str, Any]] = {"partial": False}

    kind = models.CharField(
        max_length=10, choices=QuestionKind.choices, default=QuestionKind.BINARY
    )
    text = models.TextField()
    criteria = models.TextField()
    # Multiple choice only: the options, and whether their order means something.
    options = models.JSONField(default=list, blank=True)
    ordered = models.BooleanField(default=False)
    # Binary only: whether the criteria allow an answer between no and yes, such as 0.4.
    partial = models.BooleanField(default=False)
    # Numeric only.
    unit = models.CharField(max_length=50, blank=True)
    topic = models.ForeignKey(Topic, on_delete=models.PROTECT, null=True, blank=True)
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True)
    # How the due date comes about where it is not a date yet ("six months after ...").
    due_rule = models.TextField(blank=True)
    horizon_basis = models.CharField(max_length=10, choices=HorizonBasis.choices)
    horizon_note = models.TextField(blank=True)
    notes = models.TextField(blank=True)
    condition = models.TextField(blank=True)
    condition_question = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="conditionals"
    )
    condition_answer = models.CharField(max_length=200, blank=True)
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="reviewed_questions",
    )
    review_every_days = models.PositiveIntegerField(null=True, blank=True)
    # When the question next falls due for review. Each move is a new version, to remind about anew.
    review_at = models.DateTimeField(null=True, blank=True)
    due_version = models.PositiveIntegerField(default=1)

    objects = QuestionQuerySet.as_manager()

    class Meta:
        ordering = ["key"]
        permissions = [("export_facts", "Can export facts")]
        constraints = [
            not_empty("text"),
            not_empty("criteria"),
            one_of("kind", QuestionKind),
            one_of("horizon_basis", HorizonBasis),
            is_list("options"),
            models.CheckConstraint(
                condition=Q(kind="choice") & ~Q(options=[]) | ~Q(kind="choice") & Q(options=[]),
                name="question_options_iff_choice",
            ),
            models.CheckConstraint(
                condition=Q(ordered=False) | Q(kind="choice"), name="question_ordered_only_choice"
            ),
            models.CheckConstraint(
                condition=Q(partial=False) | Q(kind="binary"), name="question_partial_only_binary"
            ),
            models.CheckConstraint(
                condition=Q(unit="") | Q(kind="numeric"), name="question_unit_only_numeric"
            ),
            models.CheckConstraint(
                condition=Q(condition_question__isnull=True, condition_answer="")
                | Q(condition_question__isnull=False) & ~Q(condition_answer=""),
                name="question_condition_has_answer",
            ),
            models.CheckConstraint(
                condition=~Q(condition_question=F("id")), name="question_not_its_own_condition"
            ),
            models.CheckConstraint(
                condition=Q(review_every_days__isnull=True) | Q(review_every_days__gt=0),
                name="question_review_interval_positive",
            ),
            models.CheckConstraint(
                condition=Q(due_version__gte=1), name="question_due_version_positive"
            ),
        ]
        indexes = [
            # The sweep: what falls due for review, oldest first.
            models.Index(fields=["review_at"], name="question_review_at"),
            # Near-duplicates, and words within: both ask for the text in capitals.
            GinIndex(OpClass(Upper("text"), "gin_trgm_ops"), name="question_text_trigrams"),
            # Q2 before Q10, as lists have them; and by the day they close.
            models.Index(Length("key"), "key", name="question_numbered"),
            # The last number in use, for the next question's key.
            models.Index(
                Length("key"),
                "key",
                condition=Q(key__regex=r"^Q[1-9][0-9]{0,8}$"),
                name="question_last_number",
            ),
            models.Index(fields=["due_at", "id"], name="question_by_due"),
        ]

    def __str__(self) -> str:
        return f"{self.key}: {self.text}"

    @property
    def outcome(self) -> "Outcome | None":
        """The outcome that stands: the last of the chain of corrections, if it did not reopen."""
        return self.outcomes.current().first()


class Prediction(Fact):
    """Who said what, when, with what probability. A revision leaves the earlier one standing."""

    # What `PredictionQuerySet.with_state` and `with_scores` add.
    brier: Decimal | None
    brier_best: Decimal | None
    brier_worst: Decimal | None
    log: Decimal | None
    state: str
    outcome_settled_at: dt.datetime | None
    outcome_answer: str | None

    # The row of the article's record it comes from, such as A1; empty for imports.
    reference = models.CharField(max_length=50, blank=True)
    # The indexes of these three are in `Meta`, with the order in which their lists are read.
    question = models.ForeignKey(
        Question, on_delete=models.PROTECT, related_name="predictions", db_index=False
    )
    forecaster = models.ForeignKey(
        Forecaster, on_delete=models.PROTECT, related_name="predictions", db_index=False
    )
    article = models.ForeignKey(
        Article,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="predictions",
        db_index=False,
    )
    # 1 for the forecaster's first prediction on the question, 2 for its revision, and so on.
    revision = models.PositiveIntegerField(default=1)
    made_at = models.DateTimeField()
    # [{"offset": characters from the start of the article's text, "quote": "..."}]
    passages = models.JSONField(default=list, blank=True)
    hedge = models.CharField(max_length=200, blank=True)
    # The answer that the words argue for; "could happen" argues for yes at less than one half.
    side = models.CharField(max_length=3, choices=Side.choices, blank=True)
    # Exactly one of the three: of yes; by option; by quantile level.
    probability = models.DecimalField(max_digits=7, decimal_places=6, null=True, blank=True)
    # [["rye", "0.250000"], ...], in the order of the options.
    distribution = models.JSONField(null=True, blank=True)
    # [["0.100000", "12.500000"], ...], or dates, from the lowest level.
    quantiles = models.JSONField(null=True, blank=True)
    low = models.DecimalField(max_digits=7, decimal_places=6, null=True, blank=True)
    high = models.DecimalField(max_digits=7, decimal_places=6, null=True, blank=True)
    basis = models.CharField(max_length=10, choices=Basis.choices)
    phrase = models.ForeignKey(Phrase, on_delete=models.PROTECT, null=True, blank=True)
    basis_note = models.TextField(blank=True)
    horizon_note = models.TextField(blank=True)
    note = models.TextField(blank=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True
    )

    objects = PredictionQuerySet.as_manager()

    class Meta:
        ordering = ["made_at", "id"]
        # The list's order, page by page: of all, and of what each is narrowed to.
        indexes = [
            models.Index(fields=["made_at", "id"], name="prediction_in_order"),
            models.Index(fields=["question", "made_at", "id"], name="prediction_of_question"),
            models.Index(fields=["forecaster", "made_at", "id"], name="prediction_of_forecaster"),
            models.Index(fields=["article", "made_at", "id"], name="prediction_of_article"),
            models.Index(fields=["probability", "id"], name="prediction_by_probability"),
            models.Index(
                fields=["basis", "made_at", "id"],
                condition=~Q(basis="stated"),
                name="prediction_by_rarer_basis",
            ),
        ]
        constraints = [
            one_of("basis", Basis),
            models.CheckConstraint(
                condition=Q(side__in=["", *Side.values]), name="prediction_side_known"
            ),
            between("probability", 0, 1),
            between("low", 0, 1),
            between("high", 0, 1),
            is_list("passages"),
            models.CheckConstraint(
                condition=Q(probability__isnull=False, distribution=None, quantiles=None)
                | Q(probability__isnull=True, distribution__isnull=False, quantiles=None)
                | Q(probability__isnull=True, distribution=None, quantiles__isnull=False),
                name="prediction_says_one_thing",
            ),
            models.CheckConstraint(
                condition=Q(low__isnull=True, high__isnull=True)
                | Q(low__isnull=False, high__isnull=False)
                & Q(low__lte=F("probability"), probability__lte=F("high")),
                name="prediction_probability_within_range",
            ),
            models.CheckConstraint(
                condition=~Q(basis="verbal") | Q(phrase__isnull=False, low__isnull=False),
                name="prediction_verbal_has_phrase_and_range",
            ),
            models.UniqueConstraint(
                fields=["question", "forecaster", "revision"], name="prediction_revision_once"
            ),
            models.UniqueConstraint(
                fields=["article", "reference"],
                condition=~Q(reference=""),
                name="prediction_reference_once_an_article",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference or self.id} on {self.question.key}"

    def postings(self) -> "list[Score]":
        """Its scores, and what reversed them: by these, since no index has reversals by what they
        are of."""
        posted = list(self.scores.filter(reverses__isnull=True).select_related("reversal"))
        reversals = [row.reversal for row in posted if hasattr(row, "reversal")]
        return sorted([*posted, *reversals], key=lambda row: (row.posted_at, row.rule))

    @property
    def subject(self) -> str:
        return self.question.subject

    @property
    def person(self) -> Fact:
        return self.forecaster


class Statement(Fact):
    """A forecast-like statement without a question: counted, so that nobody wins by being vague."""

    reference = models.CharField(max_length=50, blank=True)
    article = models.ForeignKey(Article, on_delete=models.PROTECT, related_name="statements")
    forecaster = models.ForeignKey(Forecaster, on_delete=models.PROTECT, related_name="statements")
    passages = models.JSONField(default=list)
    hedge = models.CharField(max_length=200, blank=True)
    kind = models.CharField(max_length=10, choices=StatementKind.choices)
    reason = models.CharField(max_length=30, choices=UnscorableReason.choices)
    note = models.TextField(blank=True)
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["article", "reference"]
        indexes = [models.Index(fields=["recorded_at", "id"], name="statement_in_order")]
        constraints = [
            one_of("kind", StatementKind),
            one_of("reason", UnscorableReason),
            is_list("passages"),
            models.CheckConstraint(
                condition=Q(kind="abstained", reason="abstention")
                | Q(kind="unscorable") & ~Q(reason="abstention"),
                name="statement_reason_fits_kind",
            ),
            models.UniqueConstraint(
                fields=["article", "reference"],
                condition=~Q(reference=""),
                name="statement_reference_once_an_article",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference or self.id} ({self.kind})"

    @property
    def subject(self) -> str:
        return self.article.subject

    @property
    def person(self) -> Fact:
        return self.forecaster
