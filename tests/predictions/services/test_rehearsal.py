"""An act that is rehearsed does all that it would do, and leaves nothing behind."""

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.apps import apps
from django.db import OperationalError, connection

from ledger import journal
from predictions.errors import Conflict
from predictions.models import Outcome, Score
from predictions.reckoning import RULES
from predictions.services.rehearsal import Heard, performed, rehearsed
from tests.making import Maker

Rows = set[tuple[object, ...]]


def contents() -> dict[str, list[Any]]:
    """Every row of every table of ours."""
    models = [*apps.get_app_config("predictions").get_models(include_auto_created=True)]
    models += apps.get_app_config("ledger").get_models()
    return {
        model._meta.db_table: sorted(map(str, model._default_manager.values_list()))
        for model in models
    }


FIGURES = ("value", "best", "worst")


def posted(outcome: object, heard: Sequence[Heard]) -> Rows:
    """What an act posts, as it says itself."""
    return {
        (row["prediction"].tobytes(), RULES[row["rule"]], *(int(row[f]) for f in FIGURES))
        for one in heard
        for row in one.changes.postings
    }


def stands() -> Rows:
    return {
        (score.prediction_id.bytes, score.rule, *(int(getattr(score, f) * 10**9) for f in FIGURES))
        for score in Score.objects.standing()
    }


def acts_on(make: Maker) -> dict[str, Callable[[], Outcome]]:
    """An outcome, its correction and its withdrawal, where one question depends on another."""
    entered, corrected = make.question(key="E"), make.question(key="C")
    for question in (entered, corrected):
        for p in ("0.7", "0.1"):
            make.prediction(p, question=question)
        make.prediction("0.9", question=make.conditional(question))
    first = make.outcome(corrected, "no")
    return {
        "enter": lambda: make.outcome(entered, "no"),
        "correct": lambda: make.correct(first, "yes"),
        "withdraw": lambda: make.withdraw(first),
    }


@pytest.mark.parametrize("name", ["enter", "correct", "withdraw"])
def test_a_rehearsal_leaves_every_table_and_the_log_as_they_were(make: Maker, name: str) -> None:
    act = acts_on(make)[name]
    journal.flush()
    before, head = contents(), journal.head()
    rehearsed(act, lambda outcome, heard: outcome.pk)
    journal.flush()
    assert contents() == before
    assert journal.head() == head


@pytest.mark.parametrize("name", ["enter", "correct"])
def test_what_is_rehearsed_is_what_is_posted(make: Maker, name: str) -> None:
    act = acts_on(make)[name]
    before = stands()
    seen = rehearsed(act, posted)
    assert len(seen) == 4
    act()
    assert stands() - before == seen


def test_what_would_follow_is_seen_while_it_is_rehearsed(make: Maker) -> None:
    act = acts_on(make)["enter"]
    followed = rehearsed(
        act, lambda outcome, heard: [row.verdict for row in outcome.consequences.all()]
    )
    assert followed == ["void (condition not met)"]


def test_an_act_that_is_performed_is_undone_where_the_look_at_it_raises(make: Maker) -> None:
    act = acts_on(make)["enter"]

    def refuse(outcome: Outcome, heard: Sequence[Heard]) -> None:
        assert stands()
        raise Conflict("it is not what was seen")

    before = contents()
    with pytest.raises(Conflict):
        performed(act, refuse)
    assert contents() == before
    entered = performed(act, lambda outcome, heard: None)
    assert entered.scores.count() == 4


def test_who_raises_in_a_rehearsal_is_heard_and_the_next_act_is_stored(make: Maker) -> None:
    question = make.question()
    make.prediction(question=question)
    make.outcome(question, "no")
    with pytest.raises(Conflict):
        rehearsed(lambda: make.outcome(question), posted)
    other = make.question()
    make.prediction(question=other)
    assert make.outcome(other).scores.count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_rehearsal_does_not_keep_others_from_everybodys_totals(now: dt.datetime) -> None:
    make = Maker(now)
    question = make.question()
    make.prediction(question=question)

    def locks(outcome: Outcome, heard: Sequence[Heard]) -> int:
        """How many totals another can lock at once; it raises where one is held."""
        other = connection.copy()
        try:
            with other.cursor() as cursor:
                cursor.execute("SELECT whose FROM predictions_total FOR UPDATE NOWAIT")
                return len(cursor.fetchall())
        finally:
            other.close()

    assert rehearsed(lambda: make.outcome(question), locks) > 0

    def wait(outcome: Outcome, heard: Sequence[Heard]) -> None:
        locks(outcome, heard)

    with pytest.raises(OperationalError):
        performed(lambda: make.outcome(question), wait)
