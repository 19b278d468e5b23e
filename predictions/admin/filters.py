"""Filters by what rows refer to: people, and rows that are known by their keys."""

from typing import Any

from django import forms
from django.db.models import Model, QuerySet
from django.urls import reverse

from ledger.filtering import INPUT, SELECT, FormFilter, OneFilter
from predictions.models import User

# Who may sign in is a short list; were it long, only so many would be offered.
_PEOPLE = 50


def person(label: str, name: str) -> type[FormFilter]:
    """Whoever is named in the column `name`: I, nobody, or one of those who may sign in here."""

    class Person(OneFilter):
        def field(self) -> forms.Field:
            staff = User.objects.filter(is_staff=True).exclude(pk__in=[self.request.user.pk])
            others = staff.order_by("username").values_list("pk", "username")[:_PEOPLE]
            choices = [("", "All"), ("me", "Me"), ("nobody", "Nobody")]
            widget = forms.Select({"class": SELECT})
            offered = [*choices, *((str(pk), username) for pk, username in others)]
            return forms.ChoiceField(choices=offered, label=label, required=False, widget=widget)

        def narrow(self, rows: QuerySet[Any], given: dict[str, Any]) -> QuerySet[Any]:
            who = given[name]
            if who == "nobody":
                return rows.filter(**{f"{name}__isnull": True})
            return rows.filter(**{name: self.request.user.pk if who == "me" else who})

    Person.names = (name,)
    return Person


class KeyedField(forms.CharField):
    """The key of a row; a wrong one is answered with those that are like it."""

    def __init__(self, model: type[Model], **given: Any) -> None:
        self.model = model
        super().__init__(**given)

    def clean(self, value: Any) -> Model | None:
        key = super().clean(value)
        if not key:
            return None
        rows = self.model._default_manager
        found = rows.filter(key=key).first() or rows.filter(key=key.upper()).first()
        if found is None:
            name = self.model._meta.verbose_name
            raise forms.ValidationError(f"There is no {name} with the key “{key}”.")
        return found


def keyed(label: str, path: str, model: type[Model]) -> type[FormFilter]:
    """The row of `model`, known by its key, that `path` leads to. Keys are offered as one types."""
    name = f"{path}__key"

    class Keyed(OneFilter):
        def field(self) -> forms.Field:
            address = reverse(f"admin:predictions_{model._meta.model_name}_suggest")
            attributes = {
                "class": INPUT,
                "data-suggest": address,
                "autocomplete": "off",
                "placeholder": "Key",
            }
            widget = forms.TextInput(attributes)
            return KeyedField(model, label=label, required=False, widget=widget)

        def narrow(self, rows: QuerySet[Any], given: dict[str, Any]) -> QuerySet[Any]:
            return rows.filter(**{path: given[name]})

    Keyed.names = (name,)
    return Keyed
