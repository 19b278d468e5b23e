import datetime as dt
from typing import Any

import pytest

from predictions import services
from predictions.errors import Conflict, Invalid
from predictions.models import Question, Snooze, User
from predictions.when import end_of
from tests.making import Maker

TODAY = dt.date(2026, 11, 23)


def snooze(question: Question, person: User, now: dt.datetime, **given: Any) -> Snooze:
    asked = {"due_version": 1, "until": TODAY + dt.timedelta(days=7), **given}
    return services.question_snooze(question=question, person=person, now=now, **asked)


def test_a_second_snooze_takes_the_place_of_the_first(
    make: Maker, adjudicator: User, now: dt.datetime
) -> None:
    question = make.question()
    snooze(question, adjudicator, now)
    later, until = now + dt.timedelta(hours=1), dt.date(2026, 11, 25)
    snooze(question, adjudicator, later, until=until)
    kept = Snooze.objects.get()
    assert (kept.since, kept.until, kept.due_version) == (later, until, 1)


def test_a_snooze_is_for_one_person_and_one_due_version(
    make: Maker, adjudicator: User, now: dt.datetime
) -> None:
    question = make.question()
    bo = User.objects.create_user("bo")
    snooze(question, adjudicator, now)
    snooze(question, bo, now)
    services.review_record(
        question=question, note="No.", next_at=end_of(dt.date(2027, 1, 1)), by=bo, now=now
    )
    snooze(question, bo, now, due_version=2)
    told = Snooze.objects.order_by("pk").values_list("person__username", "due_version")
    assert list(told) == [("ada", 1), ("bo", 1), ("bo", 2)]


@pytest.mark.parametrize(
    ("zone", "moment", "first"),
    [
        ("UTC", "2026-11-23T23:30+00:00", "2026-11-24"),
        ("Europe/Vienna", "2026-11-23T23:30+00:00", "2026-11-25"),
        ("America/New_York", "2026-11-24T03:00+00:00", "2026-11-24"),
        ("Europe/Atlantis", "2026-11-23T23:30+00:00", "2026-11-24"),
    ],
)
def test_the_first_day_is_tomorrow_where_the_person_is(
    make: Maker, adjudicator: User, zone: str, moment: str, first: str
) -> None:
    adjudicator.time_zone = zone
    now, until = dt.datetime.fromisoformat(moment), dt.date.fromisoformat(first)
    with pytest.raises(Invalid, match=r"until: .* is not after today"):
        snooze(make.question(), adjudicator, now, until=until - dt.timedelta(days=1))
    assert snooze(make.question(), adjudicator, now, until=until).until == until


def test_the_last_day_is_a_leap_year_away(make: Maker, adjudicator: User, now: dt.datetime) -> None:
    question, last = make.question(), TODAY + dt.timedelta(days=366)
    assert snooze(question, adjudicator, now, until=last).until == last
    with pytest.raises(Invalid, match=r"until: .* is over a year away"):
        snooze(question, adjudicator, now, until=last + dt.timedelta(days=1))


def test_what_moved_or_was_settled_is_not_snoozed(
    make: Maker, adjudicator: User, now: dt.datetime
) -> None:
    moved, settled = make.question(), make.question()
    services.review_record(
        question=moved, note="No.", next_at=end_of(dt.date(2027, 1, 1)), by=None, now=now
    )
    make.outcome(settled)
    with pytest.raises(Conflict, match="it is at due version 2, not 1"):
        snooze(moved, adjudicator, now)
    with pytest.raises(Conflict, match="already has an outcome"):
        snooze(settled, adjudicator, now)
    assert not Snooze.objects.exists()


def test_of_several_all_are_snoozed_or_none(
    make: Maker, adjudicator: User, now: dt.datetime
) -> None:
    first, second = make.question(), make.question()
    until = TODAY + dt.timedelta(days=7)

    def both(version: int) -> list[Snooze]:
        versions = {first: 1, second: version}
        return services.questions_snooze(
            versions=versions, person=adjudicator, until=until, now=now
        )

    with pytest.raises(Conflict, match=f"due date of {second.key} was moved"):
        both(2)
    assert not Snooze.objects.exists()
    assert [kept.question for kept in both(1)] == [first, second]
