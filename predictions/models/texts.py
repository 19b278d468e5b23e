"""The texts of articles: private, never in the ledger, never over the API."""

from django.db import models

from predictions.models.sources import Article


class ArticleText(models.Model):
    """The text that an article's hash was taken of, where somebody chose to keep it."""

    article = models.OneToOneField(
        Article, on_delete=models.PROTECT, primary_key=True, related_name="kept"
    )
    text = models.TextField()
    kept_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"The text of {self.article}"
