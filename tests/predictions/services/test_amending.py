"""What is recorded is amended with a reason, and never in silence."""

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

import pytest

from ledger import journal
from predictions import audit, services
from predictions.errors import Conflict, Invalid
from predictions.models import (
    Bearing,
    Fact,
    Question,
    Score,
    SeriesTotal,
    User,
)
from predictions.services.amending import AMENDABLE
from predictions.services.erasure import forecaster_erase
from predictions.when import end_of
from tests.making import DAY, Maker

REASON = "It was written down wrongly."


def amend(row: Any, now: dt.datetime, why: str = REASON, **changes: Any) -> Any:
    """Amend a row by the service for its table."""
    name = str(row._meta.model_name)
    given: dict[str, Any] = {name: row, "changes": changes, "reason": why, "by": None}
    if name in ("question", "prediction", "event"):
        given["now"] = now
    return getattr(services, f"{name}_amend")(**given)


@pytest.fixture
def rows(make: Maker) -> dict[str, Fact]:
    """One row of everything that can be amended."""
    outlet = services.outlet_record(key="almanac", name="The Almanac", by=None)
    article = make.article(outlet=outlet)
    question = make.question()
    event = make.event(question)
    statement = services.statement_record(
        article=article,
        forecaster=make.forecaster(),
        kind="unscorable",
        reason="maxim",
        passages=[{"offset": 0, "quote": "The harvest"}],
        by=None,
        now=make.now,
    )
    return {
        "topic": services.topic_record(key="harvest", name="Harvest", by=None),
        "outlet": outlet,
        "article": article,
        "forecaster": make.forecaster(),
        "question": question,
        "prediction": make.prediction(question=question, article=article),
        "statement": statement,
        "event": event,
        "bearing": Bearing.objects.get(event=event),
    }


CHANGES: dict[str, dict[str, Any]] = {
    "topic": {"name": "Harvests"},
    "outlet": {"name": "Old Almanac"},
    "article": {"title": "The new almanac", "byline": "Ann Smith", "published_on": DAY},
    "forecaster": {"name": "Ann Smith", "kind": "byline", "note": "As printed."},
    "question": {
        "text": "Will the harvest fail?",
        "criteria": "As the ministry says.",
        "notes": "",
    },
    "prediction": {"probability": Decimal("0.4"), "hedge": "perhaps", "note": "Read again."},
    "statement": {"reason": "names_nobody", "note": "Of nobody."},
    "event": {"title": "The ministry speaks", "happened_on": DAY},
    "bearing": {"bearing": "context", "note": "It says nothing about the harvest."},
}


@pytest.mark.parametrize("name", CHANGES)
def test_each_fact_is_amended_with_its_reason_and_what_said_it_before(
    rows: dict[str, Fact], now: dt.datetime, name: str
) -> None:
    row = rows[name]
    amended = amend(row, now, **CHANGES[name])
    stored = type(row)._default_manager.get(pk=row.pk)
    for column, value in CHANGES[name].items():
        assert getattr(stored, column) == value
    journal.flush()
    [entry] = journal.said_by([amended.entry])
    body = journal.body_of(entry)
    assert entry.kind == f"{name}.amended"
    assert body["facts"]["before"] == [{"id": str(row.pk), "entry": str(row.entry)}]
    assert body["facts"][name][0]["id"] == str(row.pk)
    [why] = body["facts"]["why"]
    personal = name in ("article", "forecaster", "prediction", "statement")
    assert ("hmac" in why["reason"]) is personal
    assert personal or why["reason"] == REASON


@pytest.mark.parametrize("name", CHANGES)
def test_an_amendment_needs_a_reason_and_a_change(
    rows: dict[str, Fact], now: dt.datetime, name: str
) -> None:
    row = rows[name]
    for reason in ("", "  ", "x" * 1_001):
        with pytest.raises(Invalid) as refused:
            amend(row, now, reason, **CHANGES[name])
        assert refused.value.field == "reason"
    same = {column: getattr(row, column) for column in CHANGES[name]}
    for changes in ({}, same):
        with pytest.raises(Invalid, match="change nothing"):
            amend(row, now, **changes)
    assert type(row)._default_manager.get(pk=row.pk).entry == row.entry


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("question", "kind"),
        ("question", "options"),
        ("question", "opened_at"),
        ("question", "key"),
        ("question", "condition_answer"),
        ("article", "sha256"),
        ("forecaster", "key"),
        ("prediction", "question"),
        ("prediction", "forecaster"),
        ("bearing", "event"),
        ("topic", "id"),
    ],
)
def test_what_was_scored_or_is_known_by_is_never_amended(
    rows: dict[str, Fact], now: dt.datetime, name: str, column: str
) -> None:
    with pytest.raises(Invalid, match="never amended") as refused:
        amend(rows[name], now, **{column: "other"})
    assert refused.value.field == column


def test_what_is_final_has_no_service_that_amends_it() -> None:
    assert not [model for model in AMENDABLE if model.final]


@pytest.mark.parametrize(
    ("name", "changes", "field"),
    [
        ("question", {"due_at": end_of(dt.date(2020, 1, 1))}, "due_at"),
        ("question", {"due_at": None}, "due_at"),
        ("question", {"text": ""}, "text"),
        ("question", {"review_every_days": 0}, "review_every_days"),
        ("question", {"horizon_basis": "guessed"}, "horizon_basis"),
        ("prediction", {"probability": Decimal("1.5")}, "probability"),
        ("prediction", {"low": Decimal("0.9"), "high": Decimal("0.95")}, "probability"),
        ("prediction", {"made_at": end_of(dt.date(2099, 1, 1))}, "made_at"),
        ("prediction", {"passages": [{"offset": 10_000, "quote": "x"}]}, "passages"),
        ("prediction", {"distribution": {"rye": "1"}}, "distribution"),
        ("statement", {"passages": [{"quote": "x"}]}, "passages"),
        ("event", {"happened_on": dt.date(2099, 1, 1)}, "happened_on"),
        ("event", {"sources": []}, "sources"),
        ("event", {"sources": [{"name": "x", "url": "javascript:"}]}, "sources"),
        ("bearing", {"bearing": "none"}, "bearing"),
        ("article", {"title": ""}, "title"),
        ("article", {"byline": "(erased)"}, "byline"),
        ("article", {"url": "nowhere"}, "url"),
        ("forecaster", {"kind": "oracle"}, "kind"),
        ("topic", {"name": "x\x00y"}, "name"),
    ],
)
def test_what_could_not_be_recorded_is_not_amended_to(
    rows: dict[str, Fact], now: dt.datetime, name: str, changes: dict[str, Any], field: str
) -> None:
    row = rows[name]
    with pytest.raises(Invalid) as refused:
        amend(row, now, **changes)
    assert refused.value.field == field
    assert type(row)._default_manager.get(pk=row.pk).entry == row.entry


def test_a_later_due_date_moves_the_review_and_reminds_anew(make: Maker, now: dt.datetime) -> None:
    question = make.question()
    later = end_of(dt.date(2027, 2, 1))
    amend(question, now, due_at=later)
    question.refresh_from_db()
    assert (question.due_at, question.review_at, question.due_version) == (later, later, 2)
    amend(question, now, review_every_days=30)
    question.refresh_from_db()
    assert (question.review_at, question.due_version) == (
        end_of(now.date()) + dt.timedelta(days=30),
        3,
    )
    amend(question, now, notes="Only a note.")
    question.refresh_from_db()
    assert question.due_version == 3


def test_a_settled_questions_due_date_moves_no_review_but_the_totals(
    make: Maker, now: dt.datetime
) -> None:
    question = make.question()
    prediction = make.prediction(question=question, made_at=end_of(dt.date(2026, 3, 31)))
    make.outcome(question)
    before = SeriesTotal.objects.get(forecaster=prediction.forecaster).coverage
    due = (question.review_at, question.due_version)
    amend(question, now, due_at=end_of(dt.date(2026, 5, 1)))
    question.refresh_from_db()
    assert (question.review_at, question.due_version) == due
    assert SeriesTotal.objects.get(forecaster=prediction.forecaster).coverage < before
    assert list(audit.check_scores()) == []


def test_a_question_that_came_with_an_odd_due_date_is_amended_otherwise(
    make: Maker, now: dt.datetime
) -> None:
    odd = Question(
        key="odd",
        text="Was it so?",
        criteria="As in the source",
        opened_at=end_of(DAY),
        due_at=end_of(dt.date(2020, 1, 1)),
        horizon_basis="stated",
    )
    services.questions_open(questions=[odd], by=None, now=now, as_found=True)
    assert amend(odd, now, notes="Due before it opened, as the source has it.").notes


def test_only_somebody_active_is_made_the_reviewer(
    make: Maker, now: dt.datetime, adjudicator: User
) -> None:
    question = make.question()
    assert amend(question, now, reviewer=adjudicator).reviewer == adjudicator
    gone = User.objects.create_user("gone", is_active=False)
    with pytest.raises(Invalid, match="not active"):
        amend(question, now, reviewer=gone)


def test_who_looked_at_an_older_row_is_told_who_amended_it_and_how(
    make: Maker, now: dt.datetime, adjudicator: User
) -> None:
    question = make.question()
    seen = question.entry
    services.question_amend(
        question=question,
        changes={"due_at": end_of(dt.date(2027, 3, 1))},
        reason=REASON,
        by=adjudicator,
        now=now,
        shown=seen,
    )
    journal.flush()
    with pytest.raises(Conflict, match=r"by ada, .*the due date is now 2027-03-01"):
        services.question_amend(
            question=question,
            changes={"notes": "Mine."},
            reason=REASON,
            by=None,
            now=now,
            shown=seen,
        )
    with pytest.raises(Conflict, match="changed meanwhile"):
        services.question_amend(
            question=question,
            changes={"notes": "Mine."},
            reason=REASON,
            by=None,
            now=now,
            shown=uuid.uuid4(),
        )


def test_a_prediction_on_a_settled_question_is_scored_anew_in_the_same_act(
    make: Maker, now: dt.datetime
) -> None:
    question = make.question()
    prediction = make.prediction("0.7", question=question)
    other = make.prediction("0.2", question=question)
    make.outcome(question)
    amend(prediction, now, probability=Decimal("0.9"))
    standing = Score.objects.standing().filter(rule="brier")
    assert standing.get(prediction=prediction).value == Decimal("0.010000000")
    assert standing.get(prediction=other).value == Decimal("0.640000000")
    assert Score.objects.filter(prediction=prediction, rule="brier").count() == 3
    assert Score.objects.filter(prediction=other, rule="brier").count() == 1


def test_a_prediction_that_was_made_later_than_written_down_is_late(
    make: Maker, now: dt.datetime
) -> None:
    question = make.question()
    prediction = make.prediction(question=question)
    make.outcome(question)
    amend(prediction, now, made_at=end_of(dt.date(2026, 10, 1)))
    assert not Score.objects.standing().filter(prediction=prediction).exists()
    amend(prediction, now, made_at=end_of(DAY))
    assert Score.objects.standing().filter(prediction=prediction, rule="brier").exists()


def test_another_phrase_is_read_by_the_lexicon_unless_figures_are_given(
    make: Maker, now: dt.datetime
) -> None:
    likely = make.phrase()
    certain = make.phrase("0.93", "0.95", "0.99", phrase="almost certain")
    prediction = make.prediction(None, basis="verbal", phrase=likely)
    amended = amend(prediction, now, phrase=certain)
    figures = (amended.low, amended.probability, amended.high)
    assert figures == (certain.low, certain.point, certain.high)
    given: dict[str, Any] = {
        "low": Decimal("0.6"),
        "probability": Decimal("0.65"),
        "high": Decimal("0.7"),
    }
    amended = amend(amended, now, phrase=likely, **given)
    assert (amended.low, amended.probability, amended.high) == tuple(given.values())
    revised = make.revise(likely, "0.5", "0.6", "0.7")
    amended = amend(amended, now, phrase=revised)
    with pytest.raises(Invalid, match="read otherwise since"):
        amend(amended, now, phrase=likely)


def test_what_is_forecast_on_options_and_numbers_is_amended(make: Maker, now: dt.datetime) -> None:
    on_options = make.spread(make.choice("rye", "oats"), "0.4", "0.6")
    amended = amend(on_options, now, distribution={"rye": "0.3", "oats": "0.7"})
    assert amended.distribution == [["rye", "0.300000"], ["oats", "0.700000"]]
    assert amend(amended, now, note="As printed.").distribution == amended.distribution
    numeric = make.range(make.numeric(), {"0.1": "5", "0.5": "10", "0.9": "20"})
    amended = amend(numeric, now, quantiles={"0.1": "5", "0.5": "11", "0.9": "20"})
    assert amended.quantiles[1][0:1] == ["0.500000"]
    with pytest.raises(Invalid, match="distribution"):
        amend(on_options, now, distribution={"rye": "0.9", "oats": "0.7"})


def test_a_link_is_not_taken_back_while_the_outcome_rests_on_it(
    make: Maker, now: dt.datetime
) -> None:
    question = make.question()
    event = make.event(question)
    bearing = Bearing.objects.get(event=event)
    outcome = make.outcome(question, evidence=[event])
    with pytest.raises(Conflict, match="rests on"):
        amend(bearing, now, bearing="context")
    assert amend(bearing, now, note="On its second page.").note
    make.correct(outcome, "no")
    assert amend(bearing, now, bearing="context").bearing == "context"


def test_who_was_erased_is_amended_no_more(make: Maker, now: dt.datetime) -> None:
    forecaster = make.forecaster(name="Ann Smith")
    prediction = make.prediction(forecaster=forecaster)
    amend(forecaster, now, "Ann Smyth was misspelt.", name="Ann Smyth")
    amend(prediction, now, "Ann Smith said so on page 3.", probability=Decimal("0.6"))
    erasure = forecaster_erase(forecaster=forecaster, reason="request", by=None, now=now)
    assert erasure.parts == 6  # key, two names, a note, and two reasons
    with pytest.raises(Conflict, match="was erased"):
        amend(forecaster, now, name="Ann Smith")
    assert amend(prediction, now, "The decimal point.", probability=Decimal("0.5"))
