"""Reading a phrase otherwise: versions, predictions read anew, scores posted anew."""

from decimal import Decimal
from typing import Any

import pytest

from ledger import journal
from ledger.models import Entry
from predictions import services
from predictions.errors import Conflict, Invalid
from predictions.models import Phrase, Prediction, Score
from predictions.scorecards import scoreboard
from tests.making import Maker

pytestmark = pytest.mark.django_db


def read(prediction: Prediction) -> tuple[str, ...]:
    prediction.refresh_from_db()
    p = prediction.probability
    return tuple(f"{p if end is None else end:.2f}" for end in (prediction.low, p, prediction.high))


def brier(prediction: Prediction) -> list[str]:
    """What a prediction earned and gave back, round by round."""
    postings = Score.objects.filter(prediction=prediction, rule="brier")
    return [
        f"{score.round}: {score.value:.4f}"
        for score in postings.order_by("round", "-value").iterator()
    ]


def test_another_reading_is_a_version_with_its_reason(make: Maker) -> None:
    first = make.phrase("0.55", "0.7", "0.8", note="Of a survey.")
    second = make.revise(first, "0.6", "0.75", "0.9")
    assert (second.version, second.reason, second.note) == (2, "A later survey.", "Of a survey.")
    assert (first.version, first.reason) == (1, "")
    assert list(Phrase.objects.current()) == [second]
    assert str(second) == "likely (test, version 2)"
    third = services.phrase_revise(
        phrase=second,
        low=Decimal("0.5"),
        point=Decimal("0.75"),
        high=Decimal("0.9"),
        reason="Wider.",
        by=None,
        now=make.now,
        source_title="The second edition",
        note="",
    )
    assert (third.version, third.source_title, third.note) == (3, "The second edition", "")


def test_what_took_its_figures_from_the_phrase_is_read_anew(make: Maker) -> None:
    phrase = make.phrase("0.55", "0.7", "0.8")
    taken = make.prediction(None, basis="verbal", phrase=phrase)
    altered = make.prediction(
        "0.7", low=Decimal("0.6"), high=Decimal("0.8"), basis="verbal", phrase=phrase
    )
    stated = make.prediction("0.7")
    other = make.prediction(None, basis="verbal", phrase=make.phrase(source="another"))
    revised = make.revise(phrase, "0.6", "0.75", "0.9")
    assert read(taken) == ("0.60", "0.75", "0.90")
    assert taken.phrase == revised
    for prediction in (altered, other, stated):
        before = prediction.phrase_id
        assert "0.70" in read(prediction)
        assert prediction.phrase_id == before


def test_settled_predictions_are_scored_anew_and_nothing_else_is(make: Maker) -> None:
    phrase = make.phrase("0.55", "0.7", "0.8")
    question = make.question()
    taken = make.prediction(None, basis="verbal", phrase=phrase, question=question)
    stated = make.prediction("0.6", question=question)
    void, late = make.question(), make.question()
    make.prediction(None, basis="verbal", phrase=phrase, question=void)
    make.outcome(question, "yes")
    make.outcome(void, None, void_reason="ambiguous")
    settled = make.outcome(late, "yes").settled_at
    make.prediction(
        None,
        basis="verbal",
        phrase=phrase,
        question=late,
        made_at=settled,
        article=make.article(),
    )
    make.revise(phrase, "0.6", "0.8", "0.9")
    assert brier(taken) == ["1: 0.0900", "1: -0.0900", "2: 0.0400"]
    assert brier(stated) == ["1: 0.1600"]
    [standing] = Score.objects.standing().filter(prediction=taken, rule="brier")
    assert (f"{standing.best:.4f}", f"{standing.worst:.4f}") == ("0.0100", "0.1600")
    assert Score.objects.standing().count() == 4


def test_read_back_as_it_was_every_total_is_as_before(make: Maker) -> None:
    phrase = make.phrase("0.55", "0.7", "0.8")
    taken = make.prediction(None, basis="verbal", phrase=phrase)
    make.outcome(taken.question, "no")
    before = scoreboard()
    second = make.revise(phrase, "0.6", "0.8", "0.9")
    assert scoreboard() != before
    make.revise(second, "0.55", "0.7", "0.8")
    assert scoreboard() == before
    assert brier(taken)[-1] == "3: 0.4900"


def test_a_correction_after_another_reading_reverses_the_round_that_stands(make: Maker) -> None:
    phrase = make.phrase("0.55", "0.7", "0.8")
    taken = make.prediction(None, basis="verbal", phrase=phrase)
    outcome = make.outcome(taken.question, "no")
    make.revise(phrase, "0.6", "0.8", "0.9")
    make.correct(outcome, "yes")
    assert Score.objects.standing().count() == 2
    [standing] = Score.objects.standing().filter(rule="brier")
    assert (standing.round, f"{standing.value:.4f}") == (1, "0.0400")


def test_the_ledger_tells_what_was_read_anew_and_what_it_earned(make: Maker) -> None:
    phrase = make.phrase()
    taken = make.prediction(None, basis="verbal", phrase=phrase)
    make.outcome(taken.question, "yes")
    make.revise(phrase, "0.6", "0.75", "0.9")
    journal.flush()
    entries = list(Entry.objects.order_by("sequence"))[-4:]
    assert [entry.kind for entry in entries] == [
        "phrase.revised",
        "prediction.reread",
        "scores.reversed",
        "scores.posted",
    ]
    assert entries[0].subject == "phrase:test/likely"
    told = journal.body_of(entries[1])["facts"]["prediction"][0]
    assert (told["id"], told["probability"]) == (str(taken.pk), "0.750000")
    assert {row["round"] for row in journal.body_of(entries[3])["facts"]["score"]} == {2}


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"low": "0.55", "point": "0.7", "high": "0.8"}, "point"),
        ({"low": "0.550000", "point": "0.70", "high": "0.800"}, "point"),
        ({"low": "0.8"}, "point"),
        ({"high": "1.1"}, "high"),
        ({"low": "-0.1"}, "low"),
        ({"point": "0.7000001"}, "point"),
        ({"point": "NaN"}, "point"),
        ({"reason": " "}, "reason"),
        ({"source_title": ""}, "source_title"),
    ],
)
def test_no_change_no_reason_and_no_range_are_refused(
    make: Maker, given: dict[str, Any], field: str
) -> None:
    phrase = make.phrase("0.55", "0.7", "0.8")
    figures = {"low": "0.5", "point": "0.7", "high": "0.8", "reason": "So.", **given}
    for name in ("low", "point", "high"):
        figures[name] = Decimal(figures[name])
    with pytest.raises(Invalid) as refused:
        services.phrase_revise(phrase=phrase, by=None, now=make.now, **figures)
    assert refused.value.field == field
    assert Phrase.objects.count() == 1


def test_only_the_newest_version_is_revised_or_read_by(make: Maker) -> None:
    first = make.phrase()
    make.revise(first, "0.6", "0.75", "0.9")
    with pytest.raises(Conflict, match=r"was revised already; revise likely \(test, version 2\)"):
        make.revise(first, "0.1", "0.2", "0.3")
    with pytest.raises(Invalid, match=r"^phrase: likely \(test\) .* name likely \(test, version 2"):
        make.prediction(None, basis="verbal", phrase=first)
