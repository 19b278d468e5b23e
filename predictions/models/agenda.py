"""What is still to be answered: derived, so that the work to do is found among millions settled."""

from django.conf import settings
from django.db import models

from predictions.models.questions import Question


class OpenQuestion(models.Model):
    """A question without an outcome, and when it is due. Triggers keep it up with both tables."""

    question = models.OneToOneField(
        Question, on_delete=models.PROTECT, primary_key=True, related_name="while_open"
    )
    # As on the question.
    review_at = models.DateTimeField(null=True)
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
    )

    class Meta:
        ordering = ["review_at", "question"]
        indexes = [
            models.Index(fields=["review_at", "question"], name="open_question_by_review"),
            models.Index(fields=["reviewer", "review_at", "question"], name="open_question_of"),
        ]

    def __str__(self) -> str:
        return f"{self.question_id}, due {self.review_at}"
