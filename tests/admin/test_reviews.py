import datetime as dt
import uuid
from typing import Any

import pytest
from django.utils import timezone

from predictions.admin.chosen import next_review
from predictions.models import Question, Review, User
from predictions.when import end_of
from tests.admin.pages import Pages, text_of
from tests.making import Maker

PAGE = "predictions_question_review"
PAGES = "predictions_question_reviews"


def test_a_review_moves_the_next_date(desk: Pages, make: Maker, adjudicator: User) -> None:
    question = make.question()
    data = {"note": "Talks go on.", "next_on": "2999-02-01", "due_version": 1}
    shown = text_of(desk.post(PAGE, question.pk, data=data))
    question.refresh_from_db()
    assert question.review_at == end_of(dt.date(2999, 2, 1))
    assert question.due_version == 2
    assert Review.objects.get().recorded_by == adjudicator
    assert f"{question.key} stays open; its next review is due 2999-02-01." in shown
    assert "Talks go on." in shown


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"note": ""}, "note"),
        ({"next_on": ""}, "next_on"),
        ({"next_on": "2020-01-01"}, "next_on"),
    ],
)
def test_a_wrong_review_names_the_field_and_writes_nothing(
    desk: Pages, make: Maker, given: dict[str, str], field: str
) -> None:
    question = make.question()
    data = {"note": "Talks go on.", "next_on": "2999-02-01", "due_version": 1, **given}
    response = desk.post(PAGE, question.pk, data=data)
    assert list(response.context["form"].errors) == [field]
    assert not Review.objects.exists()


def test_a_settled_question_is_not_reviewed(desk: Pages, make: Maker) -> None:
    question = make.question()
    make.outcome(question)
    data = {"note": "Talks go on.", "next_on": "2999-02-01", "due_version": 1}
    response = desk.post(PAGE, question.pk, data=data)
    assert response.status_code == 409
    assert "already has an outcome" in text_of(response)
    assert desk.get(PAGE, question.pk).status_code == 302


def test_the_next_date_is_one_interval_on_but_not_past_the_close(make: Maker) -> None:
    today = dt.date(2026, 5, 1)
    question = make.question(due_at=end_of(dt.date(2026, 10, 31)))
    assert next_review(question, today) == dt.date(2026, 7, 30)
    question.review_every_days = 7
    assert next_review(question, today) == dt.date(2026, 5, 8)
    question.review_every_days = 365
    assert next_review(question, today) == dt.date(2026, 10, 31)
    question.due_at = None
    assert next_review(question, today) == dt.date(2027, 5, 1)


def test_the_form_suggests_the_next_date(desk: Pages, make: Maker) -> None:
    question = make.question(due_at=None, due_rule="when it is settled", review_every_days=30)
    page = desk.get(PAGE, question.pk)
    suggested = page.context["form"].initial["next_on"]
    assert f'value="{suggested.isoformat()}"' in page.content.decode()


def test_a_second_click_is_told_of_the_first(desk: Pages, make: Maker) -> None:
    question = make.question()
    data = {"note": "Talks go on.", "next_on": "2999-02-01", "due_version": 1}
    desk.post(PAGE, question.pk, data=data)
    response = desk.post(PAGE, question.pk, data=data)
    assert response.status_code == 409
    assert "was reviewed meanwhile" in text_of(response)
    assert Review.objects.count() == 1


def looked_at(*questions: Question) -> dict[str, Any]:
    return {"question": [f"{question.pk}:{question.due_version}" for question in questions]}


def test_several_questions_stay_open_in_one_act(desk: Pages, make: Maker) -> None:
    weekly, other = make.question(review_every_days=7, due_at=None, due_rule="r"), make.question()
    shown = text_of(desk.post(PAGES, data={"note": "Not yet.", **looked_at(weekly, other)}))
    assert f"Still open, with the next review: {weekly.key} (" in shown
    assert {review.note for review in Review.objects.all()} == {"Not yet."}
    for question in (weekly, other):
        question.refresh_from_db()
        expected = next_review(question, timezone.now().date())
        assert question.review_at == end_of(expected)
        assert question.due_version == 2


def test_one_that_was_settled_meanwhile_keeps_all_from_being_recorded(
    desk: Pages, make: Maker
) -> None:
    first, settled = make.question(), make.question()
    make.outcome(settled)
    response = desk.post(PAGES, data={"note": "Not yet.", **looked_at(first, settled)})
    assert response.status_code == 409
    assert f"{settled.key} already has an outcome" in text_of(response)
    assert not Review.objects.exists()


def test_a_second_reviewer_of_several_is_told_of_the_first(desk: Pages, make: Maker) -> None:
    first, second = make.question(), make.question()
    desk.post(PAGES, data={"note": "Not yet.", **looked_at(first)})
    response = desk.post(PAGES, data={"note": "Not yet.", **looked_at(first, second)})
    assert response.status_code == 409
    assert f"{first.key} was reviewed meanwhile" in text_of(response)
    assert Review.objects.count() == 1


@pytest.mark.parametrize(
    ("given", "field"), [({"note": ""}, "note"), ({"next_on": "2020-01-01"}, "next_on")]
)
def test_wrong_reviews_of_several_name_the_field(
    desk: Pages, make: Maker, given: dict[str, str], field: str
) -> None:
    data = {"note": "Not yet.", **looked_at(make.question()), **given}
    response = desk.post(PAGES, data=data)
    assert list(response.context["form"].errors) == [field]
    assert not Review.objects.exists()


@pytest.mark.parametrize("chosen", [[], ["nonsense"], ["nonsense:1"], [f"{uuid.uuid4()}:x"]])
def test_choosing_nothing_leads_back_to_the_desk(desk: Pages, chosen: list[str]) -> None:
    shown = text_of(desk.post(PAGES, data={"note": "Not yet.", "question": chosen}))
    assert "No open question was chosen" in shown


def test_questions_are_chosen_in_the_list_too(desk: Pages, make: Maker) -> None:
    first, settled = make.question(), make.question()
    make.outcome(settled)
    data = {"action": "still_open", "_selected_action": [str(first.pk), str(settled.pk)]}
    response = desk.post("predictions_question_changelist", data=data)
    assert [row.question for row in response.context["rows"]] == [first]


def test_a_viewer_does_not_review_several(looking: Pages, make: Maker) -> None:
    question = make.question()
    response = looking.post(PAGES, data={"note": "Not yet.", **looked_at(question)})
    assert response.status_code == 403
    assert not Review.objects.exists()
