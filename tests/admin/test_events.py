import datetime as dt
from typing import Any

import pytest

from predictions.forms.base import suggested_key
from predictions.models import Event, User
from tests.admin.conftest import allow
from tests.admin.pages import Pages, text_of
from tests.making import Maker

ADD = "predictions_event_add"


def filled(**given: Any) -> dict[str, Any]:
    return {
        "title": "The ministry publishes the harvest",
        "happened_on": "2026-09-01",
        "text": "It failed.",
        "sources": "The ministry https://example.org/harvest\n\nAP: https://example.org/ap",
        "bears-TOTAL_FORMS": "2",
        "bears-INITIAL_FORMS": "0",
        **given,
    }


def test_an_event_is_recorded_with_its_sources_and_a_key_made_of_date_and_title(
    desk: Pages, db: None
) -> None:
    response = desk.post(ADD, data=filled())
    event = Event.objects.get()
    assert event.key == "2026-09-01-the-ministry-publishes-the-harvest"
    assert event.happened_on == dt.date(2026, 9, 1)
    assert event.sources == [
        {"name": "The ministry", "url": "https://example.org/harvest"},
        {"name": "AP", "url": "https://example.org/ap"},
    ]
    assert "Recorded: 2026-09-01: The ministry publishes the harvest." in text_of(response)


def test_an_event_bears_on_the_questions_named(desk: Pages, make: Maker) -> None:
    first, second = make.question(), make.question()
    rows = {
        "bears-0-question": first.key.lower(),
        "bears-0-bearing": "settles",
        "bears-0-note": "It says so.",
        "bears-1-question": second.key,
        "bears-1-bearing": "no",
    }
    desk.post(ADD, data=filled(**rows))
    linked = Event.objects.get().bearings.order_by("question__key")
    assert [(row.question, row.bearing, row.note) for row in linked] == [
        (first, "settles", "It says so."),
        (second, "no", ""),
    ]


def test_from_a_questions_page_the_question_is_chosen_and_the_way_leads_back(
    desk: Pages, make: Maker
) -> None:
    question = make.question()
    page = desk.get(ADD, question=question.key)
    assert f'value="{question.key}"' in page.content.decode()
    rows = {"bears-0-question": question.key, "bears-0-bearing": "yes"}
    response = desk.post(ADD, data=filled(**rows), query=f"?question={question.key}")
    assert response.redirect_chain[-1][0].endswith(f"/question/{question.pk}/change/")
    assert "The ministry publishes the harvest" in text_of(response)


@pytest.mark.parametrize(
    ("given", "field", "problem"),
    [
        ({"title": ""}, "title", "Is missing"),
        ({"happened_on": "yesterday"}, "happened_on", "write it as 2023-06-25"),
        ({"happened_on": "2999-01-01"}, "happened_on", "is in the future"),
        ({"sources": "\n"}, "sources", "name at least one source"),
        ({"sources": "Reuters"}, "sources", "Line 1, “Reuters”, needs a name"),
        ({"sources": "A https://a.example\nhttps://b.example"}, "sources", "Line 2"),
        ({"key": "no spaces"}, "key", "letters, digits, dots, dashes"),
    ],
)
def test_a_wrong_event_names_the_field_and_writes_nothing(
    desk: Pages, db: None, given: dict[str, str], field: str, problem: str
) -> None:
    response = desk.post(ADD, data=filled(**given))
    assert response.status_code == 200
    assert list(response.context["form"].errors) == [field]
    assert problem in text_of(response)
    assert not Event.objects.exists()


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ({"bears-0-question": "Q404", "bears-0-bearing": "yes"}, "no question with the key “Q404”"),
        ({"bears-0-question": "T1"}, "Is missing; choose one."),
        (
            {
                "bears-0-question": "T1",
                "bears-0-bearing": "yes",
                "bears-1-question": "T1",
                "bears-1-bearing": "no",
            },
            "Name each question once; T1 is twice.",
        ),
    ],
)
def test_a_wrong_bearing_is_told_at_its_row_and_nothing_is_written(
    desk: Pages, make: Maker, rows: dict[str, str], problem: str
) -> None:
    assert make.question().key == "T1"
    shown = text_of(desk.post(ADD, data=filled(**rows)))
    assert problem in shown
    assert "See what it bears on" in shown
    assert not Event.objects.exists()


def test_a_key_that_is_taken_is_refused(desk: Pages, make: Maker) -> None:
    make.event(key="taken")
    response = desk.post(ADD, data=filled(key="taken"))
    assert list(response.context["form"].errors) == ["key"]
    assert Event.objects.count() == 1


def test_a_long_title_gives_a_key_cut_between_words() -> None:
    key = suggested_key("2026-09-01 " + "harvest " * 30)
    assert len(key) <= 100
    assert key.endswith("-harvest")


def test_adding_takes_the_permission(looking: Pages, viewer: User) -> None:
    response = looking.get(ADD)
    assert response.status_code == 403
    assert "predictions.add_event" in text_of(response)
    assert looking.post(ADD, data=filled()).status_code == 403
    assert not Event.objects.exists()
    allow(viewer, "add_event")
    assert looking.post(ADD, data=filled()).status_code == 200
    assert Event.objects.count() == 1


def test_a_recorded_event_can_be_linked_to_a_question(desk: Pages, make: Maker) -> None:
    question, event = make.question(), make.event()
    data = {"event": str(event.pk), "bearing": "settles", "note": "It says so."}
    response = desk.post("predictions_question_link", question.pk, data=data)
    assert event.bearings.get().question == question
    assert f"Linked: {event}." in text_of(response)
    # It is linked once: it is no longer among the choices.
    again = desk.post("predictions_question_link", question.pk, data=data)
    assert list(again.context["form"].errors) == ["event"]


def test_an_event_that_is_not_offered_is_linked_by_its_key(desk: Pages, make: Maker) -> None:
    question, event = make.question(), make.event()
    data = {"key": event.key, "bearing": "context", "note": ""}
    wrong = desk.post("predictions_question_link", question.pk, data=data | {"key": "no-such"})
    assert list(wrong.context["form"].errors) == ["key"]
    neither = desk.post("predictions_question_link", question.pk, data=data | {"key": ""})
    assert list(neither.context["form"].errors) == ["event"]
    desk.post("predictions_question_link", question.pk, data=data)
    assert event.bearings.get().question == question


def test_linking_is_possible_after_the_outcome_too(desk: Pages, make: Maker) -> None:
    question = make.question()
    make.outcome(question)
    assert desk.get("predictions_question_link", question.pk).status_code == 200
