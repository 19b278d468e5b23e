import datetime as dt
import threading
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from predictions.models import Outcome, Question, Score, User
from predictions.when import end_of
from tests.admin.pages import Pages, text_of, verdict
from tests.making import Maker


def errors_of(response: Any) -> dict[str, Any]:
    errors: dict[str, Any] = response.context["form"].errors
    return errors


def test_entering_an_outcome_posts_scores_and_shows_them(
    desk: Pages, make: Maker, adjudicator: User
) -> None:
    question = make.question()
    make.prediction("0.7", question=question)
    event = make.event(question)
    response = desk.enter(question, evidence=[str(event.pk)])

    outcome = question.outcome
    assert outcome is not None
    assert (outcome.answer, outcome.entered_by) == ("yes", adjudicator)
    assert outcome.settled_at == end_of(dt.date(2026, 9, 1))
    assert list(outcome.evidence.all()) == [event]
    shown = text_of(response)
    assert f"The outcome of {question.key} is yes. 1 prediction was scored." in shown
    assert "Brier score 0.090" in shown
    assert "Log score 0.357" in shown


def test_the_success_message_counts_what_came_too_late(desk: Pages, make: Maker) -> None:
    question = make.question()
    make.prediction(question=question)
    make.prediction(question=question)
    make.prediction(question=question, made_at=end_of(dt.date(2026, 9, 1)))
    shown = text_of(desk.enter(question))
    assert "2 predictions were scored; 1 came too late." in shown


def test_an_hour_can_be_given_where_it_matters(desk: Pages, make: Maker) -> None:
    question = make.question()
    desk.enter(question, settled_time="14:30")
    assert question.outcome is not None
    assert question.outcome.settled_at == dt.datetime(2026, 9, 1, 14, 30, tzinfo=dt.UTC)


def test_a_void_outcome_keeps_its_reason_and_scores_nothing(desk: Pages, make: Maker) -> None:
    question = make.question()
    make.prediction(question=question)
    shown = text_of(desk.enter(question, answer="void:ambiguous"))
    assert question.outcome is not None
    assert question.outcome.void_reason == "ambiguous"
    assert not Score.objects.exists()
    assert "no prediction was scored" in shown


def test_looking_at_the_form_writes_nothing(desk: Pages, make: Maker) -> None:
    question = make.question()
    make.prediction("0.7", question=question, passages=[])
    shown = text_of(desk.get("predictions_question_outcome", question.pk))
    assert "Did it happen?" in shown
    assert question.criteria in shown
    assert "70 %" in shown
    assert not Outcome.objects.exists()


@pytest.mark.parametrize(
    ("given", "field", "problem"),
    [
        ({"answer": ""}, "answer", "Is missing; choose one."),
        ({"answer": "perhaps"}, "answer", "perhaps is not one of the available choices"),
        ({"settled_on": ""}, "settled_on", "Is missing; give a date."),
        ({"settled_on": "soon"}, "settled_on", "write it as 2023-06-25"),
        ({"settled_on": "2999-01-01"}, "settled_on", "is in the future"),
        ({"rationale": " "}, "rationale", "Is missing"),
        ({"rationale": "NUL \x00"}, "rationale", "Null characters are not allowed"),
        ({"evidence": ["nonsense"]}, "evidence", "nonsense is not one of"),
    ],
)
def test_a_wrong_form_names_the_field_and_writes_nothing(
    desk: Pages, make: Maker, given: dict[str, Any], field: str, problem: str
) -> None:
    question = make.question()
    response = desk.enter(question, **given)
    assert response.status_code == 200
    assert list(errors_of(response)) == [field]
    assert problem in text_of(response)
    assert not Outcome.objects.exists()


def test_an_event_of_another_question_is_no_evidence(desk: Pages, make: Maker) -> None:
    question = make.question()
    stray = make.event(make.question())
    assert "evidence" in errors_of(desk.enter(question, evidence=[str(stray.pk)]))
    assert not Outcome.objects.exists()


def test_a_second_outcome_is_refused_with_the_reason(desk: Pages, make: Maker) -> None:
    question = make.question()
    make.outcome(question, "no")
    response = desk.enter(question)
    assert response.status_code == 409
    assert f"{question.key} already has an outcome (no" in text_of(response)
    assert Outcome.objects.count() == 1


def test_the_form_of_a_settled_question_leads_to_its_page(desk: Pages, make: Maker) -> None:
    question = make.question()
    make.outcome(question, "no")
    response = desk.get("predictions_question_outcome", question.pk)
    assert response.status_code == 302
    assert "has an outcome already: no" in desk.question(question)


def test_correcting_keeps_both_outcomes_and_shows_the_reversal(desk: Pages, make: Maker) -> None:
    question = make.question()
    make.prediction("0.7", question=question)
    first = make.outcome(question, "no")
    response = desk.correct(first)

    assert question.outcome is not None
    assert question.outcome.corrects == first
    assert Score.objects.standing().count() == 2
    shown = text_of(response)
    assert "is now yes; it was no. 1 prediction was scored." in shown
    assert "What was wrong before: The paper was misread." in shown
    assert "Scores of earlier outcomes, reversed" in shown
    assert "<s>0.490</s>" in response.content.decode()


def test_the_form_of_a_correction_starts_from_what_stands(desk: Pages, make: Maker) -> None:
    question = make.question()
    event = make.event(question)
    settled = dt.datetime(2026, 9, 1, 14, 30, tzinfo=dt.UTC)
    outcome = make.outcome(question, "no", evidence=[event], settled_at=settled)
    response = desk.get("predictions_question_correct", question.pk, outcome.pk)
    page = response.content.decode()
    assert response.context["form"].initial["evidence"] == [str(event.pk)]
    assert 'value="2026-09-01"' in page
    assert 'value="14:30"' in page


def test_a_correction_needs_a_reason(desk: Pages, make: Maker) -> None:
    first = make.outcome(make.question(), "no")
    response = desk.correct(first, correction_reason="")
    assert list(errors_of(response)) == ["correction_reason"]
    assert Outcome.objects.count() == 1


def test_an_outcome_is_corrected_once(desk: Pages, make: Maker) -> None:
    first = make.outcome(make.question(), "no")
    desk.correct(first)
    response = desk.correct(first, answer="void:withdrawn")
    assert response.status_code == 409
    assert "was already corrected; correct the later one" in text_of(response)
    assert Outcome.objects.count() == 2
    again = desk.get("predictions_question_correct", first.question.pk, first.pk)
    assert again.status_code == 302


def test_an_outcome_is_corrected_under_its_own_question_only(desk: Pages, make: Maker) -> None:
    outcome = make.outcome(make.question())
    other = make.question()
    assert desk.get("predictions_question_correct", other.pk, outcome.pk).status_code == 404


def test_withdrawing_opens_the_question_and_keeps_what_was_said(desk: Pages, make: Maker) -> None:
    question = make.question()
    make.prediction("0.7", question=question)
    outcome = make.outcome(question, "no")
    page = text_of(desk.get("predictions_question_withdraw", question.pk, outcome.pk))
    assert "Its scores will be reversed" in page
    shown = text_of(desk.withdraw(outcome))
    assert f"{question.key} is open again, and due for review; it was no." in shown
    assert "What was wrong before: It was too early." in shown
    assert "withdrawn; settled 2026-09-01" in shown
    assert "due for review: today" in shown
    assert "Enter outcome" in shown
    assert not Score.objects.standing().exists()
    entered = text_of(desk.enter(question, answer="yes"))
    assert "1 prediction was scored." in entered
    assert "Why now: The question was open again." in entered


def test_a_withdrawal_needs_a_reason_and_an_outcome_that_stands(desk: Pages, make: Maker) -> None:
    outcome = make.outcome(make.question(), "no")
    assert list(errors_of(desk.withdraw(outcome, ""))) == ["correction_reason"]
    desk.withdraw(outcome)
    again = desk.withdraw(outcome)
    assert again.status_code == 409
    assert "is open again; enter an outcome instead" in text_of(again)
    reopened = outcome.question.outcomes.latest_words().get()
    for name in ("withdraw", "correct"):
        for gone in (outcome, reopened):
            page = desk.get(f"predictions_question_{name}", gone.question.pk, gone.pk)
            assert page.status_code == 302
    assert "does not stand any more" in desk.question(outcome.question)
    assert "open again" in text_of(desk.get("predictions_outcome_changelist"))
    assert "open again" in text_of(desk.get("predictions_outcome_change", reopened.pk))


def test_the_page_of_a_void_that_followed_says_from_what(desk: Pages, make: Maker) -> None:
    condition = make.question(key="C")
    question = make.conditional(condition)
    make.outcome(condition, "no")
    shown = desk.question(question)
    assert "Follows from: C: no" in shown
    assert "C is no, so the condition was not met." in shown
    assert "by the service" in shown


def test_a_question_may_be_answered_in_part_where_it_allows_that(desk: Pages, make: Maker) -> None:
    question = make.question(partial=True)
    make.prediction("0.7", question=question)
    assert "In part" in text_of(desk.get("predictions_question_outcome", question.pk))
    for share, problem in {"": "Is missing", "1.5": "give yes, no, or a fraction"}.items():
        refused = desk.enter(question, answer="partial", share=share)
        assert list(errors_of(refused)) == ["share"]
        assert problem in text_of(refused)
    shown = text_of(desk.enter(question, answer="partial", share="0.40"))
    assert f"The outcome of {question.key} is 0.4. 1 prediction was scored." in shown
    assert question.outcome is not None
    form = desk.get("predictions_question_correct", question.pk, question.outcome.pk)
    initial = form.context["form"].initial
    assert (initial["answer"], initial["share"]) == ("partial", "0.4")
    assert "0.4" in text_of(desk.get("predictions_question_changelist"))


def test_a_question_that_does_not_allow_it_is_not_answered_in_part(
    desk: Pages, make: Maker
) -> None:
    question = make.question()
    assert "In part" not in text_of(desk.get("predictions_question_outcome", question.pk))
    assert list(errors_of(desk.enter(question, answer="partial", share="0.4"))) == ["answer"]


@pytest.mark.django_db(transaction=True)
def test_of_two_adjudicators_at_once_one_wins_and_the_other_is_told() -> None:
    make = Maker(timezone.now())
    question = make.question()
    make.prediction(question=question)
    people = [User.objects.create_superuser(name, password="long enough") for name in ("ada", "bo")]
    url = "predictions_question_outcome"
    start, told = threading.Barrier(2), {}

    def seen(person: User, answer: str) -> tuple[Pages, dict[str, Any]]:
        client = Client()
        client.force_login(person)
        data = verdict(answer=answer, rationale=f"{answer}, for sure.")
        shown = Pages(client).preview(url, question.pk, data=data)
        return Pages(client), {**data, "act": "confirm", "seen": shown.context["seen"]}

    def confirm(person: User, pages: Pages, data: dict[str, Any]) -> None:
        start.wait()
        try:
            told[person.username] = pages.post(url, question.pk, data=data)
        finally:
            connection.close()

    threads = [
        threading.Thread(target=confirm, args=(person, *seen(person, answer)))
        for person, answer in zip(people, ("yes", "no"), strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    outcome = Outcome.objects.get()
    [loser] = {"ada", "bo"} - {str(outcome.entered_by)}
    assert {name: page.status_code for name, page in told.items()} == {
        str(outcome.entered_by): 200,
        loser: 409,
    }
    by_whom = f"entered {outcome.entered_at:%Y-%m-%d %H:%M} UTC by {outcome.entered_by}"
    assert by_whom in text_of(told[loser])
    typed = {"ada": "yes, for sure.", "bo": "no, for sure."}
    assert typed[loser] in text_of(told[loser])
    assert Score.objects.count() == 2
    assert Question.objects.open().count() == 0
