"""Verifications that people ask for: one at a time, run by a pass, and what came of them."""

import datetime as dt

import pytest
from django.db import IntegrityError, connection
from django.utils import timezone

from ledger import journal
from predictions.errors import Conflict
from predictions.models import Question, User, Verification
from predictions.services.verifications import verification_ask, verification_run
from tests.guards import lifted
from tests.ledger.others import another
from tests.ledger.others import run as execute
from tests.making import Maker

pytestmark = pytest.mark.django_db(transaction=True)
LOCK = "SELECT pg_advisory_lock(hashtext('verify ledger'))"
UNLOCK = "SELECT pg_advisory_unlock(hashtext('verify ledger'))"


def ask(by: User, now: dt.datetime | None = None) -> Verification:
    return verification_ask(by=by, now=now or timezone.now())


def run() -> Verification:
    verification_run(clock=timezone.now)
    return Verification.objects.latest("asked_at")


def test_a_ledger_that_nobody_touched_is_intact(adjudicator: User) -> None:
    Maker(timezone.now()).prediction()
    assert ask(adjudicator).state == "waiting"
    done = run()
    head = journal.head()
    assert (done.state, done.size, done.root) == ("intact", head.size, head.root)
    assert done.rows > 0
    assert done.findings == []


def test_what_somebody_changed_is_found_and_kept(adjudicator: User) -> None:
    question = Maker(timezone.now()).question()
    with lifted():
        Question.objects.filter(pk=question.pk).update(text="Will it rain?")
    ask(adjudicator)
    done = run()
    assert done.state == "not intact"
    assert done.findings_count == 1
    [found] = done.findings
    assert found["place"] == f"question {question.pk}"
    assert "text: the ledger says" in found["problem"]


def test_a_second_one_is_refused_until_the_first_has_ended(adjudicator: User) -> None:
    ask(adjudicator)
    with pytest.raises(
        Conflict, match=r"a verification that ada asked for at .* has not ended yet"
    ):
        ask(adjudicator)
    with pytest.raises(IntegrityError):
        Verification.objects.create(asked_at=timezone.now(), asked_by=adjudicator)
    run()
    ask(adjudicator)


def test_a_pass_finds_nothing_to_do_where_nobody_asked(adjudicator: User) -> None:
    verification_run(clock=timezone.now)
    assert not Verification.objects.exists()


def test_while_one_runs_another_pass_leaves_it_alone(adjudicator: User) -> None:
    ask(adjudicator)
    with another() as elsewhere:
        execute(elsewhere, LOCK)
        assert run().state == "waiting"
        execute(elsewhere, UNLOCK)
    assert run().state == "intact"


def test_one_whose_worker_was_lost_is_begun_anew(adjudicator: User) -> None:
    asked = ask(adjudicator)
    Verification.objects.filter(pk=asked.pk).update(began_at=asked.asked_at, attempts=1)
    done = run()
    assert (done.state, done.attempts) == ("intact", 2)
    assert done.began_at is not None
    assert done.began_at > asked.asked_at


def test_one_that_takes_every_worker_along_is_given_up(adjudicator: User) -> None:
    asked = ask(adjudicator)
    Verification.objects.filter(pk=asked.pk).update(began_at=asked.asked_at, attempts=3)
    done = run()
    assert done.state == "could not run"
    assert "begun 3 times" in done.error


def test_the_lock_is_given_back(adjudicator: User) -> None:
    ask(adjudicator)
    run()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted")
        assert cursor.fetchone() == (0,)
