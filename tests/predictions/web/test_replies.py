"""What is done from a mail: links that ask, forms that do, and what keeps them from it."""

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.core import signing
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from ledger import journal
from predictions import services
from predictions.mail import links
from predictions.models import Event, Proposal, Question, Snooze, User
from predictions.services.reviews import Look
from predictions.when import end_of
from tests.admin.conftest import member
from tests.admin.pages import text_of
from tests.making import Maker

PURPOSES = ["snooze", "propose"]
VERDICT = {"answer": "yes", "settled_on": "2026-09-01", "rationale": "The ministry said so."}
SOURCE = {"source": "https://www.example.org/harvest", "says": "The ministry publishes the harvest"}


@pytest.fixture
def reviewer(db: None) -> User:
    return member("rita", "editor")


@pytest.fixture
def question(make: Maker, reviewer: User) -> Question:
    question = make.question(reviewer=reviewer)
    make.prediction("0.7", question=question, forecaster=make.forecaster(name="The almanac"))
    return question


def words(answer: Any) -> str:
    return text_of(answer)


def link(purpose: str, question: Question, person: User) -> str:
    said: dict[str, str | int] = {
        "question": str(question.pk),
        "person": person.pk,
        "version": question.due_version,
    }
    return links.address(purpose, said).partition("//")[2].partition("/")[2].join(("/", ""))


def in_days(days: int) -> str:
    return (timezone.now().date() + dt.timedelta(days=days)).isoformat()


def written() -> tuple[int, int, int, int]:
    journal.flush()
    rows = (Snooze, Proposal, Event)
    return (*(model.objects.count() for model in rows), journal.head().size)  # type: ignore[return-value]


# -- both -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("purpose", PURPOSES)
def test_looking_at_a_link_shows_the_question_and_changes_nothing(
    client: Client, question: Question, reviewer: User, purpose: str
) -> None:
    look = Look(question, end_of(dt.date(2999, 1, 1)))
    services.reviews_record(looks=[look], note="Talks go on.", by=reviewer, now=timezone.now())
    question.refresh_from_db()
    before = written()
    address = link(purpose, question, reviewer)
    told = words(client.get(address))
    assert client.head(address).status_code == 200
    for said in (
        question.key,
        question.text,
        question.criteria,
        "2026-10-31",
        "70 % yes The almanac",
        "Talks go on.",
        "rita",
    ):
        assert said in told
    assert written() == before


@pytest.mark.parametrize("purpose", PURPOSES)
def test_its_page_is_kept_found_framed_and_passed_on_nowhere(
    client: Client, question: Question, reviewer: User, purpose: str
) -> None:
    for address in (link(purpose, question, reviewer), f"/mail/{purpose}/nonsense/"):
        headers = client.get(address).headers
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Robots-Tag"] == "noindex, nofollow"
        assert headers["X-Frame-Options"] == "DENY"
        assert {"no-store", "private"} <= set(headers["Cache-Control"].split(", "))


@pytest.mark.parametrize("purpose", PURPOSES)
def test_another_site_cannot_post_with_the_link_alone(
    question: Question, reviewer: User, purpose: str
) -> None:
    before = written()
    browser = Client(enforce_csrf_checks=True)
    address = link(purpose, question, reviewer)
    given = {"until": in_days(7), **VERDICT}
    assert browser.post(address, given).status_code == 403
    assert written() == before
    page = browser.get(address).content.decode()
    [token] = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert browser.post(address, {**given, "csrfmiddlewaretoken": token}).status_code == 200
    assert written() != before


@pytest.mark.parametrize("purpose", PURPOSES)
@pytest.mark.parametrize("method", ["put", "patch", "delete", "options"])
def test_nothing_but_get_and_post_is_answered(
    client: Client, question: Question, reviewer: User, purpose: str, method: str
) -> None:
    assert getattr(client, method)(link(purpose, question, reviewer)).status_code == 405


def spoilt(purpose: str, question: Question, reviewer: User) -> Iterator[str]:
    address = link(purpose, question, reviewer)
    token = address.split("/")[3]
    other = "propose" if purpose == "snooze" else "snooze"
    yield link(other, question, reviewer).replace(other, purpose)
    yield f"/mail/{purpose}/{token[:-1]}/"
    yield f"/mail/{purpose}/{token[1:]}/"
    yield f"/mail/{purpose}/{token.swapcase()}/"
    yield f"/mail/{purpose}/{signing.dumps({'person': 1}, salt='mail.subscribe')}/"
    yield f"/mail/{purpose}/é::%00/"


@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_link_of_another_purpose_or_altered_or_cut_is_refused_with_what_to_do(
    client: Client, question: Question, reviewer: User, purpose: str
) -> None:
    before = written()
    for address in spoilt(purpose, question, reviewer):
        for answer in (client.get(address), client.post(address, {"until": in_days(7), **VERDICT})):
            assert answer.status_code == 400, address
            assert "cut short on its way; copy all of it" in words(answer)
    assert written() == before


@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_link_is_good_for_thirty_days(
    client: Client, question: Question, reviewer: User, purpose: str, monkeypatch: Any
) -> None:
    address = link(purpose, question, reviewer)
    with monkeypatch.context() as patched:  # the clock, which is not ours
        later = timezone.now().timestamp() + 30 * 86_400 + 60
        patched.setattr("django.core.signing.time.time", lambda: later)
        answer = client.post(address, {"until": in_days(7), **VERDICT})
    assert answer.status_code == 400
    assert "was good for 30 days; a later mail has a new one" in words(answer)
    assert client.get(address).status_code == 200


def _settle(make: Maker, question: Question, reviewer: User) -> str:
    make.outcome(question)
    return f"{question.key} has an outcome already: yes, settled 2026-09-01"


def _move(make: Maker, question: Question, reviewer: User) -> str:
    look = Look(question, end_of(dt.date(2999, 1, 1)))
    services.reviews_record(looks=[look], note="Not yet.", by=reviewer, now=timezone.now())
    return f"{question.key} was reviewed or moved since this mail was sent: its next review is due"


def _hand_over(make: Maker, question: Question, reviewer: User) -> str:
    services.questions_reassign(
        shown={question: question.entry},
        reviewer=member("bo"),
        reason="Leave.",
        by=None,
        now=timezone.now(),
    )
    return f"Rita does not review {question.key} any more: its reviewer is bo now"


def _leave(make: Maker, question: Question, reviewer: User) -> str:
    User.objects.filter(pk=reviewer.pk).update(is_active=False)
    return "The account that this link was sent to is closed"


@pytest.mark.parametrize("purpose", PURPOSES)
@pytest.mark.parametrize("over", [_settle, _move, _hand_over, _leave])
def test_what_is_over_is_said_plainly_and_nothing_is_done(
    client: Client, make: Maker, question: Question, reviewer: User, purpose: str, over: Any
) -> None:
    address = link(purpose, question, reviewer)
    said = over(make, question, reviewer)
    before = written()
    for answer in (client.get(address), client.post(address, {"until": in_days(7), **VERDICT})):
        assert answer.status_code == 410
        assert said in words(answer)
    assert written() == before


def test_who_may_decide_is_told_of_what_is_left_undone_and_answers_too(
    client: Client, question: Question, reviewer: User
) -> None:
    judge = member("cy", "adjudicator")
    client.post(link("snooze", question, judge), {"until": in_days(7)})
    client.post(link("propose", question, judge), VERDICT)
    assert Snooze.objects.get().person == judge
    assert Proposal.objects.get().proposed_by == judge


# -- snooze ---------------------------------------------------------------------------------------


def test_a_reviewer_is_left_alone_until_the_day_they_choose(
    client: Client, question: Question, reviewer: User
) -> None:
    address = link("snooze", question, reviewer)
    offered = client.get(address).content.decode()
    for days in (1, 3, 7, 30):
        assert f'value="{in_days(days)}"' in offered
    told = words(client.post(address, {"until": in_days(3)}))
    assert "rita is not reminded of it before" in told
    assert in_days(3) in told
    snooze = Snooze.objects.get()
    assert (snooze.question, snooze.person, snooze.due_version) == (question, reviewer, 1)
    assert snooze.until.isoformat() == in_days(3)


def test_choosing_again_takes_the_place_of_the_first_choice(
    client: Client, question: Question, reviewer: User
) -> None:
    address = link("snooze", question, reviewer)
    client.post(address, {"until": in_days(30)})
    client.post(address, {"until": "other", "day": in_days(5)})
    assert Snooze.objects.get().until.isoformat() == in_days(5)


@pytest.mark.parametrize(
    ("given", "field", "fix"),
    [
        ({}, "until", "choose one"),
        ({"until": "yesterday"}, "until", "not one of the available choices"),
        ({"until": "other"}, "day", "give a date"),
        ({"until": "other", "day": "soon"}, "day", "write it as 2023-06-25"),
        ({"until": "other", "day": in_days(0)}, "day", "give a later day"),
        ({"until": "other", "day": in_days(400)}, "day", "over a year away"),
        ({"until": in_days(7), "day": in_days(9)}, "day", "choose that, or empty this"),
    ],
)
def test_a_wrong_day_names_the_field_and_the_fix(
    client: Client,
    question: Question,
    reviewer: User,
    given: dict[str, str],
    field: str,
    fix: str,
) -> None:
    answer = client.post(link("snooze", question, reviewer), given)
    assert list(answer.context["form"].errors) == [field]
    assert fix in words(answer)
    assert not Snooze.objects.exists()


def test_days_are_those_of_the_reviewer(client: Client, question: Question, reviewer: User) -> None:
    # At any moment it is a later day on the one than on the other.
    for zone, hours in (("Pacific/Kiritimati", 14), ("Pacific/Pago_Pago", -11)):
        User.objects.filter(pk=reviewer.pk).update(time_zone=zone)
        there = timezone.now() + dt.timedelta(hours=hours)
        tomorrow = (there.date() + dt.timedelta(days=1)).isoformat()
        address = link("snooze", question, reviewer)
        assert f'value="{tomorrow}"' in client.get(address).content.decode()
        client.post(address, {"until": tomorrow})
        assert Snooze.objects.get().until.isoformat() == tomorrow


def test_a_reviewer_without_a_role_may_still_be_left_alone(client: Client, make: Maker) -> None:
    question, plain = make.question(reviewer=member("pat")), User.objects.get(username="pat")
    assert client.post(link("snooze", question, plain), {"until": in_days(7)}).status_code == 200
    assert Snooze.objects.get().person == plain


# -- propose --------------------------------------------------------------------------------------


def test_an_outcome_is_proposed_with_a_source_that_becomes_its_evidence(
    client: Client, question: Question, reviewer: User
) -> None:
    told = words(client.post(link("propose", question, reviewer), {**VERDICT, **SOURCE}))
    assert "rita proposes yes, settled 2026-09-01." in told
    proposal = Proposal.objects.get()
    assert (proposal.proposed_by, proposal.state, proposal.answer) == (reviewer, "waiting", "yes")
    assert proposal.rationale == VERDICT["rationale"]
    event = proposal.evidence.get()
    assert event.key == "2026-09-01-the-ministry-publishes-the-harvest"
    assert event.title == SOURCE["says"]
    assert event.sources == [{"name": "example.org", "url": SOURCE["source"]}]
    assert event.bearings.get().question == question
    assert question.outcome is None


def test_linked_events_are_evidence_too(
    client: Client, make: Maker, question: Question, reviewer: User
) -> None:
    event = make.event(question)
    address = link("propose", question, reviewer)
    assert str(event) in words(client.get(address))
    client.post(address, {**VERDICT, "answer": "void:ambiguous", "evidence": [str(event.pk)]})
    proposal = Proposal.objects.get()
    assert (proposal.answer, proposal.void_reason) == (None, "ambiguous")
    assert list(proposal.evidence.all()) == [event]


@pytest.mark.parametrize(
    ("kind", "given", "answer"),
    [
        ("choice", {"answer": "is:rye"}, "rye"),
        ("numeric", {"answer": "number", "number": "12.5"}, "12.5"),
        ("dated", {"answer": "day", "day": "2026-08-30"}, "2026-08-30"),
    ],
)
def test_questions_of_other_kinds_are_answered_in_their_own_way(
    client: Client, make: Maker, reviewer: User, kind: str, given: dict[str, str], answer: str
) -> None:
    question = getattr(make, kind)(reviewer=reviewer)
    client.post(link("propose", question, reviewer), {**VERDICT, **given})
    assert Proposal.objects.get().answer == answer


@pytest.mark.parametrize(
    ("given", "field", "fix"),
    [
        ({"answer": ""}, "answer", "choose one"),
        ({"answer": "maybe"}, "answer", "not one of the available choices"),
        ({"settled_on": ""}, "settled_on", "give a date"),
        ({"settled_on": "2999-01-01"}, "settled_on", "give today or an earlier day"),
        ({"settled_on": "2020-01-01"}, "settled_on", "is before T"),
        ({"rationale": " "}, "rationale", "write a sentence or two"),
        ({"source": "my own eyes"}, "source", "copy all of it"),
        ({"source": "javascript:alert(1)"}, "source", "copy all of it"),
        ({"source": ""}, "source", "give the address of the source"),
        ({"says": ""}, "says", "say what the source says"),
        ({"says": "x" * 301}, "says", "at most 300 characters"),
        ({"rationale": "x" * 7_001}, "rationale", "shorten it"),
    ],
)
def test_a_wrong_proposal_names_the_field_and_the_fix_and_writes_nothing(
    client: Client,
    question: Question,
    reviewer: User,
    given: dict[str, str],
    field: str,
    fix: str,
) -> None:
    before = written()
    data = {**VERDICT, **SOURCE, **given}
    answer = client.post(link("propose", question, reviewer), data)
    assert list(answer.context["form"].errors) == [field]
    assert fix in words(answer)
    assert written() == before


def test_a_source_that_was_recorded_already_is_said_to_be(
    client: Client, make: Maker, question: Question, reviewer: User
) -> None:
    make.event(key="2026-09-01-the-ministry-publishes-the-harvest")
    before = written()
    answer = client.post(link("propose", question, reviewer), {**VERDICT, **SOURCE})
    assert list(answer.context["form"].errors) == ["says"]
    assert "Is how an event is called already" in words(answer)
    assert written() == before


def test_an_earlier_proposal_is_shown_and_no_other_is_made(
    client: Client, make: Maker, question: Question, reviewer: User
) -> None:
    make.proposal(question, reviewer, "no", rationale="It rained.")
    address = link("propose", question, reviewer)
    told = words(client.get(address))
    assert "A proposal waits already" in told
    assert "proposed by you on" in told
    assert "It rained." in told
    before = written()
    answer = client.post(address, {**VERDICT, **SOURCE})
    assert answer.status_code == 409
    assert f"{question.key} has a proposal already: no, by rita" in words(answer)
    assert written() == before


def test_whoever_has_lost_the_role_proposes_nothing(
    client: Client, question: Question, reviewer: User
) -> None:
    reviewer.groups.clear()
    before = written()
    address = link("propose", question, reviewer)
    for answer in (client.get(address), client.post(address, {**VERDICT, **SOURCE})):
        assert answer.status_code == 403
        assert "Rita may not propose outcomes: it takes a role" in words(answer)
    assert written() == before


def test_who_recorded_the_prediction_proposes_and_somebody_else_confirms(
    client: Client, make: Maker, reviewer: User, adjudicator: User, settings: Any
) -> None:
    settings.FOUR_EYES = True
    question = make.question(reviewer=adjudicator)
    make.prediction(question=question, by=adjudicator)
    client.post(link("propose", question, adjudicator), VERDICT)
    assert Proposal.objects.get().proposed_by == adjudicator
    client.force_login(adjudicator)
    page = reverse("admin:predictions_question_outcome", args=[question.pk])
    assert client.get(page).status_code == 403
