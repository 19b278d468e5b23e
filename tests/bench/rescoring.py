"""Scoring everything anew, and one outcome more, on a ledger of many predictions."""

import datetime as dt
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.db import connection, transaction

from tests.bench import logs
from tests.bench.harness import (
    Row,
    Target,
    Times,
    cost_row,
    duration,
    progress,
    rounds_for,
    timed,
)
from tests.bench.memory import peak_memory
from tests.guards import lifted

NOW = dt.datetime(2026, 11, 25, tzinfo=dt.UTC)
FEW = 1_000
FORECASTERS, REVISIONS = 100, 3
OUTCOMES = 40
MEGABYTES = 500

# What was predicted and what became of it: rows as they are stored, past the guards, without the
# entries that the same through the services would take an hour to write.
_FILL = """
INSERT INTO predictions_forecaster (id, entry, key, name, kind, note)
SELECT gen_random_uuid(), gen_random_uuid(), 'almanac-' || i, 'Almanac', 'person', ''
FROM generate_series(1, {forecasters}) i ON CONFLICT DO NOTHING;
INSERT INTO predictions_question (id, entry, key, kind, text, criteria, options, ordered, partial,
    unit, opened_at, due_at, due_rule, horizon_basis, horizon_note, notes, condition,
    condition_answer, due_version)
SELECT gen_random_uuid(), gen_random_uuid(), '{key}' || i, 'binary', 'Will it rain?', 'Yes if so.',
    '[]', false, false, '', '2025-01-01', '2025-12-31', '', 'stated', '', '', '', '', 1
FROM generate_series(1, {questions}) i;
INSERT INTO predictions_prediction (id, entry, reference, question_id, forecaster_id, revision,
    made_at, passages, hedge, side, probability, basis, basis_note, horizon_note, note, recorded_at)
SELECT gen_random_uuid(), gen_random_uuid(), '', q.id, f.id, r,
    timestamptz '2025-02-01' + r * interval '30 days' + random() * interval '20 days', '[]', '', '',
    round(random()::numeric, 6), 'stated', '', '', '', now()
FROM predictions_question q, predictions_forecaster f, generate_series(1, {revisions}) r
WHERE q.key LIKE '{key}%' AND substr(f.key, 9)::int <= {forecasters};
"""
_ANSWER = """
INSERT INTO predictions_outcome (id, entry, question_id, answer, void_reason, settled_at, rationale,
    correction_reason, entered_at, reopens)
SELECT gen_random_uuid(), gen_random_uuid(), id, CASE WHEN random() < 0.4 THEN 'yes' ELSE 'no' END,
    '', '2025-10-01', 'Seen.', '', now(), false
FROM predictions_question WHERE key LIKE '{key}%';
"""


def rows(size: int) -> Iterator[Row]:
    logs.clear()
    filled("small", FEW)
    few = _outcomes("small")
    logs.clear()
    progress(f"making {size:,} predictions")
    filled("answered-", size)
    answered("answered-")
    logs.run_as_owner("ANALYZE")
    yield from _everything(size)
    logs.run_as_owner("ANALYZE")
    filled("large", FEW)
    yield cost_row(
        f"a new outcome among {size:,} predictions against among {FEW:,}",
        Times(ours=_outcomes("large"), floor=few),
        at_most=1.5,
    )


def answered(key: str) -> None:
    """An outcome for each of the questions whose keys begin so."""
    with lifted():
        logs.run(_ANSWER.format(key=key))


def filled(key: str, predictions: int) -> None:
    """So many predictions, of `FORECASTERS` on each question, or fewer."""
    questions = max(predictions // (FORECASTERS * REVISIONS), OUTCOMES if predictions == FEW else 1)
    statement = _FILL.format(
        key=key,
        questions=questions,
        forecasters=max(1, predictions // questions // REVISIONS),
        revisions=REVISIONS,
    )
    with lifted():
        logs.run(statement)


# -- everything anew ------------------------------------------------------------------------------


@dataclass
class _Pass:
    """Seconds of scoring all: of the rows, and of their entries apart."""

    rows: float = 0
    entries: float = 0


def _everything(size: int) -> Iterator[Row]:
    ours, entries, floor = [], [], []
    for _ in range(rounds_for(size, 3 if size <= 100_000 else 1)):
        _forget_scores()
        done = _score_all()
        ours.append(done.rows)
        entries.append(done.entries)
        floor.append(timed(_copy_prepared()))
    if len(ours) == 1:  # quartiles take two
        ours, floor = ours * 2, floor * 2
    yield cost_row(
        f"scoring {size:,} predictions anew, scores and totals, against COPY out and in",
        Times(ours=ours, floor=floor),
        at_most=3,
    )
    yield Row(
        "their ledger entries",
        ours=duration(min(entries)),
        floor="",
        figure=min(entries) / size * 1e6,
        unit="us a prediction",
    )
    _forget_scores()
    yield _memory()


def _score_all() -> _Pass:
    """What `rescore` does, by its own steps."""
    from predictions.reckoning import batches

    found = _Pass()
    for questions in _timed_batches(found, batches()):
        began = time.perf_counter()
        with transaction.atomic():
            in_entries = _score(questions)
        found.rows += time.perf_counter() - began - in_entries
        found.entries += in_entries
    return found


def _timed_batches(found: _Pass, batches: Iterator[list[uuid.UUID]]) -> Iterator[list[uuid.UUID]]:
    """Finding them is part of the work."""
    while True:
        began = time.perf_counter()
        questions = next(batches, None)
        found.rows += time.perf_counter() - began
        if questions is None:
            return
        yield questions


def _score(questions: list[uuid.UUID]) -> float:
    """Seconds that entries took."""
    from ledger import journal
    from predictions import reckoning
    from predictions.services.questions import questions_locked
    from predictions.services.score_rows import entries_append, rows_store
    from predictions.services.totals import totals_replace

    questions_locked(questions)
    selection = reckoning.Selection(questions)
    due = reckoning.changes(selection)
    totals_replace(selection=selection, series=due.series)
    began = time.perf_counter()
    entries_append(rows=due.postings, kind="scores.posted", by=None, now=NOW)
    journal.flush()  # instead of at the commit, to have it apart
    in_entries = time.perf_counter() - began
    rows_store(rows=due.postings, now=NOW)
    return in_entries


def _forget_scores() -> None:
    with lifted():
        for table in ("predictions_score", "predictions_seriestotal", "predictions_total"):
            logs.run(f"TRUNCATE {table}")


def _copy_prepared() -> Callable[[], object]:
    """COPY of the predictions out, and of their scores and totals into tables like theirs."""
    columns = "id, question_id, forecaster_id, revision, probability, low, high, made_at"
    tables = ("predictions_score", "predictions_seriestotal")
    for table in tables:
        logs.make_table(f"bench_{table}", f"LIKE {table} INCLUDING ALL")
    contents = {table: b"".join(_out(f"SELECT * FROM {table}")) for table in tables}

    def act() -> None:
        for _ in _out(f"SELECT {columns} FROM predictions_prediction"):
            pass
        for table, content in contents.items():
            with connection.cursor() as cursor:
                into = f"COPY bench_{table} FROM STDIN (FORMAT BINARY)"
                with cursor.copy(into) as copy:
                    copy.write(content)

    return act


def _out(statement: str) -> Iterator[bytes]:
    copy_out = f"COPY ({statement}) TO STDOUT (FORMAT BINARY)"
    with connection.cursor() as cursor, cursor.copy(copy_out) as copy:
        yield from copy


def _memory() -> Row:
    peak = peak_memory("rescore")
    return Row(
        "peak memory, scoring all anew",
        ours=f"{peak:.0f} MB",
        floor=f"{peak_memory('nothing'):.0f} MB",
        figure=peak,
        unit="MB",
        target=Target("<", MEGABYTES),
    )


# -- one outcome more -----------------------------------------------------------------------------


def _outcomes(key: str) -> list[float]:
    """Seconds of entering an outcome, of each of some questions."""
    from predictions import services
    from predictions.models import Question
    from predictions.services.outcomes import Verdict

    verdict = Verdict("yes", dt.datetime(2025, 10, 1, tzinfo=dt.UTC), "Seen.")
    return [
        timed(
            lambda question=question: services.outcome_enter(  # type: ignore[misc]
                question=question, verdict=verdict, by=None, now=NOW
            )
        )
        for question in Question.objects.filter(key__startswith=key).order_by("key")[:OUTCOMES]
    ]
