import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from scipy import stats

from predictions.errors import Invalid, NotFound
from predictions.models import Question
from predictions.scorecards import Scope, head_to_head
from tests.making import Maker
from tests.predictions.scorecards.conftest import OPENED, SETTLED, Says, brier

pytestmark = pytest.mark.django_db
Settled = Callable[[int, Says], list[Question]]


@pytest.mark.usefixtures("seeded")
def test_the_two_articles_share_one_question() -> None:
    made = head_to_head("the-sun-analysis", "columnist-seed-000", Scope())
    assert (made.first_name, made.second_name) == (
        "The Sun, analysis",
        "Columnist, seed article 000",
    )
    [shared] = made.shared
    assert (shared.question, shared.first, shared.second) == ("Q9", 0.01, 0.9025)
    assert (made.wins, made.ties, made.losses) == (1, 0, 0)
    assert made.difference == pytest.approx(-0.8925)
    assert made.interval is None


def test_differences_and_interval_are_those_of_the_paired_t_test(
    make: Maker, settled: Settled
) -> None:
    first, second, other = make.forecaster(), make.forecaster(), make.forecaster()
    said = {first: ("0.9", "0.4", "0.5", "0.7"), second: ("0.6", "0.1", "0.5", "0.2")}
    settled(
        4, {first: said[first].__getitem__, second: said[second].__getitem__, other: lambda _: "0"}
    )
    settled(2, {first: lambda _: "0.1"})
    answers = ("yes", "no", "yes", "no")
    mine, theirs = (
        [brier(p, o) for p, o in zip(said[who], answers, strict=True)] for who in (first, second)
    )
    expected = stats.ttest_rel(mine, theirs).confidence_interval(0.95)
    made = head_to_head(first.key, second.key, Scope())
    assert (made.wins, made.ties, made.losses) == (1, 1, 2)
    assert made.interval == pytest.approx((expected.low, expected.high), abs=1e-9)
    assert [each.question for each in made.shared] == sorted(each.question for each in made.shared)


def test_revisions_count_once_a_question(make: Maker) -> None:
    first, second, question = make.forecaster(), make.forecaster(), make.question(opened_at=OPENED)
    for hour, (who, p) in enumerate(((first, "0.9"), (first, "0.5"), (second, "0.8"))):
        made_at = OPENED + dt.timedelta(hours=hour)
        make.prediction(p, question=question, forecaster=who, made_at=made_at)
    make.outcome(question, "yes", settled_at=SETTLED)
    [shared] = head_to_head(first.key, second.key, Scope()).shared
    assert (shared.first, shared.second) == pytest.approx(((0.01 + 0.25) / 2, 0.04))


def test_two_who_share_nothing_are_not_compared(make: Maker) -> None:
    first, second = make.prediction().forecaster, make.forecaster()
    made = head_to_head(first.key, second.key, Scope())
    assert made.shared == ()
    assert made.difference is None
    assert made.interval is None


@pytest.mark.usefixtures("seeded")
def test_what_cannot_be_compared_is_refused_by_its_field() -> None:
    with pytest.raises(NotFound, match=r"^first: there is no forecaster with the key 'nobody'"):
        head_to_head("nobody", "the-sun-analysis", Scope())
    with pytest.raises(NotFound, match=r"^second: "):
        head_to_head("the-sun-analysis", "nobody", Scope())
    with pytest.raises(Invalid, match=r"^second: is 'the-sun-analysis', as first is"):
        head_to_head("the-sun-analysis", "the-sun-analysis", Scope())
    with pytest.raises(Invalid, match=r"^forecaster: "):
        head_to_head("the-sun-analysis", "x", Scope(forecaster="the-sun-analysis"))
    with pytest.raises(Invalid, match=r"^topic: "):
        head_to_head("the-sun-analysis", "columnist-seed-000", Scope(topic="nothing"))


def test_the_number_of_statements_does_not_grow_with_the_rows(
    make: Maker, settled: Settled, django_assert_num_queries: Any
) -> None:
    first, second = make.forecaster(), make.forecaster()
    for number in (1, 10):
        settled(number, {first: lambda _: "0.6", second: lambda _: "0.3"})
        with django_assert_num_queries(4):
            head_to_head(first.key, second.key, Scope())
