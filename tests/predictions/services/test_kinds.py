"""Questions of options, numbers and dates: opened, forecast, answered and scored."""

import datetime as dt
import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from predictions import services
from predictions.audit import check_scores
from predictions.errors import Conflict, Invalid
from predictions.models import Outcome, Prediction, Question, Score
from predictions.scorecards import scoreboard
from predictions.services.rescoring import rescore
from predictions.when import end_of
from tests.making import Maker, write
from tests.predictions.recount import recounted

pytestmark = pytest.mark.django_db

LATE = end_of(dt.date(2026, 9, 2))
MANY = [f"option {number}" for number in range(100)]


def refusal(field: str, words: str) -> Any:
    return pytest.raises(Invalid, match=rf"^{field}: .*{words}")


def scores(prediction: Prediction) -> dict[str, float]:
    """What stands, by rule; best and worst are the same."""
    standing = list(Score.objects.standing().filter(prediction=prediction))
    assert all(row.best == row.value == row.worst for row in standing)
    return {row.rule: float(row.value) for row in standing}


def near(figure: float | Fraction) -> Any:
    return pytest.approx(float(figure), abs=1e-9)


# Opening.


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        ({"kind": "choice"}, "options", "are 0; give 2 to 100"),
        ({"kind": "choice", "options": ["rye"]}, "options", "are 1; give 2 to 100"),
        ({"kind": "choice", "options": [*MANY, "one more"]}, "options", "are 101"),
        ({"kind": "choice", "options": ["rye", " rye "]}, "options", "'rye' twice"),
        ({"kind": "choice", "options": ["rye", "  "]}, "options", "1 to 100 characters"),
        ({"kind": "choice", "options": ["rye", "x" * 101]}, "options", "1 to 100 characters"),
        ({"kind": "choice", "options": ["rye", 3]}, "options", "list of texts"),
        ({"kind": "choice", "options": ["rye", "a\x00"]}, "options", "NUL"),
        ({"kind": "choice", "options": ["a", "b"], "unit": "t"}, "unit", "only numeric"),
        ({"kind": "choice", "options": ["a", "b"], "partial": True}, "partial", "only binary"),
        ({"options": ["a", "b"]}, "options", "only choice questions"),
        ({"ordered": True}, "ordered", "only choice questions"),
        ({"kind": "numeric"}, "unit", "is missing"),
        ({"kind": "numeric", "unit": "  "}, "unit", "is missing"),
        ({"kind": "numeric", "unit": "t" * 51}, "unit", "50"),
        ({"kind": "date", "unit": "days"}, "unit", "only numeric"),
        ({"kind": "date", "partial": True}, "partial", "only binary"),
        ({"kind": "guess"}, "kind", "give one of binary, choice, numeric, date"),
    ],
)
def test_a_question_that_does_not_fit_its_kind_is_refused(
    make: Maker, given: dict[str, Any], field: str, words: str
) -> None:
    with refusal(field, words):
        make.question(**given)
    assert not Question.objects.exists()


def test_options_are_kept_cleaned_and_in_their_order(make: Maker) -> None:
    question = make.choice(" rye", "Gru\u0308nkern", "oats", ordered=True)
    assert question.options == ["rye", "Gr\u00fcnkern", "oats"]
    question.refresh_from_db()
    assert (question.options, question.ordered) == (["rye", "Gr\u00fcnkern", "oats"], True)


def test_many_questions_are_opened_by_the_same_rules(make: Maker) -> None:
    opened = {"criteria": "As the ministry says.", "opened_at": make.now, "horizon_basis": "stated"}
    rows = [
        Question(key="A", kind="choice", options=["a ", "b"], text="Which?", due_at=LATE, **opened),
        Question(key="B", kind="numeric", text="How many?", due_at=LATE, **opened),
    ]
    with refusal("unit", "is missing"):
        services.questions_open(questions=rows, by=None, now=make.now, as_found=True)
    services.questions_open(questions=rows[:1], by=None, now=make.now, as_found=True)
    assert Question.objects.get().options == ["a", "b"]


# Forecasting.


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        ({}, "distribution", "is missing; give the probability of each option"),
        ({"distribution": {}}, "distribution", "is missing"),
        ({"distribution": {"rye": 1}}, "distribution", "no probability of 'wheat'"),
        ({"distribution": {"wheat": 1, "rye": 0, "corn": 0}}, "distribution", "'corn'"),
        ({"distribution": {"wheat": 1, "rye": 0, " rye": 0}}, "distribution", "an option twice"),
        ({"distribution": {"wheat": "0.6", "rye": "0.3"}}, "distribution", "adds up to 0.9"),
        ({"distribution": {"wheat": "0.5000001", "rye": "0.4999999"}}, "distribution", "6 places"),
        ({"distribution": {"wheat": "1.5", "rye": "-0.5"}}, "distribution", "not a probability"),
        ({"distribution": {"wheat": "NaN", "rye": "1"}}, "distribution", "not a probability"),
        ({"distribution": {"wheat": True, "rye": 0}}, "distribution", "not a probability"),
        ({"probability": "0.7"}, "probability", "does not go with .* choice"),
        ({"quantiles": {"0.1": 1, "0.9": 2}}, "quantiles", "does not go with .* choice"),
        ({"low": Decimal("0.1")}, "low", "yes or no only"),
        ({"high": Decimal("0.1")}, "high", "yes or no only"),
        ({"side": "yes"}, "side", "yes or no only"),
        ({"basis": "verbal"}, "basis", "yes or no only"),
    ],
)
def test_a_forecast_that_does_not_fit_the_options_is_refused(
    make: Maker, given: dict[str, Any], field: str, words: str
) -> None:
    with refusal(field, words):
        make.prediction(**{"probability": None, "question": make.choice("wheat", "rye"), **given})
    assert not Prediction.objects.exists()


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (None, "is missing; give levels and their values"),
        ({"0.5": 1}, "holds 1 levels; give 2 to 100"),
        ({f"0.{level:03}": 1 for level in range(1, 102)}, "holds 101 levels"),
        ({"0": 1, "0.5": 2}, "lies between 0 and 1"),
        ({"0.5": 1, "1": 2}, "lies between 0 and 1"),
        ({"0.5": 1, "0.1234567": 2}, "at most 6 places"),
        ({"half": 1, "0.9": 2}, "the level 'half'"),
        ({"0.5": 1, "0.50": 2}, "level 0.5 twice"),
        ({"0.1": 3, "0.5": 2}, "falls from 3.000000 to 2.000000 at level 0.5"),
        ({"0.1": 1, "0.5": 1_000_001}, "in a larger unit, such as thousands"),
        ({"0.1": -1_000_001, "0.5": 1}, "in a larger unit, such as thousands"),
        ({"0.1": 1, "0.5": "1.0000001"}, "at most 6 places"),
        ({"0.1": 1, "0.5": "Infinity"}, "is not a number"),
        ({"0.1": 1, "0.5": "2026-05-01"}, "is not a number"),
        ({"0.1": 1, "0.5": True}, "is not a number"),
    ],
)
def test_quantiles_of_a_number_that_do_not_hold_together_are_refused(
    make: Maker, said: Any, words: str
) -> None:
    with refusal("quantiles", words):
        make.range(make.numeric(), said)
    assert not Prediction.objects.exists()


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"0.1": "2026-05-02", "0.5": "2026-05-01"}, "falls from 2026-05-02 to 2026-05-01"),
        ({"0.1": "20260501", "0.5": "2026-05-01"}, "write it as 2024-02-17"),
        ({"0.1": "2026-02-30", "0.5": "2026-05-01"}, "is not a date"),
        ({"0.1": 12, "0.5": "2026-05-01"}, "is not a date"),
    ],
)
def test_quantiles_of_a_date_that_do_not_hold_together_are_refused(
    make: Maker, said: Any, words: str
) -> None:
    with refusal("quantiles", words):
        make.range(make.dated(), said)


def test_a_phrase_is_read_on_yes_or_no_alone(make: Maker) -> None:
    phrase = make.phrase()
    for question in (make.choice(), make.numeric(), make.dated()):
        with refusal("phrase", "yes or no only"):
            make.prediction(None, question=question, basis="verbal", phrase=phrase)


def test_yes_or_no_takes_a_probability_and_nothing_else(make: Maker) -> None:
    for field in ("distribution", "quantiles"):
        with refusal(field, "give the probability of yes in probability"):
            make.prediction("0.7", **{field: {"0.1": 1, "0.9": 2}})


def test_what_was_forecast_is_stored_in_one_way(make: Maker) -> None:
    crop = make.choice("rye", "Grünkern")
    said = {"Gru\u0308nkern": Decimal("0.30"), " rye": "7e-1"}
    spread = make.prediction(None, question=crop, distribution=said)
    numbers = make.range(make.numeric(), {"0.9": 30, ".10": "-0", "0.5": Decimal("12.50")})
    dates = make.range(make.dated(), {"0.75": dt.date(2026, 7, 1), "0.25": "2026-05-01"})
    for prediction in (spread, numbers, dates):
        prediction.refresh_from_db()
    assert spread.distribution == [["rye", "0.700000"], ["Grünkern", "0.300000"]]
    assert numbers.quantiles == [
        *(["0.100000", "0.000000"], ["0.500000", "12.500000"], ["0.900000", "30.000000"])
    ]
    assert dates.quantiles == [["0.250000", "2026-05-01"], ["0.750000", "2026-07-01"]]
    assert spread.facts()["distribution"] == spread.distribution


def test_many_predictions_are_recorded_by_the_same_rules(make: Maker) -> None:
    forecaster, question = make.forecaster(), make.choice("a", "b")
    given = {"question": question, "forecaster": forecaster, "made_at": make.now, "basis": "stated"}
    wrong = Prediction(distribution={"a": 1, "b": 1}, **given)
    with refusal("distribution", "adds up to 2"):
        services.predictions_record(predictions=[wrong], by=None, now=make.now)
    rows = [
        Prediction(distribution={"b": share, "a": 1 - share}, **given)
        for share in (Decimal("0.4"), Decimal(1))
    ]
    services.predictions_record(predictions=rows, by=None, now=make.now)
    stored = Prediction.objects.order_by("revision").values_list("revision", "distribution")
    assert list(stored) == [
        (1, [["a", "0.600000"], ["b", "0.400000"]]),
        (2, [["a", "0.000000"], ["b", "1.000000"]]),
    ]


# Answering.


@pytest.mark.parametrize(
    ("kind", "answer", "words"),
    [
        ("choice", "corn", "give one of: wheat, rye, oats"),
        ("choice", "yes", "is no option"),
        ("numeric", "many", "is not a number"),
        ("numeric", "1000001", "in a larger unit"),
        ("numeric", "0.1234567", "at most 6 places"),
        ("numeric", "2026-05-01", "is not a number"),
        ("date", "in May", "write it as 2024-02-17"),
        ("date", "2026-02-30", "is not a date"),
        ("date", "yes", "is not a date"),
    ],
)
def test_an_answer_of_another_kind_is_refused(
    make: Maker, kind: str, answer: str, words: str
) -> None:
    question = {"choice": make.choice, "numeric": make.numeric, "date": make.dated}[kind]()
    with refusal("answer", words):
        make.outcome(question, answer)
    assert not Outcome.objects.exists()


@pytest.mark.parametrize(
    ("given", "written"),
    [("12.50", "12.5"), ("-0", "0"), ("1e3", "1000"), ("-1000000", "-1000000"), ("100", "100")],
)
def test_a_number_is_written_in_one_way(make: Maker, given: str, written: str) -> None:
    assert make.outcome(make.numeric(), given).answer == written


# Scores, against the formulas in plain Python.


def test_options_without_order_earn_brier_and_log(make: Maker) -> None:
    prediction = make.spread(make.choice("wheat", "rye", "oats"), "0.5", "0.3", "0.2")
    make.outcome(prediction.question, "rye")
    expected = Fraction(5, 10) ** 2 + Fraction(7, 10) ** 2 + Fraction(2, 10) ** 2
    assert scores(prediction) == {"brier": near(expected), "log": near(-math.log(0.3))}


def test_options_in_order_earn_rps_and_log(make: Maker) -> None:
    prediction = make.spread(
        make.choice("low", "middle", "high", ordered=True), "0.5", "0.3", "0.2"
    )
    make.outcome(prediction.question, "high")
    expected = (Fraction(5, 10) ** 2 + Fraction(8, 10) ** 2) / 2
    assert scores(prediction) == {"rps": near(expected), "log": near(-math.log(0.2))}


def test_an_option_held_impossible_costs_the_log_score_of_one_in_a_hundred(make: Maker) -> None:
    prediction = make.spread(make.choice("a", "b"), "1", "0")
    make.outcome(prediction.question, "b")
    assert scores(prediction) == {"brier": 2.0, "log": near(-math.log(0.01))}


def test_a_hundred_options_are_scored(make: Maker) -> None:
    prediction = make.spread(make.choice(*MANY), "1", *["0"] * 99)
    make.outcome(prediction.question, MANY[0])
    assert scores(prediction) == {"brier": 0.0, "log": near(math.log(100))}


def test_numbers_earn_twice_the_mean_pinball_loss(make: Maker) -> None:
    said = {"0.1": "8", "0.5": "12.5", "0.9": "30"}
    prediction = make.range(make.numeric(), said)
    make.outcome(prediction.question, "17.25")
    answer = Fraction("17.25")
    losses = [
        (Fraction(answer <= Fraction(value)) - Fraction(level)) * (Fraction(value) - answer)
        for level, value in said.items()
    ]
    assert scores(prediction) == {"crps": near(2 * sum(losses) / 3)}


def test_dates_are_scored_in_days(make: Maker) -> None:
    prediction = make.range(make.dated(), {"0.25": "2026-05-01", "0.75": "2026-05-01"})
    make.outcome(prediction.question, "2026-05-31")
    assert scores(prediction) == {"crps": 30.0}


def test_the_widest_miss_still_fits(make: Maker) -> None:
    numbers = make.range(make.numeric(), {"0.999998": -1_000_000, "0.999999": -1_000_000})
    make.outcome(numbers.question, "1000000")
    dates = make.range(make.dated(), {"0.999998": "0001-01-01", "0.999999": "0001-01-01"})
    make.outcome(dates.question, "9999-12-31")
    assert scores(numbers)["crps"] == pytest.approx(4_000_000 * 0.9999985)
    assert scores(dates)["crps"] == pytest.approx(2 * 3_652_058 * 0.9999985)
    assert list(check_scores()) == []


# What becomes of them.


def one_of_each(make: Maker, **given: Any) -> list[tuple[Prediction, str, str]]:
    """A prediction of each kind, with an answer to its question, and another one."""
    levels = {"0.2": 5, "0.7": 10}
    days = {"0.2": "2026-05-01", "0.7": "2026-06-01"}
    return [
        (make.spread(make.choice("a", "b"), "0.9", "0.1", **given), "a", "b"),
        (make.spread(make.choice("a", "b", ordered=True), "0.9", "0.1", **given), "b", "a"),
        (make.range(make.numeric(), levels, **given), "7", "12"),
        (make.range(make.dated(), days, **given), "2026-05-20", "2026-07-01"),
    ]


def test_a_correction_reverses_what_they_earned_and_posts_anew(make: Maker) -> None:
    for prediction, answer, other in one_of_each(make):
        decided = make.outcome(prediction.question, answer)
        before = scores(prediction)
        again = make.correct(make.correct(decided, other), answer)
        assert scores(prediction) == before
        assert {row.outcome for row in Score.objects.standing().filter(prediction=prediction)} == {
            again
        }
        total = sum(row.value for row in Score.objects.filter(prediction=prediction))
        assert float(total) == near(sum(before.values()))
    assert list(check_scores()) == []


def test_a_withdrawal_and_a_void_leave_them_without_a_score(make: Maker) -> None:
    for prediction, answer, other in one_of_each(make):
        make.withdraw(make.outcome(prediction.question, answer))
        assert scores(prediction) == {}
        decided = make.outcome(prediction.question, other)
        assert scores(prediction)
        make.correct(decided, None, void_reason="ambiguous")
        assert scores(prediction) == {}
    assert list(check_scores()) == []


def test_what_comes_late_is_kept_and_not_scored(make: Maker) -> None:
    rows = one_of_each(make, made_at=LATE)
    for prediction, answer, _ in rows:
        make.outcome(prediction.question, answer)
        assert scores(prediction) == {}
        assert Prediction.objects.with_state().get(pk=prediction.pk).state == "late"
    assert scoreboard().total.late == len(rows)


def test_a_revision_earns_beside_the_one_before(make: Maker) -> None:
    question, forecaster = make.choice("a", "b"), make.forecaster()
    first = make.spread(question, "0.9", "0.1", forecaster=forecaster)
    second = make.spread(question, "0.2", "0.8", forecaster=forecaster)
    make.outcome(question, "b")
    assert (scores(first)["brier"], scores(second)["brier"]) == (near(1.62), near(0.08))


def test_a_prediction_found_after_the_outcome_is_scored_at_once(make: Maker) -> None:
    question = make.choice("a", "b")
    make.outcome(question, "b")
    prediction = make.spread(question, "0", "1", article=make.article())
    assert scores(prediction) == {"brier": 0.0, "log": near(-math.log(0.99))}


def test_totals_are_of_yes_or_no_whatever_else_the_same_people_forecast(make: Maker) -> None:
    """One selection with both: the scores of each go to where they belong."""
    forecaster = make.forecaster()
    # Questions have random ids, by which lines are in order: either kind comes first in some.
    verdicts = {}
    for number in range(6):
        question = make.choice("a", "b")
        make.spread(question, "0.9", "0.1", forecaster=forecaster)
        verdicts[question] = make.verdict("b")
        question = make.question()
        make.prediction(f"0.{number + 1}", question=question, forecaster=forecaster)
        verdicts[question] = make.verdict("yes")
    services.outcomes_enter(verdicts=verdicts, by=None, now=make.now)
    total = scoreboard().total
    expected = recounted(Prediction.objects.filter(question__kind="binary"))
    for name in ("mean_brier", "mean_log", "mean_brier_by_question"):
        assert getattr(total, name) == pytest.approx(expected[name]), name
    assert total.scored == 12
    assert list(check_scores()) == []


@pytest.mark.parametrize(
    "said",
    [
        {"distribution": [["a", "0.500000"], ["b", "0.400000"]]},
        {"distribution": [["b", "0.500000"], ["a", "0.500000"]]},
        {"distribution": {"a": "0.5", "b": "0.5"}},
        {"distribution": [1, 2]},
        {"quantiles": [["0.100000", "1.000000"], ["0.900000", "2.000000"]]},
    ],
)
def test_what_no_service_has_written_earns_nothing(make: Maker, said: dict[str, Any]) -> None:
    question = make.choice("a", "b")
    sound = make.spread(question, "0.9", "0.1")
    written = {"made_at": sound.made_at, "recorded_at": make.now, "basis": "stated", **said}
    row = Prediction(question=question, forecaster=make.forecaster(), **written)
    write("prediction.recorded", [row])
    make.outcome(question, "a")
    assert scores(row) == {}
    assert scores(sound)["brier"] == near(0.02)


def test_verification_misses_a_score_that_was_never_posted(make: Maker) -> None:
    prediction = make.spread(make.choice("a", "b"), "0.9", "0.1")
    make.outcome(prediction.question, "a")
    again = {name: getattr(prediction, name) for name in ("distribution", "made_at", "basis")}
    row = Prediction(
        question=prediction.question, forecaster=make.forecaster(), recorded_at=make.now, **again
    )
    write("prediction.recorded", [row])
    found = [str(finding) for finding in check_scores()]
    for rule in ("brier", "log"):
        assert any(f"prediction {row.pk}" in one and f"no {rule} score" in one for one in found)


def test_scoring_anew_finds_nothing_to_do(make: Maker) -> None:
    for prediction, answer, _ in one_of_each(make):
        make.outcome(prediction.question, answer)
    done = rescore(by=None, now=make.now)
    assert (done.predictions, done.posted, done.reversed) == (4, 0, 0)


# Conditions.


def test_a_question_is_void_when_another_option_comes_true(make: Maker) -> None:
    condition = make.choice("wheat", "rye", key="C")
    question = make.conditional(condition, " rye", key="D")
    assert question.condition_answer == "rye"
    make.prediction(question=question)
    decided = make.outcome(condition, "wheat")
    void = question.outcome
    assert void is not None
    assert (void.void_reason, void.follows) == ("condition_not_met", decided)
    with pytest.raises(Conflict, match="C = rye, which is wheat"):
        make.correct(void, "yes")
    make.correct(decided, "rye")
    assert question.outcome is None


def test_an_option_may_itself_be_conditional(make: Maker) -> None:
    condition = make.question()
    prediction = make.spread(
        make.choice("a", "b", condition_question=condition, condition_answer="yes"), "0.5", "0.5"
    )
    make.outcome(prediction.question, "a")
    decided = make.outcome(condition, "no")
    assert scores(prediction) == {}
    make.correct(decided, "yes")
    assert scores(prediction)["brier"] == 0.5


@pytest.mark.parametrize(
    ("kind", "answer", "field", "words"),
    [
        ("choice", "yes", "condition_answer", "is no option .* give one of: wheat, rye, oats"),
        ("choice", "", "condition_answer", "is no option"),
        ("binary", "rye", "condition_answer", "must be yes or no"),
        ("numeric", "12", "condition_question", "name a question of yes or no, or of options"),
        ("date", "2026-05-01", "condition_question", "name a question of yes or no"),
    ],
)
def test_a_condition_that_could_not_be_met_is_refused(
    make: Maker, kind: str, answer: str, field: str, words: str
) -> None:
    kinds = {"choice": make.choice, "numeric": make.numeric, "date": make.dated}
    condition = kinds.get(kind, make.question)()
    with refusal(field, words):
        make.conditional(condition, answer)
