"""Many questions that are settled, and what it earned whom: rows as they are stored.

Past the guards: through the services the same would take an hour to write.
"""

import uuid

from django.db import connection, transaction

from ledger import journal
from tests.guards import lifted

_ROWS = """
INSERT INTO predictions_forecaster (id, entry, key, name, kind, note)
SELECT gen_random_uuid(), gen_random_uuid(), 'almanac-' || i, 'Almanac ' || i, 'person', ''
FROM generate_series(1, {forecasters}) i;
INSERT INTO predictions_question (id, entry, key, kind, text, criteria, options, ordered, partial,
    unit, opened_at, due_at, due_rule, horizon_basis, horizon_note, notes, condition,
    condition_answer, due_version)
SELECT gen_random_uuid(), gen_random_uuid(), 'S' || i, 'binary', {text}, 'Yes if so.',
    '[]', false, false, '', '2025-01-01', '2025-12-31', '', 'stated', '', '', '', '', 1
FROM generate_series(1, {questions}) i;
INSERT INTO predictions_prediction (id, entry, reference, question_id, forecaster_id, revision,
    made_at, passages, hedge, side, probability, basis, basis_note, horizon_note, note, recorded_at)
SELECT gen_random_uuid(), gen_random_uuid(), '', q.id, f.id, r,
    timestamptz '2025-02-01' + r * interval '30 days' + random() * interval '20 days',
    jsonb_build_array(jsonb_build_object('offset', 0, 'quote', {text})), '', '',
    round(random()::numeric, 2), 'stated', '', '', '', now()
FROM predictions_question q, predictions_forecaster f, generate_series(1, {revisions}) r;
INSERT INTO predictions_outcome (id, entry, question_id, answer, void_reason, settled_at, rationale,
    correction_reason, entered_at, reopens)
SELECT gen_random_uuid(), '{entry}', id, CASE WHEN random() < 0.4 THEN 'yes' ELSE 'no' END,
    '', timestamptz '2025-10-01' - random() * interval '60 days', {text}, '', now(), false
FROM predictions_question;
INSERT INTO predictions_score (id, entry, prediction_id, outcome_id, rule, value, best, worst,
    round, posted_at)
SELECT gen_random_uuid(), '{entry}', p.id, o.id, rule, value, value, value, 1, now()
FROM predictions_prediction p JOIN predictions_outcome o ON o.question_id = p.question_id
CROSS JOIN LATERAL (SELECT CASE WHEN o.answer = 'yes' THEN p.probability ELSE 1 - p.probability END
    AS given) g
CROSS JOIN LATERAL (VALUES ('brier', round((1 - given) ^ 2, 9)),
    ('log', round(-ln(least(greatest(given, 0.01), 0.99)), 9))) earned (rule, value);
"""
_TABLES = [
    f"predictions_{name}" for name in ("forecaster", "question", "prediction", "outcome", "score")
]


def settle(
    *, questions: int, forecasters: int = 1, revisions: int = 1, text: str = "Will it rain?"
) -> None:
    """So many, each predicted on by all forecasters, told of by one entry; `text` is each text."""
    entry = uuid.uuid4()
    quoted = "'" + text.replace("'", "''") + "'"
    statement = _ROWS.format(
        questions=questions,
        forecasters=forecasters,
        revisions=revisions,
        entry=entry,
        text=quoted,
    )
    with lifted(), connection.cursor() as cursor:
        cursor.execute(statement)
        # In operation the planner knows by itself that there are many.
        cursor.execute(f"ANALYZE {', '.join(_TABLES)}")
    with transaction.atomic():
        journal.append(
            kind="outcome.entered", subject="question:S", actor="system", facts={}, uuid=entry
        )
