"""Amending a recorded row: a form, then old and new side by side, then the act."""

from typing import Any, ClassVar, cast

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from predictions import services
from predictions.admin.acts import Act, ActForm
from predictions.admin.amend_forms import AmendForm
from predictions.history.changes import Change, differences
from predictions.models import Event, Fact, Phrase, Prediction, Question
from predictions.services.amending import AMENDABLE
from predictions.services.lexicon import predictions_read_by
from predictions.templatetags.figures import score

# Whose services ask for the time.
_TIMED = (Question, Prediction, Event)


class Amend(Act):
    """Subclasses name the table, and the columns if not all that may change."""

    model: ClassVar[type[Fact]]
    columns: ClassVar[tuple[str, ...]] = ()
    template = "admin/amend/page.html"

    def __init_subclass__(cls) -> None:
        name = str(cls.model._meta.verbose_name)
        cls.permission = f"predictions.change_{cls.model._meta.model_name}"
        if not cls.columns:
            article = "an" if name[0] in "aeiou" else "a"
            cls.doing, cls.title = f"Amending {article} {name}", f"Amend {name}"

    def begin(self, **kwargs: Any) -> HttpResponse | None:
        self.conflict = False
        self.changed: list[Change] = []
        related = [field.name for field in self.model._meta.concrete_fields if field.is_relation]
        rows = self.model._default_manager.select_related(*related)
        self.row: Any = get_object_or_404(rows, pk=kwargs["pk"])
        if self.row.is_erased:
            messages.warning(self.request, "It was erased, and stays as it is.")
            return HttpResponseRedirect(url_of_row(self.row))
        return None

    def form(self, data: Any = None) -> ActForm:
        return AmendForm(self.row, self.columns, data)

    def do(self, form: ActForm) -> HttpResponse:
        given = cast(AmendForm, form)
        if "edit" in self.request.POST:
            return self.page(form)
        if "confirm" not in self.request.POST:
            self.changed = self.rehearsed(given)
            return self.page(form)
        amended = self.amend(given)
        changed = differences(self.row, amended)
        return self.done(f"Amended {', '.join(map(str, changed))}.", url_of_row(amended))

    def amend(self, form: AmendForm) -> Fact:
        name = str(self.model._meta.model_name)
        now = {"now": timezone.now()} if self.model in _TIMED else {}
        amended: Fact = getattr(services, f"{name}_amend")(
            **{name: self.row},
            changes=form.changes,
            reason=form.cleaned_data["why"],
            by=self.person,
            shown=form.cleaned_data["shown"],
            **now,
        )
        return amended

    def rehearsed(self, form: AmendForm) -> list[Change]:
        """What would change: the act itself, done and undone, so that nothing else can happen."""
        with transaction.atomic():
            before = _scores(self.row)
            changed = differences(self.row, self.amend(form))
            after = _scores(self.row)
            transaction.set_rollback(True)
        rescored = [
            Change(name, before.get(name, "none"), after.get(name, "none"))
            for name in before | after
            if before.get(name) != after.get(name)
        ]
        return changed + rescored

    def page(self, form: ActForm, status: int = 200) -> HttpResponse:
        self.conflict = status == 409
        return super().page(form, status)

    def context(self) -> dict[str, Any]:
        return {
            "row": self.row,
            "row_url": url_of_row(self.row),
            "list_url": reverse(f"admin:predictions_{self.model._meta.model_name}_changelist"),
            "plural": str(self.model._meta.verbose_name_plural).capitalize(),
            "changed": self.changed,
            "conflict": self.conflict,
        }


class ExtendQuestion(Amend):
    """Only when it closes."""

    model = Question
    columns = ("due_at", "due_rule")
    doing = "Extending a question"
    title = "Extend"


class ReassignQuestion(Amend):
    """Only who reviews it."""

    model = Question
    columns = ("reviewer",)
    doing = "Reassigning a question"
    title = "Reassign"


class RevisePhrase(Amend):
    """A phrase never changes: it is read otherwise by a version that comes after it."""

    model = Phrase
    columns = ("low", "point", "high", "source_title", "source_detail", "note")
    doing = "Revising a phrase of the lexicon"
    title = "Revise"

    def amend(self, form: AmendForm) -> Fact:
        figures = {name: form.cleaned_data[name] for name in ("low", "point", "high")}
        texts = {name: text for name, text in form.changes.items() if name not in figures}
        return services.phrase_revise(
            phrase=self.row,
            **figures,
            **texts,
            reason=form.cleaned_data["why"],
            by=self.person,
            now=timezone.now(),
        )

    def context(self) -> dict[str, Any]:
        count = predictions_read_by(self.row).count() if self.changed else 0
        read = "1 prediction takes" if count == 1 else f"{count:,} predictions take"
        return {**super().context(), "consequence": f"{read} the new figures, and new scores."}


def amending(model: type[Fact]) -> type[Amend] | None:
    """The act by which a row of a table is amended; None where nothing may change."""
    if model is Phrase:
        return RevisePhrase
    if model not in AMENDABLE:
        return None
    return type(f"Amend{model.__name__}", (Amend,), {"model": model})


def url_of_row(row: Fact) -> str:
    """The page of a recorded row."""
    return reverse(f"admin:predictions_{row._meta.model_name}_change", args=[row.pk])


def _scores(row: Fact) -> dict[str, str]:
    """What a prediction has earned as it stands, by rule."""
    if not isinstance(row, Prediction):
        return {}
    standing = row.scores.standing().order_by("rule")
    return {one.get_rule_display(): score(one.value) for one in standing}
