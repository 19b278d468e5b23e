import datetime as dt
import io
import shutil
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from ledger import journal
from predictions import services
from predictions.models import (
    Article,
    Event,
    Forecaster,
    Outcome,
    Phrase,
    Prediction,
    Question,
    Score,
    Statement,
    Topic,
)
from predictions.scorecards import compared, scoreboard
from predictions.services.erasure import forecaster_erase
from predictions.services.posting import post
from predictions.when import display
from seeds.forms import SeedError
from seeds.loader import FOLDER, load
from tests.conftest import NOW

pytestmark = pytest.mark.django_db


@pytest.mark.usefixtures("seeded")
class TestTheSeedArticles:
    def test_the_totals_are_those_of_the_two_articles(self) -> None:
        board = scoreboard()
        total = board.total
        assert len(board.forecasters) == 2
        assert (total.questions, total.predictions) == (18, 19)
        assert (total.scored, total.void, total.open, total.late) == (14, 3, 2, 0)
        assert (total.unscorable, total.abstained) == (8, 1)

    def test_every_row_of_the_articles_is_there(self) -> None:
        predictions = set(Prediction.objects.values_list("reference", "question__key"))
        assert predictions == {
            *{("A1", "Q1"), ("A1′", "Q16"), ("A2", "Q2"), ("A3", "Q3"), ("A4", "Q4"), ("A5", "Q5")},
            *{("A6", "Q6"), ("A7", "Q7"), ("A8", "Q8"), ("A9", "Q9"), ("A9′", "Q17")},
            *{("B3", "Q9"), ("B4", "Q10"), ("B5", "Q11"), ("B6", "Q12"), ("B7", "Q13")},
            *{("B8", "Q14"), ("B9", "Q15"), ("B12", "Q18")},
        }
        statements = set(Statement.objects.values_list("reference", "kind"))
        unscorable = ("A10", "A11", "A12", "A13", "B1", "B10", "B11", "B13")
        assert statements == {*((ref, "unscorable") for ref in unscorable), ("B2", "abstained")}

    def test_every_outcome_is_that_of_the_world(self) -> None:
        outcomes = {
            outcome.question.key: (outcome.verdict.split()[0], display(outcome.settled_at))
            for outcome in Outcome.objects.select_related("question")
        }
        assert outcomes == {
            "Q1": ("no", "2024-06-25"),
            "Q2": ("yes", "2024-02-17"),
            "Q3": ("no", "2024-06-25"),
            "Q4": ("yes", "2023-08-23"),
            "Q5": ("no", "2024-06-25"),
            "Q6": ("no", "2023-12-25"),
            "Q7": ("void", "2023-08-23"),
            "Q8": ("yes", "2023-07-12"),
            "Q9": ("no", "2024-06-25"),
            "Q10": ("void", "2024-06-25"),
            "Q11": ("no", "2023-12-24"),
            "Q12": ("no", "2023-12-24"),
            "Q13": ("no", "2024-06-24"),
            "Q14": ("no", "2024-06-24"),
            "Q15": ("yes", "2024-05-12"),
            "Q18": ("void", "2024-06-24"),
        }

    def test_on_the_shared_question_the_second_article_beats_the_first(self) -> None:
        [shared] = compared()
        assert shared.question.key == "Q9"
        said = [(score.prediction.reference, score.value) for score in shared.scores]
        assert said == [("B3", Decimal("0.01")), ("A9", Decimal("0.9025"))]

    def test_the_mean_scores_are_those_worked_out_by_hand(self) -> None:
        columnist, the_sun = (
            next(row.totals for row in scoreboard().forecasters if row.forecaster == key)
            for key in ("columnist-seed-000", "the-sun-analysis")
        )
        # (p − o)² of each scored prediction, from the tables of the two articles.
        squares = (0.36, 0.9409, 0.0009, 0.0049, 0.9025, 0.8649, 0.0049, 0.9025)
        assert columnist.mean_brier == pytest.approx(sum(squares) / 8, abs=1e-9)
        assert the_sun.mean_brier == pytest.approx(
            (0.01 + 2 * 0.2025 + 2 * 0.16 + 0.36) / 6, abs=1e-9
        )

    def test_the_two_long_questions_are_overdue_for_review(self) -> None:
        assert [question.key for question in Question.objects.due(NOW)] == ["Q16", "Q17"]

    def test_a_second_run_changes_nothing(self) -> None:
        journal.flush()
        before = journal.head()
        loaded = load(now=NOW + dt.timedelta(days=1))
        journal.flush()
        assert not +loaded.recorded
        assert not loaded.differing
        assert journal.head() == before

    def test_no_article_text_is_kept_and_every_quote_is_short(self) -> None:
        assert {field.name for field in Article._meta.fields}.isdisjoint({"text", "body"})
        for passages in Prediction.objects.values_list("passages", flat=True):
            assert passages
            assert all(len(passage["quote"]) <= 120 for passage in passages)

    def test_every_event_has_a_source_with_an_address(self) -> None:
        assert Event.objects.count() == 12
        for event in Event.objects.all():
            assert all(source["url"].startswith("https://") for source in event.sources)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return shutil.copytree(FOLDER, tmp_path / "seeds")


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        (
            "questions.toml",
            'key = "Q2"',
            'key = "Q1"',
            r"questions.toml: question\[Q1\].key: is used twice",
        ),
        (
            "questions.toml",
            "due = 2024-06-25",
            "due = 2024-13-25",
            "questions.toml: file: cannot be read",
        ),
        (
            "questions.toml",
            "due = 2024-06-25",
            'due = "soon"',
            r"question\[Q1\].due: 'soon' is not right",
        ),
        (
            "questions.toml",
            "due = 2024-06-25",
            "deu = 2024-06-25",
            r"question\[Q1\].due: give either due or",
        ),
        (
            "questions.toml",
            'topic = "war-in-ukraine"',
            'topic = "peace"',
            "topic: 'peace' points nowhere",
        ),
        (
            "lexicon.toml",
            "point = 0.03",
            "point = 1.2",
            r"phrase\[1\].point: 1.2 is not between 0 and 1",
        ),
        ("lexicon.toml", "point = 0.03", "point = 0.9", "point: must lie between low and high"),
        (
            "events.toml",
            'bearing = "context"',
            'bearing = "vibes"',
            "'vibes' is not one of yes, no",
        ),
        ("events.toml", 'title = "', 'titel = "', r"event\[.*\].title: is missing"),
        ("outcomes.toml", 'answer = "no"', 'answer = "maybe"', "'maybe' is not one of yes, no"),
        (
            "outcomes.toml",
            "settled_on = 2024-06-25",
            "settled_on = 2024-06-24",
            "settled_on: is neither",
        ),
        ("articles/002-the-sun.toml", "offset = 750", "offset = 99750", "lies outside the article"),
        (
            "articles/002-the-sun.toml",
            'question = "Q9"',
            'question = "Q99"',
            "'Q99' points nowhere",
        ),
        ("articles/002-the-sun.toml", 'ref = "B4"', 'ref = "B3"', "ref: is used twice"),
        (
            "articles/002-the-sun.toml",
            'phrase = "long shot"',
            'phrase = "no idea"',
            "'no idea' of 'editorial' is not in lexicon.toml",
        ),
        ("articles/002-the-sun.toml", 'hedge = "', 'mood = "', r"hedge: is missing"),
        (
            "articles/002-the-sun.toml",
            'hedge = "',
            'hege = "',
            "hedge: is missing; give text in quotes; is 'hege' a slip for it",
        ),
    ],
)
def test_a_mistake_in_a_file_is_named_and_nothing_is_written(
    folder: Path, file: str, old: str, new: str, told: str
) -> None:
    path = folder / file
    text = path.read_text()
    # Behind the comments at the file's head, which explain the same keys.
    start = text.index("\n[")
    assert old in text[start:]
    path.write_text(text[:start] + text[start:].replace(old, new, 1))
    with pytest.raises(SeedError, match=told):
        load(now=NOW, folder=folder)
    assert not Question.objects.exists()


def test_what_differs_from_what_is_recorded_is_said_and_stays(folder: Path) -> None:
    load(now=NOW, folder=folder)
    path = folder / "topics.toml"
    path.write_text(path.read_text().replace('name = "', 'name = "Another ', 1))
    assert load(now=NOW, folder=folder).differing == ["topic:war-in-ukraine: name"]
    assert not Topic.objects.filter(name__startswith="Another").exists()


def test_what_a_service_refuses_is_named_with_its_row(folder: Path) -> None:
    path = folder / "articles" / "002-the-sun.toml"
    path.write_text(path.read_text().replace('sha256 = "63', 'sha256 = "xx'))
    with pytest.raises(SeedError, match=r"^articles: seed-002: sha256: "):
        load(now=NOW, folder=folder)


def test_an_unknown_key_is_refused(folder: Path) -> None:
    path = folder / "topics.toml"
    path.write_text(path.read_text() + 'colour = "red"\n')
    with pytest.raises(SeedError, match="colour: is not a key of this form"):
        load(now=NOW, folder=folder)


def test_the_command_says_what_is_wrong_in_one_line(folder: Path) -> None:
    (folder / "events.toml").unlink()
    with pytest.raises(CommandError, match=r"^events.toml: file: cannot be read") as refused:
        call_command("load_seeds", folder=folder)
    assert refused.value.returncode == 2


def test_the_command_says_what_it_recorded() -> None:
    out = io.StringIO()
    call_command("load_seeds", stdout=out)
    assert "18 questions, 19 predictions, 9 statements, 12 events, 16 outcomes" in out.getvalue()
    call_command("load_seeds", stdout=out)
    assert out.getvalue().endswith("nothing new: all of it is recorded already\n")
    assert Score.objects.count() == 28


def test_a_new_row_of_somebody_erased_is_refused_before_anything_is_written(folder: Path) -> None:
    load(now=NOW, folder=folder)
    forecaster = Forecaster.objects.get(key="columnist-seed-000")
    forecaster_erase(forecaster=forecaster, reason="request", by=None, now=NOW)
    journal.flush()
    size = journal.head().size
    assert load(now=NOW, folder=folder).recorded.total() == 0
    path = folder / "articles" / "000-columnist.toml"
    *_, statement = path.read_text().split("[[statement]]")
    path.write_text(path.read_text() + "\n[[statement]]" + statement.replace("A13", "A14"))
    with pytest.raises(SeedError, match="'columnist-seed-000' was erased; take this row out"):
        load(now=NOW, folder=folder)
    journal.flush()
    assert journal.head().size == size


def void_rows() -> str:
    """The rows of questions that are void by themselves, as the file told them once."""
    return "".join(
        f'\n[[outcome]]\nquestion = "{question}"\nvoid = "condition_not_met"\n'
        f'settled_on = {day}\nevidence = []\nrationale = "The condition was not met."\n'
        for question, day in {"Q10": "2024-06-25", "Q18": "2024-06-24"}.items()
    )


@pytest.mark.usefixtures("seeded")
def test_the_questions_whose_condition_failed_are_void_by_themselves() -> None:
    for key, condition in {"Q10": "Q9", "Q18": "Q14"}.items():
        void = Outcome.objects.get(question__key=key)
        decided = Outcome.objects.get(question__key=condition)
        assert (void.follows, void.settled_at) == (decided, decided.settled_at)
    assert Outcome.objects.get(question__key="Q7").follows is None


@pytest.mark.parametrize("at_the_end", [True, False])
def test_rows_that_follow_by_themselves_may_stand_in_the_file_wherever(
    folder: Path, at_the_end: bool
) -> None:
    path = folder / "outcomes.toml"
    head, *rest = path.read_text().split("\n[[outcome]]")
    rows = "".join(f"\n[[outcome]]{row}" for row in rest)
    path.write_text(f"{head}{rows}{void_rows()}" if at_the_end else f"{head}{void_rows()}{rows}")
    assert load(now=NOW, folder=folder).recorded["outcomes"] == 16
    total = scoreboard().total
    assert (total.scored, total.void, total.open) == (14, 3, 2)
    assert Outcome.objects.exclude(follows=None).exists() is at_the_end
    assert not +load(now=NOW).recorded, "nor does the file without them add any"
    assert not +load(now=NOW, folder=folder).recorded


def test_an_answer_to_a_question_whose_condition_fails_is_refused(folder: Path) -> None:
    path = folder / "outcomes.toml"
    row = void_rows().replace('void = "condition_not_met"', 'answer = "yes"')
    path.write_text(path.read_text() + row)
    with pytest.raises(
        SeedError, match=r"outcome\[Q10\]\.answer: must go: the condition fails, .* Q9 is another"
    ):
        load(now=NOW, folder=folder)
    assert not Question.objects.exists()


def test_an_older_database_gets_the_voids_that_nobody_has_entered(folder: Path) -> None:
    path = folder / "questions.toml"
    questions = path.read_text()
    path.write_text(questions.replace('condition_answer = "yes"', 'condition_answer = "no"', 1))
    load(now=NOW, folder=folder)
    assert Question.objects.get(key="Q10").outcome is None
    [question] = Question.objects.filter(key="Q10")
    question.condition_answer = "yes"
    post(kind="question.changed", by=None, rows=[question])
    loaded = load(now=NOW)
    assert (loaded.recorded["outcomes"], loaded.recorded.total()) == (1, 1)
    void = question.outcome
    assert void is not None
    assert void.follows == Question.objects.get(key="Q9").outcome


def test_a_changed_row_of_the_lexicon_is_reported_and_not_applied(folder: Path) -> None:
    load(now=NOW, folder=folder)
    path = folder / "lexicon.toml"
    path.write_text(path.read_text().replace("low = 0.80", "low = 0.81", 1))
    before = list(Phrase.objects.values_list("phrase", "low"))
    [told] = load(now=NOW, folder=folder).differing
    assert told.startswith("phrase:")
    assert told.endswith(": low")
    assert list(Phrase.objects.values_list("phrase", "low")) == before


def test_a_phrase_that_was_revised_stays_so_and_the_file_is_said_to_differ() -> None:
    load(now=NOW)
    phrase = Phrase.objects.get(phrase="long shot")
    services.phrase_revise(
        phrase=phrase,
        low=phrase.low,
        point=Decimal("0.12"),
        high=phrase.high,
        reason="A survey.",
        by=None,
        now=NOW,
    )
    loaded = load(now=NOW)
    assert loaded.differing == ["phrase:editorial/long shot: point"]
    assert not +loaded.recorded
    assert Phrase.objects.current().get(phrase="long shot").point == Decimal("0.12")


def test_a_withdrawn_outcome_is_not_entered_again() -> None:
    load(now=NOW)
    outcome = Outcome.objects.get(question__key="Q9")
    services.outcome_withdraw(outcome=outcome, reason="Too early.", by=None, now=NOW)
    assert not +load(now=NOW).recorded
    assert [question.key for question in Question.objects.due(NOW)] == ["Q16", "Q17", "Q10", "Q9"]
