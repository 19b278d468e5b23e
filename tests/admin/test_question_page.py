import datetime as dt
import uuid

import pytest

from ledger import journal
from predictions import services
from predictions.models import Question, User
from predictions.when import end_of
from tests.admin.conftest import allow
from tests.admin.pages import Pages, text_of
from tests.making import ARTICLE_TEXT, Maker


@pytest.mark.usefixtures("seeded")
def test_the_page_shows_all_that_is_recorded_about_a_question(desk: Pages) -> None:
    journal.flush()
    shown = desk.question(Question.objects.get(key="Q7"))
    for said in (
        "If Shoigu or Gerasimov is dismissed while Prigozhin lives",
        "void (condition not met)",
        "With his death the condition could no longer be met",
        "Prigozhin is killed in a jet crash",
        "Told by the Kremlin, and before any dismissal",
        "from character",
        "opened the question",
        "entered the outcome void (condition not met), settled",
        "the service",
    ):
        assert said in shown


@pytest.mark.usefixtures("seeded")
def test_criteria_keep_their_lines(desk: Pages) -> None:
    question = Question.objects.get(key="Q16")
    page = desk.get("predictions_question_change", question.pk).content.decode()
    lines = question.criteria.splitlines()
    assert len(lines) > 3
    assert page.count("<p>Does not count: a truce") == 1


def test_the_page_offers_only_what_fits_the_question(desk: Pages, make: Maker) -> None:
    question = make.question()
    shown = desk.question(question)
    assert "Enter outcome" in shown
    assert "Correct outcome" not in shown
    make.outcome(question)
    shown = desk.question(question)
    assert "Correct outcome" in shown
    assert "Enter outcome" not in shown
    assert "Still open" not in shown


def test_a_viewer_sees_the_page_without_buttons(looking: Pages, make: Maker) -> None:
    shown = looking.question(make.question())
    assert "Criteria" in shown
    for button in ("Enter outcome", "Still open", "Add event", "Link an event"):
        assert button not in shown


@pytest.mark.parametrize(
    ("name", "permission"),
    [
        ("predictions_question_outcome", "predictions.add_outcome"),
        ("predictions_question_review", "predictions.add_review"),
        ("predictions_question_link", "predictions.add_event"),
    ],
)
def test_a_viewer_who_goes_to_the_address_is_told_the_permission(
    looking: Pages, viewer: User, make: Maker, name: str, permission: str
) -> None:
    question = make.question()
    response = looking.get(name, question.pk)
    assert response.status_code == 403
    assert permission in response.content.decode()
    assert looking.post(name, question.pk, data={}).status_code == 403

    allow(viewer, permission.removeprefix("predictions."))
    assert looking.get(name, question.pk).status_code == 200


def test_the_history_names_who_acted(desk: Pages, make: Maker, adjudicator: User) -> None:
    question = make.question(by=adjudicator)
    journal.flush()
    assert "opened the question, closing 2026-10-31 ada" in desk.question(question)


def test_a_question_that_does_not_exist_leads_back(desk: Pages, db: None) -> None:
    assert desk.get("predictions_question_change", uuid.uuid4()).status_code == 302
    assert desk.get("predictions_question_outcome", uuid.uuid4()).status_code == 404


def test_the_page_takes_as_many_queries_for_many_predictions_as_for_one(
    desk: Pages, make: Maker, django_assert_max_num_queries: object
) -> None:
    question = make.question()
    for number in range(6):
        make.prediction(question=question)
        make.event(question)
        if number < 2:
            services.review_record(
                question=question,
                note="Nothing yet.",
                next_at=end_of(make.now.date() + dt.timedelta(days=1 + number)),
                by=None,
                now=make.now,
            )
    make.outcome(question)
    desk.get("predictions_question_change", question.pk)  # the first notes where it comes from
    with django_assert_max_num_queries(12):  # type: ignore[operator]
        desk.get("predictions_question_change", question.pk)


def test_a_quote_stands_among_its_words_for_who_works_with_the_text(
    desk: Pages, looking: Pages, make: Maker
) -> None:
    article = make.article()
    passages = [{"offset": 17, "quote": "fail"}]
    question = make.prediction(article=article, passages=passages).question
    page = "predictions_question_change"
    assert "will fail" not in text_of(desk.get(page, question.pk))
    services.article_text_keep(article=article, text=ARTICLE_TEXT, now=make.now)
    shown = text_of(desk.get(page, question.pk))
    assert "… The harvest will fail , said the almanac." in shown
    assert "from character 17 of 77 of The almanac" in shown
    assert "The harvest will" not in text_of(looking.get(page, question.pk))
