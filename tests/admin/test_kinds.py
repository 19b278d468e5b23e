"""Questions of options, numbers and dates at the desk."""

from typing import Any

import pytest

from predictions.models import Question
from tests.admin.pages import Pages, text_of
from tests.making import Maker


def asked(desk: Pages, question: Question) -> Any:
    return desk.get("predictions_question_outcome", question.pk).context["form"]


def errors_of(response: Any) -> list[str]:
    return list(response.context["form"].errors)


def initial(desk: Pages, question: Question) -> dict[str, Any]:
    assert question.outcome is not None
    page = desk.get("predictions_question_correct", question.pk, question.outcome.pk)
    found: dict[str, Any] = page.context["form"].initial
    return found


def test_of_options_one_is_chosen(desk: Pages, make: Maker) -> None:
    question = make.choice("void:ambiguous", "rye", "Grünkern")
    make.spread(question, "0.5", "0.3", "0.2")
    offered = [label for _, label in asked(desk, question).fields["answer"].choices]
    assert offered[:4] == ["Choose one", "void:ambiguous", "rye", "Grünkern"]
    assert all(label.startswith("Void: ") for label in offered[4:])
    for wrong in ("", "rye", "is:wheat", "yes"):
        assert errors_of(desk.enter(question, answer=wrong)) == ["answer"]
    shown = text_of(desk.enter(question, answer="is:void:ambiguous"))
    assert f"The outcome of {question.key} is void:ambiguous. 1 prediction was scored." in shown
    assert "void:ambiguous 50 %, rye 30 %, Grünkern 20 %" in shown
    assert "Brier score 0.380" in shown
    assert initial(desk, question)["answer"] == "is:void:ambiguous"
    assert "void:ambiguous" in text_of(desk.get("predictions_question_changelist"))


def test_options_in_order_say_so_on_the_page(desk: Pages, make: Maker) -> None:
    question = make.choice("low", "high", ordered=True)
    make.spread(question, "0.4", "0.6")
    assert "Options, in order low high" in desk.question(question)
    shown = text_of(desk.enter(question, answer="is:low"))
    assert "Ranked probability score 0.360" in shown
    assert "high 60 %, low 40 %" in shown


def test_a_number_is_written_with_its_unit(desk: Pages, make: Maker) -> None:
    question = make.numeric(unit="tonnes")
    make.range(question, {"0.1": "8", "0.5": "12.5", "0.9": "30"})
    assert "Which number, in tonnes" in text_of(
        desk.get("predictions_question_outcome", question.pk)
    )
    for number, problem in {"": "Is missing; give a number", "many": "is not a number"}.items():
        refused = desk.enter(question, answer="number", number=number)
        assert errors_of(refused) == ["number"]
        assert problem in text_of(refused)
    shown = text_of(desk.enter(question, answer="number", number="12.50"))
    assert f"The outcome of {question.key} is 12.5." in shown
    assert "12.5 tonnes" in shown
    assert "10 %: 8, 50 %: 12.5, 90 %: 30 tonnes" in shown
    assert "They are in tonnes." in shown
    held = initial(desk, question)
    assert (held["answer"], held["number"]) == ("number", "12.5")


def test_a_date_is_picked(desk: Pages, make: Maker) -> None:
    question = make.dated()
    make.range(question, {"0.25": "2026-05-01", "0.75": "2026-06-01"})
    for day, problem in {"": "Is missing; give a date", "May": "Is not a date"}.items():
        refused = desk.enter(question, answer="day", day=day)
        assert errors_of(refused) == ["day"]
        assert problem in text_of(refused)
    shown = text_of(desk.enter(question, answer="day", day="2026-05-11"))
    assert f"The outcome of {question.key} is 2026-05-11." in shown
    assert "25 %: 2026-05-01, 75 %: 2026-06-01" in shown
    assert "They are in days." in shown
    held = initial(desk, question)
    assert (held["answer"], held["day"]) == ("day", "2026-05-11")


@pytest.mark.parametrize("kind", ["choice", "numeric", "dated"])
def test_a_question_of_any_kind_may_be_void(desk: Pages, make: Maker, kind: str) -> None:
    question = getattr(make, kind)()
    shown = text_of(desk.enter(question, answer="void:ambiguous"))
    assert "void (ambiguous)" in shown
    assert initial(desk, question)["answer"] == "void:ambiguous"


def test_the_list_and_the_record_say_what_was_forecast(desk: Pages, make: Maker) -> None:
    options = [f"option {number}" for number in range(10)]
    prediction = make.spread(make.choice(*options), "0.55", *["0.05"] * 9)
    shown = text_of(desk.get("predictions_prediction_changelist"))
    assert "option 0 55 %, option 1 5 %" in shown
    assert "option 9 5 %" in text_of(desk.get("predictions_prediction_change", prediction.pk))
