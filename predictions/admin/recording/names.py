"""What rows name: recorded rows and people, all read at once, and new rows of the same page."""

from collections.abc import Iterator, Mapping
from typing import Any

from ledger.parts import ERASED
from predictions import finding
from predictions.admin.recording.bundle import Bundle
from predictions.models import Forecaster, Question, Topic, User

_FIELDS: dict[Any, tuple[str, ...]] = {
    Forecaster: ("forecaster",),
    Question: ("question", "condition_question"),
    Topic: ("topic",),
}


class Names:
    def __init__(self, bundle: Bundle, used: Mapping[str, Question]) -> None:
        """`used` are recorded questions that stand in for new ones of these keys."""
        self._used = used
        self._default = bundle.article.cleaned_data["forecaster"] if bundle.article else ""
        said = {model: [*_said(bundle, fields)] for model, fields in _FIELDS.items()}
        said[Forecaster].append(self._default)
        self._known = {model: finding.named(model, words) for model, words in said.items()}
        users = User.objects.filter(is_active=True, username__in=_said(bundle, ("reviewer",)))
        self._users = {user.username: user for user in users}
        self._new = {
            part: {form.cleaned_data["key"] for form in bundle.filled(part)}
            for part in ("forecasters", "questions")
        }

    def one(self, form: Any, field: str, model: Any) -> Any:
        """The recorded row that a field names; None where it names none."""
        word = form.cleaned_data[field].strip()
        found = self._known[model].get(word)
        if word and found is None:
            _unknown(form, field, word, model._meta.verbose_name)
        return found

    def user(self, form: Any, field: str) -> User | None:
        word = form.cleaned_data[field].strip()
        found = self._users.get(word)
        if word and found is None:
            _unknown(form, field, word, "user")
        return found

    def question(self, form: Any) -> Any:
        """A recorded question, or the key of a new one."""
        word = form.cleaned_data["question"].strip()
        if word in self._used:
            return self._used[word]
        if word in self._new["questions"]:
            return word
        return self.one(form, "question", Question)

    def forecaster(self, form: Any) -> Forecaster | str | None:
        """A recorded forecaster or the key of a new one; the page's own, where the row has none."""
        word = form.cleaned_data["forecaster"].strip() or self._default.strip()
        if word in self._new["forecasters"]:
            return word
        found: Forecaster | None = self._known[Forecaster].get(word)
        if not word:
            form.add_error("forecaster", "Is missing; name who forecasts, here or above.")
        elif found is None or found.name == ERASED:
            _unknown(form, "forecaster", word, "forecaster")
        return found


def _said(bundle: Bundle, fields: tuple[str, ...]) -> Iterator[str]:
    for part in bundle.rows:
        for form in bundle.filled(part):
            yield from (form.cleaned_data.get(name) or "" for name in fields)


def _unknown(form: Any, field: str, word: str, what: str) -> None:
    form.add_error(
        field, f"There is no {what} “{word[:100]}”, or several; give a key, or record it as new."
    )
