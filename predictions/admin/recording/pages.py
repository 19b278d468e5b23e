"""The recording pages: rows are filled in, previewed as they will be recorded, and recorded."""

import hashlib
from typing import Any, ClassVar

from django.contrib import admin
from django.db import OperationalError
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from ledger.retries import retried
from predictions import services
from predictions.admin.access import refusal
from predictions.admin.acts import Act, load_question, url_of
from predictions.admin.recording.bundle import MOST_ROWS, Bundle
from predictions.admin.recording.cautions import cautions
from predictions.admin.recording.reader import Reader
from predictions.finding import named, next_key
from predictions.forms.base import BUSY, is_passing
from predictions.models import Article, Question
from predictions.services.sheets import Recorded, RowRefused

_ROWS = ("forecasters", "questions", "predictions", "statements")
# Of each part that has rows, what it takes to record one.
_TAKES = {"forecasters": "forecaster", "questions": "question"} | {
    "predictions": "prediction",
    "statements": "statement",
}


class RecordSheet(Act):
    """A page of rows: `step` says whether to add rows, to preview, or to record what was seen."""

    template = "admin/recording/page.html"
    parts: ClassVar[tuple[str, ...]]
    lead: ClassVar[str] = ""
    article: Article | None = None
    question: Question | None = None

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return self.show(Bundle(self.parts, is_asked=self.question is not None))

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        asked = self.question is not None
        bundle = Bundle(self.parts, request.POST, request.FILES, is_asked=asked)
        step = request.POST.get("step", "")
        if step.startswith("add-"):
            bundle.add_rows(step.removeprefix("add-"))
            return self.show(bundle)
        if not bundle.is_valid():
            return self.show(bundle)
        return self._refused(bundle) or self._read(bundle)

    def _refused(self, bundle: Bundle) -> HttpResponse | None:
        """A person who may record predictions but no questions is told so before anything is."""
        for part, model in _TAKES.items():
            permission = f"predictions.add_{model}"
            if bundle.filled(part) and (
                refused := refusal(self.request, doing=f"Recording {part}", permission=permission)
            ):
                return refused
        return None

    def _read(self, bundle: Bundle) -> HttpResponse:
        if not self._has_rows(bundle):
            return self.show(bundle, problem="Nothing is filled in yet.")
        now = timezone.now()
        reader = Reader(bundle, now, article=self.chosen(bundle), question=self.question)
        sheet = reader.read()
        if bundle.is_wrong:
            return self.show(bundle)
        seen = _digest(bundle)
        is_seen = self.request.POST.get("step") == "record" and (
            self.request.POST.get("seen") == seen
        )
        try:
            done = retried(
                lambda: services.sheet_record(
                    sheet=sheet, by=self.person, now=now, dry_run=not is_seen
                )
            )
        except RowRefused as error:
            _place(error, bundle, reader)
            return self.show(bundle)
        except OperationalError as error:
            if not is_passing(error):
                raise
            return self.show(bundle, problem=BUSY)
        if is_seen:
            return self.told(self.done(_told(done), self.back(done)))
        return self.show(bundle, preview=done, cautions=cautions(sheet, done, reader), seen=seen)

    def _has_rows(self, bundle: Bundle) -> bool:
        return bundle.article is not None or any(bundle.filled(part) for part in bundle.rows)

    def chosen(self, bundle: Bundle) -> Article | None:
        """The recorded article that the rows stand in."""
        return self.article

    def back(self, done: Recorded) -> str:
        article = done.article
        return _url(article) if article else reverse("admin:predictions_question_changelist")

    def show(self, bundle: Bundle, **shown: Any) -> HttpResponse:
        context = {
            **admin.site.each_context(self.request),
            "title": self.title,
            "lead": self.lead,
            "bundle": bundle,
            "article": self.article,
            "question": self.question,
            "most_rows": MOST_ROWS,
            "wrong": bundle.data is not None and bundle.is_wrong,
            "next_question": next_key(Question.objects.all(), "Q"),
            **shown,
        }
        return TemplateResponse(self.request, self.template, context)


class AddArticle(RecordSheet):
    permission = "predictions.add_article"
    doing = "Recording an article"
    title = "Record an article"
    parts = ("article", *_ROWS)
    lead = (
        "The article, and all that it forecasts. A preview shows what will be recorded; then all "
        "of it is, or nothing."
    )


class AddToArticle(RecordSheet):
    permission = "predictions.add_prediction"
    doing = "Recording predictions"
    title = "Record more of an article"
    parts = _ROWS

    def begin(self, **kwargs: Any) -> HttpResponse | None:
        self.article = get_object_or_404(Article, pk=kwargs["pk"])
        return None


class AddQuestion(RecordSheet):
    permission = "predictions.add_question"
    doing = "Recording a question"
    title = "Record a question"
    parts = ("questions",)

    def back(self, done: Recorded) -> str:
        return url_of(done.questions[0]) if len(done.questions) == 1 else super().back(done)


class Predict(RecordSheet):
    """A prediction on one question, with the article that it stands in or without."""

    permission = "predictions.add_prediction"
    doing = "Recording a prediction"
    title = "Record a prediction"
    parts = ("source", "forecasters", "predictions")

    def begin(self, **kwargs: Any) -> HttpResponse | None:
        self.question = load_question(kwargs["pk"])
        return None

    def chosen(self, bundle: Bundle) -> Article | None:
        form: Any = bundle.source
        key = form.cleaned_data["article"].strip()
        found: Article | None = named(Article, [key]).get(key)
        if key and found is None:
            form.add_error("article", f"There is no article “{key}”; record it first.")
        return found

    def back(self, done: Recorded) -> str:
        assert self.question is not None  # noqa: S101 -- `begin` has loaded it
        return url_of(self.question)


def _digest(bundle: Bundle) -> str:
    """Of all that is filled in: what is recorded is what was previewed."""
    assert bundle.data is not None  # noqa: S101 -- it was posted
    aside = {"csrfmiddlewaretoken", "step", "seen"}
    given = sorted((name, bundle.data.getlist(name)) for name in bundle.data if name not in aside)
    return hashlib.sha256(repr(given).encode()).hexdigest()


def _place(error: RowRefused, bundle: Bundle, reader: Reader) -> None:
    """A refusal of a row, at its form."""
    if error.part == "article":
        form: Any = bundle.article
    else:
        rows = reader.new_questions if error.part == "questions" else bundle.filled(error.part)
        form = rows[error.number]
    form.refuse(error)


def _told(done: Recorded) -> str:
    counts = {
        "forecaster": len(done.forecasters),
        "question": len(done.questions),
        "prediction": len(done.predictions),
        "statement": len(done.statements),
    }
    parts = [
        f"{count} {name}{'' if count == 1 else 's'}" for name, count in counts.items() if count
    ]
    return f"Recorded: {', '.join(parts) or 'the article'}."


def _url(row: Model) -> str:
    return reverse(f"admin:predictions_{row._meta.model_name}_change", args=[row.pk])
