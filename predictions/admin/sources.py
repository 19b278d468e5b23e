"""Where forecasts come from: topics, outlets, articles, forecasters, and the lexicon."""

from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display

from ledger.filtering import between, one_of, text
from predictions.admin.base import FactAdmin, KeyedAdmin, day, link_to_list, once
from predictions.admin.counting import counted, shown_count
from predictions.admin.filters import keyed
from predictions.admin.finder import find
from predictions.admin.forecasts import shown_range
from predictions.admin.recording.pages import AddArticle, AddToArticle
from predictions.admin.recording.texts import article_text
from predictions.admin.source_acts import AddForecaster, AddOutlet, AddTopic
from predictions.models import (
    Article,
    ArticleText,
    Forecaster,
    Outlet,
    Phrase,
    Prediction,
    Question,
    Topic,
    Total,
)
from predictions.models.choices import ForecasterKind


class CountedAdmin(FactAdmin):
    """A list with the number of rows that refer to each row, up to a bound."""

    add_page: Any = None
    counted_model: Any
    counted_by: str
    # By what the list of those is narrowed to them.
    narrowed_by = "key"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.add_page is not None and request.user.has_perm(self.add_page.permission)

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if self.add_page is None:
            return super().add_view(request, *args, **kwargs)  # type: ignore[no-any-return]
        return self.add_page.as_view()(request)  # type: ignore[no-any-return]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        annotated: QuerySet[Any] = rows.annotate(referring=self.count())
        return annotated

    def count(self) -> Any:
        return counted(self.counted_model.objects.filter(**{self.counted_by: OuterRef("pk")}))

    def referring(self, row: Any) -> Any:
        lookup = {f"{self.counted_by}__{self.narrowed_by}": getattr(row, self.narrowed_by)}
        return link_to_list(self.counted_model, self.said(row.referring), **lookup)

    def said(self, count: int) -> str:
        return shown_count(count)


@admin.register(Topic)
class TopicAdmin(CountedAdmin, KeyedAdmin):
    add_page = AddTopic
    list_display = ["name", "key", "questions"]
    search_fields = ["key", "name"]
    fields = ["name", "key", "questions"]
    readonly_fields = ["questions"]
    counted_model, counted_by = Question, "topic"

    @display(description="Questions")
    def questions(self, topic: Topic) -> Any:
        return self.referring(topic)


@admin.register(Outlet)
class OutletAdmin(CountedAdmin, KeyedAdmin):
    add_page = AddOutlet
    list_display = ["name", "key", "articles"]
    search_fields = ["key", "name"]
    fields = ["name", "key", "articles"]
    readonly_fields = ["articles"]
    counted_model, counted_by = Article, "outlet"

    @display(description="Articles")
    def articles(self, outlet: Outlet) -> Any:
        return self.referring(outlet)


@admin.register(Article)
class ArticleAdmin(CountedAdmin, KeyedAdmin):
    add_page = AddArticle
    list_display = ["title", "outlet", "byline", "published", "predictions", "key"]
    list_filter = [
        keyed("Outlet", "outlet", Outlet),
        between("Published", "published_on", "day"),
    ]
    list_select_related = ["outlet"]
    search_fields = ["key", "title", "byline", "sha256"]
    search_through = ("outlet",)
    ordering = ["-published_on", "-id"]
    sortable_by = ["published", "key"]
    readonly_fields = ["predictions", "published", "record_more", "kept_text"]
    published = day("published_on", "Published on")
    fieldsets = [
        (None, {"fields": ["title", "title_basis", "outlet", "byline"]}),
        ("Forecasts", {"fields": ["predictions", "record_more"]}),
        ("When and where", {"fields": ["published", "date_basis", "url"]}),
        ("Its text", {"fields": ["sha256", "characters", "key", "kept_text"]}),
    ]
    counted_model, counted_by = Prediction, "article"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        more = view(AddToArticle.as_view())
        return [
            path("find/<slug:what>/", view(find), name="find"),
            path("<uuid:pk>/record/", more, name="predictions_article_record"),
            path("<uuid:pk>/text/", view(article_text), name="predictions_article_text"),
            *super().get_urls(),
        ]

    @display(description="More of it")
    def record_more(self, article: Article) -> SafeString:
        url = reverse("admin:predictions_article_record", args=[article.pk])
        return format_html('<a href="{}">Record predictions and statements →</a>', url)

    @display(description="Text")
    @once
    def kept_text(self, article: Article) -> SafeString | str:
        if not ArticleText.objects.filter(article=article).exists():
            return "not kept here"
        url = reverse("admin:predictions_article_text", args=[article.pk])
        return format_html('<a href="{}">Read, if you may →</a>', url)

    @display(description="Predictions")
    def predictions(self, article: Article) -> Any:
        return self.referring(article)


@admin.register(Forecaster)
class ForecasterAdmin(CountedAdmin, KeyedAdmin):
    add_page = AddForecaster
    list_display = ["name", "kind", "predictions", "key"]
    list_filter = [one_of("Kind", "kind", ForecasterKind.choices)]
    sortable_by = ["key"]
    search_fields = ["key", "name", "note"]
    fields = ["name", "kind", "note", "predictions", "key", "entries"]
    readonly_fields = ["predictions", "entries"]
    counted_model, counted_by = Prediction, "forecaster"

    def count(self) -> Any:
        """Exactly: it is among the totals."""
        total = Total.objects.filter(whose=OuterRef("pk")).values("predictions")
        return Coalesce(Subquery(total), 0)

    def said(self, count: int) -> str:
        return f"{count:,}"

    @display(description="Predictions")
    def predictions(self, forecaster: Forecaster) -> Any:
        return self.referring(forecaster)

    @display(description="In the ledger")
    def entries(self, forecaster: Forecaster) -> SafeString:
        url = reverse("admin:ledger_entry_changelist", query={"q": forecaster.subject})
        return format_html('<a href="{}">{} →</a>', url, forecaster.subject)


@admin.register(Phrase)
class PhraseAdmin(CountedAdmin):
    list_display = ["phrase", "chance", "source", "version", "source_title", "predictions"]
    list_filter = [text("Source", "source")]
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
    counted_model, counted_by = Prediction, "phrase"
    narrowed_by = "pk"

    @display(description="Probability", ordering="point")
    def chance(self, phrase: Phrase) -> str:
        return shown_range(phrase.low, phrase.point, phrase.high)

    @display(description="Predictions")
    def predictions(self, phrase: Phrase) -> Any:
        return self.referring(phrase)
