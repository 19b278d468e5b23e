"""The page with the text of an article, for who records and who adjudicates."""

from uuid import UUID

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse

from predictions.admin.access import refusal
from predictions.models import ArticleText


def article_text(request: HttpRequest, pk: UUID) -> HttpResponse:
    if refused := refusal(
        request,
        doing="Reading the text of an article",
        permission="predictions.add_article",
        other="predictions.add_outcome",
    ):
        return refused
    kept = get_object_or_404(ArticleText.objects.select_related("article"), pk=pk)
    context = {**admin.site.each_context(request), "title": "Text", "kept": kept}
    return TemplateResponse(request, "admin/recording/text.html", context)
