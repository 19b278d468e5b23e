"""Where forecasts stand, and who makes them."""

from predictions.api.filtersets import ArticleFilters, ForecasterFilters
from predictions.api.serializers import ArticleSerializer, ForecasterSerializer
from predictions.api.views.base import KeyedReading
from predictions.models import Article, Forecaster


class ArticleViewSet(KeyedReading):
    """Articles, known by the SHA-256 of their text; the text itself is not here."""

    queryset = Article.objects.select_related("outlet")
    serializer_class = ArticleSerializer
    filterset_class = ArticleFilters
    orderings = {"key": "key", "published_on": "published_on", "title": "title"}
    ordering = "published_on"


class ForecasterViewSet(KeyedReading):
    """Persons, bylines, organisations, models and crowds."""

    queryset = Forecaster.objects.all()
    serializer_class = ForecasterSerializer
    filterset_class = ForecasterFilters
    orderings = {"key": "key", "name": "name"}
    ordering = "key"
