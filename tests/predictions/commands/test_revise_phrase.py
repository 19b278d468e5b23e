import io

import pytest
from django.core.management import CommandError, call_command

from predictions.models import Phrase, Score
from tests.making import Maker

pytestmark = pytest.mark.django_db
FIGURES = ("--low", "0.6", "--point", "0.75", "--high", "0.9")


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("revise_phrase", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def phrase(make: Maker) -> Phrase:
    """Read by one prediction that is scored, one that is open, and one with its own figures."""
    phrase = make.phrase("0.55", "0.7", "0.8", phrase="almost certainly", source="icd203")
    scored = make.prediction(None, basis="verbal", phrase=phrase)
    make.outcome(scored.question, "yes")
    make.prediction(None, basis="verbal", phrase=phrase)
    make.prediction("0.6", basis="verbal", phrase=phrase, low="0.5", high="0.8")
    return phrase


def revise(*given: str) -> str:
    return run("almost certainly", "--source", "icd203", "--reason", "A survey.", *given)


def test_it_says_what_it_changes_and_changes_it(phrase: Phrase) -> None:
    told = revise(*FIGURES)
    assert told.splitlines() == [
        "almost certainly (icd203, version 2): 0.6 to 0.9, at 0.75; it was 0.55 to 0.8, at 0.7",
        "  predictions read anew: 2, on questions that are answered: 1",
        "  predictions with figures of their own, which stay: 1",
    ]
    revised = Phrase.objects.current().get()
    assert (revised.version, revised.reason) == (2, "A survey.")
    assert Score.objects.standing().filter(round=2).count() == 2


def test_a_dry_run_says_the_same_and_changes_nothing(phrase: Phrase) -> None:
    told = revise(*FIGURES, "--dry-run")
    assert told.endswith("nothing was changed: a dry run\n")
    assert Phrase.objects.get() == phrase
    assert not Score.objects.filter(round=2).exists()
    assert revise(*FIGURES) + "nothing was changed: a dry run\n" == told


@pytest.mark.parametrize(
    ("given", "code", "problem"),
    [
        (("--low", "0.55", "--point", "0.7", "--high", "0.80"), 1, "is read so already: 0.55 to"),
        (("--low", "0.9", "--point", "0.7", "--high", "0.8"), 2, "point: 0.700000 does not lie"),
        (("--low", "x", "--point", "0.7", "--high", "0.8"), 2, "low: x is not a probability"),
        (("--low", "0", "--point", "0.7", "--high", "1.1"), 2, "high: 1.1 is not a probability"),
        ((*FIGURES, "--reason", " "), 2, "reason: is missing"),
        ((*FIGURES, "--source", "ipcc"), 2, "no 'almost certainly' from 'ipcc'"),
    ],
)
def test_what_is_refused_is_said_in_one_line(
    phrase: Phrase, given: tuple[str, ...], code: int, problem: str
) -> None:
    with pytest.raises(CommandError) as refused:
        revise(*given)
    assert refused.value.returncode == code
    assert problem in str(refused.value)
    assert "\n" not in str(refused.value)
    assert Phrase.objects.get() == phrase
