"""Several outcomes on one page."""

from typing import Any

from django.urls import reverse

from predictions.models import Outcome, Question
from tests.admin.pages import Pages, text_of
from tests.making import Maker

SEVERAL = "predictions_question_outcomes"


def given(*questions: Question, event: str = "", **answers: str) -> dict[str, Any]:
    return {
        "asked": [question.key for question in questions],
        "event": event,
        "settled_on": "2026-09-01",
        "rationale": "The ministry said so.",
        **{name.replace("_", "-"): value for name, value in answers.items()},
    }


def test_one_event_settles_several_questions(desk: Pages, make: Maker) -> None:
    first, second, third = make.question(), make.choice("rye", "oats"), make.question()
    for question in (first, third):
        make.prediction("0.7", question=question)
    event = make.event(first, second, third)
    page = desk.get(SEVERAL, event=event.key)
    assert f'value="{event.key}"' in page.content.decode()
    assert 'name="settled_on" value="2026-09-01"' in page.content.decode()
    data = given(first, second, third, event=event.key)
    answers = {f"{first.key}-answer": "no", f"{second.key}-answer": "is:rye"}
    data = {**data, **answers, f"{second.key}-rationale": "Rye alone was harvested."}
    shown = desk.preview(SEVERAL, data=data)
    said = text_of(shown)
    assert f"{first.key} is no settled 2026-09-01" in said
    assert "Mean Brier score 0.490" in said
    assert f"{second.key} is rye" in said
    assert not Outcome.objects.exists()
    done = desk.confirm(SEVERAL, data=data)
    assert f"Entered: {first.key} is no, {second.key} is rye." in text_of(done)
    assert first.outcome is not None
    assert second.outcome is not None
    assert third.outcome is None
    assert list(first.outcome.evidence.all()) == [event]
    assert first.outcome.rationale == "The ministry said so."
    assert second.outcome.rationale == "Rye alone was harvested."


def test_an_error_stands_at_its_row_and_nothing_is_recorded(desk: Pages, make: Maker) -> None:
    right, late, number = make.question(), make.question(), make.numeric()
    make.outcome(late)
    data = {
        **given(right, late, number),
        f"{right.key}-answer": "yes",
        f"{late.key}-answer": "no",
        f"{number.key}-answer": "number",
        f"{number.key}-number": "many",
    }
    told = desk.preview(SEVERAL, data=data)
    assert told.status_code == 409
    rows = {row.question.key: row.errors for row in told.context["rows"]}
    assert not rows[right.key]
    assert "already has an outcome (yes" in str(rows[late.key])
    assert list(rows[number.key]) == ["number"]
    assert "Nothing was recorded, of none of them" in text_of(told)
    assert Outcome.objects.count() == 1
    missing = {**data, f"{number.key}-number": ""}
    assert "Is missing; give a number" in text_of(desk.preview(SEVERAL, data=missing))


def test_what_is_shared_is_refused_where_it_stands(desk: Pages, make: Maker) -> None:
    question = make.question()
    for wrong, field in (
        ({"event": "no-such-event"}, "event"),
        ({"settled_on": ""}, "settled_on"),
    ):
        data = {**given(question), f"{question.key}-answer": "yes", **wrong}
        assert list(desk.preview(SEVERAL, data=data).context["form"].errors) == [field]
    none = desk.preview(SEVERAL, data=given(question))
    assert "Answer at least one question." in text_of(none)
    early = {**given(question), f"{question.key}-answer": "yes", "settled_on": "2020-01-01"}
    assert "is before" in text_of(desk.preview(SEVERAL, data=early))
    without = {**given(question), f"{question.key}-answer": "yes", "rationale": ""}
    [row] = desk.preview(SEVERAL, data=without).context["rows"]
    assert list(row.errors) == ["rationale"]
    assert not Outcome.objects.exists()


def test_a_prediction_that_came_meanwhile_stops_all(desk: Pages, make: Maker) -> None:
    first, second = make.question(), make.question()
    data = {**given(first, second), f"{first.key}-answer": "yes", f"{second.key}-answer": "no"}
    shown = desk.preview(SEVERAL, data=data)
    make.prediction(question=second)
    told = desk.post(SEVERAL, data={**data, "act": "confirm", "seen": shown.context["seen"]})
    assert told.status_code == 409
    assert "Something was recorded" in text_of(told)
    assert not Outcome.objects.exists()


def test_questions_are_chosen_in_the_list(desk: Pages, make: Maker) -> None:
    questions = [make.question() for _ in range(3)]
    data = {"action": "enter_outcomes", "_selected_action": [str(q.pk) for q in questions[:2]]}
    page = text_of(desk.post("predictions_question_changelist", data=data))
    assert questions[0].key in page
    assert questions[1].key in page
    assert f"Rationale of {questions[2].key}" not in page


def test_no_more_are_chosen_than_can_be_read(desk: Pages, make: Maker) -> None:
    questions = [make.question() for _ in range(51)]
    data = {"action": "enter_outcomes", "_selected_action": [str(q.pk) for q in questions]}
    told = desk.post("predictions_question_changelist", data={**data, "select_across": "1"})
    assert "Choose 50 questions at most" in text_of(told)
    page = desk.get(SEVERAL, event=make.event(*questions).key)
    assert len(page.context["rows"]) == 50
    assert "These are 50" in text_of(page)


def test_the_page_of_an_event_leads_to_the_open_questions(desk: Pages, make: Maker) -> None:
    is_open, settled = make.question(), make.question()
    event = make.event(is_open, settled)
    make.outcome(settled)
    page = desk.get("predictions_event_change", event.pk)
    assert reverse(f"admin:{SEVERAL}", query={"event": event.key}) in page.content.decode()
    rows = desk.get(SEVERAL, event=event.key).context["rows"]
    assert [row.question for row in rows] == [is_open]
    assert "no open question" in text_of(desk.get("predictions_event_change", make.event().pk))


def test_where_nothing_is_open_the_way_leads_back(desk: Pages, make: Maker) -> None:
    question = make.question()
    make.outcome(question)
    assert desk.get(SEVERAL, question=question.key).status_code == 302
    assert desk.get(SEVERAL).status_code == 302
    assert desk.get(SEVERAL, event="no-such-event").status_code == 404


def test_it_takes_the_right_to_enter_outcomes(looking: Pages, make: Maker) -> None:
    question = make.question()
    assert looking.get(SEVERAL, question=question.key).status_code == 403
    assert looking.post(SEVERAL, data=given(question)).status_code == 403
    listed = looking.get("predictions_question_changelist").content.decode()
    assert "enter_outcomes" not in listed


def test_a_key_that_no_row_can_have_is_none_of_the_questions(desk: Pages, make: Maker) -> None:
    make.question()
    answer = desk.post("predictions_question_outcomes", data={"asked": "Q\x00"})
    assert "None of these questions is open" in text_of(answer)
