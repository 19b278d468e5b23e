"""Fields as the forms here use them: plain browser widgets in the colours of the admin."""

from collections.abc import Sequence

from django import forms
from unfold.widgets import INPUT_CLASSES, SELECT_CLASSES

_INPUT = " ".join(INPUT_CLASSES)


def _missing(fix: str) -> dict[str, str]:
    return {"required": f"Is missing; {fix}."}


def text(label: str, *, help_text: str = "", **given: object) -> forms.CharField:
    attrs = {"class": _INPUT, **_attrs(given)}
    return forms.CharField(
        label=label,
        help_text=help_text,
        error_messages=_missing("write a few words"),
        required=bool(given.get("required", True)),
        max_length=given.get("max_length"),  # type: ignore[arg-type]
        widget=forms.TextInput(attrs),
    )


def _attrs(given: dict[str, object]) -> dict[str, object]:
    return {name: given[name] for name in ("list", "placeholder") if name in given}


def password(label: str) -> forms.CharField:
    """The one that is in use."""
    return forms.CharField(
        label=label,
        strip=False,
        error_messages=_missing("give the one that you sign in with"),
        widget=forms.PasswordInput({"class": _INPUT, "autocomplete": "current-password"}),
    )


class _OnceTyped(forms.PasswordInput):
    """Seen while it is typed, and not given back: a code that was refused is of no more use."""

    input_type = "text"


def code(label: str, *, help_text: str = "", **attrs: object) -> forms.CharField:
    """A code of the second step. Letters too, for backup codes: so no keyboard of digits alone."""
    typed = {"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false"}
    return forms.CharField(
        label=label,
        help_text=help_text,
        max_length=40,
        error_messages=_missing("give the one that the app shows"),
        widget=_OnceTyped({"class": _INPUT, **typed, **attrs}),
    )


def paragraph(
    label: str, *, help_text: str = "", required: bool = True, rows: int = 4
) -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=help_text,
        error_messages=_missing("write a sentence or two"),
        required=required,
        widget=forms.Textarea({"class": _INPUT, "rows": rows}),
    )


def day(label: str, *, help_text: str = "", required: bool = True) -> forms.DateField:
    # The browser's own calendar wants the value in ISO 8601, whatever it shows.
    widget = forms.DateInput({"class": _INPUT, "type": "date"}, format="%Y-%m-%d")
    return forms.DateField(
        label=label,
        help_text=help_text,
        required=required,
        error_messages={
            **_missing("give a date"),
            "invalid": "Is not a date; write it as 2023-06-25.",
        },
        widget=widget,
    )


def time_of_day(label: str, *, help_text: str = "") -> forms.TimeField:
    widget = forms.TimeInput({"class": _INPUT, "type": "time"}, format="%H:%M")
    return forms.TimeField(label=label, help_text=help_text, required=False, widget=widget)


def choice(
    label: str,
    choices: Sequence[tuple[str, str]],
    *,
    help_text: str = "",
    required: bool = True,
) -> forms.ChoiceField:
    widget = forms.Select({"class": " ".join(SELECT_CLASSES)})
    return forms.ChoiceField(
        label=label,
        choices=choices,
        help_text=help_text,
        required=required,
        error_messages=_missing("choose one"),
        widget=widget,
    )


def one_of(
    label: str, choices: Sequence[tuple[str, str]], *, help_text: str = ""
) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label,
        choices=choices,
        help_text=help_text,
        error_messages=_missing("choose one"),
        widget=forms.RadioSelect(),
    )


def any_of(label: str, *, help_text: str = "") -> forms.MultipleChoiceField:
    """Check boxes; the form fills in the choices."""
    return forms.MultipleChoiceField(
        label=label, help_text=help_text, required=False, widget=forms.CheckboxSelectMultiple()
    )
