"""The description of the API, and the page that shows it."""

import re
from contextlib import closing
from typing import Any

import pytest
import yaml
from django.core.management import call_command
from rest_framework.test import APIClient

pytestmark = pytest.mark.django_db


@pytest.fixture
def schema(api: APIClient) -> dict[str, Any]:
    described: dict[str, Any] = yaml.safe_load(api.get("/api/v1/schema/").content)
    return described


def test_the_schema_is_valid_openapi_and_made_without_a_warning() -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", "/dev/null")


def test_every_operation_describes_its_refusals_as_problems(schema: dict[str, Any]) -> None:
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            refusals = {
                code: answer for code, answer in operation["responses"].items() if code >= "400"
            }
            assert {"400", "401"} <= refusals.keys(), (path, method)
            for answer in refusals.values():
                (content,) = answer["content"].items()
                assert content[0] == "application/problem+json"
                assert content[1]["schema"]["$ref"] == "#/components/schemas/Problem"


def test_writing_needs_a_bearer_token_and_reading_may_do_without(schema: dict[str, Any]) -> None:
    assert schema["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    outcomes = schema["paths"]["/api/v1/outcomes/"]
    assert outcomes["post"]["security"] == [{"bearer": []}]
    assert outcomes["get"]["security"] == [{"bearer": []}, {}]


def test_entering_an_outcome_is_shown_by_example(schema: dict[str, Any]) -> None:
    operation = schema["paths"]["/api/v1/outcomes/"]["post"]
    examples = operation["requestBody"]["content"]["application/json"]["examples"]
    assert list(examples) == [
        "AnAnswer",
        "Void",
        "ACorrection",
        "AWithdrawal",
        "APartialAnswer,WhereTheQuestionAllowsIt",
        "ANumber,OnANumericQuestion",
    ]
    assert "`adjudicate`" in operation["description"]


def test_every_post_takes_an_idempotency_key(schema: dict[str, Any]) -> None:
    posts = [operations["post"] for operations in schema["paths"].values() if "post" in operations]
    assert len(posts) == 5
    for operation in posts:
        assert "Idempotency-Key" in [parameter["name"] for parameter in operation["parameters"]]


def test_a_list_describes_its_filters_and_orderings(schema: dict[str, Any]) -> None:
    parameters = {
        parameter["name"]: parameter["schema"]
        for parameter in schema["paths"]["/api/v1/predictions/"]["get"]["parameters"]
    }
    assert parameters["state"]["enum"] == ["late", "open", "scored", "void"]
    assert "-made_at" in parameters["ordering"]["enum"]
    assert parameters["page_size"]["maximum"] == 500


def test_the_documentation_loads_nothing_from_elsewhere(api: APIClient) -> None:
    page = api.get("/api/docs/").content.decode()
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(addresses) > 3
    assert all(address.startswith("/") for address in addresses)
    for address in addresses:
        with closing(api.get(address)) as answer:
            assert answer.status_code == 200, address
