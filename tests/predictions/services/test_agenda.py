"""What is still to be answered is listed, and nothing else, whatever is written."""

import datetime as dt

from predictions import audit, services
from predictions.models import OpenQuestion, Question
from tests.making import Maker


def listed() -> list[str]:
    assert list(audit.check_open_questions()) == []
    return sorted(OpenQuestion.objects.values_list("question__key", flat=True))


def test_a_question_is_listed_from_its_opening_to_its_outcome(make: Maker) -> None:
    one, other = make.question(), make.question()
    assert listed() == sorted([one.key, other.key])
    make.outcome(one)
    assert listed() == [other.key]


def test_a_corrected_outcome_leaves_it_settled_and_a_withdrawn_one_opens_it(make: Maker) -> None:
    question = make.question()
    corrected = make.correct(make.outcome(question), "no")
    assert listed() == []
    make.withdraw(corrected)
    assert listed() == [question.key]
    make.outcome(question)
    assert listed() == []


def test_a_condition_that_fails_takes_its_questions_off_the_list(make: Maker) -> None:
    condition = make.question()
    make.conditional(condition, "yes")
    make.outcome(condition, "no")
    assert listed() == []


def test_a_review_moves_the_date_on_the_list(make: Maker) -> None:
    question = make.question()
    later = make.now + dt.timedelta(days=30)
    services.review_record(question=question, note="Not yet.", next_at=later, by=None, now=make.now)
    assert listed() == [question.key]
    assert OpenQuestion.objects.get().review_at == later


def test_a_list_that_was_tampered_with_is_found_out(make: Maker) -> None:
    gone, moved, settled = (make.question() for _ in range(3))
    make.outcome(settled)
    OpenQuestion.objects.filter(question=gone).delete()
    OpenQuestion.objects.filter(question=moved).update(review_at=make.now)
    OpenQuestion.objects.create(question=settled, review_at=make.now)
    found = [(finding.place, finding.problem) for finding in audit.check_open_questions()]
    unlisted, wrong = "is open, and not listed so as it is", "is listed as open as it is not"
    assert sorted(found) == sorted(
        [
            (f"question {gone.pk}", unlisted),
            (f"question {moved.pk}", unlisted),
            (f"question {moved.pk}", wrong),
            (f"question {settled.pk}", wrong),
        ]
    )


def test_both_ways_of_asking_what_is_open_agree(make: Maker) -> None:
    make.question()
    make.outcome(make.question())
    assert list(Question.objects.open()) == list(Question.objects.without_outcome())
