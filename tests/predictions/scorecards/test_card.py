import datetime as dt
import json
import math
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from predictions import services
from predictions.errors import Invalid
from predictions.models import Outcome, Prediction, Question, Score
from predictions.scorecards import MIN_QUESTIONS, Card, Scope, scorecard
from predictions.scorecards.others import Against
from predictions.services.posting import post
from predictions.when import end_of
from tests.making import Maker, write
from tests.predictions.scorecards.conftest import OPENED, SETTLED, Says, brier

pytestmark = pytest.mark.django_db
Settled = Callable[[int, Says], list[Question]]

# (p of yes, o) of the scored predictions, from the tables of the two articles.
THE_SUN = [(0.1, 0), (0.45, 0), (0.45, 0), (0.4, 0), (0.4, 0), (0.4, 1)]
COLUMNIST = [
    *((0.6, 0), (0.03, 1), (0.03, 0), (0.93, 1), (0.95, 0)),
    *((0.93, 0), (0.93, 1), (0.95, 0)),
]


def mean(values: Any) -> float:
    listed = list(values)
    return math.fsum(listed) / len(listed)


def stood(prediction: Prediction, since: dt.datetime) -> float:
    """The share of its question's scheduled time from then until it was settled or closed."""
    question, settled = prediction.question, prediction.outcome_settled_at
    assert settled
    assert question.due_at
    closed = min(settled, question.due_at)
    return (closed - max(since, question.opened_at)) / (question.due_at - question.opened_at)


def value(card: Card, name: str) -> float:
    found = getattr(card.means, name)
    assert found is not None
    return float(found.value)


@pytest.mark.usefixtures("seeded")
class TestTheSeedArticles:
    @pytest.mark.parametrize(
        ("key", "said"), [("the-sun-analysis", THE_SUN), ("columnist-seed-000", COLUMNIST)]
    )
    def test_means_are_those_worked_out_by_hand(
        self, key: str, said: list[tuple[float, int]]
    ) -> None:
        card = scorecard(Scope(forecaster=key))
        given = [p if o else 1 - p for p, o in said]
        clipped = [min(max(p, 0.01), 0.99) for p in given]
        assert value(card, "brier") == pytest.approx(mean((p - o) ** 2 for p, o in said), abs=1e-9)
        assert value(card, "log") == pytest.approx(mean(-math.log(p) for p in clipped), abs=1e-9)
        assert value(card, "spherical") == pytest.approx(
            mean(1 - p / math.hypot(p, 1 - p) for p in given), abs=1e-9
        )
        assert card.base_rate == pytest.approx(mean(o for _, o in said))
        assert card.sharpness == pytest.approx(mean(p * (1 - p) for p, _ in said))
        assert card.hit_rate == pytest.approx(mean((p > 0.5) == (o == 1) for p, o in said))

    def test_counts_are_those_of_the_articles(self) -> None:
        counts = scorecard(Scope()).counts
        assert (counts.predictions, counts.questions, counts.scored_questions) == (19, 18, 13)
        assert (counts.scored, counts.late, counts.void, counts.open) == (14, 0, 3, 2)
        assert (counts.unscorable, counts.abstained) == (8, 1)

    def test_vagueness_is_the_share_of_forecast_like_statements_without_a_question(self) -> None:
        assert scorecard(Scope()).vagueness_rate == pytest.approx(8 / 27)
        assert scorecard(Scope(outlet="the-sun")).vagueness_rate == pytest.approx(4 / 12)

    def test_by_topic_nobody_can_tell_how_vague_somebody_was(self) -> None:
        card = scorecard(Scope(topic="wagner"))
        assert card.counts.unscorable is card.counts.abstained is card.vagueness_rate is None

    def test_statements_are_of_the_day_of_their_article(self) -> None:
        day = dt.date(2023, 6, 24)
        assert scorecard(Scope(until=day)).counts.unscorable == 4
        assert scorecard(Scope(since=day)).counts.unscorable == 8
        assert scorecard(Scope(since=day + dt.timedelta(days=1))).counts.unscorable == 4

    def test_the_baseline_score_is_that_worked_out_by_hand(self) -> None:
        said = Prediction.objects.filter(forecaster__key="the-sun-analysis").with_state()
        points = []
        for each in said.select_related("question"):
            if each.state != "scored":
                continue
            p = float(each.probability or 0)
            given = p if each.outcome_answer == "yes" else 1 - p
            points.append(100 * (math.log2(given) + 1) * stood(each, each.made_at))
        card = scorecard(Scope(forecaster="the-sun-analysis"))
        assert len(points) == 6
        assert value(card, "baseline") == pytest.approx(mean(points), abs=1e-9)

    def test_the_peer_score_is_that_worked_out_by_hand(self) -> None:
        # 5 % and 90 % for what came of Q9, over the time in which both stood.
        both = Prediction.objects.filter(question__key="Q9").with_state().order_by("made_at")
        time = stood(both[0], both[1].made_at)
        assert 0.99 < time <= 1
        for key, points in (("the-sun-analysis", 1), ("columnist-seed-000", -1)):
            expected = points * 100 * math.log(0.9 / 0.05) * time
            card = scorecard(Scope(forecaster=key))
            assert value(card, "peer") == pytest.approx(expected, abs=1e-9)

    def test_skill_against_the_others_is_on_the_one_shared_question(self) -> None:
        against = scorecard(Scope(forecaster="the-sun-analysis")).against_others
        assert against.questions == 1
        assert against.skill == pytest.approx(1 - 0.01 / 0.9025)

    def test_calls_are_the_best_and_the_worst_of_what_was_said(self) -> None:
        card = scorecard(Scope())
        assert [call.question for call in card.best[:1]] == ["Q3"]
        assert {call.question for call in card.best} == {
            "Q3",
            "Q4",
            "Q8",
            "Q9",
            card.best[4].question,
        }
        assert [round(call.score, 4) for call in card.worst] == [
            0.9409,
            0.9025,
            0.9025,
            0.8649,
            0.36,
        ]
        worst = card.worst[0]
        assert (worst.question, worst.forecaster, worst.p, worst.o) == (
            "Q2",
            "columnist-seed-000",
            0.03,
            1.0,
        )
        assert worst.quote.startswith("it is impossible to see how Russia")

    def test_better_than_an_even_chance_is_no_bad_call(self) -> None:
        card = scorecard(Scope(forecaster="the-sun-analysis"))
        assert [call.question for call in card.worst] == ["Q15"]
        assert all(call.score < 0.25 for call in card.best)

    def test_fourteen_predictions_are_a_small_sample_and_give_no_rank(self) -> None:
        card = scorecard(Scope(forecaster="the-sun-analysis"))
        assert card.small_sample
        assert card.rank is None

    def test_the_json_is_plain_and_the_same_every_time(self) -> None:
        first, second = (json.dumps(scorecard(Scope()).as_json()) for _ in range(2))
        assert first == second
        told = json.loads(first)
        assert told["means"]["brier"]["value"] == pytest.approx(5.0765 / 14, abs=1e-9)
        assert told["calibration"]["bins"][0]["count"] == 2
        assert told["calibration"]["curve"]["p"] == [0.03, 0.1, 0.4, 0.45, 0.6, 0.93, 0.95]
        assert sum(told["distribution"]["counts"]) == 14
        assert told["scope"]["since"] is None

    def test_another_seed_moves_the_intervals_and_nothing_else(self) -> None:
        first, second = (scorecard(Scope(), seed=seed) for seed in (1, 2))
        assert first.means.brier
        assert second.means.brier
        assert first.means.brier.value == second.means.brier.value
        assert first.means.brier.interval != second.means.brier.interval

    def test_the_parts_of_the_score_add_up(self) -> None:
        card = scorecard(Scope())
        assert card.murphy
        assert card.corp
        whole = value(card, "brier")
        m, c = card.murphy, card.corp
        assert m.reliability - m.resolution + m.uncertainty == pytest.approx(whole, abs=1e-9)
        assert c.miscalibration - c.discrimination + c.uncertainty == pytest.approx(whole, abs=1e-9)
        assert card.skill == pytest.approx(1 - whole / (4 / 14 * 10 / 14))


def test_nothing_recorded_is_a_card_without_figures(db: None) -> None:
    card = scorecard(Scope())
    assert card.counts.predictions == 0
    assert card.small_sample
    assert card.against_others.questions == 0
    told = card.as_json()
    assert set(told["means"].values()) == {None}
    figures = ("base_rate", "skill", "murphy", "corp", "calibration", "hit_rate", "vagueness_rate")
    assert [told[name] for name in figures] == [None] * len(figures)
    assert (told["best"], told["worst"], told["other_kinds"]) == ([], [], [])


def test_open_and_void_questions_alone_bear_no_figures(make: Maker) -> None:
    prediction = make.prediction()
    make.outcome(make.prediction().question, None, void_reason="withdrawn")
    card = scorecard(Scope())
    assert (card.counts.predictions, card.counts.open, card.counts.void) == (2, 1, 1)
    assert card.means.brier is None
    assert scorecard(Scope(forecaster=prediction.forecaster.key)).rank is None


def test_an_unknown_key_is_refused_by_its_field(db: None) -> None:
    with pytest.raises(Invalid, match=r"^topic: there is none with the key 'nothing'"):
        scorecard(Scope(topic="nothing"))


def test_enough_questions_give_a_rank_among_those_who_have_enough(
    make: Maker, settled: Settled
) -> None:
    good, even, also, few = (make.forecaster() for _ in range(4))
    everyone: Says = {
        good: lambda place: "0.2" if place % 2 else "0.8",
        even: lambda _: "0.5",
        also: lambda _: "0.5",
    }
    settled(MIN_QUESTIONS - 1, everyone | {few: lambda place: "0" if place % 2 else "1"})
    assert scorecard(Scope(forecaster=good.key)).rank is None
    settled(1, everyone)
    cards = {who: scorecard(Scope(forecaster=who.key)) for who in (good, even, also, few)}
    places = {who: card.rank and (card.rank.place, card.rank.of) for who, card in cards.items()}
    assert places == {good: (1, 3), even: (2, 3), also: (2, 3), few: None}
    assert [card.small_sample for card in cards.values()] == [False, False, False, True]


def test_revisions_do_not_make_a_sample_large(make: Maker, settled: Settled) -> None:
    who, question = make.forecaster(), make.question(opened_at=OPENED)
    for hour in range(MIN_QUESTIONS + 1):
        made = OPENED + dt.timedelta(hours=hour)
        make.prediction("0.7", question=question, forecaster=who, made_at=made)
    make.outcome(question, "yes", settled_at=SETTLED)
    card = scorecard(Scope(forecaster=who.key))
    assert (card.counts.scored, card.counts.scored_questions) == (MIN_QUESTIONS + 1, 1)
    assert card.small_sample
    assert card.means.brier
    assert card.means.brier.interval is None
    assert len(card.best) == 1


def test_against_the_others_each_question_counts_once(make: Maker) -> None:
    who, rival, third = make.forecaster(), make.forecaster(), make.forecaster()
    often, once, alone = (make.question(opened_at=OPENED) for _ in range(3))
    said = {
        often: [(who, "0.9"), (who, "0.7"), (rival, "0.5"), (third, "0.1"), (third, "0.3")],
        once: [(who, "0.4"), (rival, "0.6")],
        alone: [(who, "0.2")],
    }
    for question, all_said in said.items():
        for hour, (forecaster, p) in enumerate(all_said):
            made = OPENED + dt.timedelta(hours=hour)
            make.prediction(p, question=question, forecaster=forecaster, made_at=made)
        make.outcome(question, "yes", settled_at=SETTLED)

    def mean_brier(*given: str) -> float:
        return mean(brier(p, "yes") for p in given)

    own = mean([mean_brier("0.9", "0.7"), mean_brier("0.4")])
    theirs = mean([mean([mean_brier("0.5"), mean_brier("0.1", "0.3")]), mean_brier("0.6")])
    against = scorecard(Scope(forecaster=who.key)).against_others
    assert against.questions == 2
    assert against.skill == pytest.approx(1 - own / theirs, abs=1e-9)


def test_what_a_forecaster_said_in_another_outlet_is_not_what_others_said(make: Maker) -> None:
    who, rival = make.forecaster(), make.forecaster()
    here, there = (
        make.article(outlet=services.outlet_record(key=key, name=key, by=None), sha256=key * 64)
        for key in "ab"
    )
    question = make.question(opened_at=OPENED)
    for forecaster, p, article in ((who, "0.9", here), (who, "0.5", there)):
        make.prediction(
            p, question=question, forecaster=forecaster, article=article, made_at=OPENED
        )
    make.outcome(question, "yes", settled_at=SETTLED)
    scopes = (Scope(outlet="a"), Scope(forecaster=who.key, outlet="a"))
    assert [scorecard(scope).against_others for scope in scopes] == [Against(None, 0)] * 2
    make.prediction("0.8", question=question, forecaster=rival, article=there, made_at=OPENED)
    for scope in scopes:
        against = scorecard(scope).against_others
        assert against.questions == 1
        assert against.skill == pytest.approx(1 - 0.01 / 0.04)


def test_over_time_and_last_before_the_close_are_those_worked_out_by_hand(make: Maker) -> None:
    opened = dt.datetime(2026, 2, 1, tzinfo=dt.UTC)
    question = make.question(opened_at=opened, due_at=end_of(dt.date(2026, 10, 31)))
    who = make.forecaster()
    # Open for 100 days; 0.2 stands from day 20 to 60, 0.9 from 60 to 100.
    for day, p in ((20, "0.2"), (60, "0.9")):
        made = opened + dt.timedelta(days=day)
        make.prediction(p, question=question, forecaster=who, made_at=made)
    make.outcome(question, "yes", settled_at=opened + dt.timedelta(days=100))
    over = scorecard(Scope(forecaster=who.key)).over_time
    assert over.time_weighted == pytest.approx((40 * 0.64 + 40 * 0.01) / 80)
    assert over.coverage == pytest.approx(0.8)
    assert over.last == pytest.approx(0.01)


def test_a_peer_score_needs_others_and_sums_to_nothing_among_them(
    make: Maker, settled: Settled
) -> None:
    first, second, alone = make.forecaster(), make.forecaster(), make.forecaster()
    settled(4, {first: lambda _: "0.6", second: lambda place: f"0.{place + 1}"})
    settled(1, {alone: lambda _: "0.9"})
    mine, theirs = (scorecard(Scope(forecaster=who.key)) for who in (first, second))
    assert value(mine, "peer") == pytest.approx(-value(theirs, "peer"))
    assert scorecard(Scope(forecaster=alone.key)).means.peer is None
    assert scorecard(Scope()).means.peer is None


def test_corrected_and_corrected_back_the_card_is_what_it_was(make: Maker) -> None:
    question = make.prediction("0.7").question
    make.prediction("0.4", question=question)
    outcome = make.outcome(question, "yes")
    before = scorecard(Scope())
    for answer in ("no", "yes"):
        outcome = services.outcome_correct(
            outcome=outcome, verdict=make.verdict(answer), reason="Misread.", by=None, now=make.now
        )
        assert (scorecard(Scope()).as_json() == before.as_json()) is (answer == "yes")


def test_the_number_of_statements_does_not_grow_with_the_rows(
    make: Maker, settled: Settled
) -> None:
    who = make.forecaster()

    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            scorecard(Scope(forecaster=who.key))
        return len(captured)

    settled(1, {who: lambda _: "0.6"})
    few = statements()
    settled(12, {who: lambda place: f"0.{place % 9 + 1}", make.forecaster(): lambda _: "0.3"})
    assert statements() == few == 4


def settle_by_rows(make: Maker, prediction: Prediction, answer: str, score: str) -> None:
    """As the services do it for answers other than yes and no."""
    outcome = Outcome(
        question=prediction.question,
        answer=answer,
        settled_at=SETTLED,
        rationale="The ministry said so.",
        entered_at=make.now,
    )
    post(kind="outcome.entered", by=None, rows=[outcome])
    figures = {"value": score, "best": score, "worst": score}
    earned = [
        Score(prediction=prediction, outcome=outcome, rule=rule, posted_at=make.now, **figures)
        for rule in ("brier", "log")
    ]
    write("scores.posted", earned)


def test_questions_of_other_kinds_count_and_have_a_mean_of_their_own(make: Maker) -> None:
    first, ordered = make.choice("wheat", "rye"), make.choice("low", "middle", "high", ordered=True)
    for question, shares in ((first, ("0.7", "0.3")), (ordered, ("0.5", "0.3", "0.2"))):
        make.spread(question, *shares)
        make.outcome(question, question.options[0])
    make.outcome(make.prediction("0.8").question, "yes")
    card = scorecard(Scope())
    assert (card.counts.scored, card.counts.scored_questions) == (3, 1)
    assert value(card, "brier") == pytest.approx(0.04)
    told = [(other.rule, other.unit, other.scored) for other in card.other_kinds]
    assert told == [("brier", "", 1), ("log", "", 2), ("rps", "", 1)]
    mean_log = -(math.log(0.7) + math.log(0.5)) / 2
    means = [other.mean.value for other in card.other_kinds]
    assert means == pytest.approx([0.18, mean_log, (0.25 + 0.04) / 2])


def test_scores_in_different_units_are_not_averaged(make: Maker) -> None:
    for unit, answer in (("tonnes", "10"), ("tonnes", "12"), ("euros", "1000")):
        question = make.numeric(unit=unit)
        make.range(question, {"0.25": 10, "0.75": 10})
        make.outcome(question, answer)
    question = make.dated()
    make.range(question, {"0.25": "2026-05-01", "0.75": "2026-05-01"})
    make.outcome(question, "2026-05-04")
    told = [
        (other.rule, other.unit, other.scored, other.mean.value)
        for other in scorecard(Scope()).other_kinds
    ]
    assert told == [
        ("crps", "days", 1, 3.0),
        ("crps", "euros", 1, 990.0),
        ("crps", "tonnes", 2, 1.0),
    ]


def test_a_partial_answer_counts_by_its_part_and_has_no_points(make: Maker) -> None:
    prediction = make.prediction("0.7")
    settle_by_rows(make, prediction, "0.4", "0.09")
    card = scorecard(Scope(forecaster=prediction.forecaster.key))
    assert card.base_rate == 0.4
    assert value(card, "brier") == pytest.approx(0.09)
    assert card.hit_rate == 0
    assert card.skill is None
    assert card.means.baseline is card.means.peer is None
    assert card.calibration
    assert card.calibration.bins[0].share == 0.4
