"""Files of predictions through the database: what is recorded, what is refused, what it scores."""

import datetime as dt
import math
import random
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction

from ledger import journal
from ledger.models import Entry
from predictions import services
from predictions.errors import Conflict, Invalid
from predictions.importing import read
from predictions.models import Forecaster, Outcome, Prediction, Question, Score, Topic
from predictions.scorecards import Totals, scoreboard
from predictions.services.erasure import forecaster_erase
from predictions.services.imports import Imported, ImportRefused, predictions_import
from predictions.when import display, end_of
from tests.conftest import NOW
from tests.ledger.others import in_background, run, wait_for
from tests.making import ARTICLE_TEXT, Maker

pytestmark = pytest.mark.django_db

HEADER = "question,forecaster,made_at,probability,opened_at,due_at,outcome,resolved_at"
OPEN = "Q1,almanac,2026-02-01,0.7,2026-01-31,2026-10-31,,"
HAPPENED = "Q1,almanac,2026-02-01,0.7,2026-01-31,2026-10-31,yes,2026-09-01"


def imported(*lines: str, header: str = HEADER, dry_run: bool = False) -> Imported:
    data = "\n".join([header, *lines]).encode()
    return predictions_import(read=read(data), by=None, now=NOW, dry_run=dry_run)


def refused(*lines: str, header: str = HEADER) -> list[str]:
    """The problems for which nothing is recorded."""
    before = size()
    with pytest.raises(ImportRefused) as refusal:
        imported(*lines, header=header)
    assert size() == before
    return [str(problem) for problem in refusal.value.problems]


def warned(result: Imported) -> list[str]:
    return [str(warning) for warning in result.warnings]


def size() -> int:
    journal.flush()
    return journal.head().size


def total() -> Totals:
    return scoreboard().total


def states() -> list[str]:
    rows = Prediction.objects.with_state().order_by("question__key", "made_at", "revision")
    return [row.state for row in rows]


class TestWhatIsRecorded:
    def test_a_question_its_prediction_and_its_outcome(self) -> None:
        result = imported(HAPPENED)
        assert result == Imported(
            topics=0,
            forecasters=1,
            questions=1,
            predictions=1,
            outcomes=1,
            late=0,
            early=0,
            known=0,
            warnings=(),
        )
        prediction = Prediction.objects.get()
        question, forecaster = prediction.question, prediction.forecaster
        assert (question.key, question.text, question.criteria) == ("Q1", "Q1", "as in the source")
        assert (display(question.opened_at), display(question.due_at)) == (
            "2026-01-31",
            "2026-10-31",
        )
        assert (question.horizon_basis, question.review_at) == ("stated", question.due_at)
        assert (forecaster.key, forecaster.name, forecaster.kind) == (
            "almanac",
            "almanac",
            "unknown",
        )
        assert (prediction.basis, prediction.probability) == ("stated", Decimal("0.7"))
        assert (prediction.recorded_at, prediction.revision) == (NOW, 1)
        outcome = question.outcome
        assert outcome is not None
        assert (outcome.answer, display(outcome.settled_at)) == ("yes", "2026-09-01")
        assert outcome.entered_at == NOW
        assert Score.objects.get(rule="brier").value == Decimal("0.09")

    def test_what_each_row_is_about_is_found_in_the_log_by_its_subject(self) -> None:
        imported(HAPPENED, HAPPENED.replace("Q1", "Q2").replace("0.7", "0.2"))
        journal.flush()
        for key in ("Q1", "Q2"):
            assert [entry.kind for entry in journal.about(f"question:{key}")] == [
                "question.opened",
                "prediction.recorded",
                "outcome.entered",
                "scores.posted",
            ]

    def test_text_criteria_topic_and_quote(self) -> None:
        header = "question,forecaster,made_at,probability,text,criteria,topic,quote"
        line = 'Q1,almanac,2026-02-01,0.7,"Rain, in May?",The station says so.,weather,"“Surely”"'
        assert imported(line, header=header).topics == 1
        prediction = Prediction.objects.get()
        question = prediction.question
        assert (question.text, question.criteria) == ("Rain, in May?", "The station says so.")
        assert question.topic == Topic.objects.get(key="weather", name="weather")
        assert (prediction.note, prediction.passages) == ("“Surely”", [])

    def test_a_question_without_any_date_of_its_end_stays_open_and_says_so(self) -> None:
        imported("Q1,almanac,2026-02-01,0.7,,,,")
        question = Question.objects.get()
        assert (question.due_at, question.due_rule) == (None, "as in the source")
        assert states() == ["open"]

    def test_who_and_what_is_there_already_is_taken(self, make: Maker) -> None:
        make.forecaster(key="almanac", kind="organisation")
        services.topic_record(key="weather", name="The weather", by=None)
        header = "question,forecaster,made_at,probability,topic"
        result = imported("Q1,almanac,2026-02-01,0.7,weather", header=header)
        assert (result.forecasters, result.topics) == (0, 0)
        assert Forecaster.objects.get().kind == "organisation"
        assert str(Question.objects.get().topic) == "The weather"

    def test_an_article_is_found_by_its_address(self, make: Maker) -> None:
        article = make.article(url="https://example.org/almanac")
        header = "question,forecaster,made_at,probability,quote,article_url"
        line = f"Q1,almanac,2026-02-01,0.7,{ARTICLE_TEXT[:10]},https://example.org/almanac"
        imported(line, header=header)
        assert Prediction.objects.get().article == article

    def test_an_article_that_there_is_not_once_is_refused(self, make: Maker) -> None:
        for _ in range(2):
            make.article(url="https://example.org/twice")
        header = "question,forecaster,made_at,probability,article_url"
        lines = [f"Q1,x,2026-02-01,0.7,https://example.org/{name}" for name in ("none", "twice")]
        assert refused(*lines, header=header) == [
            "line 2, article_url: there is no article with the address "
            "https://example.org/none; record it first, once",
            "line 3, article_url: there are 2 articles with the address "
            "https://example.org/twice; record it first, once",
        ]

    def test_many_predictions_on_a_question_take_as_many_entries_as_they_need(self) -> None:
        lines = [f"Q1,f-{number},2026-02-01,0.5,,,," for number in range(250)]
        header = f"{HEADER},quote"
        imported(*(f"{line},{'ü' * 1_000}" for line in lines), header=header)
        journal.flush()
        entries = Entry.objects.filter(subject="question:Q1", kind="prediction.recorded")
        assert entries.count() > 5
        assert Prediction.objects.count() == 250

    def test_a_question_whose_texts_do_not_fit_into_an_entry_is_refused_by_its_name(self) -> None:
        control = "\x01" * 6_990  # six bytes each, as JSON
        with pytest.raises(Invalid, match=r"question:Q1: .*more than 65535"):
            imported(
                f"Q1,x,2026-02-01,0.5,{control}a,{control}a",
                header="question,forecaster,made_at,probability,text,criteria",
            )


class TestRevisions:
    def test_they_are_numbered_by_when_they_were_made_whatever_the_files_order(self) -> None:
        imported(
            OPEN.replace("02-01,0.7", "03-01,0.3"),
            OPEN.replace("02-01,0.7", "02-01,0.1"),
            OPEN.replace("02-01,0.7", "02-20,0.2"),
        )
        rows = Prediction.objects.order_by("revision").values_list("revision", "probability")
        assert [(number, str(p)) for number, p in rows] == [
            (1, "0.100000"),
            (2, "0.200000"),
            (3, "0.300000"),
        ]

    def test_of_one_day_and_of_one_moment_they_are_kept_in_the_files_order(self) -> None:
        day = [OPEN.replace("2026-02-01,0.7", f"2026-02-01T0{h}:00Z,0.{h}") for h in (2, 1)]
        moment = [OPEN.replace("0.7", f"0.{place}") for place in (9, 3, 9)]
        result = imported(*day, *moment)
        assert result.predictions == 5
        rows = Prediction.objects.order_by("revision").values_list("probability", flat=True)
        assert [str(p) for p in rows] == [f"0.{tenth}00000" for tenth in (1, 2, 9, 3, 9)]

    def test_a_row_that_says_the_same_again_is_counted_once_with_a_warning(self) -> None:
        result = imported(OPEN, OPEN, OPEN.replace("almanac", "other"))
        assert result.predictions == 2
        assert warned(result) == ["line 3: says what line 2 says; counted once"]

    def test_a_file_with_more_rows_adds_those(self) -> None:
        imported(OPEN)
        longer = (OPEN.replace("02-01,0.7", "03-01,0.3"), OPEN, OPEN.replace("Q1", "Q2"))
        result = imported(*longer)
        assert (result.predictions, result.questions, result.known) == (2, 1, 1)
        assert list(
            Prediction.objects.filter(question__key="Q1").values_list("revision", "probability")
        ) == [(1, Decimal("0.7")), (2, Decimal("0.3"))]


class TestASecondTime:
    def test_the_same_file_records_nothing(self) -> None:
        lines = (HAPPENED, HAPPENED.replace("0.7", "0.2"), HAPPENED, OPEN.replace("Q1", "Q2"))
        imported(*lines)
        before = size()
        again = imported(*lines)
        assert size() == before
        assert again.known == 4
        assert (again.questions, again.predictions, again.outcomes, again.forecasters) == (0,) * 4

    def test_an_outcome_that_comes_later_scores_what_is_there(self) -> None:
        imported(OPEN)
        result = imported(HAPPENED)
        assert (result.outcomes, result.predictions, result.known) == (1, 0, 1)
        assert states() == ["scored"]

    def test_more_predictions_on_an_answered_question_are_scored_or_late(self) -> None:
        imported(HAPPENED)
        result = imported(
            HAPPENED,
            HAPPENED.replace("02-01,0.7", "03-01,0.9"),
            HAPPENED.replace("02-01,0.7", "09-01,1"),
        )
        assert (result.predictions, result.late, result.outcomes) == (2, 1, 0)
        assert states() == ["scored", "scored", "late"]
        assert sorted(Score.objects.filter(rule="brier").values_list("value", flat=True)) == [
            Decimal("0.01"),
            Decimal("0.09"),
        ]

    def test_what_is_recorded_otherwise_stays_and_is_said(self) -> None:
        header = f"{HEADER},text,criteria,topic"
        imported(f"{HAPPENED},Rain?,The station says so.,weather", header=header)
        before = size()
        moved = HAPPENED.replace("2026-10-31", "2026-12-31").replace("09-01", "09-02")
        result = imported(f"{moved},Hail?,I say so.,hail", header=header)
        assert size() == before
        assert warned(result) == [
            "line 2, criteria: Q1 is recorded with another: 'The station says so.', which stays",
            "line 2, due_at: Q1 is recorded with another: 2026-10-31, which stays",
            "line 2, resolved_at: Q1 is recorded with another: 2026-09-01, which stays",
            "line 2, text: Q1 is recorded with another: 'Rain?', which stays",
            "line 2, topic: Q1 is recorded with another: 'weather', which stays",
        ]

    def test_an_outcome_that_differs_from_the_recorded_one_is_refused(self) -> None:
        imported(HAPPENED)
        assert refused(HAPPENED.replace("yes", "no")) == [
            "line 2, outcome: no for Q1, which is recorded as yes; correct that outcome instead"
        ]
        assert refused(HAPPENED.replace("yes", "void")) == [
            "line 2, outcome: void for Q1, which is recorded as yes; correct that outcome instead"
        ]

    def test_a_file_that_says_nothing_of_a_recorded_outcome_is_no_contradiction(self) -> None:
        imported(HAPPENED)
        assert imported(OPEN).known == 1

    def test_whoever_was_erased_does_not_come_back(self) -> None:
        other = OPEN.replace("almanac,2026-02-01", "other,2026-02-02")
        imported(OPEN, other)
        forecaster_erase(
            forecaster=Forecaster.objects.get(key="almanac"), reason="request", by=None, now=NOW
        )
        before = size()
        result = imported(OPEN, other, OPEN.replace("02-01", "03-01"))
        assert size() == before
        assert warned(result) == [
            "line 2, forecaster: almanac was erased, to go by what is recorded; left out: take the "
            "rows out"
        ]
        assert not Forecaster.objects.filter(key="almanac").exists()


class TestAllOrNothing:
    def test_one_bad_cell_keeps_every_row_out(self) -> None:
        assert refused(OPEN, OPEN.replace("Q1", "Q2").replace("0.7", "7")) == [
            "line 3, probability: 7 is not a probability: give 0 to 1, at most 6 places"
        ]
        assert not Question.objects.exists()
        assert not Forecaster.objects.exists()

    def test_cells_and_contradictions_are_named_at_once_in_the_files_order(self) -> None:
        imported(HAPPENED)
        told = refused(
            HAPPENED.replace("yes", "no"),
            OPEN.replace("Q1", "Q2").replace("0.7", "7"),
            HAPPENED.replace("Q1", "Q3"),
            HAPPENED.replace("Q1", "Q3").replace("yes", "no"),
            OPEN.replace("Q1", "Q4").replace("2026-02-01", "2926-02-01"),
        )
        assert [problem.partition(":")[0] for problem in told] == [
            "line 2, outcome",
            "line 3, probability",
            "line 5, outcome",
            "line 6, made_at",
        ]

    def test_a_dry_run_writes_nothing_and_counts_as_the_import_does(self) -> None:
        lines = (HAPPENED, OPEN.replace("Q1", "Q2"), HAPPENED.replace("02-01,0.7", "09-02,0.4"))
        before = size()
        tried = imported(*lines, dry_run=True)
        assert size() == before
        assert not Question.objects.exists()
        assert tried == imported(*lines)
        assert (tried.questions, tried.predictions, tried.late) == (2, 3, 1)

    def test_a_file_without_rows_records_nothing(self) -> None:
        assert imported().predictions == 0


class TestOddities:
    def test_a_due_date_before_the_opening(self) -> None:
        result = imported("Q1,x,2026-02-01,0.5,2026-03-01,2026-01-01,,")
        assert len(result.warnings) == 1
        assert result.early == 1
        assert display(Question.objects.get().due_at) == "2026-01-01"

    def test_an_outcome_of_the_year_2914_scores(self) -> None:
        result = imported("Q1,x,2026-02-01,0.5,2026-01-01,2026-04-01,no,2914-01-01")
        assert len(result.warnings) == 1
        assert display(Outcome.objects.get().settled_at) == "2914-01-01"
        assert total().mean_brier == 0.25

    def test_an_outcome_before_the_opening_leaves_all_predictions_late(self) -> None:
        result = imported("Q1,x,2026-02-01,0.5,2026-01-15,2026-04-01,no,2026-01-01")
        assert len(result.warnings) == 1
        assert (result.late, states()) == (1, ["late"])
        assert total().mean_brier is None

    @pytest.mark.parametrize(
        ("made_at", "state"),
        [
            ("2026-08-31", "scored"),
            ("2026-09-01", "late"),
            ("2026-09-01T23:59:59Z", "scored"),
            ("2026-09-02", "late"),
        ],
    )
    def test_a_prediction_after_the_fact_is_kept_as_late(self, made_at: str, state: str) -> None:
        result = imported(HAPPENED.replace("2026-02-01", made_at))
        assert (states(), result.late) == ([state], int(state == "late"))

    def test_a_prediction_before_the_opening_counts_from_the_opening(self) -> None:
        result = imported(
            "Q1,x,2026-01-01T00:00Z,0.5,2026-03-01T00:00Z,,yes,2026-03-11T00:00Z",
            "Q1,x,2026-03-06T00:00Z,1,2026-03-01T00:00Z,,yes,2026-03-11T00:00Z",
        )
        assert (result.early, states()) == (1, ["scored", "scored"])
        assert total().mean_brier == 0.125
        assert total().mean_brier_time_weighted == pytest.approx(0.125, abs=1e-12)
        assert total().coverage == 1.0

    def test_a_void_question_scores_nobody(self) -> None:
        assert imported(HAPPENED.replace("yes", "void")).late == 0
        outcome = Outcome.objects.get()
        assert (outcome.answer, outcome.void_reason) == (None, "withdrawn")
        assert states() == ["void"]
        assert not Score.objects.exists()

    def test_0_and_1_that_were_wrong_cost_all_of_it_and_the_clip_of_the_log(self) -> None:
        imported(
            HAPPENED.replace("0.7", "0"),
            HAPPENED.replace("0.7,", "1,").replace("yes", "no").replace("Q1", "Q2"),
        )
        assert total().mean_brier == 1.0
        assert total().mean_log == pytest.approx(-math.log(0.01), abs=1e-9)

    @pytest.mark.parametrize("probability", ["0.15", "0.35"])
    def test_0_15_and_0_35_are_exactly_that(self, probability: str) -> None:
        imported(HAPPENED.replace("0.7", probability))
        assert Prediction.objects.get().probability == Decimal(probability)
        brier = Score.objects.get(rule="brier").value
        assert brier == (1 - Decimal(probability)) ** 2

    def test_services_that_are_not_told_refuse_these_as_before(self, make: Maker) -> None:
        day = end_of(dt.date(2026, 1, 1))
        question = make.question()
        with pytest.raises(Invalid, match=r"^due_at: "):
            services.questions_open(
                questions=[
                    Question(
                        key="Q2",
                        text="?",
                        criteria="?",
                        horizon_basis="stated",
                        opened_at=question.opened_at,
                        due_at=day,
                    )
                ],
                by=None,
                now=NOW,
            )
        with pytest.raises(Invalid, match=r"^settled_at: .* before"):
            services.outcomes_enter(
                verdicts={question: make.verdict(settled_at=day)}, by=None, now=NOW
            )
        make.outcome(question)
        row = Prediction(
            question=question,
            forecaster=make.forecaster(),
            made_at=day,
            basis="stated",
            probability=Decimal("0.5"),
        )
        with pytest.raises(Invalid, match=r"^article: "):
            services.predictions_record(predictions=[row], by=None, now=NOW)
        with pytest.raises(Conflict, match="already has an outcome"):
            services.outcomes_enter(verdicts={question: make.verdict()}, by=None, now=NOW)


@pytest.mark.parametrize("seed", range(3))
def test_the_figures_are_those_of_plain_arithmetic(seed: int) -> None:
    chance = random.Random(seed)
    lines, scored = [], []
    for number in range(60):
        outcome = chance.choice(["yes", "no", "no", "void", ""])
        for _ in range(chance.randint(1, 4)):
            made = dt.date(2026, 1, 1) + dt.timedelta(days=chance.randrange(200))
            p = chance.choice(["0", "1", "0.15", "0.35", f"{chance.random():.6f}"])
            forecaster = f"f-{chance.randrange(5)}"
            settled = "2026-06-01" if outcome else ""
            line = f"q-{number},{forecaster},{made},{p},2026-01-10,2026-12-01,{outcome},{settled}"
            if line not in lines:
                lines.append(line)
                if outcome in ("yes", "no") and made < dt.date(2026, 6, 1):
                    scored.append((float(p), float(outcome == "yes")))
    chance.shuffle(lines)
    result = imported(*lines)
    assert result.predictions == len(lines)
    found = total()
    assert found.scored == len(scored)
    expected_brier = math.fsum((p - o) ** 2 for p, o in scored) / len(scored)
    expected_log = -math.fsum(
        math.log(min(max(p if o else 1 - p, 0.01), 0.99)) for p, o in scored
    ) / len(scored)
    assert found.mean_brier == pytest.approx(expected_brier, abs=1e-9)
    assert found.mean_log == pytest.approx(expected_log, abs=1e-9)
    assert found.base_rate == pytest.approx(sum(o for _, o in scored) / len(scored), abs=1e-9)


def test_many_rows_take_few_statements(django_assert_max_num_queries: Any) -> None:
    lines = [
        f"q-{number % 100},f-{number % 3},2026-02-01,0.{number:04},2026-01-01,2026-05-01,,"
        for number in range(1_000)
    ]
    with django_assert_max_num_queries(60):
        imported(*lines)
    assert Prediction.objects.count() == 1_000


def test_progress_is_told_batch_by_batch() -> None:
    lines = [f"q-{number},x,2026-02-01,0.5,,,," for number in range(1_200)]
    told: list[tuple[int, int]] = []
    predictions_import(
        read=read("\n".join([HEADER, *lines]).encode()),
        by=None,
        now=NOW,
        progress=lambda done, of: told.append((done, of)),
    )
    assert told == [(500, 1_200), (1_000, 1_200), (1_200, 1_200)]


@pytest.mark.django_db(transaction=True)
def test_of_two_imports_at_once_the_second_finds_what_the_first_recorded() -> None:
    told: list[Imported] = []
    with transaction.atomic():
        imported(HAPPENED)
        waiting = in_background(lambda: told.append(imported(HAPPENED)))
        wait_for(lambda: run(connection, "SELECT 1 FROM pg_locks WHERE NOT granted"))
    waiting.join(timeout=20)
    assert [(result.predictions, result.known) for result in told] == [(0, 1)]
    assert Prediction.objects.count() == 1
