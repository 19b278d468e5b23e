"""What a page asks that a link in a mail leads to, beside what the desk asks as well."""

from dataclasses import replace
from typing import Any, ClassVar
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator

from predictions.errors import Invalid
from predictions.forms import inputs
from predictions.forms.base import suggested_key
from predictions.forms.verdicts import VerdictForm
from predictions.models import Event, Question
from predictions.services.outcomes import Verdict

_SOURCE = ("source", "says")
_LONGEST_TITLE = 300
_web_address = URLValidator(schemes=["http", "https"])


class ProposeForm(VerdictForm):
    """A verdict, with a source that is not recorded yet as its evidence."""

    # The source becomes an event, which has a title, a day and a key.
    NAMES: ClassVar[dict[str, str]] = {
        **VerdictForm.NAMES,
        "happened_on": "settled_on",
        "sources": "source",
        "title": "says",
    }

    source = inputs.text(
        "Address of a source",
        required=False,
        max_length=1000,
        help_text="Where anybody can read it, if it is not among the evidence yet.",
        placeholder="https://",
    )
    says = inputs.text(
        "What it says",
        required=False,
        max_length=_LONGEST_TITLE,
        help_text="What happened, in a short line.",
    )

    def __init__(self, question: Question, *args: Any, may_add: bool, **kwargs: Any) -> None:
        super().__init__(question, *args, **kwargs)
        if not self.bearings:
            self.fields["evidence"].widget = self.fields["evidence"].hidden_widget()
        if not may_add:
            for name in _SOURCE:
                del self.fields[name]
        asked = [name for name in self.fields if name not in ("evidence", *_SOURCE, "rationale")]
        self.order_fields([*asked, "evidence", *_SOURCE, "rationale"])

    def clean_source(self) -> str:
        source: str = self.cleaned_data["source"].strip()
        if source:
            try:
                _web_address(source)
            except ValidationError:
                raise ValidationError(
                    "Is not an address of the web; copy all of it, such as "
                    "https://example.org/harvest."
                ) from None
        return source

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        if given.get("source") and not given.get("says") and "says" not in self.errors:
            self.add_error("says", "Is missing; say what the source says.")
        if given.get("says") and not given.get("source") and "source" not in self.errors:
            self.add_error("source", "Is missing; give the address of the source that says so.")
        return given

    def refuse(self, error: Invalid) -> None:
        """The key was made of what the source says."""
        if error.field == "key":
            error = Invalid(
                "says", "is how an event is called already; check that one, or use other words"
            )
        super().refuse(error)

    @property
    def found(self) -> dict[str, Any]:
        """The event that the source tells of; nothing without a source."""
        given = self.cleaned_data
        if not given.get("source"):
            return {}
        host = urlsplit(given["source"]).hostname or given["source"]
        return {
            "key": suggested_key(f"{given['settled_on']} {given['says']}"),
            "title": given["says"],
            "happened_on": given["settled_on"],
            "sources": [{"name": host.removeprefix("www."), "url": given["source"]}],
        }

    def verdict_on(self, event: Event | None) -> Verdict:
        """The verdict, with an event that was just recorded among the evidence."""
        said = self.verdict()
        return replace(said, evidence=[*said.evidence, event]) if event else said
