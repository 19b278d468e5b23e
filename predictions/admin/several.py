"""Outcomes of several questions on one page: one event, one day, and an answer each."""

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from predictions import services
from predictions.admin.previewed import Previewed
from predictions.errors import Invalid, PredictionsError, Several
from predictions.forms import answers, inputs
from predictions.forms.base import ActForm, sentence
from predictions.forms.verdicts import settled_at
from predictions.models import Event, Outcome, Question
from predictions.models.choices import QuestionKind
from predictions.services.outcomes import Verdict

MOST = 50
_EVENTS = 50
EVENTS_LIST = "events"


class SharedForm(ActForm):
    """What all rows have in common."""

    event = inputs.text(
        "Event",
        required=False,
        list=EVENTS_LIST,
        help_text="The key of the event that settles them; it is linked to those it is not "
        "linked to yet, and is evidence of each.",
    )
    settled_on = inputs.day("Settled on", help_text="When the world decided.")
    settled_time = inputs.time_of_day("Settled at (UTC)", help_text="Only if the hour matters.")
    rationale = inputs.paragraph(
        "Rationale of all", required=False, help_text="A row may have one of its own instead."
    )

    def clean_event(self) -> Event | None:
        key = self.cleaned_data["event"].strip()
        if not key:
            return None
        event: Event | None = Event.objects.filter(key__iexact=key).first()
        if event is None:
            raise ValidationError(f"There is no event with the key “{key}”.")
        return event


class RowForm(ActForm):
    """The answer to one question; a row without an answer is left out."""

    NAMES = {"void_reason": "answer"}

    def __init__(self, question: Question, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.prefix = question.key
        self.question = question
        self.fields.update(answers.fields_of(question))
        asked = cast(forms.ChoiceField, self.fields["answer"])
        asked.required = False
        if question.kind != QuestionKind.CHOICE:
            asked.choices = [("", "Leave it out"), *cast(list[tuple[str, str]], asked.choices)]
            asked.initial = ""
        self.fields["rationale"] = inputs.paragraph(
            f"Rationale of {question.key} alone", required=False, rows=2
        )

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if missing := answers.missing(given):
            self.add_error(*missing)
        return given

    def refuse_row(self, error: PredictionsError) -> None:
        """Show why this row was refused: where it was written, or above the row."""
        field = error.field if isinstance(error, Invalid) else ""
        field = self.NAMES.get(field, field)
        if field == "answer":
            field = answers.WRITTEN.get(self.cleaned_data["answer"], field)
        problem = error.problem if isinstance(error, Invalid) else str(error)
        self.add_error(field if field in self.fields else None, sentence(problem))

    @property
    def is_answered(self) -> bool:
        return bool(self.cleaned_data.get("answer"))


class EnterOutcomes(Previewed):
    """Of the questions that the address names, or of those open ones that its event bears on."""

    permission = "predictions.add_outcome"
    doing = "Entering outcomes"
    title = "Enter outcomes"
    template = "admin/outcome/several.html"
    confirm = "Confirm outcomes"
    # Of each question.
    rows = 5

    def begin(self, **kwargs: Any) -> HttpResponse | None:
        key = self.request.GET.get("event", "")
        self.event = get_object_or_404(Event, key=key) if key else None
        asked = _asked(self.request, self.event)
        self.questions = list(
            asked.select_related("condition_question").order_by("key")[: MOST + 1]
        )
        self.more = len(self.questions) > MOST
        del self.questions[MOST:]
        if self.questions:
            return None
        messages.warning(
            self.request, "None of these questions is open: there is nothing to enter."
        )
        return HttpResponseRedirect(reverse("admin:predictions_question_changelist"))

    def form(self, data: Any = None) -> ActForm:
        self.forms = [RowForm(question, data) for question in self.questions]
        form = SharedForm(data, initial=self.initial())
        if data is None:
            return form
        valid = [row.is_valid() for row in self.forms]
        if not all(valid):
            form.add_error(None, "See the rows below.")
        elif not any(row.is_answered for row in self.forms):
            form.add_error(None, "Answer at least one question.")
        return form

    def initial(self) -> dict[str, Any]:
        if self.event is None:
            return {}
        return {"event": self.event.key, "settled_on": self.event.happened_on}

    def decide(self, form: ActForm) -> Sequence[Outcome]:
        return services.outcomes_decide(
            verdicts=self.verdicts(form),
            event=form.cleaned_data["event"],
            by=self.person,
            now=timezone.now(),
        )

    def do(self, form: ActForm) -> HttpResponse:
        try:
            return super().do(form)
        except Several as error:
            for row in self.forms:
                if (refused := error.refused.get(row.question.key)) is not None:
                    row.refuse_row(refused)
            form.add_error(None, "Nothing was recorded, of none of them: see the rows below.")
            return self.page(form, status=409)

    def verdicts(self, form: ActForm) -> dict[Question, Verdict]:
        given = form.cleaned_data
        return {row.question: _verdict(row, given) for row in self.forms if row.is_answered}

    def finished(self, outcomes: Sequence[Outcome]) -> HttpResponse:
        said = ", ".join(f"{outcome.question.key} is {outcome.verdict}" for outcome in outcomes)
        if self.event:
            back = reverse("admin:predictions_event_change", args=[self.event.pk])
        else:
            back = reverse("admin:predictions_question_changelist")
        return self.done(f"Entered: {said}.", back)

    def context(self) -> dict[str, Any]:
        of_these = Event.objects.filter(questions__in=self.questions).distinct()
        return {
            **super().context(),
            "rows": self.forms,
            "event": self.event,
            "more": self.more,
            "most": MOST,
            "events": of_these.order_by("-happened_on", "key")[:_EVENTS],
            "url": self.request.get_full_path(),
        }


def _asked(request: HttpRequest, event: Event | None) -> QuerySet[Question]:
    if request.method == "POST":
        # Open or not by now: the service decides, and no row is lost.
        asked = [key for key in request.POST.getlist("asked")[:MOST] if "\x00" not in key]
        return Question.objects.filter(key__in=asked)
    if event is not None:
        return Question.objects.open().filter(bearings__event=event)
    return Question.objects.open().filter(key__in=request.GET.getlist("question")[:MOST])


def _verdict(row: RowForm, shared: dict[str, Any]) -> Verdict:
    answer, reason = answers.answer_of(row.cleaned_data)
    return Verdict(
        answer=answer,
        void_reason=reason,
        settled_at=settled_at(shared["settled_on"], shared["settled_time"]),
        rationale=row.cleaned_data["rationale"] or shared["rationale"],
        evidence=[shared["event"]] if shared["event"] else [],
    )
