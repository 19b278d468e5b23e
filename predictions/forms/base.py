"""A form that ends in a call of a service, and shows what that refuses."""

from typing import ClassVar

from django import forms
from django.utils.text import slugify

from predictions.errors import Invalid

_KEY_LENGTH = 100


class ActForm(forms.Form):
    """A form whose errors may also come from a service, under the service's names."""

    # The service's name of a field → the form's, where they differ.
    NAMES: ClassVar[dict[str, str]] = {}

    def refuse(self, error: Invalid) -> None:
        """Show a refusal of the service at the field that it names, or above the form."""
        field = self.NAMES.get(error.field, error.field)
        if field in self.fields:
            self.add_error(field, sentence(error.problem))
        else:
            self.add_error(None, sentence(str(error)))


def sentence(problem: str) -> str:
    """A problem as people read it: `is missing; say why` → `Is missing; say why.`"""
    text = problem[:1].upper() + problem[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."


def suggested_key(text: str) -> str:
    """`2026-09-01-ministry-publishes-the-harvest`, cut between words."""
    key = slugify(text)
    return key if len(key) <= _KEY_LENGTH else key[: _KEY_LENGTH + 1].rpartition("-")[0]
