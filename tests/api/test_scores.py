"""`/api/v1/scores/` and `/api/v1/scoreboard/`"""

import json
from io import StringIO

import pytest
from django.core.management import call_command
from rest_framework.test import APIClient

from predictions.services import outcome_correct
from tests.making import Maker


def test_a_score_names_what_earned_it_and_reads_with_its_exact_digits(
    api: APIClient, make: Maker
) -> None:
    prediction = make.prediction("0.7")
    outcome = make.outcome(prediction.question)
    rows = api.get("/api/v1/scores/?rule=log").json()["results"]
    assert len(rows) == 1
    expected = {
        "question": prediction.question.key,
        "forecaster": prediction.forecaster.key,
        "prediction": str(prediction.pk),
        "outcome": str(outcome.pk),
        "value": 0.356674944,
        "reverses": None,
        "reversed_by": None,
        "stands": True,
    }
    assert expected.items() <= rows[0].items()
    assert api.get(f"/api/v1/scores/{rows[0]['id']}/").json() == rows[0]


def test_a_reversed_score_and_its_reversal_name_each_other(api: APIClient, make: Maker) -> None:
    prediction = make.prediction()
    outcome = make.outcome(prediction.question)
    outcome_correct(
        outcome=outcome, verdict=make.verdict("no"), reason="A slip.", by=None, now=make.now
    )
    rows = api.get(f"/api/v1/scores/?rule=brier&outcome={outcome.pk}&ordering=value").json()
    reversal, score = rows["results"]
    assert (score["value"], score["reversed_by"], score["stands"]) == (0.09, reversal["id"], False)
    assert (reversal["value"], reversal["reverses"]) == (-0.09, score["id"])
    assert reversal["stands"] is False
    (standing,) = api.get("/api/v1/scores/?rule=brier&stands=true").json()["results"]
    assert standing["value"] == 0.49


@pytest.mark.usefixtures("seeded")
def test_the_scoreboard_is_the_one_of_the_terminal(api: APIClient) -> None:
    printed = StringIO()
    call_command("scoreboard", "--json", stdout=printed)
    assert api.get("/api/v1/scoreboard/").json() == json.loads(printed.getvalue())
