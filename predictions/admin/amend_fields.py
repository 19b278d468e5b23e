"""Fields by which recorded rows are amended, beside those of `inputs`: how each is written."""

import datetime as dt
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet

from predictions.forms import inputs
from predictions.models import User
from predictions.when import instant, is_bare_date

_SUGGESTED = 100
_PASSAGE = re.compile(r"\s*(\d+):\s*(.+)", re.DOTALL)
_BETWEEN_PASSAGES = re.compile(r"\n\s*\n(?=\s*\d+:)")


class NamedField(forms.CharField):
    """A row of another table, by its name: typed, with the first rows suggested."""

    def __init__(
        self,
        rows: "QuerySet[Any]",
        name: Callable[[Any], str],
        find: Callable[[str], "QuerySet[Any]"],
        *,
        label: str,
        column: str,
        help_text: str = "",
    ) -> None:
        like = inputs.text(label, list=f"id_{column}_list")
        super().__init__(label=label, help_text=help_text, required=False, widget=like.widget)
        self._name, self._find = name, find
        self.rows = rows
        self.standing: Model | None = None

    @property
    def suggestions(self) -> list[str]:
        return [self._name(row) for row in self.rows[:_SUGGESTED]]

    def prepare_value(self, value: Any) -> str:
        return self._name(value) if isinstance(value, Model) else value or ""

    def clean(self, value: Any) -> Model | None:
        text: str = super().clean(value)
        if not text:
            return None
        if self.standing is not None and text == self._name(self.standing):
            return self.standing
        row: Model | None = self._find(text).first()
        if row is None:
            raise ValidationError(f"There is no “{text}” here; choose one that is recorded.")
        return row


def reviewer_field(*, required: bool = False) -> NamedField:
    """Somebody active; `required` where nobody will not do."""
    active = User.objects.filter(is_active=True)
    field = NamedField(
        active.order_by("username"),
        lambda user: str(user.username),
        lambda text: active.filter(username__iexact=text),
        label="Reviewer",
        column="reviewer",
        help_text="Who is reminded, by the name they sign in with"
        + ("." if required else "; empty for nobody."),
    )
    field.required = required
    field.error_messages["required"] = "Is missing; name who is to be reminded."
    return field


class MomentField(forms.CharField):
    """A day, which means its end, or a time in UTC."""

    def __init__(self, label: str, *, help_text: str = "", required: bool = True) -> None:
        help_text = f"{help_text} A day such as 2026-10-31, or a time such as 2026-10-31T14:30Z."
        like = inputs.text(label)
        super().__init__(
            label=label,
            help_text=help_text.strip(),
            required=required,
            error_messages={"required": "Is missing; give a day or a time."},
            widget=like.widget,
        )

    def prepare_value(self, value: Any) -> str:
        if not isinstance(value, dt.datetime):
            return value or ""
        value = value.astimezone(dt.UTC)
        return value.date().isoformat() if is_bare_date(value) else f"{value:%Y-%m-%dT%H:%M:%S.%fZ}"

    def clean(self, value: Any) -> dt.datetime | None:
        text = super().clean(value)
        try:
            return instant(text) if text else None
        except ValueError as error:
            raise ValidationError(str(error)) from error


class LinesField(forms.CharField):
    """A list of things, written as text; subclasses say how one is."""

    def __init__(self, label: str, *, help_text: str, required: bool = False) -> None:
        super().__init__(
            label=label,
            help_text=help_text,
            required=required,
            widget=inputs.paragraph(label).widget,
        )

    def prepare_value(self, value: Any) -> str:
        return self.written(value) if isinstance(value, list) else value or ""

    def clean(self, value: Any) -> Any:
        return self.read(super().clean(value).replace("\r\n", "\n").strip())

    def written(self, value: list[Any]) -> str:
        raise NotImplementedError

    def read(self, text: str) -> Any:
        raise NotImplementedError


class PassagesField(LinesField):
    """`120: The harvest will fail.`, with an empty line between one passage and the next."""

    def written(self, value: list[Any]) -> str:
        return "\n\n".join(f"{passage['offset']}: {passage['quote']}" for passage in value)

    def read(self, text: str) -> list[dict[str, Any]]:
        return [_passage(block) for block in _BETWEEN_PASSAGES.split(text) if block.strip()]


def _passage(block: str) -> dict[str, Any]:
    found = _PASSAGE.fullmatch(block)
    if not found:
        raise ValidationError(
            f"“{block[:80]}” needs the character it begins at, a colon, and the quote, such as: "
            "120: The harvest will fail."
        )
    return {"offset": int(found[1]), "quote": found[2].strip()}


class PairsField(LinesField):
    """`rye 0.25`, a pair a line."""

    def written(self, value: list[Any]) -> str:
        return "\n".join(f"{key} {of_it}" for key, of_it in value)

    def read(self, text: str) -> dict[str, str]:
        pairs = [line.rpartition(" ") for line in text.splitlines() if line.strip()]
        read = {key.strip(): of_it for key, _, of_it in pairs}
        if "" in read or len(read) < len(pairs):
            raise ValidationError("Give a pair a line, each once, with a space between.")
        return read


class SourcesLines(LinesField):
    """A name and an address a line, as when an event is recorded."""

    def written(self, value: list[Any]) -> str:
        return "\n".join(f"{source['name']} {source['url']}" for source in value)

    def read(self, text: str) -> list[dict[str, str]]:
        pairs = [line.strip().rpartition(" ") for line in text.splitlines() if line.strip()]
        return [{"name": name.strip(), "url": url} for name, _, url in pairs]


class ProbabilityField(forms.DecimalField):
    """From 0 to 1; what else it must be, the service says."""

    def __init__(self, label: str, *, required: bool = False) -> None:
        like = inputs.text(label)
        super().__init__(
            label=label,
            required=required,
            help_text="From 0 to 1, such as 0.85.",
            error_messages={"invalid": "Is not a number; write it as 0.85."},
            widget=like.widget,
        )

    def prepare_value(self, value: Any) -> Any:
        return f"{value.normalize():f}" if isinstance(value, Decimal) else value


def chosen(label: str, choices: Sequence[tuple[str, str]], *, empty: str = "") -> forms.Field:
    """One of a closed list; `empty` is what to say for none, where there may be none."""
    shown = [("", empty), *choices] if empty else choices
    return inputs.choice(label, shown, required=not empty)
