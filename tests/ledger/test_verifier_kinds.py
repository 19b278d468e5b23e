"""Options, numbers and dates, as a stranger recomputes their scores from an export."""

import datetime as dt
import json
import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger import verifier
from predictions.models import Score
from predictions.scoring import choice, quantiles
from predictions.scoring.rounding import posted_units
from predictions.when import end_of
from tests.ledger.exports import Made, Told, told_of
from tests.making import Maker

LATE = end_of(dt.date(2026, 9, 2))


@pytest.fixture(scope="module")
def told(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> tuple[bytes, list[str]]:
    """The export of a log of all kinds of questions; and what `verify_ledger` found."""
    with django_db_blocker.unblock():
        return told_of(_story, tmp_path_factory.mktemp("kinds") / "export.ndjson")


def _story(make: Maker) -> None:
    crop = make.choice("wheat", "rye", "Grünkern", key="CROP")
    level = make.choice("low", "middle", "high", key="LEVEL", ordered=True)
    yields, day = make.numeric(key="YIELD"), make.dated(key="DAY")
    on_rye = make.conditional(crop, "rye", key="ON-RYE")
    dates = {"0.25": "2026-05-01", "0.7": "2026-07-01"}
    for late in ({}, {"made_at": LATE}):
        make.spread(crop, "0.5", "0.3", "0.2", **late)
        make.spread(level, "0.5", "0.3", "0.2", **late)
        make.range(yields, {"0.1": "-10", "0.5": "12.5", "0.9": 30}, **late)
        make.range(day, dates, **late)
    make.prediction("0.7", question=on_rye)
    make.outcome(on_rye, "yes")
    make.withdraw(make.outcome(crop, "Grünkern"))
    decided = make.outcome(crop, "wheat")
    make.correct(decided, "rye")
    make.correct(make.outcome(level, "low"), None, void_reason="ambiguous")
    make.outcome(yields, "17.25")
    make.withdraw(make.outcome(day, "2026-05-03"))
    make.correct(make.outcome(day, "2026-06-30"), "2026-06-01")
    again = make.choice("a", "b", key="AGAIN", ordered=True)
    make.outcome(make.spread(again, "0.000001", "0.999999").question, "a")
    assert Score.objects.standing().count() == 2 + 2 + 1 + 1 + 2


Run = Callable[[Made], Told]


def test_the_whole_story_is_intact_for_us_and_for_a_stranger(
    told: tuple[bytes, list[str]], log: Made, run: Run
) -> None:
    assert told[1] == []
    assert run(log).findings == []


def rows(log: Made, kind: str, table: str) -> list[tuple[int, int, dict[str, Any]]]:
    """Of each row of a table in entries of a kind: the entry's number, its place there, itself."""
    return [
        (number, place, row)
        for number, body in enumerate(map(json.loads, log.bodies), 1)
        if body["kind"] == kind
        for place, row in enumerate(body["facts"].get(table, []))
    ]


def tampered(log: Made, table: str, row: tuple[int, int, dict[str, Any]], **to: Any) -> Made:
    number, place, _ = row
    return log.edited(number, lambda body: body["facts"][table][place].update(to))


@pytest.mark.parametrize("rule", ["brier", "rps", "log", "crps"])
def test_a_tampered_score_of_each_rule_is_found_and_named(log: Made, run: Run, rule: str) -> None:
    reversed_ones = {row["reverses_id"] for *_, row in rows(log, "scores.reversed", "score")}
    row = next(
        row
        for row in rows(log, "scores.posted", "score")
        if row[2]["rule"] == rule and row[2]["id"] not in reversed_ones
    )
    found = run(tampered(log, "score", row, value="0.123456789"))
    assert found.code == 1
    [finding] = [one for one in found.findings if "recomputed it is" in one]
    assert finding.startswith(f"entry {row[0]}: {rule} score {row[2]['id']} of prediction")


@pytest.mark.parametrize(
    ("column", "to", "words"),
    [
        (
            "distribution",
            [["wheat", "0.400000"], ["rye", "0.400000"], ["Grünkern", "0.200000"]],
            "recomputed",
        ),
        (
            "distribution",
            [["rye", "0.500000"], ["wheat", "0.300000"], ["Grünkern", "0.200000"]],
            "in their order",
        ),
        ("distribution", [["wheat", "0.500000"], ["rye", "0.500000"]], "in their order"),
        ("distribution", [["wheat", "0.500000"], ["rye", "0.400000"]], "add up to 0.9"),
        ("distribution", [["wheat", "0.5"], ["rye", "0.5"]], "no probability"),
        ("distribution", [["wheat"]], "not a pair of texts"),
        ("distribution", [["wheat", 1]], "not a pair of texts"),
        ("distribution", [1], "not in the form"),
        ("distribution", 7, "not in the form"),
        ("distribution", None, "does not hold one thing"),
        ("quantiles", [["0.100000", "1.000000"]], "does not hold one thing"),
    ],
)
def test_another_distribution_is_found(
    log: Made, run: Run, column: str, to: object, words: str
) -> None:
    row = rows(log, "prediction.recorded", "prediction")[0]
    found = run(tampered(log, "prediction", row, **{column: to}))
    assert found.code == 1
    assert any(words in one for one in found.findings), found.findings


@pytest.mark.parametrize(
    ("to", "words"),
    [
        ([["0.100000", "-10.000000"], ["0.500000", "12.500001"]], "recomputed"),
        ([["0.500000", "1.000000"], ["0.100000", "2.000000"]], "do not ascend"),
        ([["0.500000", "1.000000"], ["0.500000", "2.000000"]], "do not ascend"),
        ([["0.000000", "1.000000"], ["0.500000", "2.000000"]], "do not ascend"),
        ([["1.000000", "1.000000"]], "no probability"),
        ([["0.100000", "2.000000"], ["0.500000", "1.000000"]], "quantiles that fall"),
        ([["0.100000", "NaN"], ["0.500000", "1.000000"]], "not a number"),
        ([["0.100000", "2026-01-01"], ["0.500000", "2026-01-01"]], "not a number"),
    ],
)
def test_other_quantiles_are_found(log: Made, run: Run, to: object, words: str) -> None:
    row = rows(log, "prediction.recorded", "prediction")[2]
    found = run(tampered(log, "prediction", row, quantiles=to))
    assert found.code == 1
    assert any(words in one for one in found.findings), found.findings


@pytest.mark.parametrize(
    ("key", "to", "words"),
    [
        ("CROP", {"options": ["wheat", "rye", "spelt"]}, "in their order"),
        ("CROP", {"ordered": True}, "has no rps score"),
        ("CROP", {"kind": "numeric"}, "does not say what its question asks for"),
        ("CROP", {"kind": "binary"}, "does not say what its question asks for"),
        ("YIELD", {"kind": "date"}, "which is not a date"),
        ("DAY", {"kind": "numeric"}, "which is not a number"),
    ],
)
def test_another_question_is_found(
    log: Made, run: Run, key: str, to: dict[str, Any], words: str
) -> None:
    for kind in ("question.opened", "outcome.withdrawn"):
        for row in rows(log, kind, "question"):
            if row[2]["key"] == key:
                log = tampered(log, "question", row, **to)
    found = run(log)
    assert found.code == 1
    assert any(words in one for one in found.findings), found.findings


@pytest.mark.parametrize(
    ("answer", "to", "words"),
    [
        ("17.25", "17.26", "recomputed"),
        ("17.25", "1e1", "not a number"),
        ("2026-06-01", "2026-06-02", "recomputed"),
        ("2026-06-01", "20260601", "not a date"),
        ("rye", "wheat", "recomputed"),
        ("rye", "barley", "is no option of the question"),
    ],
)
def test_another_answer_is_found(log: Made, run: Run, answer: str, to: str, words: str) -> None:
    entered = [
        row
        for kind in ("outcome.entered", "outcome.corrected")
        for row in rows(log, kind, "outcome")
        if row[2]["answer"] == answer
    ]
    found = run(tampered(log, "outcome", entered[-1], answer=to))
    assert found.code == 1
    assert any(words in one for one in found.findings), found.findings


@st.composite
def distributions(draw: Any) -> tuple[list[int], int]:
    """Probabilities in millionths of up to 100 options, many of them 0, and what came out."""
    count = draw(st.integers(2, 100))
    cuts = sorted(draw(st.lists(st.integers(0, 10**6), min_size=count - 1, max_size=count - 1)))
    shares = [high - low for low, high in zip([0, *cuts], [*cuts, 10**6], strict=True)]
    return shares, draw(st.integers(0, count - 1))


@settings(max_examples=300, deadline=None)
@given(distributions(), st.booleans())
def test_the_verifier_posts_of_options_what_the_service_posts(
    drawn: tuple[list[int], int], ordered: bool
) -> None:
    shares, hit = drawn
    options = [str(place) for place in range(len(shares))]
    pairs = [
        [option, f"{Decimal(share).scaleb(-6):f}"]
        for option, share in zip(options, shares, strict=True)
    ]
    question = verifier.Question("choice", ordered, options)
    said = verifier.Spread("q", "t", pairs, None)
    told = verifier.of_spread(question, said, options[hit])
    p, came_out = np.array([[float(share) for _, share in pairs]]), np.array([hit])
    main = choice.ranked_probability_score if ordered else choice.brier
    for rule, losses in (("rps" if ordered else "brier", main), ("log", choice.log_score)):
        [units] = posted_units(losses(p, came_out))
        assert told[rule] == 3 * (f"{Decimal(int(units)).scaleb(-9):f}",)
    assert len(told) == 2


@settings(max_examples=300, deadline=None)
@given(
    st.data(),
    st.lists(st.integers(1, 10**6 - 1), min_size=2, max_size=100, unique=True).map(sorted),
)
def test_the_verifier_posts_of_numbers_what_the_service_posts(data: Any, levels: list[int]) -> None:
    numbers = st.integers(-(10**12), 10**12)
    values = sorted(data.draw(st.lists(numbers, min_size=len(levels), max_size=len(levels))))
    answer = data.draw(numbers | st.sampled_from(values))
    pairs = [
        [str(Decimal(level).scaleb(-6)), str(Decimal(value).scaleb(-6))]
        for level, value in zip(levels, values, strict=True)
    ]
    text = str(Decimal(answer).scaleb(-6))
    told = verifier.of_spread(
        verifier.Question("numeric", False, []),
        verifier.Spread("q", "t", None, pairs),
        f"{Decimal(text):f}",
    )
    at, quantile = (np.array([[float(pair[column]) for pair in pairs]]) for column in (0, 1))
    [units] = posted_units(quantiles.crps_from_quantiles(at, quantile, np.array([float(text)])))
    assert told == {"crps": 3 * (f"{Decimal(int(units)).scaleb(-9):f}",)}


def test_the_two_sides_add_in_the_same_order_and_a_compensated_sum_does_not() -> None:
    rng = np.random.default_rng(7)
    rows = rng.random((200, 100))
    totals = [verifier.running(row)[-1] for row in rows.tolist()]
    assert totals == np.add.accumulate(rows, axis=1)[:, -1].tolist()
    assert totals != [math.fsum(row) for row in rows.tolist()]
