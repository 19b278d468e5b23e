"""Events: recorded once with their sources, linked to questions, and read-only from then on."""

from typing import Any, cast
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Exists, Model, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import display

from ledger.filtering import between, one_of
from ledger.listing import count_up_to, shown_count
from predictions import services
from predictions.admin.acts import Act, QuestionAct, url_of
from predictions.admin.base import KeyedAdmin, day, link, link_to_list, moment
from predictions.admin.counting import counted, once
from predictions.admin.event_forms import BearingFormSet, BearingRows, EventForm
from predictions.admin.filters import keyed
from predictions.forms import inputs
from predictions.forms.base import ActForm
from predictions.models import Bearing, Event, Question
from predictions.models.choices import Weight
from predictions.services.events import Bears

# So many are offered; the key of any other is typed.
_SUGGESTED = 100
_BEARINGS_SHOWN = 100
_LOOKED_AT = 1_000


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
    event = inputs.choice("Event", [], required=False)
    key = inputs.text(
        "Or the key of an earlier one",
        required=False,
        help_text="The latest are offered above; every list and page of events says their keys.",
    )
    bearing = inputs.one_of("How does it bear on the question?", Weight.choices)
    note = inputs.text("Note", required=False)

    def __init__(self, question: Question, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        unlinked = Event.objects.filter(pk__in=_latest()).exclude(bearings__question=question)
        ordered = unlinked.order_by("-happened_on", "key")
        self.events = {str(event.pk): event for event in ordered[:_SUGGESTED]}
        self.fields["event"].choices = [  # type: ignore[attr-defined]
            ("", "Choose an event"),
            *((pk, str(event)) for pk, event in self.events.items()),
        ]

    def clean_key(self) -> Event | None:
        key = self.cleaned_data["key"].strip()
        found: Event | None = Event.objects.filter(key=key).first() if key else None
        if key and found is None:
            raise ValidationError(f"There is no event with the key “{key}”.")
        return found

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if not given.get("event") and not given.get("key") and not self.errors:
            self.add_error("event", "Is missing; choose one, or give a key.")
        return given

    @property
    def chosen(self) -> Event:
        """Which event was named, be it by its key."""
        chosen: Event = self.cleaned_data["key"] or self.events[self.cleaned_data["event"]]
        return chosen


def _latest() -> QuerySet[Any]:
    """The ids of those among which it is looked for what is not linked yet."""
    return Event.objects.order_by("-happened_on", "-id").values("pk")[:_LOOKED_AT]


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
        event = cast(LinkForm, form).chosen
        bears = Bears(self.question, given["bearing"], given["note"])
        services.bearing_record(event=event, bears=bears, by=self.person)
        return self.done(f"Linked: {event}.", url_of(self.question))


def _url_of_event(pk: UUID) -> str:
    return reverse("admin:predictions_event_change", args=[pk])


_BEARINGS = Bearing.objects.filter(event=OuterRef("pk"))


_LINKED = [("yes", "Yes"), ("no", f"No, of the latest {_LOOKED_AT:,}")]


def _linked(events: QuerySet[Any], answer: str) -> QuerySet[Any]:
    """Where all are linked, those that are not would be looked for among all."""
    if answer == "yes":
        return events.filter(Exists(_BEARINGS))
    return events.filter(~Exists(_BEARINGS), pk__in=_latest())


def _bearing(events: QuerySet[Any], weight: str) -> QuerySet[Any]:
    return events.filter(Exists(_BEARINGS.filter(bearing=weight)))


@admin.register(Event)
class EventAdmin(KeyedAdmin):
    list_display = ["happened", "title", "linked", "key", "recorded"]
    list_display_links = ["title"]
    list_filter = [
        between("Happened", "happened_on", "day"),
        one_of("Linked to a question", "linked", _LINKED, _linked),
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
        count = count_up_to(Question.objects.open().filter(bearings__event=event))
        if not count:
            return "no open question"
        url = reverse("admin:predictions_question_outcomes", query={"event": event.key})
        shown = shown_count(count)
        return format_html('<a href="{}">Enter outcomes of what is open: {} →</a>', url, shown)

    @display(description="Bears on")
    @once
    def bears_on(self, event: Event) -> SafeString | str:
        rows = list(event.bearings.select_related("question")[: _BEARINGS_SHOWN + 1])
        shown = [
            format_html(
                "<div>{}: <b>{}</b> {}</div>",
                link(row.question),
                row.get_bearing_display(),
                row.note,
            )
            for row in sorted(rows[:_BEARINGS_SHOWN], key=lambda row: row.question.key)
        ]
        if len(rows) > _BEARINGS_SHOWN:
            shown.append(format_html("<div>{}</div>", _all_bearings(event)))
        return SafeString("").join(shown) or "no question; link it on the page of one"


def _all_bearings(event: Event) -> SafeString | str:
    """The way to those that are not shown."""
    return link_to_list(Bearing, "and others: all", event__key=event.key)
