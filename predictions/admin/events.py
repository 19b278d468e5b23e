"""Events: recorded once with their sources, linked to questions, and read-only from then on."""

from typing import Any, cast
from uuid import UUID

from django.contrib import admin
from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import display

from ledger.filtering import between, one_of, yes_or_no
from predictions import services
from predictions.admin import inputs
from predictions.admin.acts import Act, ActForm, QuestionAct, url_of
from predictions.admin.base import KeyedAdmin, day, link, moment, once
from predictions.admin.counting import counted, shown_count
from predictions.admin.event_forms import BearingFormSet, BearingRows, EventForm
from predictions.admin.filters import keyed
from predictions.models import Bearing, Event, Question
from predictions.models.choices import Weight
from predictions.services.events import Bears

_SUGGESTED = 500


class AddEvent(Act):
    """Record an event; `?question=` names a question it bears on, to which we then return."""

    permission = "predictions.add_event"
    doing = "Adding an event"
    title = "Add event"
    template = "admin/event/add.html"

    def begin(self, **kwargs: Any) -> HttpResponse | None:
        key = self.request.GET.get("question", "")
        self.asked_from = Question.objects.filter(key=key).first()
        return None

    def form(self, data: Any = None) -> ActForm:
        asked = [{"question": self.asked_from.key}] if self.asked_from else None
        self.rows = cast(BearingRows, BearingFormSet(data, initial=asked, prefix="bears"))
        form = EventForm(data)
        if data is not None and not self.rows.is_valid():
            form.add_error(None, "See what it bears on, below.")
        return form

    def do(self, form: ActForm) -> HttpResponse:
        event = services.event_record(
            **form.cleaned_data,
            bears_on=self.rows.bears_on,
            by=self.person,
            now=timezone.now(),
        )
        back = url_of(self.asked_from) if self.asked_from else _url_of_event(event.pk)
        return self.done(f"Recorded: {event}.", back)

    def context(self) -> dict[str, Any]:
        open_questions = Question.objects.open().order_by("key")[:_SUGGESTED]
        return {
            "rows": self.rows,
            "questions": open_questions,
            "asked_from": self.asked_from,
            "back": url_of(self.asked_from)
            if self.asked_from
            else reverse("admin:predictions_event_changelist"),
        }


class LinkForm(ActForm):
    event = inputs.choice("Event", [])
    bearing = inputs.one_of("How does it bear on the question?", Weight.choices)
    note = inputs.text("Note", required=False)

    def __init__(self, question: Question, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        unlinked = Event.objects.exclude(bearings__question=question).order_by(
            "-happened_on", "key"
        )
        self.events = {str(event.pk): event for event in unlinked[:_SUGGESTED]}
        self.fields["event"].choices = [  # type: ignore[attr-defined]
            ("", "Choose an event"),
            *((pk, str(event)) for pk, event in self.events.items()),
        ]


class LinkEvent(QuestionAct):
    """Link an event that is recorded already; open questions and settled ones alike."""

    permission = "predictions.add_event"
    doing = "Linking an event"
    title = "Link an event"
    template = "admin/question/link.html"

    def settled(self, outcome: object) -> None:  # type: ignore[override]
        return None

    def form(self, data: Any = None) -> ActForm:
        return LinkForm(self.question, data)

    def do(self, form: ActForm) -> HttpResponse:
        given = form.cleaned_data
        event = cast(LinkForm, form).events[given["event"]]
        bears = Bears(self.question, given["bearing"], given["note"])
        services.bearing_record(event=event, bears=bears, by=self.person)
        return self.done(f"Linked: {event}.", url_of(self.question))


def _url_of_event(pk: UUID) -> str:
    return reverse("admin:predictions_event_change", args=[pk])


_BEARINGS = Bearing.objects.filter(event=OuterRef("pk"))


def _bearing(events: QuerySet[Any], weight: str) -> QuerySet[Any]:
    return events.filter(Exists(_BEARINGS.filter(bearing=weight)))


@admin.register(Event)
class EventAdmin(KeyedAdmin):
    list_display = ["happened", "title", "linked", "key", "recorded"]
    list_display_links = ["title"]
    list_filter = [
        between("Happened", "happened_on", "day"),
        yes_or_no("Linked to a question", "linked", Q(Exists(_BEARINGS))),
        one_of("Bearing", "bearing", Weight.choices, _bearing),
        keyed("Question", "bearings__question", Question),
    ]
    search_fields = ["key", "title", "text"]
    ordering = ["-happened_on", "-id"]
    sortable_by = ["happened", "key"]
    fields = [
        "title",
        "happened",
        "text",
        "shown_sources",
        "bears_on",
        "settles",
        "key",
        "recorded",
    ]
    readonly_fields = ["happened", "recorded", "shown_sources", "bears_on", "settles"]
    happened = day("happened_on", "Happened on")
    recorded = moment("recorded_at", "Recorded")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("predictions.add_event")

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return AddEvent.as_view()(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        events: QuerySet[Event] = super().get_queryset(request)
        return events.annotate(questions_linked=counted(_BEARINGS))

    @display(description="Questions")
    def linked(self, event: Model) -> str:
        return shown_count(event.questions_linked)  # type: ignore[attr-defined]

    @display(description="Sources")
    def shown_sources(self, event: Event) -> SafeString:
        rows = ((source["url"], source["name"], source["url"]) for source in event.sources)
        return format_html_join("", '<div><a href="{}" rel="noreferrer">{}</a> {}</div>', rows)

    @display(description="Settles")
    @once
    def settles(self, event: Event) -> SafeString | str:
        count = Question.objects.open().filter(bearings__event=event).count()
        if not count:
            return "no open question"
        url = reverse("admin:predictions_question_outcomes", query={"event": event.key})
        return format_html('<a href="{}">Enter outcomes of what is open: {} →</a>', url, count)

    @display(description="Bears on")
    @once
    def bears_on(self, event: Event) -> SafeString | str:
        rows = event.bearings.select_related("question").order_by("question__key")
        shown = ((link(row.question), row.get_bearing_display(), row.note) for row in rows)
        return format_html_join("", "<div>{}: <b>{}</b> {}</div>", shown) or "no question"
