"""Where forecasts come from: topics, outlets, articles, forecasters, and the lexicon."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display

from predictions.admin.base import FactAdmin, day, link_to_list
from predictions.admin.forecasts import shown_range
from predictions.models import Article, Forecaster, Outlet, Phrase, Prediction, Question, Topic


class CountedAdmin(FactAdmin):
    """A list with the number of rows that refer to each row."""

    counted: str
    counted_model: Any
    counted_by: str

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        counted: QuerySet[Any] = rows.annotate(referring=Count(self.counted, distinct=True))
        return counted

    def referring(self, row: Any) -> Any:
        lookup = {f"{self.counted_by}__id__exact": row.pk}
        return link_to_list(self.counted_model, row.referring, **lookup)


@admin.register(Topic)
class TopicAdmin(CountedAdmin):
    list_display = ["name", "key", "questions"]
    search_fields = ["key", "name"]
    fields = ["name", "key", "questions"]
    readonly_fields = ["questions"]
    counted, counted_model, counted_by = "question", Question, "topic"

    @display(description="Questions", ordering="referring")
    def questions(self, topic: Topic) -> Any:
        return self.referring(topic)


@admin.register(Outlet)
class OutletAdmin(CountedAdmin):
    list_display = ["name", "key", "articles"]
    search_fields = ["key", "name"]
    fields = ["name", "key", "articles"]
    readonly_fields = ["articles"]
    counted, counted_model, counted_by = "article", Article, "outlet"

    @display(description="Articles", ordering="referring")
    def articles(self, outlet: Outlet) -> Any:
        return self.referring(outlet)


@admin.register(Article)
class ArticleAdmin(CountedAdmin):
    list_display = ["title", "outlet", "byline", "published", "predictions", "key"]
    list_filter = ["outlet"]
    list_select_related = ["outlet"]
    search_fields = ["key", "title", "byline", "outlet__name", "sha256"]
    date_hierarchy = "published_on"
    ordering = ["-published_on", "key"]
    readonly_fields = ["predictions", "published"]
    published = day("published_on", "Published on")
    fieldsets = [
        (None, {"fields": ["title", "title_basis", "outlet", "byline", "predictions"]}),
        ("When and where", {"fields": ["published", "date_basis", "url"]}),
        ("Its text, which is not kept here", {"fields": ["sha256", "characters", "key"]}),
    ]
    counted, counted_model, counted_by = "predictions", Prediction, "article"

    @display(description="Predictions", ordering="referring")
    def predictions(self, article: Article) -> Any:
        return self.referring(article)


@admin.register(Forecaster)
class ForecasterAdmin(CountedAdmin):
    list_display = ["name", "kind", "predictions", "key"]
    list_filter = ["kind"]
    search_fields = ["key", "name", "note"]
    fields = ["name", "kind", "note", "predictions", "key", "entries"]
    readonly_fields = ["predictions", "entries"]
    counted, counted_model, counted_by = "predictions", Prediction, "forecaster"

    @display(description="Predictions", ordering="referring")
    def predictions(self, forecaster: Forecaster) -> Any:
        return self.referring(forecaster)

    @display(description="In the ledger")
    def entries(self, forecaster: Forecaster) -> SafeString:
        url = reverse("admin:ledger_entry_changelist", query={"q": forecaster.subject})
        return format_html('<a href="{}">{} →</a>', url, forecaster.subject)


@admin.register(Phrase)
class PhraseAdmin(CountedAdmin):
    list_display = ["phrase", "chance", "source", "version", "source_title", "predictions"]
    list_filter = ["source"]
    search_fields = ["phrase", "source", "source_title", "note"]
    readonly_fields = ["chance", "predictions"]
    fields = [
        "phrase",
        "chance",
        "source",
        "source_title",
        "source_detail",
        "note",
        "version",
        "reason",
        "predictions",
    ]
    counted, counted_model, counted_by = "prediction", Prediction, "phrase"

    @display(description="Probability", ordering="point")
    def chance(self, phrase: Phrase) -> str:
        return shown_range(phrase.low, phrase.point, phrase.high)

    @display(description="Predictions", ordering="referring")
    def predictions(self, phrase: Phrase) -> Any:
        return self.referring(phrase)
