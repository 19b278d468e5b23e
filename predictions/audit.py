"""What the ledger's verification needs to know: the domain's tables, and how scores come about."""

import functools
from collections.abc import Iterator
from decimal import Decimal
from itertools import islice
from uuid import UUID

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from ledger import parts, replay, roles
from predictions import reckoning
from predictions.models import FACTS, Fact, OpenQuestion, Question, SeriesTotal, Total
from predictions.models.totals import EVERYBODY
from predictions.reckoning import FIGURES, RULES, SERIES, SUMS, Changes, Selection

_CHUNK = 2_000
_FIGURES_OF_SERIES = [name for name in SERIES.names or () if name not in ("question", "forecaster")]
# Beside the three that every table of facts has.
_MORE_TRIGGERS = {
    "article": ("article_erased_stays",),
    "forecaster": ("forecaster_erased_stays",),
    "outcome": ("outcome_decides",),
    "question": ("question_moves", "question_opens"),
    "score": ("score_fits",),
}
# As in `ledger.guards`: what the tables of facts, and the database functions of the domain, are.
TABLES = {
    "predictions_topic": "31b071657a5dc044",
    "predictions_outlet": "e2cba23f10df9e72",
    "predictions_article": "0a2bb94d89f19728",
    "predictions_forecaster": "0fd8ebf9a15fb266",
    "predictions_phrase": "7416066ae5ce12a6",
    "predictions_question": "b399ddcc144ce356",
    "predictions_prediction": "5c81718916fe975e",
    "predictions_statement": "66a286b8690d3a4e",
    "predictions_event": "0ce330bcddfbd0bb",
    "predictions_bearing": "b1638c2ea083b72f",
    "predictions_outcome": "206634f2030cec9c",
    "predictions_outcomeevidence": "bfc26f4697de572f",
    "predictions_review": "1910cde726fb79f8",
    "predictions_score": "c436a92655f86ad2",
}
FUNCTIONS = {
    "predictions_agenda_follows": "d90fb44173c2a318",
    "predictions_scores_fit": "577e954357fa4052",
}


def register() -> None:
    """Have `verify_ledger` replay every table of facts and recompute every score.

    And say which tables the service's role may add to but not change.
    """
    for model in FACTS:
        roles.register_facts([model._meta.db_table], final=model.final)
        name = str(model._meta.model_name)
        guards = tuple(f"{name}_{guard}" for guard in ("has_entry", "stays", "no_truncate"))
        replay.register_table(
            replay.FactTable(
                name,
                rows=functools.partial(_rows, model),
                db_table=model._meta.db_table,
                triggers=(*guards, *_MORE_TRIGGERS.get(name, ())),
                digest=TABLES[model._meta.db_table],
                later=model.later,
            )
        )
    replay.register_functions(FUNCTIONS)
    replay.register_check(check_scores)
    replay.register_check(check_open_questions)


def _rows(model: type[Fact]) -> Iterator[replay.Row]:
    rows = model._default_manager.order_by("pk").iterator(chunk_size=_CHUNK)
    while chunk := list(islice(rows, _CHUNK)):
        known = parts.commitments_of(row.pk for row in chunk) if model.personal else {}
        for row in chunk:
            facts = parts.concealed(
                owner=row.pk, facts=row.facts(), personal=model.personal, known=known
            )
            yield replay.Row(key=str(row.pk), entry=str(row.entry), facts=facts)


def check_scores() -> Iterator[replay.Finding]:
    """Hold what stands, and what it comes to, against a fresh computation."""
    for questions in reckoning.batches():
        due = reckoning.changes(Selection(questions))
        yield from _score_findings(due)
        yield from _series_findings(questions, due.series)
    yield from _total_findings()


def check_open_questions() -> Iterator[replay.Finding]:
    """Hold the list of what is still to be answered against the outcomes."""
    expected = Question.objects.without_outcome().values_list("pk", "review_at", "reviewer")
    listed = OpenQuestion.objects.values_list("pk", "review_at", "reviewer")
    for missing in expected.difference(listed):
        yield replay.Finding(f"question {missing[0]}", "is open, and not listed so as it is")
    for wrong in listed.difference(expected):
        yield replay.Finding(f"question {wrong[0]}", "is listed as open as it is not")


def _score_findings(due: Changes) -> Iterator[replay.Finding]:
    """What would be posted is missing or wrong; what would only be reversed counts in vain."""
    wrong = {_key(row): row for row in due.reversals}
    for row in due.postings:
        rule, told = RULES[row["rule"]], _told(row)
        if (score := wrong.pop(_key(row), None)) is None:
            problem = f"has no {rule} score for outcome {_uuid(row['outcome'])}"
            yield replay.Finding(f"prediction {_uuid(row['prediction'])}", problem)
        else:
            problem = f"{rule} holds {_told(score, sign=-1)}; recomputed it is {told}"
            yield replay.Finding(f"score {_uuid(score['reverses'])}", problem)
    for row in wrong.values():
        problem = f"counts, but nothing earns it by outcome {_uuid(row['outcome'])}"
        yield replay.Finding(f"score {_uuid(row['reverses'])}", problem)


def _series_findings(questions: list[UUID], expected: NDArray[np.void]) -> Iterator[replay.Finding]:
    stored = {
        (row.question_id, row.forecaster_id): row
        for row in SeriesTotal.objects.filter(question__in=questions)
    }
    for series in expected:
        key = (_uuid(series["question"]), _uuid(series["forecaster"]))
        row = stored.pop(key, None)
        for column in _FIGURES_OF_SERIES:
            held, told = getattr(row, column, None), int(series[column])
            # The last digit of what was weighed by time may be the machine's.
            if held is None or abs(held - told) > (column in ("weighted_brier", "coverage")):
                place = f"total of forecaster {key[1]} on question {key[0]}"
                yield replay.Finding(place, f"{column} is {held}; recounted it is {told}")
    for question, forecaster in stored:
        yield replay.Finding(
            f"total of forecaster {forecaster} on question {question}", "is of no predictions"
        )


def _total_findings() -> Iterator[replay.Finding]:
    """The totals against the sums of the series."""
    statement, values = reckoning.sums_of(None)
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        expected = {row[0]: dict(zip(SUMS, row, strict=True)) for row in cursor.fetchall()}
    stored = {total["whose"]: total for total in Total.objects.values(*SUMS)}
    for whose in expected.keys() | stored.keys():
        told, held = expected.get(whose, {}), stored.get(whose, {})
        for column in SUMS[1:]:
            if told.get(column, 0) != held.get(column, 0):
                place = "everybody" if whose == EVERYBODY else f"forecaster {whose}"
                problem = f"{column} is {held.get(column)}; recounted it is {told.get(column)}"
                yield replay.Finding(f"total of {place}", problem)


def _key(row: np.void) -> tuple[bytes, bytes, int]:
    return row["prediction"].tobytes(), row["outcome"].tobytes(), int(row["rule"])


def _told(row: np.void, *, sign: int = 1) -> str:
    """Figures as they stand in the table: value, best, worst."""
    return ", ".join(str(Decimal(sign * int(row[name])).scaleb(-9)) for name in FIGURES)


def _uuid(value: np.void) -> UUID:
    return UUID(bytes=value.tobytes())
