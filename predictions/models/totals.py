"""Totals: derived from predictions and their scores, kept up with each, and held against a recount.

Whole numbers, so that a sum is exact in whatever order it came about: scores in billionths
(`SCORE_UNITS`), means of a few scores in trillionths (`MEAN_UNITS`), answers in millionths
(`ANSWER_UNITS`).
"""

from uuid import UUID

from django.db import models

from predictions.models.questions import Question
from predictions.models.sources import Forecaster

SCORE_UNITS = 10**9
MEAN_UNITS = 10**12
ANSWER_UNITS = 10**6
# Whose totals are everybody's: no forecaster has this id, and it sorts before all of them.
EVERYBODY = UUID(int=0)


class Sums(models.Model):
    """What adds up. `counted` are scored on yes or no, and all that follows is theirs."""

    predictions = models.BigIntegerField()
    open = models.BigIntegerField()
    void = models.BigIntegerField()
    late = models.BigIntegerField()
    scored = models.BigIntegerField()
    counted = models.BigIntegerField()
    happened = models.BigIntegerField()
    brier = models.BigIntegerField()
    best = models.BigIntegerField()
    worst = models.BigIntegerField()
    log = models.BigIntegerField()

    class Meta:
        abstract = True


class SeriesTotal(Sums):
    """What one forecaster's predictions on one question come to."""

    question = models.ForeignKey(
        Question, on_delete=models.PROTECT, related_name="+", db_constraint=False
    )
    forecaster = models.ForeignKey(
        Forecaster, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    # In squares of the answers' units.
    happened_squared = models.BigIntegerField()
    # Of the counted ones; 0 where there are none.
    mean_brier = models.BigIntegerField()
    # Over the time they stood, and the share of the question's time; 0 where none passed.
    timed = models.PositiveSmallIntegerField()
    weighted_brier = models.BigIntegerField()
    coverage = models.BigIntegerField()

    class Meta:
        ordering = ["question", "forecaster"]
        indexes = [
            # Where something came too late, which is rare.
            models.Index(
                fields=["question"], condition=models.Q(late__gt=0), name="series_total_late"
            )
        ]
        constraints = [
            models.UniqueConstraint(fields=["question", "forecaster"], name="series_total_once")
        ]

    def __str__(self) -> str:
        return f"{self.forecaster_id} on {self.question_id}"


class Total(Sums):
    """What a forecaster's predictions come to, or everybody's."""

    # A forecaster's id, or `EVERYBODY`.
    whose = models.UUIDField(primary_key=True)
    # Of forecaster and question; with something counted; and questions with something counted.
    series = models.BigIntegerField()
    counted_series = models.BigIntegerField()
    clusters = models.BigIntegerField()
    # With n predictions counted on a question, of sum S in billionths: sums of n², nS and S² over
    # questions, from which the variance clustered by question follows.
    sizes = models.DecimalField(max_digits=38, decimal_places=0)
    products = models.DecimalField(max_digits=38, decimal_places=0)
    squares = models.DecimalField(max_digits=38, decimal_places=0)
    happened_squared = models.DecimalField(max_digits=38, decimal_places=0)
    # Sums over series.
    mean_brier = models.DecimalField(max_digits=38, decimal_places=0)
    timed = models.BigIntegerField()
    weighted_brier = models.DecimalField(max_digits=38, decimal_places=0)
    coverage = models.DecimalField(max_digits=38, decimal_places=0)

    class Meta:
        ordering = ["whose"]

    def __str__(self) -> str:
        return "everybody" if self.whose == EVERYBODY else str(self.whose)


class Rescoring(models.Model):
    """A pass over all questions: how far it has come, so that it can be gone on with."""

    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    # The last question of what is done, in the order of their ids; and what was done up to there.
    last_question = models.UUIDField(null=True)
    predictions = models.BigIntegerField(default=0)
    posted = models.BigIntegerField(default=0)
    reversed = models.BigIntegerField(default=0)

    class Meta:
        ordering = ["started_at"]
        constraints = [
            models.UniqueConstraint(
                models.ExpressionWrapper(
                    models.Q(ended_at__isnull=True), output_field=models.BooleanField()
                ),
                condition=models.Q(ended_at__isnull=True),
                name="rescoring_one_at_a_time",
            )
        ]

    def __str__(self) -> str:
        return f"rescoring of {self.started_at:%Y-%m-%d %H:%M}"
