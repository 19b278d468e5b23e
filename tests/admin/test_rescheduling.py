"""What is done on the desk with questions that wait: snooze, extend, reassign; one or several."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ledger import journal
from predictions.models import Question, Snooze, User
from predictions.when import end_of
from tests.admin.conftest import member
from tests.admin.pages import Pages, text_of
from tests.admin.test_bounds import QUERIES
from tests.making import Maker

SNOOZE = "predictions_question_snooze"
EXTEND, REASSIGN = "predictions_question_extend_several", "predictions_question_reassign_several"
PAGES = {
    SNOOZE: {"until": "other", "day": "2999-01-01"},
    EXTEND: {"days": "90", "reason": "The report is late."},
    REASSIGN: {"reviewer": "bo", "reason": "She knows rye."},
}


@pytest.fixture
def bo(db: None) -> User:
    return member("bo", "editor")


def in_days(days: int) -> dt.date:
    return timezone.now().date() + dt.timedelta(days=days)


def chosen(*questions: Question, **given: Any) -> dict[str, Any]:
    """As a page sends it that has shown them as they are now."""
    seen = [f"{question.pk}:{question.due_version}:{question.entry}" for question in questions]
    return {"question": seen, **given}


def as_of(question: Question) -> Question:
    return Question.objects.get(pk=question.pk)


def entries(question: Question) -> str:
    """All that the ledger says of it."""
    journal.flush()
    return " ".join(str(journal.body_of(entry)) for entry in journal.about(question.subject))


# -- all three ------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES)
def test_chosen_on_the_desk_they_are_shown_before_anything_is_done(
    desk: Pages, make: Maker, page: str
) -> None:
    first, second = make.question(), make.question()
    before = desk.get("index").content.decode()
    assert f'value="{first.pk}:1:{first.entry}"' in before
    shown = desk.post(page, data=chosen(first, second, choose="1", note="Not yet."))
    assert [row.question for row in shown.context["rows"]] == [first, second]
    assert not shown.context["form"].is_bound
    assert (as_of(first).entry, Snooze.objects.count()) == (first.entry, 0)


@pytest.mark.parametrize(
    ("action", "page"), [("snooze", SNOOZE), ("extend", EXTEND), ("reassign", REASSIGN)]
)
def test_they_are_chosen_in_the_list_too(desk: Pages, make: Maker, action: str, page: str) -> None:
    first, settled = make.question(), make.question()
    make.outcome(settled)
    data = {"action": action, "_selected_action": [str(first.pk), str(settled.pk)]}
    shown = desk.post("predictions_question_changelist", data=data)
    assert page.rpartition("question_")[2].partition("_")[0] in shown.wsgi_request.path
    assert [row.question for row in shown.context["rows"]] == [first]


@pytest.mark.parametrize("page", PAGES)
def test_choosing_nothing_leads_back_to_the_desk(desk: Pages, page: str) -> None:
    for given in ([], ["nonsense"], ["a:b:c"]):
        told = text_of(desk.post(page, data={"question": given, **PAGES[page]}))
        assert "No open question was chosen" in told


@pytest.mark.parametrize("page", [EXTEND, REASSIGN])
def test_one_that_changed_since_it_was_seen_keeps_all_from_being_changed(
    desk: Pages, make: Maker, bo: User, page: str
) -> None:
    first, second = make.question(), make.question()
    seen = chosen(first, second, **PAGES[page])
    desk.post(REASSIGN, data=chosen(second, reviewer="ada", reason="Leave."))
    answer = desk.post(page, data=seen)
    assert answer.status_code == 409
    assert second.key in text_of(answer)
    assert "look at it again" in text_of(answer)
    assert as_of(first).entry == first.entry


@pytest.mark.parametrize("page", PAGES)
def test_a_page_of_many_takes_as_many_queries_as_one_of_a_few(
    desk: Pages, make: Maker, page: str
) -> None:
    taken = []
    for count in (2, 20):
        for _ in range(count):
            make.question(reviewer=User.objects.create_user(f"user-{User.objects.count()}"))
        data = {"question": [str(question.pk) for question in Question.objects.all()]}
        desk.get("index")
        with CaptureQueriesContext(connection) as queries:
            assert len(desk.get(page, **data).context["rows"]) >= count
        taken.append(len(queries))
    assert taken[0] == taken[1] < QUERIES


# -- snooze ---------------------------------------------------------------------------------------


def test_whoever_snoozes_is_left_alone_and_nobody_else(
    desk: Pages, make: Maker, adjudicator: User
) -> None:
    first, second = make.question(), make.question()
    until = in_days(7)
    told = text_of(desk.post(SNOOZE, data=chosen(first, second, until=str(until))))
    assert f"You are not reminded of {first.key}, {second.key} before {until}." in told
    kept = Snooze.objects.order_by("question__key")
    assert [(one.question, one.person, one.until) for one in kept] == [
        (first, adjudicator, until),
        (second, adjudicator, until),
    ]


def test_a_snoozed_question_says_so_to_whoever_snoozed_it(desk: Pages, make: Maker) -> None:
    question, until = make.question(), in_days(7)
    page = desk.get(SNOOZE, question=str(question.pk)).content.decode()
    assert f'value="{until}"' in page
    told = text_of(desk.post(SNOOZE, data=chosen(question, until=str(until))))
    assert f"Snoozed you are not reminded before {until}" in told
    other = Client()
    other.force_login(member("vera", "viewer"))
    assert "you are not reminded before" not in Pages(other).question(question)


def test_one_that_was_reviewed_meanwhile_is_not_snoozed(desk: Pages, make: Maker) -> None:
    first, second = make.question(), make.question()
    seen = chosen(first, second, until=str(in_days(7)))
    data = {"note": "No.", "next_on": "2999-02-01", "due_version": 1}
    desk.post("predictions_question_review", second.pk, data=data)
    answer = desk.post(SNOOZE, data=seen)
    assert answer.status_code == 409
    assert f"due date of {second.key} was moved meanwhile" in text_of(answer)
    assert not Snooze.objects.exists()


def test_a_wrong_day_names_the_field(desk: Pages, make: Maker) -> None:
    given = {"until": "other", "day": "2020-01-01"}
    answer = desk.post(SNOOZE, data=chosen(make.question(), **given))
    assert list(answer.context["form"].errors) == ["day"]
    assert not Snooze.objects.exists()


# -- extend ---------------------------------------------------------------------------------------


def test_several_close_later_each_by_as_many_days(desk: Pages, make: Maker) -> None:
    first = make.question(due_at=end_of(in_days(-5)))
    second = make.question(due_at=end_of(in_days(20)))
    data = chosen(first, second, days="30", reason="The report is late.")
    told = text_of(desk.post(EXTEND, data=data))
    for question, closes in ((first, in_days(25)), (second, in_days(50))):
        extended = as_of(question)
        assert f"{question.key} ({closes})" in told
        assert extended.due_at == extended.review_at == end_of(closes)
        assert extended.due_version == 2
        assert "The report is late." in entries(question)


@pytest.mark.parametrize(
    ("given", "field", "fix"),
    [
        ({"days": ""}, "days", "give a number of days"),
        ({"days": "soon"}, "days", "write it as 30"),
        ({"days": "0"}, "days", "is not from 1 to 3,660"),
        ({"days": "99999999999999999999"}, "days", "is not from 1 to 3,660"),
        ({"reason": ""}, "reason", "write a few words"),
        ({"reason": "x" * 1_001}, "reason", "shorten it"),
    ],
)
def test_a_wrong_extension_names_the_field_and_the_fix(
    desk: Pages, make: Maker, given: dict[str, str], field: str, fix: str
) -> None:
    question = make.question()
    answer = desk.post(EXTEND, data=chosen(question, **{**PAGES[EXTEND], **given}))
    assert list(answer.context["form"].errors) == [field]
    assert fix in text_of(answer)
    assert as_of(question).entry == question.entry


def test_what_cannot_be_extended_is_named_and_nothing_else_is_either(
    desk: Pages, make: Maker
) -> None:
    fine = make.question(due_at=end_of(in_days(20)))
    ruled = make.question(due_at=None, due_rule="six months after the harvest")
    past = make.question(due_at=end_of(in_days(-100)))
    settled = make.question()
    make.outcome(settled)
    data = chosen(fine, ruled, past, settled, days="30", reason="The report is late.")
    answer = desk.post(EXTEND, data=data)
    assert answer.status_code == 409
    told = text_of(answer)
    assert f"{ruled.key} closes by a rule; give it a day of its own first" in told
    assert f"{past.key} would close on {in_days(-70)}; give more days" in told
    assert f"{settled.key} already has an outcome" in told
    assert as_of(fine).entry == fine.entry


# -- reassign -------------------------------------------------------------------------------------


def test_several_are_handed_to_another_reviewer_with_the_reason_in_the_ledger(
    desk: Pages, make: Maker, bo: User, adjudicator: User
) -> None:
    first, second = make.question(reviewer=adjudicator), make.question()
    told = text_of(desk.post(REASSIGN, data=chosen(first, second, **PAGES[REASSIGN])))
    assert f"Handed over to bo: {first.key}, {second.key}." in told
    for question in (first, second):
        assert as_of(question).reviewer == bo
        assert "She knows rye." in entries(question)


@pytest.mark.parametrize(
    ("given", "field", "fix"),
    [
        ({"reviewer": ""}, "reviewer", "name who is to be reminded"),
        ({"reviewer": "nobody-here"}, "reviewer", "There is no “nobody-here” here"),
        ({"reason": ""}, "reason", "write a few words"),
    ],
)
def test_a_wrong_reviewer_names_the_field_and_the_fix(
    desk: Pages, make: Maker, bo: User, given: dict[str, str], field: str, fix: str
) -> None:
    question = make.question()
    answer = desk.post(REASSIGN, data=chosen(question, **{**PAGES[REASSIGN], **given}))
    assert list(answer.context["form"].errors) == [field]
    assert fix in text_of(answer)
    assert as_of(question).entry == question.entry


def test_one_that_is_theirs_already_is_named(desk: Pages, make: Maker, bo: User) -> None:
    mine, other = make.question(reviewer=bo), make.question()
    answer = desk.post(REASSIGN, data=chosen(mine, other, **PAGES[REASSIGN]))
    assert answer.status_code == 409
    assert f"{mine.key} is bo's to review already; leave it out" in text_of(answer)
    assert as_of(other).reviewer is None
