"""The form by which a recorded row is amended: its columns as they stand, and the reason."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from django import forms

from predictions.admin.amend_fields import (
    MomentField,
    NamedField,
    PairsField,
    PassagesField,
    ProbabilityField,
    SourcesLines,
    chosen,
    reviewer_field,
)
from predictions.forms import inputs
from predictions.forms.base import ActForm
from predictions.models import Fact, Outlet, Phrase, Prediction, Topic
from predictions.models.choices import (
    Basis,
    ForecasterKind,
    HorizonBasis,
    QuestionKind,
    Side,
    StatementKind,
    UnscorableReason,
    Weight,
)
from predictions.services.amending import AMENDABLE, LONGEST_REASON

_IN_CLEAR = "It stays in the ledger for good, in clear: name no people in it."
_CONCEALED = (
    "It stays in the ledger for good, concealed: if the person is erased, so are these words."
)
_PASSAGES = "Where it begins in the text, a colon, the quote; an empty line before the next one."


def _line(label: str, *, required: bool = True, most: int = 300) -> Callable[[], forms.Field]:
    return lambda: inputs.text(label, required=required, max_length=most)


def _lines(label: str, *, required: bool = False) -> Callable[[], forms.Field]:
    return lambda: inputs.paragraph(label, required=required)


# Columns by their names, which mean the same in every table that has them; else `table.column`.
_FIELDS: dict[str, Callable[[], forms.Field]] = {
    "name": _line("Name", most=200),
    "title": _line("Title"),
    "title_basis": _lines("How the title is known"),
    "outlet": lambda: NamedField(
        Outlet.objects.order_by("key"),
        lambda outlet: str(outlet.key),
        lambda text: Outlet.objects.filter(key__iexact=text),
        label="Outlet",
        column="outlet",
        help_text="Its key; empty where the article does not say.",
    ),
    "byline": _line("Byline"),
    "published_on": lambda: inputs.day("Published on"),
    "date_basis": _lines("How the date is known", required=True),
    "url": _line("Address", required=False, most=1000),
    "forecaster.kind": lambda: chosen("Kind", ForecasterKind.choices),
    "note": _lines("Note"),
    "question.text": _lines("Question", required=True),
    "criteria": _lines("Criteria", required=True),
    "notes": _lines("Notes"),
    "topic": lambda: NamedField(
        Topic.objects.order_by("key"),
        lambda topic: str(topic.key),
        lambda text: Topic.objects.filter(key__iexact=text),
        label="Topic",
        column="topic",
        help_text="Its key; empty for none.",
    ),
    "due_at": lambda: MomentField(
        "Closes", help_text="Its next review moves along.", required=False
    ),
    "due_rule": _lines("Rule for when it closes"),
    "horizon_basis": lambda: chosen("Horizon", HorizonBasis.choices),
    "horizon_note": _lines("Horizon, in words"),
    "condition": _lines("Condition, in words"),
    "reviewer": reviewer_field,
    "review_every_days": lambda: forms.IntegerField(
        label="Days between reviews",
        required=False,
        help_text="Empty for none before it closes.",
        widget=inputs.text("").widget,
    ),
    "reference": _line("Row in the article's record", required=False, most=50),
    "made_at": lambda: MomentField("Made"),
    "passages": lambda: PassagesField("Passages", help_text=_PASSAGES),
    "hedge": _line("Hedge", required=False, most=200),
    "side": lambda: chosen("The words argue for", Side.choices, empty="Neither"),
    "probability": lambda: ProbabilityField("Probability of yes", required=True),
    "low": lambda: ProbabilityField("At its lowest"),
    "point": lambda: ProbabilityField("At its likeliest", required=True),
    "source_title": _line("Title of the source", most=200),
    "source_detail": _lines("Where it stands in the source"),
    "high": lambda: ProbabilityField("At its highest"),
    "distribution": lambda: PairsField(
        "Probability of each option",
        help_text="One a line: the option, a space, its probability.",
        required=True,
    ),
    "quantiles": lambda: PairsField(
        "Values by level", help_text="One a line: the level, a space, the value.", required=True
    ),
    "basis": lambda: chosen("Basis", Basis.choices),
    "phrase": lambda: NamedField(
        Phrase.objects.current().order_by("source", "phrase"),
        lambda phrase: f"{phrase.source}/{phrase.phrase}",
        _phrases,
        label="Phrase of the lexicon",
        column="phrase",
        help_text="Its table and words, such as icd203/likely. Another one brings its figures.",
    ),
    "basis_note": _lines("Why so"),
    "statement.kind": lambda: chosen("Kind", StatementKind.choices),
    "reason": lambda: chosen("Why it is not scored", UnscorableReason.choices),
    "happened_on": lambda: inputs.day("Happened on"),
    "event.text": _lines("Text"),
    "sources": lambda: SourcesLines(
        "Sources", help_text="One a line: the name, a space, the address.", required=True
    ),
    "bearing": lambda: chosen("How it bears on the question", Weight.choices),
}
_WORDS_ONLY = ("probability", "low", "high", "phrase", "side")


def _phrases(text: str) -> Any:
    source, _, phrase = text.partition("/")
    return Phrase.objects.current().filter(source=source.strip(), phrase=phrase.strip())


class AmendForm(ActForm):
    """What may change of a row, as it stands; `why`, as a column may be called a reason."""

    NAMES: ClassVar[dict[str, str]] = {"reason": "why"}

    # What whoever amends was shown: if it changed since, they are told.
    shown = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, row: Fact, columns: Sequence[str], data: Any = None) -> None:
        self.row = row
        may_change = columns or AMENDABLE[type(row)]
        self.columns = [name for name in may_change if _fits(row, name)]
        initial = {name: getattr(row, name) for name in self.columns}
        super().__init__(data, initial={**initial, "shown": row.entry})
        for name in self.columns:
            self.fields[name] = self._field(name)
        self.fields["why"] = inputs.paragraph(
            "Reason", rows=2, help_text=_CONCEALED if row.person else _IN_CLEAR
        )
        self.fields["why"].max_length = LONGEST_REASON  # type: ignore[attr-defined]

    def _field(self, name: str) -> forms.Field:
        table = self.row._meta.model_name
        field = (_FIELDS.get(f"{table}.{name}") or _FIELDS[name])()
        if isinstance(field, NamedField):
            field.standing = getattr(self.row, name)
        return field

    def clean(self) -> dict[str, Any]:
        if "shown" in self.errors:  # a hidden field has no place to say so
            self.add_error(None, "The form has lost which version it shows; start again.")
        return super().clean() or self.cleaned_data

    @property
    def changes(self) -> dict[str, Any]:
        """The columns that are given otherwise than they stand."""
        given = {name: _as_stored(self.cleaned_data[name]) for name in self.columns}
        return {
            name: value
            for name, value in given.items()
            if value != _as_stored(getattr(self.row, name))
        }


def _as_stored(value: Any) -> Any:
    """Browsers end lines in their own way."""
    return value.replace("\r\n", "\n").strip() if isinstance(value, str) else value


def _fits(row: Fact, name: str) -> bool:
    """Of a prediction, what goes with the kind of its question."""
    if not isinstance(row, Prediction):
        return True
    if name in ("distribution", "quantiles"):
        return getattr(row, name) is not None
    return row.question.kind == QuestionKind.BINARY or name not in _WORDS_ONLY
