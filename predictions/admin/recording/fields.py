"""Fields of the recording pages: what people paste and type, and how it is read."""

import re
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse_lazy

from predictions.forms import inputs

_BLANK_LINES = re.compile(r"\n\s*\n")
_TYPES = (".txt", ".text", ".md")
LARGEST_FILE = 4_000_000


def finder(label: str, what: str, *, help_text: str = "", required: bool = False) -> Any:
    """A key or a name to type; with JavaScript, what is typed is looked for meanwhile."""
    field = inputs.text(label, help_text=help_text, required=required)
    field.widget.attrs |= {
        "data-find": reverse_lazy("admin:find", args=[what]),
        "autocomplete": "off",
    }
    return field


class Quotes(forms.CharField):
    """Passages as people copy them, with an empty line between one and the next."""

    def clean(self, value: Any) -> list[str]:
        text = super().clean(value).replace("\r\n", "\n")
        return [part.strip() for part in _BLANK_LINES.split(text) if part.strip()]


class Places(forms.CharField):
    """Numbers of characters, with spaces or commas between them."""

    def clean(self, value: Any) -> list[int]:
        words = super().clean(value).replace(",", " ").split()
        if wrong := [word for word in words if not re.fullmatch(r"[0-9]{1,9}", word)]:
            raise ValidationError(f"“{wrong[0]}” is no number; write 120, or 120 3400 for two.")
        return [int(word) for word in words]


class Spread(forms.CharField):
    """Options with their probabilities, or levels with their values, one a line."""

    def clean(self, value: Any) -> dict[str, str]:
        said: dict[str, str] = {}
        for line in filter(str.strip, super().clean(value).splitlines()):
            name, sign, told = line.strip().rpartition("=")
            name, told = name.strip(), told.strip()
            if not (name and sign and told):
                raise ValidationError(f"“{line.strip()}” lacks a part; write it as rye = 0.4.")
            if name in said:
                raise ValidationError(f"“{name}” is there twice; give it once.")
            said[name] = told
        return said


class Chance(forms.CharField):
    """A probability: 0.7, or 70 %."""

    def clean(self, value: Any) -> Decimal | None:
        text = super().clean(value).strip()
        if not text:
            return None
        try:
            number = Decimal(text.removesuffix("%").strip())
        except InvalidOperation:
            raise ValidationError(f"“{text}” is no probability; write 0.7 or 70 %.") from None
        return number / 100 if text.endswith("%") else number


class TextFile(forms.FileField):
    """A file of plain text, in UTF-8."""

    def clean(self, data: Any, initial: Any = None) -> str:
        file = super().clean(data, initial)
        if not file:
            return ""
        if not file.name.lower().endswith(_TYPES) or file.size > LARGEST_FILE:
            raise ValidationError("Is no text file of at most 4 MB; save it as .txt, in UTF-8.")
        try:
            return str(file.read().decode("utf-8-sig"))
        except UnicodeDecodeError:
            raise ValidationError(
                "Is not in UTF-8; save it again as plain text in UTF-8."
            ) from None


def of_class(made: type[forms.CharField], like: forms.CharField, **given: Any) -> Any:
    """A field of that class which looks like this one."""
    return made(
        label=like.label, help_text=like.help_text, required=False, widget=like.widget, **given
    )
