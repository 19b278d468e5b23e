"""What is seen before it is confirmed, and what is told where that no longer holds."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from ledger import journal
from predictions.models import Event, Outcome, Score, User
from predictions.templatetags.figures import signed
from predictions.when import end_of
from tests.admin.conftest import allow
from tests.admin.pages import Pages, text_of, verdict
from tests.making import Maker

OUTCOME = "predictions_question_outcome"
SETTLED = end_of(dt.date(2026, 9, 1))


def confirmed(desk: Pages, question: Any, shown: Any, **given: Any) -> Any:
    """Confirm what a page shows, with the form as it was or changed since."""
    data = {**verdict(**given), "act": "confirm", "seen": shown.context["seen"]}
    return desk.post(OUTCOME, question.pk, data=data)


def test_the_scores_are_seen_before_anything_is_recorded(desk: Pages, make: Maker) -> None:
    question = make.question()
    make.prediction("0.7", question=question, low=0.6, high=0.9)
    make.prediction("0.2", question=question, made_at=SETTLED)
    journal.flush()
    head = journal.head()
    shown = desk.preview(OUTCOME, question.pk, data=verdict(answer="no"))
    said = text_of(shown)
    for part in (
        f"{question.key} is no settled 2026-09-01",
        "1 scored",
        "1 late",
        "Mean Brier score 0.490 (0.360 to 0.810)",
        "Mean log score 1.204",
        "70 % yes",
        "Confirm outcome",
        "Nothing is recorded yet.",
    ):
        assert part in said
    journal.flush()
    assert journal.head() == head
    assert not Outcome.objects.exists()
    assert not Score.objects.exists()


def test_what_is_confirmed_is_what_was_seen(desk: Pages, make: Maker) -> None:
    question = make.question()
    for p in ("0.7", "0.25", "1"):
        make.prediction(p, question=question)
    shown = desk.preview(OUTCOME, question.pk, data=verdict())
    [effect] = shown.context["preview"].effects
    seen = {
        (row.prediction.pk, mark.rule): tuple(mark.then.values())
        for row in effect.rows
        for mark in row.marks
    }
    assert "The outcome of" in text_of(confirmed(desk, question, shown))
    posted = {
        (score.prediction_id, score.rule): (score.value, score.best, score.worst)
        for score in Score.objects.all()
    }
    assert seen == posted
    assert len(posted) == 6


@pytest.mark.parametrize(
    "changed",
    [
        {"answer": "no"},
        {"answer": "void:ambiguous"},
        {"settled_on": "2026-08-31"},
        {"settled_time": "12:00"},
        {"rationale": "Otherwise."},
    ],
)
def test_what_was_changed_since_is_shown_anew(
    desk: Pages, make: Maker, changed: dict[str, str]
) -> None:
    question = make.question()
    make.prediction("0.7", question=question)
    shown = desk.preview(OUTCOME, question.pk, data=verdict())
    again = confirmed(desk, question, shown, **changed)
    assert again.status_code == 409
    assert "You changed what you entered after you saw the scores" in text_of(again)
    assert not Outcome.objects.exists()
    confirmed(desk, question, again, **changed)
    assert Outcome.objects.count() == 1


def test_evidence_that_was_added_since_is_a_change(desk: Pages, make: Maker) -> None:
    question = make.question()
    event = make.event(question)
    shown = desk.preview(OUTCOME, question.pk, data=verdict())
    again = confirmed(desk, question, shown, evidence=[str(event.pk)])
    assert "You changed what you entered" in text_of(again)


def test_a_prediction_that_came_meanwhile_is_shown_before_it_is_scored(
    desk: Pages, make: Maker
) -> None:
    question = make.question()
    make.prediction("0.7", question=question)
    shown = desk.preview(OUTCOME, question.pk, data=verdict())
    make.prediction("0.1", question=question)
    again = confirmed(desk, question, shown)
    assert again.status_code == 409
    said = text_of(again)
    assert "Something was recorded on the question since you saw the scores" in said
    assert "Mean Brier score 0.450" in said
    assert not Outcome.objects.exists()
    assert confirmed(desk, question, again).status_code == 200
    assert Outcome.objects.count() == 1


def test_a_late_prediction_that_came_meanwhile_is_told_as_well(desk: Pages, make: Maker) -> None:
    question = make.question()
    shown = desk.preview(OUTCOME, question.pk, data=verdict())
    make.prediction(question=question, made_at=SETTLED)
    assert "Something was recorded" in text_of(confirmed(desk, question, shown))


def test_nothing_is_confirmed_that_was_not_seen(desk: Pages, make: Maker) -> None:
    question = make.question()
    for seen in ("", "nonsense", "eyJzYWlkIjoiIn0:forged"):
        data = {**verdict(), "act": "confirm", "seen": seen}
        shown = desk.post(OUTCOME, question.pk, data=data)
        assert shown.status_code == 409
        assert "What this would do" in text_of(shown)
    assert not Outcome.objects.exists()


def test_what_one_person_saw_another_does_not_confirm(
    desk: Pages, looking: Pages, viewer: User, make: Maker
) -> None:
    allow(viewer, "add_outcome")
    question = make.question()
    shown = desk.preview(OUTCOME, question.pk, data=verdict())
    assert confirmed(looking, question, shown).status_code == 409
    assert not Outcome.objects.exists()


def test_what_would_follow_by_itself_is_shown(desk: Pages, make: Maker) -> None:
    condition = make.question(key="C")
    follower = make.conditional(condition, key="F")
    make.prediction(question=follower)
    shown = desk.preview(OUTCOME, condition.pk, data=verdict(answer="no"))
    said = text_of(shown)
    assert "By itself: F is void (condition not met)" in said
    assert "C is no, so the condition was not met." in said
    assert "1 void" in said
    make.prediction("0.1", question=follower)
    again = confirmed(desk, condition, shown, answer="no")
    assert "Something was recorded on the question" in text_of(again)


def test_a_correction_shows_the_scores_now_and_the_change(desk: Pages, make: Maker) -> None:
    question = make.question()
    make.prediction("0.7", question=question)
    outcome = make.outcome(question, "no")
    data = {"correction_reason": "Misread.", **verdict()}
    shown = desk.preview("predictions_question_correct", question.pk, outcome.pk, data=data)
    assert "now 0.490 → , then 0.090 −0.400" in text_of(shown)
    assert question.outcome == outcome


def test_a_withdrawal_shows_what_is_taken_back(desk: Pages, make: Maker) -> None:
    question = make.question()
    make.prediction("0.7", question=question)
    outcome = make.outcome(question, "no")
    data = {"correction_reason": "Too early."}
    shown = desk.preview("predictions_question_withdraw", question.pk, outcome.pk, data=data)
    said = text_of(shown)
    assert f"{question.key} is open again" in said
    assert "1 open" in said
    assert "now 0.490 → , then none" in said
    assert Score.objects.standing().count() == 2
    question.refresh_from_db()
    assert question.due_version == 1


def test_a_correction_that_another_made_first_says_who_and_when(
    desk: Pages, make: Maker, adjudicator: User
) -> None:
    outcome = make.outcome(make.question(), "no")
    desk.correct(outcome)
    told = desk.correct(outcome)
    assert told.status_code == 409
    assert "by ada" in text_of(told)
    assert "The ministry said so." in text_of(told)


def test_many_predictions_are_shown_in_part_and_counted_in_full(desk: Pages, make: Maker) -> None:
    question = make.question()
    who = make.forecaster()
    for day in range(1, 61):
        made = end_of(dt.date(2026, 1, 1) + dt.timedelta(days=30 + day))
        make.prediction("0.7", question=question, forecaster=who, made_at=made)
    with_many = _queries(desk, question)
    shown = desk.preview(OUTCOME, question.pk, data=verdict())
    [effect] = shown.context["preview"].effects
    assert len(effect.rows) == 50
    assert "These are the latest 50 of 60; the means are of all." in text_of(shown)
    assert "60 scored" in text_of(shown)
    one = make.question()
    make.prediction(question=one)
    assert with_many <= _queries(desk, one)


@pytest.mark.django_db(transaction=True)
def test_who_waits_for_another_too_long_keeps_what_was_typed(client: Client, now: Any) -> None:
    make = Maker(now)
    question = make.question()
    client.force_login(User.objects.create_superuser("ada", password="long enough"))
    other = connection.copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as held, connection.cursor() as cursor:
            held.execute("SELECT FROM predictions_question FOR NO KEY UPDATE")
            cursor.execute("SET lock_timeout = '20ms'")
            told = Pages(client).preview(OUTCOME, question.pk, data=verdict())
            cursor.execute("RESET lock_timeout")
    finally:
        other.close()
    assert told.status_code == 503
    assert "Others were writing at the same time, and nothing was recorded" in text_of(told)
    assert "The ministry said so." in text_of(told)
    assert Pages(client).preview(OUTCOME, question.pk, data=verdict()).status_code == 200


@pytest.mark.parametrize(
    ("change", "written"), [("0.2", "+0.200"), ("-0.1", "−0.100"), ("-0.0001", "±0.000")]
)
def test_a_change_has_its_sign(change: str, written: str) -> None:
    assert signed(Decimal(change)) == written


def _queries(desk: Pages, question: Any) -> int:
    desk.get("index")  # notes that the session was seen
    connection.force_debug_cursor = True
    before = len(connection.queries_log)
    desk.preview(OUTCOME, question.pk, data=verdict())
    connection.force_debug_cursor = False
    return len(connection.queries_log) - before


def test_the_page_takes_few_queries(
    desk: Pages, make: Maker, django_assert_max_num_queries: Any
) -> None:
    question = make.question()
    for _ in range(5):
        make.prediction(question=question, article=make.article())
        make.event(question)
    with django_assert_max_num_queries(14):
        desk.get(OUTCOME, question.pk)


def test_a_quote_is_shown_with_its_place_in_the_article(desk: Pages, make: Maker) -> None:
    question = make.question()
    passages = [{"offset": 4, "quote": "harvest will fail"}]
    make.prediction(question=question, article=make.article(), passages=passages)
    said = text_of(desk.get(OUTCOME, question.pk))
    assert "harvest will fail from character 4 of 77 of The almanac" in said


# -- the event that is found meanwhile ------------------------------------------------------------

EVENT = {
    "event-title": "The ministry says it failed",
    "event-happened_on": "2026-09-02",
    "event-sources": "The ministry https://example.org/failed",
    "event-bearing": "settles",
}


def test_an_event_is_added_without_losing_what_was_typed(desk: Pages, make: Maker) -> None:
    question = make.question()
    other = make.event(question)
    typed = {"rationale": "Half a sentence", "answer": "no", "evidence": [str(other.pk)]}
    shown = desk.post(OUTCOME, question.pk, data={**typed, **EVENT, "act": "event"})
    event = Event.objects.get(title="The ministry says it failed")
    assert event.bearings.get().question == question
    said = text_of(shown)
    assert "Recorded, and checked above: 2026-09-02: The ministry says it failed." in said
    assert "Half a sentence" in said
    assert "Is missing" not in said
    initial = shown.context["form"].initial
    assert initial["evidence"] == [str(other.pk), str(event.pk)]
    assert initial["answer"] == "no"
    assert str(initial["settled_on"]) == "2026-09-02"
    assert shown.content.decode().count("checked") >= 3
    assert not Outcome.objects.exists()


def test_a_wrong_event_says_what_is_wrong_and_keeps_the_rest(desk: Pages, make: Maker) -> None:
    question = make.question()
    wrong = {**EVENT, "event-sources": "no address", "event-happened_on": "2999-01-01"}
    data = {**wrong, "rationale": "Half a sentence", "act": "event"}
    said = text_of(desk.post(OUTCOME, question.pk, data=data))
    assert "needs a name and then an address" in said
    assert "Half a sentence" in said
    fixed = {**data, "event-sources": EVENT["event-sources"]}
    assert "is in the future" in text_of(desk.post(OUTCOME, question.pk, data=fixed))
    assert not Event.objects.exists()


def test_an_event_that_was_begun_is_not_forgotten(desk: Pages, make: Maker) -> None:
    question = make.question()
    shown = desk.preview(OUTCOME, question.pk, data={**verdict(), **EVENT})
    assert "This event is not recorded yet: add it, or empty its fields." in text_of(shown)
    assert shown.context["preview"] is None
    assert not Event.objects.exists()


def test_who_may_not_add_events_is_not_asked_for_one(
    looking: Pages, viewer: User, make: Maker
) -> None:
    allow(viewer, "add_outcome")
    question = make.question()
    assert "Add an event" not in text_of(looking.get(OUTCOME, question.pk))
    refused = looking.post(OUTCOME, question.pk, data={**EVENT, "act": "event"})
    assert refused.status_code == 403
    assert not Event.objects.exists()


def test_a_day_is_suggested_and_taken_without_a_script(desk: Pages, make: Maker) -> None:
    question = make.question()
    make.event(question, happened_on=dt.date(2026, 8, 3))
    page = desk.get(OUTCOME, question.pk).content.decode()
    assert 'value="day:2026-08-03"' in page
    assert 'value="day:2026-10-31"' in page
    data = {"rationale": "Half a sentence", "act": "day:2026-10-31", **EVENT}
    shown = desk.post(OUTCOME, question.pk, data=data)
    assert 'name="settled_on" value="2026-10-31"' in shown.content.decode()
    assert "Half a sentence" in text_of(shown)
    assert "The ministry says it failed" in shown.content.decode()


def test_a_day_to_come_is_not_suggested(desk: Pages, make: Maker) -> None:
    question = make.question(due_at=end_of(dt.date(2999, 1, 1)))
    assert "day:2999" not in desk.get(OUTCOME, question.pk).content.decode()
