"""`/api/v1/outcomes/`"""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from predictions.models import Outcome, Question, Score
from tests.making import Maker

ADDRESS = "/api/v1/outcomes/"


@pytest.fixture
def question(make: Maker) -> Question:
    question = make.question(key="Q16")
    make.prediction("0.7", question=question)
    make.event(question, key="ministry-reports")
    return question


@pytest.fixture
def body(question: Question) -> dict[str, Any]:
    return {
        "question": "Q16",
        "answer": "yes",
        "settled_at": "2026-09-01",
        "rationale": "The ministry said so.",
        "evidence": ["ministry-reports"],
    }


def test_entering_an_outcome_answers_with_it_and_with_the_scores_it_gave(
    adjudicating: APIClient, body: dict[str, Any]
) -> None:
    answer = adjudicating.post(ADDRESS, body, format="json")
    assert answer.status_code == 201
    row = answer.json()
    assert (row["question"], row["answer"], row["void_reason"]) == ("Q16", "yes", "")
    assert row["settled_at"] == "2026-09-01T23:59:59.999999Z"
    assert row["evidence"] == ["ministry-reports"]
    assert row["entered_by"].startswith("user:")
    scores = {score["rule"]: score["value"] for score in row.pop("scores")}
    assert scores == {"brier": 0.09, "log": 0.356674944}
    assert adjudicating.get(answer.headers["Location"]).json() == row
    assert adjudicating.get("/api/v1/questions/Q16/").json()["outcome"] == row


def test_an_outcome_may_be_void(adjudicating: APIClient, body: dict[str, Any]) -> None:
    del body["answer"]
    body["void_reason"] = "ambiguous"
    row = adjudicating.post(ADDRESS, body, format="json").json()
    assert (row["answer"], row["void_reason"], row["scores"]) == (None, "ambiguous", [])


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-09-01", "2026-09-01T23:59:59.999999Z"),
        ("2026-09-01T10:00:00Z", "2026-09-01T10:00:00Z"),
        ("2026-09-01T10:00:00+02:00", "2026-09-01T08:00:00Z"),
    ],
)
def test_a_date_or_a_time_with_its_zone_says_when_it_was_settled(
    adjudicating: APIClient, body: dict[str, Any], written: str, read: str
) -> None:
    row = adjudicating.post(ADDRESS, body | {"settled_at": written}, format="json").json()
    assert row["settled_at"] == read


def test_a_second_outcome_is_a_conflict(
    adjudicating: APIClient, body: dict[str, Any], refused: Any
) -> None:
    adjudicating.post(ADDRESS, body, format="json")
    refused(adjudicating.post(ADDRESS, body | {"answer": "no"}, format="json"), 409)
    assert Outcome.objects.count() == 1


def test_a_correction_names_what_it_corrects_and_both_are_kept(
    adjudicating: APIClient, body: dict[str, Any]
) -> None:
    first = adjudicating.post(ADDRESS, body, format="json").json()
    correction = body | {
        "answer": "no",
        "corrects": first["id"],
        "correction_reason": "The ministry withdrew its figures.",
    }
    second = adjudicating.post(ADDRESS, correction, format="json").json()
    assert (second["corrects"], second["is_current"]) == (first["id"], True)
    assert {score["value"] for score in second["scores"]} == {0.49, 1.203972804}
    first = adjudicating.get(f"{ADDRESS}{first['id']}/").json()
    assert (first["corrected_by"], first["is_current"]) == (second["id"], False)
    (current,) = adjudicating.get(f"{ADDRESS}?is_current=true").json()["results"]
    assert current["id"] == second["id"]
    total = adjudicating.get("/api/v1/scores/?stands=true").json()["results"]
    assert len(total) == 2


def test_an_outcome_is_withdrawn_and_the_question_open_again(
    adjudicating: APIClient, body: dict[str, Any], make: Maker
) -> None:
    make.conditional(Question.objects.get(key="Q16"), "no", key="Q17")
    first = adjudicating.post(ADDRESS, body, format="json").json()
    [void] = adjudicating.get(f"{ADDRESS}?question=Q17").json()["results"]
    assert (void["follows"], void["entered_by"]) == (first["id"], "system")
    withdrawal = {
        "question": "Q16",
        "reopens": True,
        "corrects": first["id"],
        "correction_reason": "The ministry withdrew its figures.",
    }
    answer = adjudicating.post(ADDRESS, withdrawal, format="json")
    assert answer.status_code == 201
    row = answer.json()
    assert (row["reopens"], row["answer"], row["void_reason"]) == (True, None, "")
    assert (row["corrects"], row["is_current"], row["scores"]) == (first["id"], False, [])
    for key in ("Q16", "Q17"):
        question = adjudicating.get(f"/api/v1/questions/{key}/").json()
        assert (question["state"], question["outcome"]) == ("open", None)
    assert adjudicating.get(f"{ADDRESS}?is_current=true").json()["results"] == []
    reopened = adjudicating.get(f"{ADDRESS}?reopens=true").json()["results"]
    assert {one["question"] for one in reopened} == {"Q16", "Q17"}
    assert adjudicating.get("/api/v1/questions/?state=open").json()["results"]
    assert adjudicating.get("/api/v1/scores/?stands=true").json()["results"] == []
    [prediction] = adjudicating.get("/api/v1/predictions/").json()["results"]
    assert prediction["state"] == "open"
    assert adjudicating.post(ADDRESS, body, format="json").status_code == 201


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"corrects": None}, "corrects"),
        ({"correction_reason": None}, "correction_reason"),
        ({"answer": "yes"}, "answer"),
        ({"rationale": "So."}, "rationale"),
        ({"evidence": []}, "evidence"),
        ({"settled_at": "2026-09-01"}, "settled_at"),
        ({"reopens": "yes"}, "reopens"),
        ({"reopens": 1}, "reopens"),
    ],
)
def test_a_withdrawal_says_what_it_takes_back_and_why_and_nothing_else(
    adjudicating: APIClient, body: dict[str, Any], refused: Any, change: dict[str, Any], field: str
) -> None:
    first = adjudicating.post(ADDRESS, body, format="json").json()
    withdrawal = {
        "question": "Q16",
        "reopens": True,
        "corrects": first["id"],
        "correction_reason": "A slip.",
        **change,
    }
    sent = {name: value for name, value in withdrawal.items() if value is not None}
    refused(adjudicating.post(ADDRESS, sent, format="json"), 400, field)
    assert Outcome.objects.count() == 1


def test_while_its_condition_fails_a_question_takes_no_answer(
    adjudicating: APIClient, body: dict[str, Any], make: Maker, refused: Any
) -> None:
    make.conditional(Question.objects.get(key="Q16"), "no", key="Q17")
    adjudicating.post(ADDRESS, body, format="json")
    problem = refused(
        adjudicating.post(ADDRESS, {**body, "question": "Q17", "evidence": []}, format="json"), 409
    )
    assert "Q17 already has an outcome (void (condition not met)" in problem["detail"]


def test_a_partial_answer_is_taken_where_the_question_allows_it(
    adjudicating: APIClient, body: dict[str, Any], make: Maker, refused: Any
) -> None:
    refused(adjudicating.post(ADDRESS, {**body, "answer": "0.4"}, format="json"), 400, "answer")
    make.prediction("0.7", question=make.question(key="P", partial=True))
    partial = {**body, "question": "P", "evidence": [], "answer": "0.40"}
    for answer in (0.4, "1.4"):
        refused(
            adjudicating.post(ADDRESS, {**partial, "answer": answer}, format="json"), 400, "answer"
        )
    row = adjudicating.post(ADDRESS, partial, format="json").json()
    assert (row["answer"], row["is_current"]) == ("0.4", True)
    scores = {score["rule"]: score["value"] for score in row["scores"]}
    assert scores == {"brier": 0.09, "log": 0.86505366}


def test_an_outcome_is_corrected_once(
    adjudicating: APIClient, body: dict[str, Any], refused: Any
) -> None:
    first = adjudicating.post(ADDRESS, body, format="json").json()
    body |= {"corrects": first["id"], "correction_reason": "A slip."}
    assert adjudicating.post(ADDRESS, body, format="json").status_code == 201
    refused(adjudicating.post(ADDRESS, body, format="json"), 409)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"question": "Q99"}, "question"),
        ({"question": 16}, "question"),
        ({"answer": "maybe"}, "answer"),
        ({"answer": True}, "answer"),
        ({"answer": None}, "answer"),
        ({"void_reason": "ambiguous"}, "void_reason"),
        ({"void_reason": "bored"}, "void_reason"),
        ({"settled_at": "2026-02-30"}, "settled_at"),
        ({"settled_at": "2999-01-01"}, "settled_at"),
        ({"settled_at": "10000-01-01"}, "settled_at"),
        ({"settled_at": "9999-12-31T23:59:59-12:00"}, "settled_at"),
        ({"settled_at": "2026-09-01T10:00:00"}, "settled_at"),
        ({"settled_at": None}, "settled_at"),
        ({"rationale": " "}, "rationale"),
        ({"rationale": "a\x00b"}, "rationale"),
        ({"rationale": "x" * 70_000}, "rationale"),
        ({"evidence": ["no-such-event"]}, "evidence[0]"),
        ({"evidence": ["ministry-reports", "ministry-reports"]}, "evidence"),
        ({"evidence": "ministry-reports"}, "evidence"),
        ({"evidence": {"ministry-reports": 1}}, "evidence"),
        ({"corrects": "the first"}, "corrects"),
        ({"corrects": "4f2f3c0a-6f0e-4a53-9a53-0d5a3f1c9e11"}, "corrects"),
        ({"correction_reason": "A slip."}, "corrects"),
        ({"settled_on": "2026-09-01"}, "settled_on"),
    ],
)
def test_what_cannot_be_entered_names_the_field_and_leaves_nothing(
    adjudicating: APIClient, body: dict[str, Any], refused: Any, change: dict[str, Any], field: str
) -> None:
    refused(adjudicating.post(ADDRESS, body | change, format="json"), 400, field)
    assert not Outcome.objects.exists()
    assert not Score.objects.exists()


def test_a_missing_field_is_named(
    adjudicating: APIClient, body: dict[str, Any], refused: Any
) -> None:
    for field in ("question", "answer", "settled_at", "rationale"):
        rest = {name: value for name, value in body.items() if name != field}
        refused(adjudicating.post(ADDRESS, rest, format="json"), 400, field)
    refused(adjudicating.post(ADDRESS), 400, "question")


def test_evidence_must_be_linked_to_the_question(
    adjudicating: APIClient, body: dict[str, Any], make: Maker, refused: Any
) -> None:
    body["evidence"] = [make.event().key]
    refused(adjudicating.post(ADDRESS, body, format="json"), 400, "evidence")


def test_outcomes_are_filtered_by_what_they_say(api: APIClient, make: Maker) -> None:
    make.outcome(make.question(key="A"), "yes")
    make.outcome(make.question(key="B"), None, void_reason="withdrawn")
    for query, key in {"answer=yes": "A", "void_reason=withdrawn": "B", "question=B": "B"}.items():
        (row,) = api.get(f"{ADDRESS}?{query}").json()["results"]
        assert row["question"] == key
    assert api.get(f"{ADDRESS}?entered_after={dt.date(2026, 11, 23)}").json()["results"] == []


@pytest.mark.django_db(transaction=True)
def test_of_two_adjudicators_at_once_one_is_told_of_the_other(
    adjudicating: APIClient, body: dict[str, Any]
) -> None:
    def enter(answer: str) -> int:
        try:
            sent = adjudicating.post(ADDRESS, body | {"answer": answer}, format="json")
            return int(sent.status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as both:
        assert sorted(both.map(enter, ["yes", "no"])) == [201, 409]
    assert Outcome.objects.count() == 1
    assert Score.objects.count() == 2
