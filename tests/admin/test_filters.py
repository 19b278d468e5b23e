"""Lists are narrowed and searched as people expect."""

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from predictions import services
from predictions.models import User
from predictions.when import end_of
from tests.admin.pages import Pages, text_of
from tests.making import Maker


def keys(pages: Pages, model: str, **query: Any) -> list[str]:
    rows = listed(pages, model, **query)
    return sorted(row.key for row in rows)


def listed(pages: Pages, model: str, **query: Any) -> list[Any]:
    page = pages.get(f"predictions_{model}_changelist", **query)
    assert page.status_code == 200
    return list(page.context["cl"].result_list)


def test_questions_are_narrowed_by_what_they_are(
    desk: Pages, make: Maker, adjudicator: User
) -> None:
    topic = services.topic_record(key="harvest", name="Harvest", by=None)
    on = make.question(key="ON", topic=topic)
    make.conditional(on, key="IF", reviewer=adjudicator)
    make.choice(key="WHICH")
    make.prediction(question=on)
    assert keys(desk, "question", topic__key="harvest") == ["ON"]
    assert keys(desk, "question", reviewer="me") == ["IF"]
    assert keys(desk, "question", reviewer="nobody") == ["ON", "WHICH"]
    assert keys(desk, "question", kind="choice") == ["WHICH"]
    assert keys(desk, "question", conditional="yes") == ["IF"]
    assert keys(desk, "question", predicted="no") == ["IF", "WHICH"]
    assert keys(desk, "question", predicted="yes", conditional="no") == ["ON"]


def test_questions_are_narrowed_by_when_they_are_due(desk: Pages, make: Maker) -> None:
    today = timezone.now()
    for key, days in (("LATE", -3), ("SOON", 3), ("FAR", 30)):
        make.question(key=key, due_at=today + dt.timedelta(days=days))
    make.outcome(make.question(key="DONE"), "yes")
    make.outcome(make.question(key="VOID"), None, void_reason="ambiguous")
    assert keys(desk, "question", state="due") == ["LATE"]
    assert keys(desk, "question", state="week") == ["SOON"]
    assert keys(desk, "question", state="open") == ["FAR", "LATE", "SOON"]
    assert keys(desk, "question", state="settled") == ["DONE", "VOID"]
    assert keys(desk, "question", state="void") == ["VOID"]
    day = (today + dt.timedelta(days=30)).date().isoformat()
    assert keys(desk, "question", due_at__from=day, due_at__to=day) == ["FAR"]


def test_predictions_are_narrowed(desk: Pages, make: Maker) -> None:
    outlet = services.outlet_record(key="almanac", name="The Almanac", by=None)
    article = make.article(key="a", outlet=outlet)
    mine = make.forecaster(key="jo")
    question = make.question(key="Q1")
    first = make.prediction("0.2", question=question, forecaster=mine, article=article)
    late = make.prediction("0.9", question=question, made_at=end_of(dt.date(2026, 10, 1)))
    make.outcome(question)
    other = make.prediction("0.5")
    for query, found in (
        ({"forecaster__key": "jo"}, [first]),
        ({"article__key": "a"}, [first]),
        ({"article__outlet__key": "almanac"}, [first]),
        ({"question__key": "q1"}, [late, first]),
        ({"state": "late"}, [late]),
        ({"state": "scored"}, [first]),
        ({"state": "open"}, [other]),
        ({"probability__from": "0.5", "probability__to": "0.9"}, [late, other]),
        ({"made_at__from": "2026-10-01", "made_at__to": "2026-10-01"}, [late]),
        ({"basis": "verbal"}, []),
    ):
        assert set(listed(desk, "prediction", **query)) == set(found), query


def test_events_and_outcomes_are_narrowed(desk: Pages, make: Maker, adjudicator: User) -> None:
    question = make.question(key="Q1")
    linked, loose = make.event(question), make.event(happened_on=dt.date(2026, 10, 2))
    assert listed(desk, "event", linked="yes") == [linked]
    assert listed(desk, "event", linked="no") == [loose]
    assert listed(desk, "event", bearing="settles") == [linked]
    assert listed(desk, "event", bearing="no") == []
    assert listed(desk, "event", bearings__question__key="Q1") == [linked]
    assert listed(desk, "event", happened_on__from="2026-10-01") == [loose]
    first = make.outcome(question)
    second = make.correct(first, "no")
    assert listed(desk, "outcome", standing="stands") == [second]
    assert listed(desk, "outcome", standing="corrected") == [first]
    assert listed(desk, "outcome", answer="YES") == [first]
    assert listed(desk, "outcome", entered_by="me") == []
    assert len(listed(desk, "outcome", entered_at__to=make.now.date().isoformat())) == 2


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"made_at__from": "yesterday"}, "Is not a date; write it as 2023-06-25."),
        ({"forecaster__key": "nobody"}, "There is no forecaster with the key “nobody”."),
        ({"state": "lost"}, "Select a valid choice. lost is not one of the available choices."),
        ({"probability__from": "2"}, "less than or equal to 1"),
        ({"made_at__to": "9999-12-31", "made_at__from": "0001-01-01"}, "1 prediction"),
    ],
)
def test_a_filter_that_cannot_be_read_says_so_and_finds_nothing(
    desk: Pages, make: Maker, query: dict[str, str], said: str
) -> None:
    make.prediction()
    page = desk.get("predictions_prediction_changelist", **query)
    assert page.status_code == 200
    assert said in text_of(page)
    assert len(page.context["cl"].result_list) == (said == "1 prediction")


def test_every_word_of_a_search_must_stand_somewhere(desk: Pages, make: Maker) -> None:
    rain = make.question(key="RAIN-1", text="Will it rain in Graz?")
    snow = make.question(key="SNOW-1", text="Will it snow in Graz?")
    said = make.prediction(question=rain, forecaster=make.forecaster(name="Jo Doe"))
    make.prediction(question=snow)
    assert keys(desk, "question", q="graz") == ["RAIN-1", "SNOW-1"]
    assert keys(desk, "question", q="graz RAIN") == ["RAIN-1"]
    assert keys(desk, "question", q='"snow in graz"') == ["SNOW-1"]
    assert keys(desk, "question", q='"snow graz"') == []
    assert keys(desk, "question", q="ra") == ["RAIN-1"]
    assert keys(desk, "question", q="100% sure_") == []
    assert listed(desk, "prediction", q="rain doe") == [said]
    assert listed(desk, "prediction", q="snow doe") == []
    assert listed(desk, "prediction", q="'") == []


def test_keys_are_offered_as_one_types(desk: Pages, looking: Pages, make: Maker) -> None:
    for number in range(20):
        make.forecaster(key=f"jo-{number:02}")
    offered = looking.get("predictions_forecaster_suggest", term="jo").json()["results"]
    assert len(offered) == 12
    assert offered[0]["key"] == "jo-00"
    assert looking.get("predictions_forecaster_suggest", term="").status_code == 200
    page = desk.get("predictions_prediction_changelist")
    assert 'data-suggest="/admin/predictions/forecaster/suggest/"' in page.content.decode()
