"""Answers between no and yes."""

import pytest

from predictions import services
from predictions.errors import Invalid
from predictions.models import Outcome, Score
from predictions.scorecards import scoreboard
from predictions.scoring.partial import share_of_yes
from tests.making import Maker

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("0.4", "0.4"),
        ("0.400", "0.4"),
        (".25", "0.25"),
        ("0.123456", "0.123456"),
        ("0.1234560", "0.123456"),
        ("1", "yes"),
        ("1.0", "yes"),
        ("0", "no"),
        ("0.000000", "no"),
        ("yes", "yes"),
        ("no", "no"),
    ],
)
def test_a_fraction_is_written_in_one_way(make: Maker, given: str, written: str) -> None:
    assert make.outcome(make.question(partial=True), given).answer == written
    assert 0 <= share_of_yes(written) <= 1


@pytest.mark.parametrize(
    "given",
    [
        *("1.1", "2", "-0.4", "0.1234567", "1e-1", "0,4", "maybe", "", " 0.4", "0.4\n", ".", "NaN"),
        *("٠.٤", "0_4", "4/10", "40 %", "00.4", "0." + "0" * 5000 + "1", "Yes"),
    ],
)
def test_what_is_no_fraction_is_refused_with_the_fix(make: Maker, given: str) -> None:
    question = make.question(partial=True)
    with pytest.raises(Invalid, match="a fraction from 0 to 1 with at most 6 places") as refused:
        make.outcome(question, given)
    assert refused.value.field == "answer"
    assert not Outcome.objects.exists()


def test_a_question_that_does_not_allow_it_has_no_partial_answer(make: Maker) -> None:
    for answer in ("0.4", "1"):
        with pytest.raises(Invalid, match=r"^answer: .* give yes or no$"):
            make.outcome(make.question(), answer)


def test_only_a_binary_question_may_be_answered_in_part(make: Maker) -> None:
    with pytest.raises(Invalid, match=r"^(kind|partial):"):
        make.question(partial=True, kind="numeric")


def test_a_partial_answer_scores_by_how_far_it_came_true(make: Maker) -> None:
    question = make.question(partial=True)
    make.prediction("0.7", question=question)
    phrase = make.phrase("0.3", "0.6", "0.9")
    verbal = make.prediction(None, question=question, basis="verbal", phrase=phrase)
    outcome = make.outcome(question, "0.4")
    standing = Score.objects.standing()
    # (0.7 − 0.4)², and −(0.4 ln 0.7 + 0.6 ln 0.3).
    said = dict(standing.exclude(prediction=verbal).values_list("rule", "value"))
    assert {rule: f"{value:f}" for rule, value in said.items()} == {
        "brier": "0.090000000",
        "log": "0.865053660",
    }
    brier = standing.get(prediction=verbal, rule="brier")
    assert [f"{figure:f}" for figure in (brier.value, brier.best, brier.worst)] == [
        "0.040000000",
        "0.000000000",
        "0.250000000",
    ]
    assert scoreboard().total.base_rate == pytest.approx(0.4)
    services.outcome_correct(
        outcome=outcome, verdict=make.verdict("0.5"), reason="So.", by=None, now=make.now
    )
    assert f"{standing.get(prediction=verbal, rule='brier').value:f}" == "0.010000000"
