"""`/api/v1/predictions/`"""

from decimal import Decimal
from typing import Any

import pytest
from rest_framework.test import APIClient

from ledger import journal
from ledger.models import Entry
from predictions.models import Prediction
from tests.making import ARTICLE_TEXT, Maker

ADDRESS = "/api/v1/predictions/"


@pytest.fixture
def body(make: Maker) -> dict[str, Any]:
    return {
        "question": make.question().key,
        "forecaster": make.forecaster().key,
        "made_at": "2026-01-31",
        "basis": "stated",
        "probability": 0.7,
    }


def _raw(body: dict[str, Any], probability: str) -> str:
    """The body with a probability in the very digits given."""
    named = ", ".join(f'"{k}": "{v}"' for k, v in body.items() if k != "probability")
    return f'{{{named}, "probability": {probability}}}'


@pytest.mark.usefixtures("seeded")
def test_a_prediction_refers_by_keys_and_says_its_state(api: APIClient) -> None:
    rows = {row["reference"]: row for row in api.get(ADDRESS).json()["results"]}
    row = rows["A1"]
    assert (row["question"], row["forecaster"], row["article"]) == (
        "Q1",
        "columnist-seed-000",
        "seed-000",
    )
    assert row["state"] == "scored"
    assert isinstance(row["probability"], float)
    assert row["low"] <= row["probability"] <= row["high"]
    assert list(row["passages"][0]) == ["offset", "quote"]
    assert row["phrase"].keys() == {"phrase", "source", "version"}


@pytest.mark.usefixtures("seeded")
def test_predictions_by_state(api: APIClient) -> None:
    for state, count in {"scored": 14, "void": 3, "open": 2, "late": 0}.items():
        rows = api.get(f"{ADDRESS}?state={state}").json()["results"]
        assert [row["state"] for row in rows] == [state] * count


def test_a_probability_reads_with_its_exact_digits(api: APIClient, make: Maker) -> None:
    for probability in ("0.123457", "0.000001", "1", "0"):
        pk = make.prediction(probability).pk
        read = api.get(f"{ADDRESS}{pk}/").json()["probability"]
        assert Decimal(repr(read)) == Decimal(probability)


def test_posting_a_prediction_records_it(recording: APIClient, body: dict[str, Any]) -> None:
    answer = recording.post(ADDRESS, body, format="json")
    assert answer.status_code == 201
    row = answer.json()
    assert (row["state"], row["probability"], row["revision"]) == ("open", 0.7, 1)
    assert row["made_at"] == "2026-01-31T23:59:59.999999Z"
    assert row["recorded_by"].startswith("user:")
    assert recording.get(answer.headers["Location"]).json() == row
    assert recording.post(ADDRESS, body, format="json").json()["revision"] == 2


def test_posting_on_a_settled_question_scores_at_once(
    recording: APIClient, make: Maker, body: dict[str, Any]
) -> None:
    question = make.question()
    make.outcome(question)
    body |= {"question": question.key}
    refused = recording.post(ADDRESS, body, format="json")
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "article")
    row = recording.post(ADDRESS, body | {"article": make.article().key}, format="json").json()
    assert row["state"] == "scored"
    (brier,) = recording.get(f"/api/v1/scores/?prediction={row['id']}&rule=brier").json()["results"]
    assert brier["value"] == 0.09


def test_posting_with_passages_of_an_article(
    recording: APIClient, make: Maker, body: dict[str, Any]
) -> None:
    quote = "The harvest will fail"
    body |= {"article": make.article().key, "passages": [{"offset": 0, "quote": quote}]}
    row = recording.post(ADDRESS, body, format="json").json()
    assert row["passages"] == [{"offset": 0, "quote": quote}]


@pytest.mark.usefixtures("seeded")
def test_posting_a_verbal_prediction_takes_its_figures_from_the_phrase(
    recording: APIClient, body: dict[str, Any]
) -> None:
    del body["probability"]
    body |= {"basis": "verbal", "phrase": {"phrase": "very unlikely", "source": "icd203"}}
    row = recording.post(ADDRESS, body, format="json").json()
    assert row["phrase"] == {"phrase": "very unlikely", "source": "icd203", "version": 1}
    assert row["low"] < row["probability"] < row["high"]


def test_a_verbal_prediction_is_read_by_the_newest_version(
    recording: APIClient, body: dict[str, Any], make: Maker
) -> None:
    make.revise(make.phrase(), "0.6", "0.75", "0.9")
    del body["probability"]
    body |= {"basis": "verbal", "phrase": {"phrase": "likely", "source": "test"}}
    row = recording.post(ADDRESS, body, format="json").json()
    assert (row["low"], row["probability"], row["high"]) == (0.6, 0.75, 0.9)
    assert row["phrase"] == {"phrase": "likely", "source": "test", "version": 2}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"probability": 1.2}, "probability"),
        ({"probability": -0.1}, "probability"),
        ({"probability": "0.7"}, "probability"),
        ({"probability": True}, "probability"),
        ({"probability": [0.7]}, "probability"),
        ({"probability": 0.1234567}, "probability"),
        ({"probability": 10**400}, "probability"),
        ({"question": "Q99"}, "question"),
        ({"question": ["T1"]}, "question"),
        ({"question": "\x00"}, "question"),
        ({"question": None}, "question"),
        ({"forecaster": "nobody"}, "forecaster"),
        ({"made_at": "2999-01-01"}, "made_at"),
        ({"made_at": "2026-01-31T10:00:00"}, "made_at"),
        ({"basis": "felt"}, "basis"),
        ({"basis": ["stated"]}, "basis"),
        ({"phrase": {"phrase": "surely", "source": "nowhere"}}, "phrase"),
        ({"phrase": {"phrase": "surely"}}, "phrase.source"),
        ({"passages": "The harvest"}, "passages"),
        ({"passages": ["The harvest"]}, "passages[0]"),
        ({"passages": [{"offset": 0, "quote": "a"}, {"offset": "0"}]}, "passages[1].offset"),
        ({"passages": [{"offset": 0, "quote": "a", "page": 3}]}, "passages[0].page"),
        ({"note": {"text": "a"}}, "note"),
        ({"probabilty": 0.7}, "probabilty"),
    ],
)
def test_posting_what_cannot_be_kept_names_the_field_and_keeps_nothing(
    recording: APIClient, body: dict[str, Any], refused: Any, change: dict[str, Any], field: str
) -> None:
    refused(recording.post(ADDRESS, body | change, format="json"), 400, field)
    assert not Prediction.objects.exists()


def test_a_missing_field_is_named(recording: APIClient, body: dict[str, Any], refused: Any) -> None:
    for field in body:
        rest = {name: value for name, value in body.items() if name != field}
        refused(recording.post(ADDRESS, rest, format="json"), 400, field)


def test_a_passage_outside_its_article_is_refused(
    recording: APIClient, make: Maker, body: dict[str, Any], refused: Any
) -> None:
    body["article"] = make.article().key
    body["passages"] = [{"offset": len(ARTICLE_TEXT), "quote": "May"}]
    refused(recording.post(ADDRESS, body, format="json"), 400, "passages")


@pytest.mark.parametrize("digits", ["0.99999999999999999999", "1e-400", "1e400", "1.0000001"])
def test_a_probability_is_judged_by_its_own_digits_not_by_the_nearest_double(
    recording: APIClient, body: dict[str, Any], refused: Any, digits: str
) -> None:
    sent = recording.post(ADDRESS, _raw(body, digits), content_type="application/json")
    refused(sent, 400, "probability")


@pytest.mark.parametrize("digits", ["-0.0", "-0", "0e-7", "0.70", "7e-1", "1e0"])
def test_the_ledger_says_of_a_probability_what_the_table_holds(
    recording: APIClient, body: dict[str, Any], digits: str
) -> None:
    sent = recording.post(ADDRESS, _raw(body, digits), content_type="application/json")
    assert sent.status_code == 201, sent.content
    journal.flush()
    said = journal.body_of(Entry.objects.get(kind="prediction.recorded"))
    assert said["facts"]["prediction"] == [Prediction.objects.get().facts()]
