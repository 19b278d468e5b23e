"""Where forecasters stand in a report, and how they have moved since the one before it."""

import datetime as dt

import pytest

from ledger import journal
from predictions import services
from predictions.mail.reporting.standings import Place, Standings, standings_of
from predictions.mail.reporting.stretch import Stretch
from predictions.models import Outcome
from predictions.scorecards import MIN_QUESTIONS, Scope, scoreboard, scorecard
from tests.making import Maker

pytestmark = pytest.mark.django_db(transaction=True)


def standings(scope: Scope = Scope(), *, after: int = 0) -> Standings:  # noqa: B008 -- immutable
    return standings_of(Stretch(scope, after=after, until=journal.head().size))


def places(found: Standings) -> dict[str, Place]:
    return {row.forecaster.key: row.now for row in found.rows}


def before(found: Standings) -> dict[str, Place]:
    return {row.forecaster.key: row.then for row in found.rows if row.then}


@pytest.fixture
def outcomes(make: Maker) -> list[Outcome]:
    """As many as a rank takes: the bold forecaster was right on all, the shy one less so."""
    bold, shy = make.forecaster(key="bold"), make.forecaster(key="shy")
    found = []
    for _ in range(MIN_QUESTIONS):
        question = make.question()
        make.prediction("0.9", question=question, forecaster=bold)
        make.prediction("0.6", question=question, forecaster=shy)
        found.append(make.outcome(question, "yes"))
    return found


def test_standings_are_those_of_the_scoreboard(make: Maker, outcomes: list[Outcome]) -> None:
    make.outcome(make.prediction("0.2").question, "no")
    found = {row.forecaster.key: row for row in standings().rows}
    board = scoreboard().forecasters
    assert len(found) == len(board) == 3
    for row in board:
        ours, totals = found[row.forecaster], row.totals
        assert ours.now.mean == totals.mean_brier
        assert (ours.predictions, ours.log) == (totals.scored, totals.mean_log)
        assert (ours.low, ours.high) == (totals.mean_brier_low, totals.mean_brier_high)
        assert ours.interval == totals.mean_brier_interval


def test_a_rank_takes_as_many_questions_as_on_a_scorecard(
    make: Maker, outcomes: list[Outcome]
) -> None:
    make.outcome(make.prediction("0.99").question, "yes")
    found = standings()
    assert found.ranked == 2
    ranks = [row.now.rank for row in found.rows]
    assert ranks == [1, 2, None]  # the luckiest last: one question is none
    for row in list(found.rows)[:2]:
        rank = scorecard(Scope(forecaster=row.forecaster.key)).rank
        assert rank
        assert (row.now.rank, found.ranked) == (rank.place, rank.of)


def test_what_was_corrected_since_moves_ranks_and_means(
    make: Maker, outcomes: list[Outcome]
) -> None:
    first, size = places(standings()), journal.head().size
    assert before(standings()) == {}
    for outcome in outcomes[:12]:
        make.correct(outcome, "no")
    make.withdraw(outcomes[-1])
    moved = standings(after=size)
    assert before(moved) == first
    assert (first["bold"].rank, first["shy"].rank) == (1, 2)
    # One question is open again: nobody has a rank any more, and means have turned round.
    assert [row.now.rank for row in moved.rows] == [None, None]
    assert [row.forecaster.key for row in moved.rows] == ["shy", "bold"]
    assert places(moved)["bold"] == Place((12 * 0.81 + 7 * 0.01) / 19, 19, None)


def test_what_is_posted_after_the_checkpoint_is_not_seen_yet(
    make: Maker, outcomes: list[Outcome]
) -> None:
    then, until = standings(), journal.head().size
    make.correct(outcomes[0], "no")
    assert standings_of(Stretch(Scope(), after=0, until=until)) == then
    assert standings() != then


def test_a_forecaster_is_shown_first_among_all(make: Maker, outcomes: list[Outcome]) -> None:
    assert [row.forecaster.key for row in standings(Scope(forecaster="shy")).rows] == [
        "shy",
        "bold",
    ]
    assert [row.forecaster.key for row in standings().rows] == ["bold", "shy"]


def test_a_standing_of_an_outlet_is_of_what_it_published(
    make: Maker, outcomes: list[Outcome]
) -> None:
    outlet = services.outlet_record(key="sun", name="The Sun", by=None)
    article = make.article(outlet=outlet, published_on=dt.date(2026, 1, 1))
    make.outcome(make.prediction("0.5", article=article).question, "yes")
    [row] = standings(Scope(outlet="sun")).rows
    assert (row.now.mean, row.predictions) == (0.25, 1)
