"""Amending a recorded row: a form, then old and new side by side, then the act."""

import hashlib
from typing import Any, ClassVar, cast

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from predictions import services
from predictions.admin.acts import Act
from predictions.admin.amend_forms import AmendForm
from predictions.forms.base import ActForm
from predictions.history.changes import Change, differences
from predictions.models import Event, Fact, Phrase, Prediction, Question
from predictions.services.amending import AMENDABLE
from predictions.services.lexicon import predictions_read_by
from predictions.templatetags.figures import score

# Whose services ask for the time.
_TIMED = (Question, Prediction, Event)


_MEANWHILE = "Something changed since you looked, and nothing was recorded: look at this again."


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
        self.follows = ""
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
        agreed, amended = self.tried(given)
        if agreed:
            said = ", ".join(map(str, self.changed)).rstrip(".")
            return self.done(f"Amended {said}.", url_of_row(amended))
        if "confirm" not in self.request.POST:
            return self.page(form)
        form.add_error(None, _MEANWHILE)
        return self.page(form, status=409)

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

    def tried(self, form: AmendForm) -> tuple[bool, Fact]:
        """The act itself, undone unless what it changes is what was seen and confirmed."""
        with transaction.atomic():
            self.follows = self.consequence()
            before = _scores(self.row)
            amended = self.amend(form)
            after = _scores(self.row)
            rescored = [
                Change(name, before.get(name, "none"), after.get(name, "none"))
                for name in before | after
                if before.get(name) != after.get(name)
            ]
            self.changed = differences(self.row, amended) + rescored
            given = self.request.POST
            agreed = "confirm" in given and given.get("seen") == self.seal()
            transaction.set_rollback(not agreed)
        return agreed, amended

    def seal(self) -> str:
        """What was seen, told apart from anything else."""
        said = f"{self.row.entry} {self.follows} {[str(change) for change in self.changed]}"
        return hashlib.sha256(said.encode()).hexdigest()

    def consequence(self) -> str:
        """What follows for other rows."""
        return ""

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
            "seen": self.seal() if self.changed else "",
            "consequence": self.follows,
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

    def consequence(self) -> str:
        count = predictions_read_by(self.row).count()
        read = "1 prediction takes" if count == 1 else f"{count:,} predictions take"
        return f"{read} the new figures, and new scores."


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
