"""How reviewers are reminded of a topic's questions, where it is not as the settings say."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.db.models import Model
from django.forms.widgets import Script
from django.http import HttpRequest
from unfold.decorators import display
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget

from predictions import finding
from predictions.admin.base import ListAdmin
from predictions.admin.recording.fields import finder
from predictions.models import ReminderPolicy, Topic

_LONGEST = 3_650
_MOST = 10


class TopicField(forms.CharField):
    """A topic by its key, or by a name that it alone has."""

    def clean(self, value: Any) -> Topic | None:
        word = super().clean(value).strip()
        found: Topic | None = finding.named(Topic, [word]).get(word)
        if found is None:
            raise forms.ValidationError(
                f"There is no topic “{word[:100]}”, or several; give the key of one."
            )
        return found


class DaysField(forms.CharField):
    """Days, as in `14, 3, 1`."""

    widget = UnfoldAdminTextInputWidget

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(map(str, value)) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        parts = [part.strip() for part in str(value or "").split(",") if part.strip()]
        if not all(part.isdecimal() and 1 <= int(part[:9]) <= _LONGEST for part in parts):
            raise forms.ValidationError(
                f"Is not a list of days from 1 to {_LONGEST:,}; write it as 14, 3, 1."
            )
        if len(parts) > _MOST:
            raise forms.ValidationError(f"Has more than {_MOST} days; leave some out.")
        return sorted({int(part) for part in parts}, reverse=True)


def _days(label: str, help_text: str) -> forms.IntegerField:
    said = f"Is not a number of days; give one from 1 to {_LONGEST:,}, or nothing."
    return forms.IntegerField(
        label=label,
        help_text=help_text,
        required=False,
        min_value=1,
        max_value=_LONGEST,
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), said),
        widget=UnfoldAdminIntegerFieldWidget,
    )


class PolicyForm(forms.ModelForm):
    topic = TopicField(
        label="Topic",
        widget=finder("Topic", "topic").widget,
        help_text="Its key. What is said here holds for its questions instead of the settings.",
        error_messages={
            "required": "Is missing; give the key of a topic.",
            "unique": "Has a policy already; change that one instead.",
        },
    )
    before = DaysField(
        label="Days before",
        required=False,
        help_text="A reminder so many days before the day on which a question falls due; several "
        "days are written as 14, 3, 1. On the day itself there is always one.",
    )
    every = _days(
        "Days between", "Again each time so many days have passed since. Without: never again."
    )
    escalate_after = _days(
        "Days until adjudicators are told",
        "After the day on which it fell due. Without: they never are.",
    )

    class Media:
        js = [Script("admin/combobox.js", type="module")]

    class Meta:
        model = ReminderPolicy
        fields = ("topic", "before", "every", "escalate_after")


@admin.register(ReminderPolicy)
class ReminderPolicyAdmin(ListAdmin):
    form = PolicyForm
    fields = ["topic", "before", "every", "escalate_after"]
    list_display = ["topic", "shown_before", "shown_every", "shown_escalation"]
    list_select_related = ["topic"]
    search_fields = ["topic__key", "topic__name"]
    sortable_by: list[str] = []

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return ["topic"] if obj else []

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """As the settings have it, which is what a new policy departs from."""
        return {
            "before": list(settings.REMIND_BEFORE),
            "every": settings.REMIND_EVERY or None,
            "escalate_after": settings.ESCALATE_AFTER or None,
            **super().get_changeform_initial_data(request),
        }

    def get_actions(self, request: HttpRequest) -> Any:
        """One by one: nobody deletes in bulk."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    @display(description="Days before")
    def shown_before(self, policy: ReminderPolicy) -> str:
        return ", ".join(map(str, policy.before)) or "none"

    @display(description="Days between")
    def shown_every(self, policy: ReminderPolicy) -> str:
        return str(policy.every or "never again")

    @display(description="Adjudicators told after")
    def shown_escalation(self, policy: ReminderPolicy) -> str:
        after = policy.escalate_after
        return "never" if after is None else f"{after} days"
