"""What else is recorded beside many predictions: all that the pages of the admin could drown in."""

from django.db import transaction

from ledger import journal
from predictions.models import Question, User
from tests.bench import logs
from tests.bench.harness import progress
from tests.guards import as_owner, lifted

LARGE_QUESTION, LARGE_ANSWERED = "large-1", "large-2"
LARGE_FORECASTER, LARGE_ARTICLE, LARGE_EVENT = "large", "large-article", "event-1"
PERSON = "bench"
_CHUNK = 10_000
# What few there are fills a page, so that pages as full are compared.
_A_PAGE = 240

# One forecaster with half of all predictions; an article and two questions, one of them answered,
# with a tenth each.
_LARGE = """
INSERT INTO predictions_forecaster (id, entry, key, name, kind, note)
VALUES (gen_random_uuid(), gen_random_uuid(), 'large', 'The large almanac', 'person', '');
INSERT INTO predictions_article (id, entry, key, title, title_basis, byline, published_on,
    date_basis, url, sha256, characters)
VALUES (gen_random_uuid(), gen_random_uuid(), 'large-article', 'The large almanac', '',
    'not stated', '2025-01-01', 'printed', '', repeat('0', 64), 1);
UPDATE predictions_prediction SET article_id = (SELECT id FROM predictions_article LIMIT 1)
WHERE id IN (SELECT id FROM predictions_prediction LIMIT {size} / 10);
UPDATE predictions_prediction p
SET forecaster_id = (SELECT id FROM predictions_forecaster WHERE key = 'large'),
    revision = r.number
FROM (SELECT id, 1000000 + row_number() OVER () AS number FROM predictions_prediction
      LIMIT {size} / 2) r
WHERE r.id = p.id;
INSERT INTO predictions_question (id, entry, key, kind, text, criteria, options, ordered, partial,
    unit, opened_at, due_at, due_rule, horizon_basis, horizon_note, notes, condition,
    condition_answer, due_version, review_at)
SELECT gen_random_uuid(), gen_random_uuid(), 'large-' || i, 'binary', 'Will it hail?', 'Yes if so.',
    '[]', false, false, '', '2025-01-01', '2025-12-31', '', 'stated', '', '', '', '', 1,
    '2025-12-31'
FROM generate_series(1, 2) i;
UPDATE predictions_prediction p
SET question_id = (SELECT id FROM predictions_question WHERE key = 'large-' || r.number % 2 + 1),
    revision = 2000000 + r.number
FROM (SELECT id, row_number() OVER () AS number FROM predictions_prediction
      ORDER BY id DESC LIMIT {size} / 5) r
WHERE r.id = p.id;
INSERT INTO predictions_outcome (id, entry, question_id, answer, void_reason, settled_at, rationale,
    correction_reason, entered_at, reopens)
SELECT gen_random_uuid(), gen_random_uuid(), id, 'yes', '', '2025-10-01', 'Seen.', '', now(), false
FROM predictions_question WHERE key = 'large-2';
INSERT INTO predictions_total (whose, predictions, open, void, late, scored, counted, happened,
    brier, best, worst, log, series, counted_series, clusters, sizes, products, squares,
    happened_squared, mean_brier, timed, weighted_brier, coverage)
SELECT forecaster_id, count(*), 0, 0, 0, count(*), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
FROM predictions_prediction GROUP BY forecaster_id;
INSERT INTO predictions_score (id, entry, prediction_id, outcome_id, rule, value, best, worst,
    round, posted_at)
SELECT gen_random_uuid(), gen_random_uuid(), p.id, o.id, 'brier', 0.25, 0.25, 0.25, 1, now()
FROM predictions_prediction p JOIN predictions_outcome o ON o.question_id = p.question_id;
"""

# People; many forecasters; open questions that are much alike, each with an early prediction, a
# third of them one person's, half of them on a condition that was met; what waits for a second
# pair of eyes; events of which all bear on one question, and one that bears on all open ones.
_AROUND = """
INSERT INTO predictions_user (password, is_superuser, username, first_name, last_name, email,
    is_staff, is_active, date_joined, time_zone)
SELECT '', false, 'reviewer-' || i, 'Rye', 'Barley', '', true, true, now(), 'UTC'
FROM generate_series(1, greatest({size} / 500, 60)) i;
INSERT INTO predictions_forecaster (id, entry, key, name, kind, note)
SELECT gen_random_uuid(), gen_random_uuid(), 'town-' || i, 'Almanac of town ' || i, 'person', ''
FROM generate_series(1, {around}) i;
INSERT INTO predictions_article (id, entry, key, title, title_basis, byline, published_on,
    date_basis, url, sha256, characters)
SELECT gen_random_uuid(), gen_random_uuid(), 'article-' || i, 'Almanac of town ' || i, '',
    'not stated', date '2024-01-01' + i % 365, 'printed', '', lpad(i::text, 64, '0'), 1
FROM generate_series(1, {around}) i;
INSERT INTO predictions_statement (id, entry, article_id, reference, forecaster_id, passages, hedge,
    kind, reason, note, recorded_at)
SELECT gen_random_uuid(), gen_random_uuid(), a.id, 'A1', f.id, '[]', '', 'unscorable',
    'comparison', '', now()
FROM predictions_article a, predictions_forecaster f WHERE f.key = 'large';
INSERT INTO predictions_topic (id, entry, key, name)
VALUES (gen_random_uuid(), gen_random_uuid(), 'harvest', 'Harvest');
INSERT INTO predictions_question (id, entry, key, kind, text, criteria, options, ordered, partial,
    unit, opened_at, due_at, due_rule, horizon_basis, horizon_note, notes, condition,
    condition_answer, due_version, review_at, reviewer_id, condition_question_id, topic_id)
SELECT gen_random_uuid(), gen_random_uuid(), 'Q' || i, 'binary',
    'Will the harvest of town ' || i || ' fail in the end?', 'Yes if so.', '[]', false, false, '',
    '2025-01-01', '2027-12-31', '', 'stated', '', '',
    CASE WHEN i % 2 = 0 THEN 'If it hails.' ELSE '' END, CASE WHEN i % 2 = 0 THEN 'yes' ELSE '' END,
    1, now() - interval '15 days' + interval '30 days' * i / {around},
    CASE WHEN i % 3 = 0 THEN me.id ELSE others.ids[1 + i % cardinality(others.ids)] END,
    CASE WHEN i % 2 = 0 THEN large.id END, topic.id
FROM generate_series(1, {around}) i, predictions_question large, predictions_topic topic,
    predictions_user me,
    (SELECT array_agg(id) AS ids FROM predictions_user WHERE username <> 'bench') others
WHERE large.key = 'large-2' AND me.username = 'bench';
INSERT INTO predictions_prediction (id, entry, reference, question_id, forecaster_id, revision,
    made_at, passages, hedge, side, probability, basis, basis_note, horizon_note, note, recorded_at)
SELECT gen_random_uuid(), gen_random_uuid(), '', q.id, f.id, 1, '2025-01-15', '[]', '', '',
    round(random()::numeric, 6), 'stated', '', '', '', now()
FROM predictions_question q, predictions_forecaster f WHERE q.key LIKE 'Q%' AND f.key = 'large';
INSERT INTO predictions_openquestion (question_id, review_at, reviewer_id)
SELECT id, review_at, reviewer_id FROM predictions_question q
WHERE NOT EXISTS (SELECT FROM predictions_outcome o WHERE o.question_id = q.id);
INSERT INTO predictions_proposal (question_id, answer, void_reason, settled_at, rationale,
    proposed_at, state, note, proposed_by_id)
SELECT q.id, 'yes', '', now(), 'Seen.', now(), 'waiting', '', u.id
FROM predictions_question q, predictions_user u
WHERE q.key LIKE 'Q%' AND u.username = 'bench';
INSERT INTO predictions_review (id, entry, question_id, note, next_at, due_version, recorded_at)
SELECT gen_random_uuid(), gen_random_uuid(), q.id, 'Seen.', '2099-12-31', i, now()
FROM predictions_question q, generate_series(1, {around}) i WHERE q.key = 'large-1';
INSERT INTO predictions_event (id, entry, key, happened_on, title, text, sources, recorded_at)
SELECT gen_random_uuid(), gen_random_uuid(), 'event-' || i, date '2025-01-01' + i % 365,
    'It rained', '', '[]', now() FROM generate_series(1, {size} / 10) i;
INSERT INTO predictions_bearing (id, entry, event_id, question_id, bearing, note)
SELECT gen_random_uuid(), gen_random_uuid(), e.id, q.id, 'context', ''
FROM predictions_event e, predictions_question q WHERE q.key = 'large-1';
INSERT INTO predictions_bearing (id, entry, event_id, question_id, bearing, note)
SELECT gen_random_uuid(), gen_random_uuid(), e.id, q.id, 'context', ''
FROM predictions_event e, predictions_question q WHERE q.key LIKE 'Q%' AND e.key = 'event-1';
INSERT INTO predictions_message (kind, recipient, subject, text, html, attachments, headers,
    message_id, state, attempts, doubtful, due_at, created_at, sent_at, last_error)
SELECT 'reminder', 'rye@example.org', 'Due', '', '', '[]', '{{}}', i,
    CASE WHEN i % 10 = 0 THEN 'dead' ELSE 'sent' END, 1, false, now(), now(),
    CASE WHEN i % 10 > 0 THEN now() END, ''
FROM generate_series(1, {size} / 10) i;
"""


def crowd(size: int) -> None:
    """Around so many predictions, which are there."""
    User.objects.create_superuser(PERSON, "bench@example.org", "a long enough secret")
    with lifted():
        logs.run(_LARGE.format(size=size))
        logs.run(_AROUND.format(size=size, around=max(size // 100, _A_PAGE)))
    _tell_of(Question.objects.get(key=LARGE_QUESTION), size // 10)
    logs.run_as_owner("VACUUM ANALYZE")


def _tell_of(question: Question, count: int) -> None:
    """So many entries about one question."""
    for done in range(0, count, _CHUNK):
        progress(f"writing {count:,} entries about one question: {done:,}")
        with as_owner(), transaction.atomic():
            journal.append_many(
                [
                    journal.draft(
                        kind="bench.made", subject=question.subject, actor="system", facts={}
                    )
                    for _ in range(min(_CHUNK, count - done))
                ]
            )
