import io
import json

import pytest
from django.core.management import call_command

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("scoreboard", *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.usefixtures("seeded")
def test_the_json_has_the_public_shape() -> None:
    told = json.loads(run("--json"))
    assert set(told) == {"total", "forecasters"}
    assert told["total"]["mean_brier"] == pytest.approx(5.0765 / 14)
    low, high = told["total"]["mean_brier_interval"]
    assert low < told["total"]["mean_brier"] < high
    names = [row["forecaster"] for row in told["forecasters"]]
    assert names == ["the-sun-analysis", "columnist-seed-000"]
    assert set(told["forecasters"][0]) == {"forecaster", "name", *told["total"]}


@pytest.mark.usefixtures("seeded")
def test_the_table_has_a_row_a_forecaster_and_the_totals() -> None:
    table = run()
    assert "The Sun, analysis" in table
    assert "Columnist, seed article 000" in table
    assert "All, on 18 questions" in table


def test_with_nothing_recorded_every_figure_is_null() -> None:
    told = json.loads(run("--json"))
    assert told["forecasters"] == []
    assert told["total"]["predictions"] == 0
    assert told["total"]["mean_brier"] is None
    assert told["total"]["mean_brier_interval"] is None
    assert "All, on 0 questions" in run()
