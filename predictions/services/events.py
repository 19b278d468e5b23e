"""Recording what happened, and which questions it bears on."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import transaction

from predictions.checks import clean_text
from predictions.errors import Invalid
from predictions.models import Bearing, Event, Question, User
from predictions.services.posting import post

_web_address = URLValidator(schemes=["http", "https"])


@dataclass(frozen=True)
class Bears:
    """What an event says about a question: `yes`, `no`, `settles` or `context`."""

    question: Question
    bearing: str
    note: str = ""


@transaction.atomic
def event_record(
    *,
    key: str,
    happened_on: dt.date,
    title: str,
    sources: Sequence[Mapping[str, str]],
    by: User | None,
    now: dt.datetime,
    text: str = "",
    bears_on: Sequence[Bears] = (),
) -> Event:
    """Record an event with its sources, [{"name", "url"}], and what it says about questions.

    Raises Invalid, naming the field.
    """
    event = Event(
        key=key,
        happened_on=happened_on,
        title=title,
        text=text,
        sources=list(sources),
        recorded_at=now,
    )
    event_check(event, now)
    for bears in bears_on:
        if [other.question for other in bears_on].count(bears.question) > 1:
            raise Invalid("bears_on", f"names {bears.question.key} twice; say once how it bears")
    bearings = [_bearing(event, bears) for bears in bears_on]
    post(kind="event.recorded", by=by, rows=[event, *bearings])
    return event


@transaction.atomic
def bearing_record(*, event: Event, bears: Bears, by: User | None) -> Bearing:
    """Link an event that is already recorded to one more question."""
    bearing = _bearing(event, bears)
    post(kind="event.linked", by=by, rows=[bearing])
    return bearing


def event_check(event: Event, now: dt.datetime) -> None:
    """Refuse a day to come, and sources that say too little; sets these to how they are stored."""
    if event.happened_on > now.date():
        raise Invalid(
            "happened_on", f"{event.happened_on} is in the future; give today or an earlier day"
        )
    event.sources = [_checked_source(source) for source in event.sources]
    if not event.sources:
        raise Invalid("sources", "is empty; name at least one source with its address")


def _bearing(event: Event, bears: Bears) -> Bearing:
    return Bearing(event=event, question=bears.question, bearing=bears.bearing, note=bears.note)


def _checked_source(source: Mapping[str, str]) -> dict[str, str]:
    name = clean_text(str(source.get("name", "")), "sources")
    url = clean_text(str(source.get("url", "")), "sources")
    try:
        _web_address(url)
    except ValidationError:
        url = ""
    if not name or not url:
        raise Invalid("sources", f"{dict(source)} needs a name and an address (https://...)")
    return {"name": name, "url": url}
