import io
import json

import pytest
from django.core.management import CommandError, call_command

from predictions.scorecards import MIN_QUESTIONS
from tests.making import Maker

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


@pytest.mark.usefixtures("seeded")
def test_the_card_says_plainly_that_the_sample_is_small() -> None:
    told = run("scorecard", "--forecaster", "the-sun-analysis")
    for words in (
        "8 predictions on 8 questions: 6 scored, 0 late, 2 void, 0 open",
        "4 statements too vague to score, 1 abstained; vagueness rate 33.33 %",
        f"SMALL SAMPLE: scored on 6 questions of yes or no, fewer than {MIN_QUESTIONS}.",
        "Skill against the others      0.99 on 1 shared question",
        "Rank by mean Brier            not given",
        "0.360  Q15: Will Russia's minister of defence",
        "the-sun-analysis said 40 % yes, it came out yes: “Putin could also",
    ):
        assert words in told
    assert max(map(len, told.splitlines())) <= 100


@pytest.mark.usefixtures("seeded")
def test_the_json_is_that_of_the_card() -> None:
    told = json.loads(run("scorecard", "--horizon", "year", "--until", "2023-06-24", "--json"))
    assert told["scope"]["horizon"] == "year"
    assert told["scope"]["until"] == "2023-06-24"
    assert told["counts"]["scored"] == 5
    assert told["small_sample"] is True


def test_with_nothing_recorded_the_card_says_so() -> None:
    told = run("scorecard")
    assert "Scorecard: all predictions" in told
    assert "Nothing was scored, so there are no figures." in told


def test_a_large_sample_is_ranked_and_not_called_small(make: Maker) -> None:
    who = make.forecaster()
    for _ in range(MIN_QUESTIONS):
        make.outcome(make.prediction("0.6", forecaster=who).question, "yes")
    told = run("scorecard", "--forecaster", who.key)
    assert "SMALL SAMPLE" not in told
    assert "Rank by mean Brier            1 of 1" in told


@pytest.mark.parametrize(
    ("arguments", "refusal"),
    [
        (["--forecaster", "nobody"], "forecaster: there is none with the key 'nobody'"),
        (["--horizon", "soon"], "horizon: 'soon' is not one of week, month,"),
        (["--since", "yesterday"], "since: 'yesterday' is not a day since 1900 such as 2023-06-25"),
        (["--since", "2024-01-02", "--until", "2024-01-01"], "until: 2024-01-01 is before since"),
    ],
)
def test_what_is_asked_wrongly_is_refused_in_one_line(arguments: list[str], refusal: str) -> None:
    with pytest.raises(CommandError) as refused:
        run("scorecard", *arguments)
    assert str(refused.value).startswith(refusal)
    assert "\n" not in str(refused.value)
    assert refused.value.returncode == 2


@pytest.mark.usefixtures("seeded")
class TestHeadToHead:
    def test_the_table_has_a_row_a_shared_question_and_the_verdict(self) -> None:
        told = run("head_to_head", "the-sun-analysis", "columnist-seed-000")
        assert "The Sun, analysis against Columnist, seed article 000" in told
        assert "The Sun, analysis won 1, tied 0 and lost 0 of 1 shared question." in told
        assert "SMALL SAMPLE" in told

    def test_the_json_is_that_of_the_comparison(self) -> None:
        told = json.loads(run("head_to_head", "the-sun-analysis", "columnist-seed-000", "--json"))
        assert [shared["question"] for shared in told["shared"]] == ["Q9"]
        assert told["difference"] == pytest.approx(-0.8925)

    def test_sharing_nothing_is_said(self) -> None:
        told = run("head_to_head", "the-sun-analysis", "columnist-seed-000", "--horizon", "week")
        assert "There is no question on which both were scored." in told

    @pytest.mark.parametrize(
        ("first", "second", "refusal"),
        [
            ("nobody", "the-sun-analysis", "first: there is no forecaster with the key 'nobody'"),
            ("the-sun-analysis", "the-sun-analysis", "second: is 'the-sun-analysis', as first is"),
        ],
    )
    def test_who_cannot_be_compared_is_refused(self, first: str, second: str, refusal: str) -> None:
        with pytest.raises(CommandError) as refused:
            run("head_to_head", first, second)
        assert str(refused.value).startswith(refusal)
        assert refused.value.returncode == 2
