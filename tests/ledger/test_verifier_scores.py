"""Outcomes taken back, questions void by themselves, phrases read anew and partial answers, as a
stranger recomputes them from an export."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from predictions.models import Question
from tests.ledger.exports import Made, Told, compact, told_of
from tests.making import Maker


@pytest.fixture(scope="module")
def told(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> tuple[bytes, list[str]]:
    """The export of a log in which all of that came about; and what `verify_ledger` found."""
    with django_db_blocker.unblock():
        return told_of(_story, tmp_path_factory.mktemp("scores") / "export.ndjson")


def _story(make: Maker) -> None:
    phrase = make.phrase("0.55", "0.7", "0.8")
    condition = make.question(key="C")
    question = make.conditional(condition, key="D")
    partial = make.question(key="P", partial=True)
    withdrawn = make.question(key="W")
    for on in (condition, question, partial, withdrawn):
        make.prediction("0.7", question=on)
        make.prediction(None, basis="verbal", phrase=phrase, question=on)
    make.outcome(question, "yes")
    decided = make.outcome(condition, "no")
    phrase = make.revise(phrase, "0.1", "0.5", "0.9")
    make.correct(decided, "yes")
    make.outcome(partial, "0.4")
    make.withdraw(make.outcome(withdrawn, "no"))
    make.revise(phrase, "0.3", "0.6", "0.9")
    assert Question.objects.open().get() == withdrawn


Run = Callable[[Made], Told]


def facts_of(log: Made, kind: str, table: str) -> list[tuple[int, dict[str, Any]]]:
    """Number of the entry, and row, of all rows of a table in entries of a kind."""
    return [
        (place, row)
        for place, body in enumerate(map(json.loads, log.bodies), 1)
        if body["kind"] == kind
        for row in body["facts"].get(table, [])
    ]


def test_the_whole_story_is_intact_for_us_and_for_a_stranger(
    told: tuple[bytes, list[str]], log: Made, run: Run
) -> None:
    assert told[1] == []
    assert run(log).findings == []


def change(**columns: Any) -> Callable[[dict[str, Any]], None]:
    def changed(body: dict[str, Any]) -> None:
        for rows in body["facts"].values():
            rows[0].update(columns)

    return changed


@pytest.mark.parametrize("answer", ["0.5", "yes", "0.40", "maybe", ".4"])
def test_another_partial_answer_is_found(log: Made, run: Run, answer: str) -> None:
    place = next(
        place
        for place, row in facts_of(log, "outcome.entered", "outcome")
        if row["answer"] == "0.4"
    )
    found = run(log.edited(place, change(answer=answer)))
    assert found.code == 1
    expected = "recomputed it is" if answer in ("0.5", "yes") else "nor a fraction"
    assert any(expected in finding for finding in found.findings)


def test_scores_that_a_withdrawn_outcome_keeps_are_found(log: Made, run: Run) -> None:
    [(withdrawn, _)] = facts_of(log, "outcome.withdrawn", "outcome")
    spared = without(log, withdrawn + 1, "scores.reversed")
    assert any("counts, but nothing has earned it" in one for one in run(spared).findings)


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        ({"corrects_id": None}, "does not correct the last one of its question"),
        ({"question_id": "another"}, "does not correct the last one of its question"),
        ({"id": "first"}, "was said before"),
        ({"reopens": True}, "opens its question again, and answers it"),
    ],
)
def test_outcomes_of_a_question_that_are_no_chain_are_found(
    log: Made, run: Run, columns: dict[str, Any], problem: str
) -> None:
    [(entered, _), *_] = facts_of(log, "outcome.entered", "outcome")
    place = next(
        place
        for place, row in facts_of(log, "outcome.corrected", "outcome")
        if row["answer"] == "yes"
    )
    log = log.edited(entered, change(id="first")) if "id" in columns else log
    found = run(log.edited(place, change(**columns)))
    assert any(
        finding.startswith(f"entry {place}: ") and finding.endswith(problem)
        for finding in found.findings
    )


def without(log: Made, place: int, kind: str) -> Made:
    """The log as if an entry of this kind had never been there."""
    assert json.loads(log.bodies[place - 1])["kind"] == kind
    return replace(log, bodies=(*log.bodies[: place - 1], *log.bodies[place:]))


def test_a_score_that_is_not_posted_anew_is_found(log: Made, run: Run) -> None:
    places = [place for place, row in facts_of(log, "scores.posted", "score") if row["round"] == 2]
    found = run(without(log, places[-1], "scores.posted"))
    assert found.code == 1
    assert any("has no brier score for this outcome" in one for one in found.findings)


def test_a_score_posted_anew_while_the_earlier_one_stands_is_found(log: Made, run: Run) -> None:
    """Whatever round it says it is of."""
    place, row = facts_of(log, "scores.posted", "score")[-1]
    again = json.loads(log.bodies[place - 1])
    again["facts"] = {"score": [{**row, "id": "again", "round": row["round"] + 1}]}
    again["time"], again["uuid"] = "2999-01-01T00:00:00.000000Z", f"{'0' * 8}{again['uuid'][8:]}"
    found = run(replace(log, bodies=(*log.bodies, compact(again))))
    assert [finding.split(": ", 1)[1] for finding in found.findings] == [
        "score again was posted before, and not reversed since"
    ]


def test_a_prediction_that_is_not_read_anew_is_found(log: Made, run: Run) -> None:
    reread = facts_of(log, "prediction.reread", "prediction")
    place = next(place for place, row in reread if row["low"] == "0.300000")
    found = run(log.edited(place, change(probability="0.700000")))
    assert any("recomputed it is" in one for one in found.findings)
