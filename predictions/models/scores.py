"""What predictions earned: postings, as in a book of accounts. A reversal cancels another."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q

from predictions.models.base import Fact, one_of
from predictions.models.choices import Rule
from predictions.models.evidence import Outcome
from predictions.models.questions import Prediction
from predictions.querysets import ScoreQuerySet


class Score(Fact):
    """A posting: `value` of one prediction under one rule on one outcome, or its reversal.

    `best` and `worst` are the values at the ends of the range that the prediction's words allow.
    A reversal carries the negated figures of what it reverses, so that a plain sum is right. What
    was reversed may be posted anew, in the next round, where the words are read differently since.
    """

    final = True
    later: ClassVar[dict[str, Any]] = {"round": 1}

    # That these are there, and fit, is for the trigger `score_fits` to see: many rows at once.
    prediction = models.ForeignKey(
        Prediction,
        on_delete=models.PROTECT,
        related_name="scores",
        db_constraint=False,
        db_index=False,  # the first column of `score_once_a_round`
    )
    outcome = models.ForeignKey(
        Outcome, on_delete=models.PROTECT, related_name="scores", db_constraint=False
    )
    rule = models.CharField(max_length=10, choices=Rule.choices)
    value = models.DecimalField(max_digits=19, decimal_places=9)
    best = models.DecimalField(max_digits=19, decimal_places=9)
    worst = models.DecimalField(max_digits=19, decimal_places=9)
    round = models.PositiveSmallIntegerField(default=1)
    reverses = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="reversal",
        db_constraint=False,
    )
    posted_at = models.DateTimeField()

    objects = ScoreQuerySet.as_manager()

    class Meta:
        ordering = ["posted_at", "id"]
        indexes = [models.Index(fields=["posted_at", "id"], name="score_in_order")]
        constraints = [
            one_of("rule", Rule),
            models.CheckConstraint(
                condition=Q(reverses__isnull=True, best__lte=F("value"), value__lte=F("worst"))
                | Q(reverses__isnull=False, worst__lte=F("value"), value__lte=F("best")),
                name="score_value_within_range",
            ),
            models.UniqueConstraint(
                fields=["prediction", "outcome", "rule", "round"],
                condition=Q(reverses__isnull=True),
                name="score_once_a_round",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule} {self.value}"

    @property
    def subject(self) -> str:
        return self.outcome.subject
