import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from predictions import services
from predictions.errors import Conflict, Invalid
from predictions.models import Event, Prediction, Question, Review
from predictions.when import end_of
from tests.making import DAY, Maker

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("probability", ["1.2", "-0.1", "NaN", "Infinity", "0.1234567", "1e999999"])
def test_a_probability_outside_0_to_1_or_too_fine_is_refused(make: Maker, probability: str) -> None:
    with pytest.raises(Invalid, match=r"^probability: .* at most 6 places"):
        make.prediction(probability)
    assert not Prediction.objects.exists()


@pytest.mark.parametrize("probability", ["0", "1", "0.000001", "0.7"])
def test_exact_0_and_1_are_allowed(make: Maker, probability: str) -> None:
    assert make.prediction(probability).probability == Decimal(probability)


def test_a_later_prediction_revises_and_the_earlier_stays(make: Maker) -> None:
    question, forecaster = make.question(), make.forecaster()
    for probability in ("0.2", "0.3"):
        make.prediction(probability, question=question, forecaster=forecaster)
    revisions = Prediction.objects.order_by("revision").values_list("revision", "probability")
    assert list(revisions) == [(1, Decimal("0.2")), (2, Decimal("0.3"))]


def test_a_verbal_prediction_takes_its_range_from_the_phrase(make: Maker) -> None:
    phrase = services.phrase_record(
        phrase="likely",
        low=Decimal("0.55"),
        point=Decimal("0.7"),
        high=Decimal("0.8"),
        source="test",
        source_title="Written for the tests",
        by=None,
    )
    prediction = make.prediction(None, basis="verbal", phrase=phrase)
    figures = (prediction.low, prediction.probability, prediction.high)
    assert figures == (Decimal("0.55"), Decimal("0.7"), Decimal("0.8"))


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"made_at": end_of(dt.date(2026, 11, 24))}, "made_at"),
        ({"low": Decimal("0.8"), "high": Decimal("0.9")}, "probability"),
        ({"low": Decimal("0.6")}, "high"),
        ({"high": Decimal("0.8")}, "low"),
        ({"basis": "hearsay"}, "basis"),
        ({"basis": "verbal"}, "phrase"),
        ({"passages": [{"offset": True, "quote": "yes"}]}, "passages"),
        ({"passages": [{"quote": "no offset"}]}, "passages"),
    ],
)
def test_a_prediction_that_does_not_hold_together_is_refused(
    make: Maker, given: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        make.prediction(**given)
    assert refused.value.field == field


def test_a_quote_must_lie_within_its_article(make: Maker) -> None:
    with pytest.raises(Invalid, match="lies outside the article"):
        make.prediction(article=make.article(), passages=[{"offset": 9_999, "quote": "harvest"}])


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"key": "no spaces please"}, "key"),
        ({"text": ""}, "text"),
        ({"criteria": ""}, "criteria"),
        ({"kind": "guess"}, "kind"),
        ({"due_at": None}, "due_at"),
        ({"due_at": end_of(dt.date(2025, 1, 1))}, "due_at"),
        ({"horizon_basis": "guess"}, "horizon_basis"),
        ({"review_every_days": 0}, "review_every_days"),
        ({"review_every_days": 10**9}, "review_every_days"),
        ({"condition_answer": "yes"}, "condition_question"),
    ],
)
def test_a_question_that_cannot_be_kept_is_refused(
    make: Maker, given: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        make.question(**given)
    assert refused.value.field == field
    assert not Question.objects.exists()


def test_a_key_is_used_once(make: Maker) -> None:
    make.question(key="Q1")
    with pytest.raises(Invalid, match=r"^key: .*already exists"):
        make.question(key="Q1")


def test_a_long_running_question_falls_due_for_review_before_it_closes(make: Maker) -> None:
    question = make.question(review_every_days=90, due_at=end_of(dt.date(2030, 1, 1)))
    assert question.review_at == end_of(DAY) + dt.timedelta(days=90)
    assert make.question(review_every_days=900).review_at == end_of(dt.date(2026, 10, 31))


def test_a_review_moves_the_date_and_the_version(make: Maker) -> None:
    question = make.question()
    assert question in Question.objects.due(make.now)
    next_at = make.now + dt.timedelta(days=30)
    services.review_record(
        question=question, note="Not yet.", next_at=next_at, by=None, now=make.now
    )
    question.refresh_from_db()
    assert (question.review_at, question.due_version) == (next_at, 2)
    assert question not in Question.objects.due(make.now)
    assert list(Question.objects.due_next(make.now)) == [question]


def test_a_review_needs_a_note_and_a_later_date(make: Maker) -> None:
    question = make.question()
    for given, field in (({"note": ""}, "note"), ({"next_at": make.now}, "next_at")):
        arguments: dict[str, Any] = {
            "note": "Not yet.",
            "next_at": make.now + dt.timedelta(days=1),
            **given,
        }
        with pytest.raises(Invalid) as refused:
            services.review_record(question=question, by=None, now=make.now, **arguments)
        assert refused.value.field == field
    assert not Review.objects.exists()


def test_a_question_with_an_outcome_is_not_reviewed(make: Maker) -> None:
    question = make.question()
    make.outcome(question, "no")
    with pytest.raises(Conflict):
        services.review_record(
            question=question,
            note="Not yet.",
            next_at=make.now + dt.timedelta(days=1),
            by=None,
            now=make.now,
        )
    assert question not in Question.objects.due(make.now)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"happened_on": dt.date(2026, 11, 24)}, "happened_on"),
        ({"sources": []}, "sources"),
        ({"sources": [{"name": "A friend", "url": "he said so"}]}, "sources"),
        ({"sources": [{"name": "A friend", "url": "https://"}]}, "sources"),
        ({"title": ""}, "title"),
    ],
)
def test_an_event_without_date_source_or_title_is_refused(
    make: Maker, given: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        make.event(**given)
    assert refused.value.field == field
    assert not Event.objects.exists()


def test_text_is_kept_in_normal_form_c(make: Maker) -> None:
    assert make.forecaster(name="Zoe\u0308 ").name == "Zo\u00eb"


def test_a_probability_is_kept_as_the_database_gives_it_back(make: Maker) -> None:
    for given, kept in (("-0.0", "0.000000"), ("0.7000000", "0.700000"), ("1", "1.000000")):
        assert str(make.prediction(given).probability) == kept


def test_a_key_is_stripped_in_the_row_and_in_the_subject_alike(make: Maker) -> None:
    question = make.question(key=" K1 ")
    assert (question.key, question.subject) == ("K1", "question:K1")


def test_a_review_of_a_question_that_moved_on_is_told_so(make: Maker) -> None:
    with pytest.raises(Conflict, match="due version 1, not 7"):
        services.review_record(
            question=make.question(),
            note="Not yet.",
            next_at=make.now + dt.timedelta(days=1),
            by=None,
            now=make.now,
            due_version=7,
        )


def test_an_event_bears_once_on_a_question(make: Maker) -> None:
    question = make.question()
    with pytest.raises(Invalid, match=r"^bears_on: names .* twice"):
        make.event(question, question)
