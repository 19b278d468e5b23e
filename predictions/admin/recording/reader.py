"""From the forms of a page to the sheet that a service records; what is wrong goes to its field."""

import datetime as dt
from typing import Any

from django.utils.text import slugify

from predictions import finding
from predictions.admin.recording.bundle import Bundle
from predictions.admin.recording.names import Names
from predictions.admin.recording.quoting import passages
from predictions.admin.recording.wording import Lexicon
from predictions.errors import Invalid
from predictions.forms.base import suggested_key
from predictions.models import Article, Outlet, Prediction, Question, Statement, Topic
from predictions.models.choices import QuestionKind
from predictions.services.sheets import Sheet
from predictions.services.texts import text_measure, text_of
from predictions.when import end_of

_USE, _NEW = "use:", "new:"


class Reader:
    """Reads valid forms. `article` and `question` are those that the page is about, if any."""

    def __init__(
        self,
        bundle: Bundle,
        now: dt.datetime,
        article: Article | None = None,
        question: Question | None = None,
    ) -> None:
        self.bundle, self.now, self.article, self.question = bundle, now, article, question
        self.text: str | None = text_of(article) if article else None
        # Keys of new questions, in whose place a recorded one is used.
        self.used: dict[str, Question] = {}
        # Texts of new questions that too many are a bit like.
        self.not_compared: list[str] = []

    def read(self) -> Sheet:
        """The sheet. Only to be recorded if no form has an error now."""
        article = self._article() if self.bundle.article else self.article
        self._number()
        self._resemble()
        self.names = Names(self.bundle, self.used)
        self.lexicon = Lexicon()
        given = self.bundle.article.cleaned_data if self.bundle.article else {}
        return Sheet(
            article=article,
            text=(self.text or "") if given.get("keep_text") else "",
            forecasters=[self._plain(form) for form in self.bundle.filled("forecasters")],
            questions=[self._question(form) for form in self.new_questions],
            predictions=[self._prediction(form) for form in self.bundle.filled("predictions")],
            statements=[self._quoted(form) for form in self.bundle.filled("statements")],
        )

    @property
    def new_questions(self) -> list[Any]:
        rows = self.bundle.filled("questions")
        return [form for form in rows if form.cleaned_data["key"] not in self.used]

    def _article(self) -> dict[str, Any]:
        form: Any = self.bundle.article
        given = dict(form.cleaned_data)
        for name in ("keep_text", "forecaster"):
            given.pop(name)
        self._measure(form, given)
        if not given["key"]:
            given["key"] = suggested_key(f"{given['published_on']} {given['title']}")
            self.bundle.write(form, "key", given["key"])
        given["outlet"] = self._outlet(form, given.pop("outlet"), given.pop("outlet_new"))
        return given

    def _measure(self, form: Any, given: dict[str, Any]) -> None:
        text = given.pop("text")
        if not text:
            return
        try:
            measured = text_measure(text)
        except Invalid as error:
            form.refuse(error)
            return
        if given["sha256"] and given["sha256"].lower() != measured.sha256:
            form.add_error("sha256", f"Is not that of the text, which is {measured.sha256}.")
        self.text = measured.text
        self.bundle.write(form, "text", measured.text)
        given |= {"sha256": measured.sha256, "characters": measured.characters}

    def _outlet(self, form: Any, named: str, new: str) -> Outlet | dict[str, str] | None:
        if new:
            return {"key": slugify(new) or "outlet", "name": new}
        found: Outlet | None = finding.named(Outlet, [named]).get(named.strip())
        if named and not found:
            form.add_error("outlet", f"There is no outlet “{named}”; name it as a new one.")
        return found

    def _number(self) -> None:
        """Give keys and references to rows that have none: the next ones, or made of the name."""
        last = finding.last_number(Question.objects.all(), "key", "Q")
        self._follow(self.bundle.filled("questions"), "key", "Q", last)
        rows = [*self.bundle.filled("predictions"), *self.bundle.filled("statements")]
        if self.article or self.bundle.article:
            self._follow(rows, "reference", "A", self._last_reference())
        for form in self.bundle.filled("forecasters"):
            if not form.cleaned_data["key"]:
                self.bundle.write(form, "key", slugify(form.cleaned_data["name"]) or "forecaster")

    def _follow(self, rows: list[Any], name: str, prefix: str, last: int) -> None:
        taken = {form.cleaned_data[name] for form in rows}
        for form in rows:
            if form.cleaned_data[name]:
                continue
            last += 1
            while f"{prefix}{last}" in taken:
                last += 1
            self.bundle.write(form, name, f"{prefix}{last}")

    def _last_reference(self) -> int:
        if self.article is None:
            return 0
        kinds: Any = (Prediction, Statement)
        rows = [model.objects.filter(article=self.article) for model in kinds]
        return max(finding.last_number(some, "reference", "A") for some in rows)

    def _resemble(self) -> None:
        """A new question that is nearly a recorded one waits until somebody says which it is."""
        for form in self.bundle.filled("questions"):
            form.alikes = self._alikes(form.cleaned_data["text"])
            near, said = {row.key: row for row, _ in form.alikes}, form.cleaned_data["alike"]
            chosen = near.get(said.removeprefix(_USE)) if said.startswith(_USE) else None
            if chosen is not None:
                self.used[form.cleaned_data["key"]] = chosen
            elif not near.keys() <= set(said.removeprefix(_NEW).split(",")):
                form.add_error("text", "Is nearly a recorded question: say below which it is.")

    def _alikes(self, text: str) -> finding.Alike:
        try:
            return finding.questions_like(text)
        except finding.TooManyAlike:
            self.not_compared.append(text)
            return []

    def _plain(self, form: Any) -> dict[str, Any]:
        return {name: value for name, value in form.cleaned_data.items() if name != "DELETE"}

    def _question(self, form: Any) -> dict[str, Any]:
        row = self._plain(form)
        row.pop("alike")
        row["topic"] = self.names.one(form, "topic", Topic)
        row["reviewer"] = self.names.user(form, "reviewer")
        row["condition_question"] = self.names.one(form, "condition_question", Question)
        row["opened_at"] = self._opened_at()
        return row

    def _opened_at(self) -> dt.datetime:
        """A question opens with the article that it is taken from; without one, now."""
        if self.bundle.article:
            return end_of(self.bundle.article.cleaned_data["published_on"])
        return end_of(self.article.published_on) if self.article else self.now

    def _prediction(self, form: Any) -> dict[str, Any]:
        row = self._quoted(form)
        row["question"] = self.question or self.names.question(form)
        row["made_at"] = self._made_at(form, row.pop("made_on"))
        spread = row.pop("spread")
        if spread and row["question"] is not None:
            row[_says(row["question"], self._kinds())] = spread
        self.lexicon.read(form, row)
        return row

    def _quoted(self, form: Any) -> dict[str, Any]:
        row = self._plain(form)
        row["passages"] = passages(form, row.pop("quotes"), row.pop("places"), self.text)
        row["forecaster"] = self.names.forecaster(form)
        return row

    def _made_at(self, form: Any, made_on: dt.date | None) -> dt.datetime | None:
        if made_on is None and self.bundle.article:
            made_on = self.bundle.article.cleaned_data["published_on"]
        if made_on is None and self.article:
            made_on = self.article.published_on
        if made_on is None:
            form.add_error("made_on", "Is missing; say on which day it was made.")
            return None
        return end_of(made_on)

    def _kinds(self) -> dict[str, str]:
        rows = self.bundle.filled("questions")
        return {form.cleaned_data["key"]: form.cleaned_data["kind"] for form in rows}


def _says(question: Question | str, kinds: dict[str, str]) -> str:
    kind = question.kind if isinstance(question, Question) else kinds[question]
    return "distribution" if kind in (QuestionKind.CHOICE, QuestionKind.BINARY) else "quantiles"
