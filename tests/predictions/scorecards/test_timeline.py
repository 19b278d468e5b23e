import datetime as dt

import numpy as np
import pytest

from predictions import charts
from predictions.charts import Width
from predictions.errors import Invalid
from predictions.scorecards import Scope, timeline
from predictions.scoring.summary import clustered_interval
from predictions.services.outcomes import outcomes_enter
from predictions.when import end_of
from tests.making import DAY, Maker

pytestmark = pytest.mark.django_db


@pytest.mark.usefixtures("seeded")
def test_the_seed_articles_were_settled_in_six_months() -> None:
    periods = timeline(Scope())
    assert [(period.start.isoformat(), period.scored) for period in periods] == [
        ("2023-07-01", 1),
        ("2023-08-01", 1),
        ("2023-12-01", 3),
        ("2024-02-01", 1),
        ("2024-05-01", 1),
        ("2024-06-01", 7),
    ]
    december = periods[2]
    scores = np.array([0.8649, 0.2025, 0.2025])
    assert december.end == dt.date(2024, 1, 1)
    assert december.mean_brier == pytest.approx(scores.mean(), abs=1e-9)
    assert december.interval == pytest.approx(clustered_interval(scores, np.arange(3)))
    assert periods[0].interval is None


def test_the_last_moment_of_a_month_is_within_it(make: Maker) -> None:
    for day in (dt.date(2026, 2, 28), dt.date(2026, 3, 31)):
        question = make.prediction("0.7").question
        make.outcome(question, "yes", settled_at=end_of(day))
    [february, march] = timeline(Scope())
    assert (february.start, february.end) == (dt.date(2026, 2, 1), dt.date(2026, 3, 1))
    assert (march.start, march.end) == (dt.date(2026, 3, 1), dt.date(2026, 4, 1))


def test_only_what_is_in_the_scope_is_on_the_timeline(make: Maker) -> None:
    own = make.prediction("0.7")
    make.prediction("0.1", question=own.question)
    make.outcome(own.question, "yes")
    [period] = timeline(Scope(forecaster=own.forecaster.key))
    assert period.scored == 1
    assert period.mean_brier == pytest.approx(0.09)


def test_nothing_settled_is_no_timeline(make: Maker) -> None:
    make.prediction()
    assert timeline(Scope()) == ()


def test_an_unknown_key_is_refused_by_its_field(db: None) -> None:
    with pytest.raises(Invalid, match=r"^outlet: "):
        timeline(Scope(outlet="nothing"))


@pytest.mark.parametrize("odd", [dt.date(1, 12, 15), dt.date(1700, 12, 15), dt.date.max])
def test_a_typing_error_in_a_year_is_drawn_all_the_same(make: Maker, odd: dt.date) -> None:
    for day in (odd, dt.date(2026, 2, 28)):
        opened = min(end_of(day), end_of(DAY))
        question = make.question(opened_at=opened)
        make.prediction("0.7", question=question, made_at=dt.datetime.min.replace(tzinfo=dt.UTC))
        outcomes_enter(
            verdicts={question: make.verdict("yes", settled_at=end_of(day))},
            by=None,
            now=make.now,
            as_found=True,
        )
    periods = timeline(Scope())
    assert {period.start.isoformat() for period in periods} == {
        f"{odd.year:04}-12-01",
        "2026-02-01",
    }
    assert [period.scored for period in periods] == [1, 1]
    for width in Width:
        assert b"Scores over time" in charts.timeline(periods).svg(width)
