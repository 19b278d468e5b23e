import datetime as dt

import pytest

from predictions import services
from predictions.mail.reminders import reminders_queue
from predictions.models import Message, Reminder, User
from predictions.when import end_of
from tests.making import Maker

# What is signed must be committed.
pytestmark = pytest.mark.django_db(transaction=True)
DAY = dt.timedelta(days=1)


@pytest.fixture
def reviewer() -> User:
    return User.objects.create_user("rita", "rita@example.org", "a long enough secret")


def test_one_message_a_person_lists_all_that_is_due(make: Maker, reviewer: User) -> None:
    first, second = make.question(reviewer=reviewer), make.question(reviewer=reviewer)
    assert reminders_queue(now=make.now) == 1
    message = Message.objects.get()
    assert message.recipient == "rita@example.org"
    assert message.subject == f"2 questions are due for review: {first.key}, {second.key}"
    for body in (message.text, message.html):
        assert first.key in body
        assert second.key in body
        assert f"/admin/predictions/question/{first.pk}/change/" in body


def test_a_second_pass_queues_nothing(make: Maker, reviewer: User) -> None:
    make.question(reviewer=reviewer)
    assert [reminders_queue(now=make.now + DAY * days) for days in range(3)] == [1, 0, 0]


def test_a_review_missed_many_times_gives_one_reminder(make: Maker, reviewer: User) -> None:
    make.question(reviewer=reviewer, review_every_days=7)
    assert reminders_queue(now=make.now) == 1
    assert Reminder.objects.count() == 1


def test_a_question_that_falls_due_again_reminds_again(make: Maker, reviewer: User) -> None:
    question = make.question(reviewer=reviewer)
    reminders_queue(now=make.now)
    services.review_record(
        question=question, note="Not yet.", next_at=make.now + 9 * DAY, by=reviewer, now=make.now
    )
    assert reminders_queue(now=make.now + 8 * DAY) == 0
    assert reminders_queue(now=make.now + 9 * DAY) == 1


def test_a_question_that_is_open_again_reminds_again(make: Maker, reviewer: User) -> None:
    condition = make.question(reviewer=reviewer)
    make.conditional(condition, reviewer=reviewer)
    outcome = make.outcome(condition, "no")
    assert reminders_queue(now=make.now) == 0
    make.withdraw(outcome)
    assert reminders_queue(now=make.now) == 1
    assert Reminder.objects.count() == 2
    assert reminders_queue(now=make.now) == 0


def test_nothing_is_told_of_a_question_that_is_settled_or_not_due(
    make: Maker, reviewer: User
) -> None:
    make.outcome(make.question(reviewer=reviewer), "no")
    make.question(reviewer=reviewer, due_at=end_of(dt.date(2027, 1, 1)))
    make.question(reviewer=reviewer, due_at=None, due_rule="when it is over")
    assert reminders_queue(now=make.now) == 0


def test_what_nobody_reviews_is_told_to_every_administrator(
    make: Maker, adjudicator: User, reviewer: User
) -> None:
    User.objects.create_superuser("gone", "gone@example.org", is_active=False)
    User.objects.create_superuser("mute", "")
    make.question()
    reviewer.is_active = False
    reviewer.save()
    make.question(reviewer=reviewer)
    assert reminders_queue(now=make.now) == 1
    assert Message.objects.get().recipient == adjudicator.email
    assert Reminder.objects.count() == 2
