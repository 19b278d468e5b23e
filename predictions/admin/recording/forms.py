"""The forms of the recording pages: the article's, and one of each kind of row."""

import datetime as dt
from typing import Any, ClassVar, cast

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError

from predictions.admin.recording.fields import (
    Chance,
    Places,
    Quotes,
    Spread,
    TextFile,
    finder,
    of_class,
)
from predictions.forms import inputs
from predictions.forms.base import ActForm
from predictions.models.choices import (
    Basis,
    ForecasterKind,
    HorizonBasis,
    QuestionKind,
    Side,
    StatementKind,
    UnscorableReason,
)
from predictions.when import end_of

_KEY_HELP = "Leave it empty for the next free one."


class ArticleForm(ActForm):
    title = inputs.text("Title", max_length=300)
    title_basis = inputs.text(
        "How the title is known", required=False, help_text="Where it is not printed on the page."
    )
    outlet = finder(
        "Outlet", "outlet", help_text="Its key or name. Leave both empty if it is not known."
    )
    outlet_new = inputs.text("Or a new outlet", required=False, max_length=200, help_text="Name.")
    byline = inputs.text(
        "Byline", max_length=300, help_text="As printed; write “not stated” where there is none."
    )
    published_on = inputs.day("Published on")
    date_basis = inputs.text("How the date is known", help_text="Such as: printed on the page.")
    url = forms.URLField(
        label="Address",
        required=False,
        max_length=1000,
        assume_scheme="https",
        error_messages={"invalid": "Is no address; write it as https://…"},
        widget=inputs.text("").widget,
    )
    text = inputs.paragraph(
        "Text",
        required=False,
        rows=10,
        help_text="Pasted. Its SHA-256 and length are computed with each end of a line as one "
        "character (LF), however it was sent.",
    )
    file = TextFile(
        label="Or a file",
        required=False,
        help_text="Plain text in UTF-8; it takes the place of what is pasted.",
        widget=forms.FileInput({"accept": ".txt,text/plain"}),
    )
    keep_text = forms.BooleanField(
        label="Keep the text here",
        required=False,
        help_text="Privately, for who records and adjudicates; never in the ledger.",
    )
    sha256 = inputs.text(
        "Or its SHA-256", required=False, help_text="Where the text is not at hand."
    )
    characters = forms.IntegerField(
        label="and its length in characters",
        required=False,
        min_value=1,
        max_value=2_000_000_000,
        widget=inputs.text("").widget,
    )
    key = inputs.text("Key", required=False, help_text="Leave it empty for date and title.")
    forecaster = finder(
        "Who forecasts",
        "forecaster",
        help_text="For rows below that name nobody: a key or name, or a new key from below.",
    )

    def __init__(self, *args: Any, **given: Any) -> None:
        super().__init__(*args, **given)
        self.fields["keep_text"].initial = settings.KEEP_TEXTS
        # Its hash is of all of it.
        cast(forms.CharField, self.fields["text"]).strip = False

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        given["text"] = given.pop("file", "") or given.get("text", "")
        if given.get("outlet") and given.get("outlet_new"):
            self.add_error("outlet_new", "Name a recorded outlet or a new one, not both.")
        if "text" in given and not given["text"]:
            for name in ("sha256", "characters"):
                if not given.get(name) and name not in self.errors:
                    self.add_error(name, "Is missing; give it, or the text itself.")
        return given


class SourceForm(ActForm):
    """The recorded article in which a prediction stands, if it stands in one."""

    article = finder("Article", "article", help_text="Its key. Leave it empty if there is none.")


class RowForm(ActForm):
    """A row, of which some fields wait behind “More”."""

    ASIDE: ClassVar[tuple[str, ...]] = ()

    @property
    def in_front(self) -> list[forms.BoundField]:
        return [row for row in self.visible_fields() if row.name not in (*self.ASIDE, "DELETE")]

    @property
    def aside(self) -> list[forms.BoundField]:
        return [self[name] for name in self.ASIDE]

    @property
    def aside_open(self) -> bool:
        """Nothing wrong, and nothing that was written, is hidden."""
        return any(self[name].errors or self[name].value() for name in self.ASIDE)


class ForecasterForm(RowForm):
    ASIDE = ("note",)
    name = inputs.text("Name", max_length=200, help_text="An unknown byline is a name as well.")
    kind = inputs.choice("Kind", [("", "Choose one"), *ForecasterKind.choices])
    key = inputs.text("Key", required=False, help_text="Leave it empty for one made of the name.")
    note = inputs.text("Note", required=False)


class QuestionForm(RowForm):
    NAMES = {"due_at": "due_on"}
    ASIDE = (
        "options",
        "ordered",
        "partial",
        "unit",
        "due_rule",
        "horizon_note",
        "review_every_days",
        "condition",
        "condition_question",
        "condition_answer",
        "notes",
    )
    alike = forms.CharField(required=False, widget=forms.HiddenInput)
    text = inputs.paragraph("Question", rows=2, help_text="That two strangers would resolve alike.")
    criteria = inputs.paragraph("Criteria", rows=3, help_text="Yes if …; otherwise no.")
    kind = inputs.choice("Kind", QuestionKind.choices)
    due_on = inputs.day("Due on", required=False, help_text="Or a rule, under “More”.")
    horizon_basis = inputs.choice("Horizon", [("", "Choose one"), *HorizonBasis.choices])
    topic = finder("Topic", "topic")
    reviewer = finder("Reviewer", "user", help_text="The name that they sign in with.")
    key = inputs.text("Key", required=False, help_text=_KEY_HELP)
    options = inputs.paragraph("Options", required=False, help_text="Of a choice; one a line.")
    ordered = forms.BooleanField(label="The order of the options means something", required=False)
    partial = forms.BooleanField(label="Can come true in part", required=False)
    unit = inputs.text("Unit", required=False, help_text="Of a number.", max_length=50)
    due_rule = inputs.text("Rule by which it falls due", required=False)
    horizon_note = inputs.text("Note on the horizon", required=False)
    review_every_days = forms.IntegerField(
        label="Review every so many days", required=False, widget=inputs.text("").widget
    )
    condition = inputs.text("Condition in words", required=False)
    condition_question = finder("Only if this question", "question")
    condition_answer = inputs.text("has this answer", required=False, max_length=200)
    notes = inputs.text("Notes", required=False)

    def __init__(self, *args: Any, **given: Any) -> None:
        super().__init__(*args, **given)
        self.fields["kind"].initial = QuestionKind.BINARY
        # Filled in by the reader: recorded questions that are nearly the same.
        self.alikes: list[tuple[Any, float]] = []

    @property
    def alikes_as_new(self) -> str:
        """The answer that it is none of these: those that were seen are named."""
        return f"new:{','.join(row.key for row, _ in self.alikes)}"

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        given["options"] = [one for one in given.get("options", "").splitlines() if one.strip()]
        due_on: dt.date | None = given.pop("due_on", None)
        given["due_at"] = end_of(due_on) if due_on else None
        return given


class QuotedForm(RowForm):
    """A row that stands in the article's text."""

    NAMES: ClassVar[dict[str, str]] = {"passages": "quotes"}
    reference = inputs.text("Reference", required=False, max_length=50, help_text=_KEY_HELP)
    forecaster = finder("Forecaster", "forecaster", help_text="If it is another than above.")
    quotes = of_class(
        Quotes,
        inputs.paragraph(
            "Quotes", rows=2, help_text="Copied from the text; an empty line between two."
        ),
    )
    hedge = inputs.text("Hedge words", required=False, max_length=200)
    places = of_class(
        Places,
        inputs.text(
            "Where the quotes begin",
            help_text="In characters. Found by itself where the text is at hand and has them once.",
        ),
    )
    note = inputs.text("Note", required=False)


class PredictionForm(QuotedForm):
    NAMES = {
        **QuotedForm.NAMES,
        "made_at": "made_on",
        "distribution": "spread",
        "quantiles": "spread",
    }
    ASIDE = ("places", "low", "high", "spread", "made_on", "basis_note", "horizon_note", "note")
    question = finder(
        "Question", "question", required=True, help_text="A key, recorded or new on this page."
    )
    basis = inputs.choice("Basis", [("", "Choose one"), *Basis.choices])
    probability = of_class(Chance, inputs.text("Probability of yes", help_text="0.7 or 70 %"))
    phrase = finder("Read as", "phrase", help_text="Empty: by the hedge words, from the lexicon.")
    side = inputs.choice("Argues for", [("", "Not said"), *Side.choices], required=False)
    low = of_class(Chance, inputs.text("Lowest"))
    high = of_class(Chance, inputs.text("Highest"))
    spread = of_class(
        Spread,
        inputs.paragraph(
            "Options, or quantiles",
            help_text="One a line: rye = 0.4 for an option, 0.1 = 12 or 0.1 = 2027-01-31 for a "
            "level.",
        ),
    )
    made_on = inputs.day("Made on", required=False, help_text="If not on the article's date.")
    basis_note = inputs.text("Why it is read so", required=False)
    horizon_note = inputs.text("Note on the horizon", required=False)
    field_order = ["reference", "question", "forecaster", "quotes", "hedge", "basis"]

    def __init__(self, *args: Any, is_asked: bool = False, **given: Any) -> None:
        """`is_asked` says that the page is about one question."""
        super().__init__(*args, **given)
        if is_asked:
            del self.fields["question"]


class StatementForm(QuotedForm):
    ASIDE = ("places", "note")
    kind = inputs.choice("Kind", [("", "Choose one"), *StatementKind.choices])
    reason = inputs.choice("Reason", [("", "Choose one"), *UnscorableReason.choices])


class Rows(forms.BaseFormSet):
    """Rows of one kind; those that are empty, or are to be left out, do not count."""

    def hush(self) -> None:
        """Nothing is judged yet."""
        self._errors: list[Any] = []
        self._non_form_errors = self.error_class()

    @property
    def filled(self) -> list[Any]:
        return [
            form
            for form in self.forms
            if form.has_changed() and not form.cleaned_data.get("DELETE")
        ]

    def clean(self) -> None:
        if any(self.errors):
            return
        keys = [form.cleaned_data.get("key") for form in self.filled]
        twice = {key for key in keys if key and keys.count(key) > 1}
        if twice:
            raise ValidationError(f"Give each row its own key; {min(twice)} is there twice.")
