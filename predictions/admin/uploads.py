"""Importing a CSV file: uploaded, previewed, and recorded as a whole once somebody agrees."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from unfold.decorators import display

from predictions.admin.access import refusal
from predictions.admin.acts import Act
from predictions.admin.base import ReadOnlyAdmin, moment
from predictions.admin.filters import person
from predictions.errors import Conflict
from predictions.forms.base import ActForm, sentence
from predictions.importing.rows import COLUMNS
from predictions.models import Upload
from predictions.models.choices import UploadState
from predictions.services import uploads
from predictions.services.imports import ImportRefused

_PROBLEMS = 200
_EXAMPLE = {
    "question": "rain-2026",
    "forecaster": "almanac",
    "made_at": "2026-01-31",
    "probability": "0.7",
    "text": "Will it rain on 1 May 2026?",
    "criteria": "Yes if the weather station reports rain on that day.",
    "topic": "weather",
    "opened_at": "2026-01-01",
    "due_at": "2026-05-01",
    "quote": "It is likely to rain on May Day.",
}


class UploadForm(ActForm):
    file = forms.FileField(
        label="File",
        widget=forms.ClearableFileInput({"accept": ".csv,text/csv"}),
        error_messages={
            "required": "Is missing; choose a CSV file.",
            "empty": "Is empty; begin it with a line of headings.",
        },
    )


class AddUpload(Act):
    """Read a file and say what it would do; what cannot be read is said cell by cell."""

    permission = "predictions.add_upload"
    doing = "Importing predictions"
    title = "Import predictions"
    template = "admin/upload/add.html"

    problems: ImportRefused | None = None

    def form(self, data: Any = None) -> ActForm:
        return UploadForm(data, self.request.FILES if data is not None else None)

    def do(self, form: ActForm) -> HttpResponse:
        file = form.cleaned_data["file"]
        # One byte more than is taken: what is longer is refused without reading it.
        content = file.read(settings.UPLOAD_MEGABYTES * 1_000_000 + 1)
        try:
            upload = uploads.upload_preview(
                name=file.name, content=content, by=self.person, now=timezone.now()
            )
        except ImportRefused as refused:
            self.problems = refused
            form.add_error("file", f"Nothing was recorded: {_counted(refused)} in {file.name}.")
            return self.page(form)
        return HttpResponseRedirect(_url(upload))

    def context(self) -> dict[str, Any]:
        return {
            "problems": self.problems.problems[:_PROBLEMS] if self.problems else [],
            "more": max(len(self.problems.problems) - _PROBLEMS, 0) if self.problems else 0,
            "megabytes": settings.UPLOAD_MEGABYTES,
            "rows": settings.UPLOAD_ROWS,
            "columns": COLUMNS,
        }


class ConfirmForm(ActForm):
    digest = forms.CharField(widget=forms.HiddenInput)


class ShowUpload(Act):
    """What a file would do, and the yes to it; later, how far that has come.

    Who may look at imports sees it; saying yes takes more.
    """

    permission = "predictions.add_upload"
    doing = "Importing predictions"
    title = "Import"
    template = "admin/upload/page.html"

    problems: ImportRefused | None = None

    def turn_away(self) -> HttpResponse | None:
        if self.request.method == "POST":
            return None  # whether who says yes may, is asked of the file
        looks = "predictions.view_upload"
        doing = "Looking at imports"
        return refusal(self.request, doing=doing, permission=looks, other=self.permission)

    def begin(self, **kwargs: Any) -> HttpResponse | None:
        # Without the file, which may be large.
        rows = Upload.objects.select_related("by").defer("content")
        self.upload = get_object_or_404(rows, pk=kwargs["pk"])
        if self.request.method != "POST":
            return None
        doing, permission = self.takes()
        return refusal(self.request, doing=doing, permission=permission)

    def takes(self) -> tuple[str, str]:
        """What saying yes to this file is, and the permission for it."""
        if self.upload.preview["outcomes"]:
            return "Importing outcomes", "predictions.add_outcome"
        return self.doing, self.permission

    def form(self, data: Any = None) -> ActForm:
        return ConfirmForm(data, initial={"digest": self.upload.digest})

    def do(self, form: ActForm) -> HttpResponse:
        now = timezone.now()
        try:
            upload = uploads.upload_confirm(
                upload=self.upload, digest=form.cleaned_data["digest"], by=self.person, now=now
            )
        except ImportRefused as refused:
            self.problems = refused
            form.add_error(None, f"Nothing was recorded: {_counted(refused)} by now.")
            return self.page(form, status=409)
        except Conflict as error:
            return self.changed(form, error)
        if upload.state == UploadState.RECORDED:
            return self.done(f"Recorded: {upload.name}.", _url(upload))
        return HttpResponseRedirect(_url(upload))

    def changed(self, form: ActForm, error: Conflict) -> HttpResponse:
        """The page anew, with what would be recorded now."""
        found = Upload.objects.filter(pk=self.upload.pk).first()
        if found is None:
            messages.error(self.request, sentence(str(error)))
            return HttpResponseRedirect(reverse("admin:predictions_upload_add"))
        self.upload = found
        if self.upload.state == UploadState.PREVIEWED:
            self.look_again()
        again = self.form({"digest": self.upload.digest})
        again.is_valid()
        again.add_error(None, sentence(str(error)))
        return self.page(again, status=409)

    def look_again(self) -> None:
        try:
            uploads.upload_look_again(upload=self.upload, now=timezone.now())
        except ImportRefused as refused:
            self.problems = refused

    def context(self) -> dict[str, Any]:
        return {
            "upload": self.upload,
            "preview": self.upload.preview,
            "problems": self.problems.problems[:_PROBLEMS] if self.problems else [],
            "every": settings.SWEEP_SECONDS,
            "may_decide": self.request.user.has_perm("predictions.add_outcome"),
            "may_confirm": self.request.user.has_perm(self.takes()[1]),
            "may_forget": self.upload.by == self.person
            and self.request.user.has_perm(self.permission),
            "new": [
                (name, self.upload.preview[name])
                for name in ("predictions", "questions", "forecasters", "topics", "outcomes")
            ],
        }


class CancelUpload(ShowUpload):
    """Forget a file that waits."""

    http_method_names = ["post"]
    turn_away = Act.turn_away

    def begin(self, **kwargs: Any) -> HttpResponse | None:
        self.upload = get_object_or_404(Upload.objects.defer("content"), pk=kwargs["pk"])
        return None

    def form(self, data: Any = None) -> ActForm:
        return ActForm(data)

    def do(self, form: ActForm) -> HttpResponse:
        uploads.upload_cancel(upload=self.upload, by=self.person)
        text = f"Nothing was recorded; {self.upload.name} is forgotten."
        return self.done(text, reverse("admin:predictions_upload_changelist"))


def template(request: HttpRequest) -> HttpResponse:
    """A file to begin with: all columns, and an example."""
    row = ",".join(f'"{_EXAMPLE.get(name, "")}"' for name in COLUMNS)
    response = HttpResponse(f"{','.join(COLUMNS)}\r\n{row}\r\n", content_type="text/csv")
    response["Content-Disposition"] = 'attachment; filename="predictions.csv"'
    return response


@admin.register(Upload)
class UploadAdmin(ReadOnlyAdmin):
    list_display = ["name", "shown_state", "uploaded", "by", "total"]
    list_filter = [person("By", "by")]
    list_select_related = ["by"]
    search_fields = ["name", "sha256"]
    ordering = ["-at", "-id"]
    sortable_by: list[str] = []
    uploaded = moment("at", "Uploaded")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("content")

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        named = ("predictions.add_upload", "predictions.view_upload")
        return any(request.user.has_perm(name) for name in named)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("predictions.add_upload")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        cancel = view(CancelUpload.as_view())
        return [
            path("template.csv", view(template), name="predictions_upload_template"),
            path("<int:pk>/cancel/", cancel, name="predictions_upload_cancel"),
            *super().get_urls(),
        ]

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return AddUpload.as_view()(request)

    def change_view(
        self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        if not object_id.isascii() or not object_id.isdigit():
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[no-any-return]
        return ShowUpload.as_view()(request, pk=int(object_id))

    @display(
        description="State",
        label={
            "was recorded": "success",
            "was not recorded": "danger",
            "waits for a yes": "warning",
            "is being recorded": "info",
        },
    )
    def shown_state(self, upload: Upload) -> str:
        return str(upload.get_state_display())


def _url(upload: Upload) -> str:
    return reverse("admin:predictions_upload_change", args=[upload.pk])


def _counted(refused: ImportRefused) -> str:
    count = len(refused.problems)
    return "1 problem" if count == 1 else f"{count:,} problems"
