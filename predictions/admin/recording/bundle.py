"""All the forms of a page as one: built from what was posted, with rows added, or as they start."""

from typing import Any, cast

from django import forms
from django.forms.utils import ErrorDict
from django.http import QueryDict

from predictions.admin.recording.forms import (
    ArticleForm,
    ForecasterForm,
    PredictionForm,
    QuestionForm,
    RowForm,
    Rows,
    SourceForm,
    StatementForm,
)

MOST_ROWS = 60
_ADDED = 3
_ROWS: dict[str, type[RowForm]] = {
    "forecasters": ForecasterForm,
    "questions": QuestionForm,
    "predictions": PredictionForm,
    "statements": StatementForm,
}
_FORMSETS = {
    part: forms.formset_factory(
        form,
        formset=Rows,
        extra=1,
        max_num=MOST_ROWS,
        absolute_max=MOST_ROWS,
        validate_max=True,
        can_delete=True,
    )
    for part, form in _ROWS.items()
}


class Bundle:
    """The forms of a page: of the article, if it is new, and of the rows of each of its parts."""

    def __init__(
        self,
        parts: tuple[str, ...],
        data: QueryDict | None = None,
        files: Any = None,
        *,
        is_asked: bool = False,
    ) -> None:
        """`is_asked` says that all predictions are on one question, which the page knows."""
        self.data = None if data is None else data.copy()
        article = "article" in parts
        self.article = ArticleForm(self.data, files, prefix="article") if article else None
        self.source = SourceForm(self.data, prefix="source") if "source" in parts else None
        asked = {"predictions": {"is_asked": is_asked}}
        self.rows: dict[str, Rows] = {
            part: cast(
                Rows, _FORMSETS[part](self.data, prefix=part, form_kwargs=asked.get(part, {}))
            )
            for part in parts
            if part in _FORMSETS
        }

    def add_rows(self, part: str) -> None:
        """As many as are added at once; nothing is judged yet."""
        assert self.data is not None  # noqa: S101 -- a row is asked for by a posted form
        count = f"{part}-TOTAL_FORMS"
        before = str(self.data.get(count, ""))
        if part in self.rows and before.isdecimal():
            self.data[count] = str(min(int(before) + _ADDED, MOST_ROWS))
        for form in self.forms:
            form._errors = ErrorDict()
            form.cleaned_data = {}
        for rows in self.rows.values():
            rows.hush()

    @property
    def forms(self) -> list[Any]:
        rows = [form for rows in self.rows.values() for form in rows.forms]
        return [form for form in (self.article, self.source, *rows) if form is not None]

    @property
    def is_wrong(self) -> bool:
        """Whether anything that would be recorded has an error, be it found by a reader."""
        rows = [form for part in self.rows for form in self.filled(part)]
        single = [form for form in (self.article, self.source) if form is not None]
        counts = any(rows.non_form_errors() for rows in self.rows.values())
        return counts or any(form.errors for form in [*single, *rows])

    def is_valid(self) -> bool:
        """Of every form, so that all that is wrong is said at once."""
        each = [rows.is_valid() for rows in self.rows.values()]
        each += [form.is_valid() for form in (self.article, self.source) if form]
        return all(each)

    def filled(self, part: str) -> list[Any]:
        return self.rows[part].filled if part in self.rows else []

    def write(self, form: Any, name: str, value: str) -> None:
        """What the page filled in by itself is posted from now on, as if it had been typed."""
        assert self.data is not None  # noqa: S101 -- as above
        self.data[form.add_prefix(name)] = value
        form.cleaned_data[name] = value
