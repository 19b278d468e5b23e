"""What the ledger says happened to an object, in words."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ledger import journal
from predictions import services
from predictions.history.changes import Change, excerpts
from predictions.history.lines import LINES, Line, history
from predictions.models import Bearing, Fact, Prediction, Question, Score, User
from predictions.services.erasure import article_byline_erase, forecaster_erase
from predictions.services.events import Bears
from predictions.when import end_of
from tests.ledger.logs import tamper
from tests.making import Maker
from tests.predictions.services.test_amending import amend


def lines(row: Fact, **given: Any) -> list[Line]:
    """An object's history, the oldest first; what is staged is appended before."""
    journal.flush()
    row.refresh_from_db()
    return list(history(row, **given).lines)[::-1]


def texts(row: Fact) -> list[str]:
    return [line.text for line in lines(row)]


def test_a_questions_life_is_told_from_its_opening_to_its_last_correction(
    make: Maker, now: dt.datetime, adjudicator: User
) -> None:
    topic = services.topic_record(key="harvest", name="Harvest", by=None)
    question = make.question(by=adjudicator)
    forecaster = make.forecaster(name="Ann Smith")
    make.prediction("0.7", question=question, forecaster=forecaster)
    make.prediction("0.2", question=question, low=Decimal("0.1"), high=Decimal("0.3"))
    services.question_amend(
        question=question,
        changes={"due_at": end_of(dt.date(2027, 1, 31)), "topic": topic, "reviewer": adjudicator},
        reason="The ministry is late.",
        by=adjudicator,
        now=now,
    )
    event = make.event(title="The ministry speaks")
    services.bearing_record(event=event, bears=Bears(question, "settles"), by=None)
    services.review_record(
        question=question,
        note="Nothing yet.",
        next_at=end_of(dt.date(2026, 12, 1)),
        by=None,
        now=now,
    )
    outcome = make.outcome(question)
    corrected = make.correct(outcome, "no")
    make.withdraw(corrected)
    make.outcome(question, None, void_reason="ambiguous")
    told = lines(question)
    assert [line.text for line in told] == [
        "opened the question, closing 2026-10-31",
        "recorded a prediction of 70 % by Ann Smith",
        "recorded a prediction of 20 % (10 % to 30 %) by Forecaster 3",
        "amended the topic from nothing to Harvest, and the due date from 2026-10-31 to"
        " 2027-01-31, and the reviewer from nothing to ada, and the next review from 2026-10-31"
        " to 2027-01-31",
        "linked the event “The ministry speaks” to T1 (settles)",
        "found it still open: “Nothing yet.” Next review 2026-12-01",
        "entered the outcome yes, settled 2026-09-01, scoring 2 predictions",
        "posted 4 scores of 2 predictions by the outcome yes",
        "corrected the outcome from yes to no, settled 2026-09-01, scoring 2 predictions",
        "took back 4 scores of 2 predictions by the outcome yes",
        "posted 4 scores of 2 predictions by the outcome no",
        "withdrew the outcome no: the question is open again",
        "took back 4 scores of 2 predictions by the outcome no",
        "entered the outcome void (ambiguous), settled 2026-09-01",
    ]
    assert told[0].actor == "ada"
    assert told[1].actor == "the service"
    assert (told[3].because, told[8].because) == ("The ministry is late.", "Misread.")


def test_a_question_that_is_void_by_its_condition_says_by_which(make: Maker) -> None:
    condition = make.question(key="C1")
    question = make.conditional(condition)
    make.outcome(condition, "no")
    assert texts(question)[-1] == (
        "entered the outcome void (condition not met), settled 2026-09-01, by itself, as it"
        " depends on C1"
    )
    make.correct(condition.outcome, "yes")  # type: ignore[arg-type]
    assert texts(question)[-1] == (
        "withdrew the outcome void: the question is open again, by itself, as it depends on C1"
    )


def test_a_predictions_history_tells_of_it_alone(make: Maker, now: dt.datetime) -> None:
    phrase = make.phrase()
    question = make.question()
    prediction = make.prediction(None, basis="verbal", phrase=phrase, question=question)
    make.prediction("0.2", question=question)
    make.outcome(question)
    make.revise(phrase, "0.6", "0.8", "0.9")
    prediction.refresh_from_db()
    amend(prediction, now, "The page says “almost”.", hedge="almost likely")
    assert texts(prediction) == [
        "recorded this prediction of 70 % (55 % to 80 %)",
        "posted by the outcome yes: Brier score 0.090, log score 0.357",
        "read anew by likely (test, version 2): 80 % (60 % to 90 %)",
        "took back by the outcome yes: Brier score 0.090, log score 0.357",
        "posted by the outcome yes: Brier score 0.040, log score 0.223",
        "amended the hedge from nothing to almost likely",
    ]
    assert lines(prediction)[-1].because == "The page says “almost”."
    assert texts(phrase) == [
        "recorded the phrase, read as 70 % (55 % to 80 %)",
        "revised the phrase: version 2 reads 80 % (60 % to 90 %)",
    ]
    assert lines(phrase)[-1].because == "A later survey."


def test_what_is_forecast_on_options_and_numbers_is_told(make: Maker) -> None:
    options = make.spread(make.choice("rye", "oats"), "0.4", "0.6")
    assert texts(options) == ["recorded this prediction of rye 40 %, oats 60 %"]
    numbers = make.range(make.numeric(), {"0.1": "5", "0.5": "10", "0.9": "20", "0.95": "30"})
    [told] = texts(numbers)
    assert told.startswith("recorded this prediction of ")
    assert told.endswith("(50 %), 20.000000 (90 %) and 1 more") or "and 1 more" in told


def test_sources_events_links_and_decisions_each_have_their_history(
    make: Maker, now: dt.datetime
) -> None:
    article = make.article()
    amend(article, now, "The masthead was misread.", title="The new almanac")
    assert texts(article) == [
        "recorded the article",
        "amended the title from The almanac to The new almanac",
    ]
    question = make.question(key="Q1")
    event = make.event(question, title="The ministry speaks")
    bearing = Bearing.objects.get(event=event)
    outcome = make.outcome(question, evidence=[event])
    make.correct(outcome, "no")
    amend(bearing, now, "It is of another year.", bearing="context")
    linked = "and linked it to Q1 (settles)"
    amended = "amended the bearing from settles to context"
    assert texts(event) == [
        f"recorded the event, {linked}",
        "entered the outcome yes, settled 2026-09-01",
        f"{amended}, of the link to Q1",
    ]
    assert texts(bearing) == [f"recorded the event “The ministry speaks”, {linked}", amended]
    assert texts(outcome) == [
        "entered the outcome yes, settled 2026-09-01",
        "corrected the outcome from yes to no, settled 2026-09-01",
    ]
    assert f"{amended}, of the link to Q1" in texts(question)


def test_a_score_a_review_and_a_statement_have_their_history(make: Maker, now: dt.datetime) -> None:
    question = make.question()
    make.prediction("0.7", question=question)
    review = services.review_record(
        question=question, note="No.", next_at=end_of(dt.date(2026, 12, 1)), by=None, now=now
    )
    make.withdraw(make.outcome(question))
    score = Score.objects.filter(rule="brier", reverses=None).get()
    assert texts(score) == [
        "posted by the outcome yes: Brier score 0.090",
        "took back 2 scores of 1 prediction by the outcome yes",
    ]
    assert texts(review) == ["found it still open: “No.” Next review 2026-12-01"]
    statement = services.statement_record(
        article=make.article(),
        forecaster=make.forecaster(name="Ann Smith"),
        kind="unscorable",
        reason="maxim",
        passages=[{"offset": 0, "quote": "The harvest"}],
        by=None,
        now=now,
    )
    amend(statement, now, reason="names_nobody")
    changed = "amended the reason from a maxim to names nobody"
    assert texts(statement) == ["recorded the statement", changed]
    assert texts(statement.article)[-1] == f"{changed}, of the statement by Ann Smith"


def test_who_was_erased_is_told_without_a_name_or_a_reason_that_gives_it(
    make: Maker, now: dt.datetime
) -> None:
    forecaster = make.forecaster(name="Ann Smith")
    prediction = make.prediction("0.7", forecaster=forecaster)
    amend(forecaster, now, "Ann signs as Annie.", name="Annie Smith")
    amend(prediction, now, "Annie said so.", probability=Decimal("0.6"))
    assert texts(forecaster)[-1] == "amended the name from Ann Smith to Annie Smith"
    assert lines(prediction)[-1].because == "Annie said so."
    forecaster_erase(forecaster=forecaster, reason="request", by=None, now=now)
    assert texts(forecaster) == [
        "recorded the forecaster",
        "amended the forecaster",
        "erased who this is: the person asked for it",
    ]
    assert lines(forecaster)[1].because == "(erased)"
    assert lines(prediction)[-1].because == "(erased)"
    assert "Ann" not in " ".join(map(str, lines(prediction.question)))
    article = make.article(byline="Ann Smith")
    article_byline_erase(article=article, reason="mistake", by=None, now=now)
    assert texts(article)[-1] == "erased the byline: should not have been recorded"


def test_many_predictions_of_an_entry_are_counted_and_some_are_told(make: Maker) -> None:
    question, forecaster = make.question(), make.forecaster(name="Ann Smith")
    rows = [
        Prediction(
            question=question,
            forecaster=forecaster,
            made_at=end_of(dt.date(2026, 2, day)),
            probability=Decimal("0.5"),
            basis="stated",
        )
        for day in range(1, 8)
    ]
    services.predictions_record(predictions=rows, by=None, now=make.now)
    assert texts(question)[-1] == (
        "recorded a prediction of 50 % by Ann Smith, a prediction of 50 % by Ann Smith,"
        " a prediction of 50 % by Ann Smith and 4 more"
    )
    assert texts(rows[3]) == ["recorded this prediction of 50 %"]


def test_a_long_history_is_read_page_by_page_in_as_many_queries(
    make: Maker, now: dt.datetime
) -> None:
    question = make.question()
    for number in range(2 * LINES + 5):
        amend(question, now, notes=f"Note {number}.")
        question.refresh_from_db()
    journal.flush()
    until, seen, queries = None, [], []
    while True:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            page = history(question, until=until)
        seen += [line.sequence for line in page.lines]
        queries.append(len(captured))
        if page.older is None:
            break
        until = page.older
    assert len(seen) == 2 * LINES + 6
    assert seen == sorted(set(seen), reverse=True)
    assert max(queries) <= 6
    assert "from Note 53. to Note 54." in history(question, until=seen[49]).lines[0].text


def test_of_long_texts_each_place_that_differs_is_told() -> None:
    padding = "and so it goes on " * 20
    old = f"Within six months. {padding}Otherwise no."
    new = f"Within a year. {padding}Otherwise no, or void."
    assert str(Change("criteria", old, new)) == (
        "the criteria from “Within six months. and so it goes…” to “Within a year. and so it goes…”"
        ", and from “…it goes on Otherwise no.” to “…it goes on Otherwise no, or void.”"
    )
    many = Change("criteria", "a b c d e f g h i j " * 20, "x b c d e f g h i j " * 20)
    assert str(many).endswith(", and in 17 more places")
    assert str(Change("answer", "yes", "no")) == "the answer from yes to no"
    assert excerpts("", "c" * 500)[0][1] == f"“{'c' * 160}…”"


def test_what_differs_is_marked_word_by_word() -> None:
    change = Change("criteria", "Yes if it rains.\nElse no.", "Yes if it snows.\nElse no.")
    assert change.marked == (
        [("Yes if it ", False), ("rains.\n", True), ("Else no.", False)],
        [("Yes if it ", False), ("snows.\n", True), ("Else no.", False)],
    )


@pytest.mark.django_db(transaction=True)
def test_an_entry_whose_bytes_were_changed_is_told_as_far_as_it_can_be(make: Maker) -> None:
    question: Question = make.question()
    tamper("UPDATE ledger_entry SET body = body || ' ' WHERE kind = 'question.opened'")
    assert [line.text for line in history(question).lines] == [
        "question.opened, which cannot be read: see the entry"
    ]
