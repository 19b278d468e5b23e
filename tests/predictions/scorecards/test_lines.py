"""That the one statement says of every prediction what the querysets say."""

import datetime as dt
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from predictions import services
from predictions.errors import Invalid
from predictions.models import Prediction
from predictions.reckoning import State
from predictions.scorecards import Horizon, Scope
from predictions.scorecards.lines import Lines, read
from predictions.when import end_of
from tests.making import Maker

pytestmark = pytest.mark.django_db


def by_prediction(lines: Lines, *names: str) -> dict[Any, tuple[float | None, ...]]:
    return {
        lines.prediction(row): tuple(
            None if np.isnan(lines[name][row]) else float(lines[name][row]) for name in names
        )
        for row in range(len(lines))
    }


def number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def assert_as_the_querysets_say(lines: Lines) -> None:
    rows = Prediction.objects.with_state().with_scores().select_related("question")
    scores = by_prediction(lines, "p", "brier", "brier_best", "brier_worst", "log")
    assert scores == {
        row.pk: tuple(
            map(
                number,
                (row.probability, row.brier, row.brier_best, row.brier_worst, row.log),
            )
        )
        for row in rows
    }
    states = by_prediction(lines, "state")
    assert states == {row.pk: (State[row.state.upper()],) for row in rows}
    times = by_prediction(lines, "made", "opened")
    assert times == {
        row.pk: (row.made_at.timestamp(), row.question.opened_at.timestamp()) for row in rows
    }


@pytest.mark.usefixtures("seeded")
def test_states_and_scores_are_those_of_the_querysets() -> None:
    lines = read(Scope())
    assert len(lines) == 19
    assert_as_the_querysets_say(lines)
    assert lines.own.all()
    assert lines.binary.all()


def test_corrections_late_predictions_and_void_questions_are_seen_as_they_stand(
    make: Maker,
) -> None:
    corrected, void, late = (
        make.question(),
        make.question(),
        make.question(due_at=None, due_rule="Six months on"),
    )
    who = make.forecaster()
    for question in (corrected, void, late):
        make.prediction("0.7", question=question, forecaster=who)
    make.prediction("1", question=late, forecaster=who, made_at=end_of(dt.date(2026, 9, 2)))
    first = make.outcome(corrected, "yes")
    for answer in ("no", "yes"):
        first = services.outcome_correct(
            outcome=first, verdict=make.verdict(answer), reason="Misread.", by=None, now=make.now
        )
    make.outcome(void, None, void_reason="ambiguous")
    make.outcome(late, "no")
    make.prediction("0.000001")
    lines = read(Scope())
    assert_as_the_querysets_say(lines)
    assert sorted(lines["state"].tolist()) == [
        State.OPEN,
        State.VOID,
        State.LATE,
        State.SCORED,
        State.SCORED,
    ]
    assert len(lines.settled()) == 2


def test_rows_come_by_series_and_each_series_in_the_order_of_revision(make: Maker) -> None:
    first, second = make.forecaster(), make.forecaster()
    questions = [make.question(), make.question()]
    for day in (3, 1, 2):
        for question in questions:
            for who in (second, first):
                make.prediction(
                    f"0.{day}",
                    question=question,
                    forecaster=who,
                    made_at=end_of(dt.date(2026, 2, day)),
                )
    lines = read(Scope())
    assert lines.series.tolist() == [0] * 3 + [1] * 3 + [2] * 3 + [3] * 3
    assert lines.firsts.tolist() == [0, 3, 6, 9]
    assert lines["p"].tolist() == [0.1, 0.2, 0.3] * 4
    assert {lines.forecasters[number] for number in lines.forecaster} == {first.pk, second.pk}
    assert {lines.questions[number] for number in lines.question} == {q.pk for q in questions}


def test_nothing_recorded_is_no_lines(db: None) -> None:
    lines = read(Scope())
    assert len(lines) == 0
    assert lines.series.tolist() == lines.firsts.tolist() == []


class TestScopes:
    def test_others_are_read_along_and_told_apart(self, make: Maker) -> None:
        own = make.prediction()
        other = make.prediction(question=own.question)
        lines = read(Scope(forecaster=own.forecaster.key))
        whose = {lines.prediction(row): bool(lines.own[row]) for row in range(2)}
        assert whose == {own.pk: True, other.pk: False}

    def test_an_outlet_is_that_of_the_article(self, make: Maker) -> None:
        outlet = services.outlet_record(key="gazette", name="The Gazette", by=None)
        printed = make.prediction(article=make.article(outlet=outlet))
        make.prediction(article=make.article())
        make.prediction()
        lines = read(Scope(outlet="gazette"))
        assert len(lines) == 3
        [row] = np.flatnonzero(lines.own)
        assert lines.prediction(int(row)) == printed.pk

    def test_a_topic_is_that_of_the_question(self, make: Maker) -> None:
        topic = services.topic_record(key="harvests", name="Harvests", by=None)
        within = make.prediction(question=make.question(topic=topic))
        make.prediction()
        assert list(by_prediction(read(Scope(topic="harvests")))) == [within.pk]

    @pytest.mark.parametrize(
        ("days", "horizon"),
        [
            (-1, Horizon.WEEK),
            (7, Horizon.WEEK),
            (8, Horizon.MONTH),
            (31, Horizon.MONTH),
            (32, Horizon.QUARTER),
            (92, Horizon.QUARTER),
            (93, Horizon.YEAR),
            (366, Horizon.YEAR),
            (367, Horizon.LONGER),
            (None, Horizon.UNDATED),
        ],
    )
    def test_every_prediction_has_one_horizon(
        self, make: Maker, days: int | None, horizon: Horizon
    ) -> None:
        made = end_of(dt.date(2026, 3, 1))
        due = None if days is None else made + dt.timedelta(days=days)
        question = make.question(due_at=due, due_rule="" if due else "Six months on")
        make.prediction(question=question, made_at=made)
        assert [len(read(Scope(horizon=each))) for each in Horizon] == [
            int(each is horizon) for each in Horizon
        ]

    def test_a_period_is_by_the_day_and_holds_both_its_ends(self, make: Maker) -> None:
        question = make.question()
        for made in (
            end_of(dt.date(2026, 2, 28)),
            dt.datetime(2026, 3, 1, tzinfo=dt.UTC),
            end_of(dt.date(2026, 3, 2)),
            dt.datetime(2026, 3, 3, tzinfo=dt.UTC),
        ):
            make.prediction(question=question, made_at=made)
        first, last = dt.date(2026, 3, 1), dt.date(2026, 3, 2)
        assert len(read(Scope(since=first, until=last))) == 2
        assert len(read(Scope(since=first))) == 3
        assert len(read(Scope(until=last))) == 3
        assert len(read(Scope(since=dt.date.min, until=dt.date.max))) == 4

    @pytest.mark.parametrize(
        ("field", "scope"),
        [
            ("forecaster", Scope(forecaster="x%s")),
            ("outlet", Scope(outlet="x%s")),
            ("topic", Scope(topic="x%s")),
        ],
    )
    def test_an_unknown_key_is_refused_by_its_field(
        self, db: None, field: str, scope: Scope
    ) -> None:
        with pytest.raises(Invalid, match=rf"^{field}: there is none with the key 'x%s'"):
            read(scope)

    def test_a_period_that_ends_before_it_begins_is_refused(self, db: None) -> None:
        with pytest.raises(Invalid, match=r"^until: 2026-03-01 is before since, 2026-03-02"):
            read(Scope(since=dt.date(2026, 3, 2), until=dt.date(2026, 3, 1)))
