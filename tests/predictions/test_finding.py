"""Rows are found by what people type, by few reads, also among very many."""

import datetime as dt

import pytest
from django.db import connection
from django.db.models.functions import Upper

from predictions import finding
from predictions.models import Forecaster, Phrase, Question
from predictions.services.questions import questions_open
from tests.making import Maker

_PLACES = ["mill", "bridge", "harbour", "orchard", "tower", "canal", "school", "market"]


def many_questions(count: int, now: dt.datetime) -> None:
    rows = [
        Question(
            key=f"Q{number}",
            text=f"Will the {_PLACES[number % 8]} of parish {number * 7919 % 99991} be sold?",
            criteria="Yes if the register says so.",
            opened_at=now,
            due_at=now + dt.timedelta(days=30),
            horizon_basis="stated",
        )
        for number in range(1, count + 1)
    ]
    questions_open(questions=rows, by=None, now=now)


def test_a_question_is_like_another_in_other_words_and_not_like_all(make: Maker) -> None:
    make.question(key="T900", text="Will the river Wend flood the lower town before June 2027?")
    make.question(key="T901", text="Will the old mill be sold?")
    [(like, near)] = finding.questions_like("Will the river Wend flood the town before June 2027?")
    assert (like.key, near > finding.QUESTIONS_ALIKE) == ("T900", True)
    assert finding.questions_like("Who wins the regatta?") == []
    assert finding.questions_like("  ") == []


def test_likeness_is_asked_of_the_index_among_many(
    make: Maker, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    many_questions(3_000, now)
    monkeypatch.setattr(finding, "LIKENESS_MILLISECONDS", 60_000)  # however busy the machine is
    asked = "Will the harbour of parish 55430 be sold?"
    with connection.cursor() as cursor:
        for plan in ("enable_seqscan", "enable_indexscan"):
            cursor.execute("SELECT set_config(%s, 'off', true)", [plan])
    like = Question.objects.annotate(capitals=Upper("text"))
    for rows in (
        like.filter(capitals__trigram_similar=asked.upper()),
        finding.find_questions("harbour parish"),
    ):
        assert "question_text_trigrams" in rows.explain()
    assert [near > 0.8 for _, near in finding.questions_like(asked, most=1)] == [True]


def test_what_very_many_are_a_bit_like_is_looked_for_no_longer_than_a_while(
    make: Maker, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    many_questions(3_000, now)
    monkeypatch.setattr(finding, "LIKENESS_MILLISECONDS", 1)
    with pytest.raises(finding.TooManyAlike):
        finding.questions_like("Will the parish of the harbour be sold?")
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('statement_timeout')")
        assert cursor.fetchone() == ("0",)


def test_the_very_same_text_is_found_among_many_that_are_alike(
    make: Maker, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    many_questions(3_000, now)
    monkeypatch.setattr(finding, "LIKENESS_MILLISECONDS", 60_000)  # however busy the machine is
    same = Question.objects.get(key="Q2999")
    assert finding.questions_like(same.text)[0] == (same, 1.0)


def test_rows_are_found_by_the_beginning_of_a_key_or_by_words(make: Maker) -> None:
    make.question(key="Q16", text="Will the old mill be sold?")
    make.question(key="Q160", text="Will the regatta be held?")
    assert [row.key for row in finding.find_questions("q16")] == ["Q16", "Q160"]
    assert [row.key for row in finding.find_questions("sold mill")] == ["Q16"]
    assert [row.key for row in finding.find_questions("50% _mill")] == []


def test_a_name_that_two_have_names_none_and_a_key_names_one(make: Maker) -> None:
    for key in ("reed-1", "reed-2"):
        make.forecaster(key=key, name="Rosa Reed")
    found = finding.named(Forecaster, ["Rosa Reed", "REED-2", ""])
    assert {word: row.key for word, row in found.items()} == {"REED-2": "reed-2"}


def test_the_next_key_follows_the_largest_number(make: Maker) -> None:
    assert finding.next_key(Question.objects.all(), "Q") == "Q1"
    for key in ("Q2", "Q10", "Q1x", "T99", "Q0300"):
        make.question(key=key)
    assert finding.next_key(Question.objects.all(), "Q") == "Q11"


def test_the_longest_words_of_a_hedge_are_read_by_every_source(make: Maker) -> None:
    make.phrase(phrase="likely", source="one")
    make.phrase(phrase="very likely", source="one")
    old = make.phrase("0.8", "0.9", "0.95", phrase="very likely", source="two")
    make.revise(old, "0.7", "0.8", "0.9")
    lexicon = list(Phrase.objects.current())
    found = finding.phrases_in("It is, he said, Very  likely.", lexicon)
    assert [str(row) for row in found] == ["very likely (one)", "very likely (two, version 2)"]
    assert finding.phrases_in("unlikely", lexicon) == []


@pytest.mark.parametrize("asked", ["", " ", "zz", "%", "\\"])
def test_what_names_nothing_finds_few_or_none(make: Maker, asked: str) -> None:
    make.question(key="Q1")
    assert len(finding.find_questions(asked)) <= finding.MOST
