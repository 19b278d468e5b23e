"""Refusals, whatever the reason, in one form."""

import json
from typing import Any

import pytest
from rest_framework.test import APIClient

from predictions.api import problems
from predictions.api.views import scores
from predictions.models import Prediction
from tests.making import Maker

JSON = "application/json"
OUTCOMES = "/api/v1/outcomes/"


def test_an_unknown_address_is_not_found_for_every_method(api: APIClient, refused: Any) -> None:
    for address in ("/api/v1/nothing/", "/api/v2/", "/api/", "/api/v1/questions/Q9/more/"):
        for method in ("get", "post", "put", "delete", "patch"):
            refused(getattr(api, method)(address), 404)


def test_an_unknown_row_is_not_found(api: APIClient, refused: Any) -> None:
    refused(api.get("/api/v1/questions/Q99/"), 404)
    refused(api.get("/api/v1/questions/%00/"), 404)
    refused(api.get("/api/v1/questions/%ED%A0%80/"), 404)
    refused(api.get("/api/v1/predictions/not-a-uuid/"), 404)
    refused(api.get(f"/api/v1/predictions/{'-' * 36}/"), 404)
    refused(api.get("/api/v1/scores/00000000-0000-0000-0000-000000000000/"), 404)


def test_a_key_may_hold_dots(api: APIClient, make: Maker) -> None:
    make.question(key="v1.2.json")
    assert api.get("/api/v1/questions/v1.2.json/").json()["key"] == "v1.2.json"


def test_an_address_without_its_slash_leads_to_the_one_with_it(
    api: APIClient, refused: Any
) -> None:
    answer = api.get("/api/v1/questions?page_size=3")
    assert answer.status_code == 301
    assert answer.headers["Location"] == "/api/v1/questions/?page_size=3"
    refused(api.post("/api/v1/questions"), 404)
    refused(api.get("/api/v1/nothing"), 404)


def test_a_method_that_is_not_offered(adjudicating: APIClient, refused: Any) -> None:
    for method in ("put", "patch", "delete", "options", "trace"):
        answer = getattr(adjudicating, method)(OUTCOMES)
        refused(answer, 405)
        assert "POST" in answer.headers["Allow"]
    refused(adjudicating.post("/api/v1/scores/", {}, format="json"), 405)


def test_only_json_is_taken_and_given(adjudicating: APIClient, refused: Any) -> None:
    refused(adjudicating.post(OUTCOMES, {"question": "Q1"}, format="multipart"), 415)
    refused(adjudicating.post(OUTCOMES, "question=Q1", content_type="text/plain"), 415)
    refused(adjudicating.get(OUTCOMES, headers={"Accept": "text/html"}), 406)


@pytest.mark.parametrize(
    "body",
    [
        "{",
        '{"question": NaN}',
        '{"question": Infinity}',
        '{"question": 1e9999999999999999999}',
        f'{{"question": {"9" * 5000}}}',
        '{"answer": "yes", "answer": "no"}',
        "[" * 100_000,
        f"{'[' * 500}{']' * 500}",
        b'{"question": "\xff"}',
        b"\xef\xbb\xbf{}",
        "{}".encode("utf-16"),
        b"\x00",
    ],
    ids=lambda body: repr(body[:30]),
)
def test_what_is_not_plain_json_is_refused(
    adjudicating: APIClient, refused: Any, body: Any
) -> None:
    refused(adjudicating.post(OUTCOMES, body, content_type=JSON), 400)


@pytest.mark.parametrize("body", ["[]", "7", '"Q1"', "null", "true", "[[]]", "-0.5"])
def test_a_body_that_is_no_object_is_refused(
    adjudicating: APIClient, refused: Any, body: str
) -> None:
    refused(adjudicating.post(OUTCOMES, body, content_type=JSON), 400, "body")


def test_half_a_character_in_a_name_or_value_is_refused_in_valid_utf8(
    adjudicating: APIClient, refused: Any
) -> None:
    refused(adjudicating.post(OUTCOMES, '{"\\ud800": 1}', content_type=JSON), 400)
    sent = '{"question": "\\ud800", "answer": "\\ud800", "void_reason": "\\ud800"}'
    refused(adjudicating.post(OUTCOMES, sent, content_type=JSON), 400, "void_reason")


def test_a_body_beyond_the_limit_is_too_large(
    adjudicating: APIClient, refused: Any, settings: Any
) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    refused(adjudicating.post(OUTCOMES, json.dumps("x" * 1000), content_type=JSON), 413)


@pytest.mark.parametrize("charset", ["utf-16", "unicode_escape", "no-such-charset"])
def test_a_charset_of_the_callers_changes_nothing(
    adjudicating: APIClient, refused: Any, charset: str
) -> None:
    content_type = f"{JSON}; charset={charset}"
    answer = adjudicating.generic("POST", f"{OUTCOMES}?a=b", "{}", content_type=content_type)
    refused(answer, 400, "question")
    answer = adjudicating.generic("GET", f"{OUTCOMES}?page_size=1", content_type=content_type)
    assert answer.status_code == 200
    half = f"{OUTCOMES}?question=\\ud800"
    refused(adjudicating.generic("GET", half, content_type=content_type), 400, "question")


def test_too_many_parameters_are_refused(api: APIClient, refused: Any) -> None:
    refused(api.get(f"{OUTCOMES}?{'a=1&' * 2000}"), 400)


def test_an_error_of_ours_tells_nothing_of_itself(
    refused: Any, monkeypatch: pytest.MonkeyPatch, db: None, caplog: Any
) -> None:
    def broken() -> None:
        raise RuntimeError("a secret of the database")

    monkeypatch.setattr(scores, "scoreboard", broken)
    answer = APIClient(raise_request_exception=False).get("/api/v1/scoreboard/")
    refused(answer, 500)
    assert "secret" not in answer.content.decode()
    (told,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert told.exc_info


def test_errors_outside_of_every_view_have_the_same_form_below_api(rf: Any) -> None:
    handlers = {
        400: lambda request: problems.handler400(request, Exception()),
        404: lambda request: problems.handler404(request, Exception()),
        500: problems.handler500,
    }
    for status, handler in handlers.items():
        request = rf.get("/api/v1/scores/")
        answer = handler(request)
        assert answer.status_code == status
        assert answer.headers["Content-Type"] == problems.MEDIA_TYPE
        assert json.loads(answer.content)["instance"] == "/api/v1/scores/"
        assert "html" in handler(rf.get("/elsewhere/")).headers["Content-Type"]


def test_several_errors_are_all_named(recording: APIClient, refused: Any) -> None:
    answer = recording.post("/api/v1/predictions/", {"probability": "high"}, format="json")
    problem = refused(answer, 400)
    fields = {error["field"] for error in problem["errors"]}
    assert fields == {"question", "forecaster", "made_at", "basis", "probability"}
    assert "4 more" in problem["detail"]
    assert not Prediction.objects.exists()


# Nothing is signed yet; and of what is a proof wanted?
NEEDS_MORE = {"ledger_checkpoint": 404, "ledger_inclusion": 400, "ledger_consistency": 400}


def test_the_root_leads_to_everything(api: APIClient) -> None:
    for name, address in api.get("/api/v1/").json().items():
        assert api.get(address).status_code == NEEDS_MORE.get(name, 200), name
