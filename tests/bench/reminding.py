"""A pass of reminders: what is due among many questions, against the same among no others."""

import datetime as dt
from collections.abc import Callable, Iterator

from django.db import transaction

from tests.bench import logs
from tests.bench.harness import Row, Times, cost_row, progress, rounds_for, timed
from tests.guards import lifted

NOW = dt.datetime(2026, 11, 25, 12, tzinfo=dt.UTC)
ROUNDS = 5
FEWEST_DUE, A_REVIEWER = 100, 100

# Questions of which the first are due; of the others half are settled, half due in years to come.
# Each was reviewed once, and its reviewer told before that.
_FILL = """
INSERT INTO predictions_user (password, is_superuser, username, first_name, last_name, email,
    is_staff, is_active, date_joined, time_zone)
SELECT '', false, 'reviewer-' || i, '', '', i || '@example.org', true, true, now(),
    (ARRAY['UTC', 'Europe/Zurich', 'America/New_York'])[1 + i % 3]
FROM generate_series(1, {reviewers}) i;
INSERT INTO predictions_question (id, entry, key, kind, text, criteria, options, ordered, partial,
    unit, opened_at, due_at, due_rule, horizon_basis, horizon_note, notes, condition,
    condition_answer, due_version, review_at, reviewer_id)
SELECT gen_random_uuid(), gen_random_uuid(), 'Q' || i, 'binary',
    'Will the harvest of town ' || i || ' fail in the end?', 'Yes if the ministry says so.', '[]',
    false, false, '', '2025-01-01', '2030-12-31', '', 'stated', '', '', '', '', 2,
    CASE WHEN i <= {due} THEN timestamptz '2026-11-24' - i % 30 * interval '1 day'
    ELSE timestamptz '2028-01-01' + i % 900 * interval '1 day' END, u.ids[1 + i % {reviewers}]
FROM generate_series(1, {size}) i, (SELECT array_agg(id) AS ids FROM predictions_user) u;
INSERT INTO predictions_openquestion (question_id, review_at, reviewer_id)
SELECT id, review_at, reviewer_id FROM predictions_question q
WHERE substr(key, 2)::int <= {due} OR substr(key, 2)::int % 2 = 0;
INSERT INTO predictions_outcome (id, entry, question_id, answer, void_reason, settled_at, rationale,
    correction_reason, entered_at, reopens)
SELECT gen_random_uuid(), gen_random_uuid(), id, 'yes', '', '2025-10-01', 'Seen.', '', now(), false
FROM predictions_question q
WHERE NOT EXISTS (SELECT FROM predictions_openquestion o WHERE o.question_id = q.id);
INSERT INTO predictions_review (id, entry, question_id, note, next_at, due_version, recorded_at)
SELECT gen_random_uuid(), gen_random_uuid(), id, 'Nothing yet.', '2030-12-31', 1, '2026-06-01'
FROM predictions_question;
INSERT INTO predictions_message (kind, recipient, subject, text, html, attachments, headers,
    message_id, state, attempts, doubtful, due_at, created_at, sent_at, last_error)
VALUES ('reminder', 'rye@example.org', 'Due', '', '', '[]', '{{}}', 'first', 'sent', 1, false,
    now(), now(), now(), '');
INSERT INTO predictions_reminder (question_id, recipient_id, due_version, stage, message_id)
SELECT q.id, q.reviewer_id, 1, 0, m.id FROM predictions_question q, predictions_message m;
"""


def rows(size: int) -> Iterator[Row]:
    due = max(FEWEST_DUE, size // 100)
    rounds = rounds_for(size, ROUNDS)
    few, many = _among(due, due, rounds), _among(size, due, rounds)
    for name, ours, floor in zip(("first", "next"), many, few, strict=True):
        yield cost_row(
            f"the {name} pass of reminders of {due:,} due among {size:,} against among no others",
            Times(ours=ours, floor=floor),
            at_most=1.5,
        )


def _among(size: int, due: int, rounds: int) -> tuple[list[float], list[float]]:
    """Seconds of passes that tell all that is due, and of passes that find it told."""
    logs.clear()
    progress(f"making {size:,} questions")
    with lifted():
        logs.run(_FILL.format(size=size, due=due, reviewers=max(1, due // A_REVIEWER)))
    logs.run_as_owner("VACUUM ANALYZE")
    progress(f"reminding of {due:,} among {size:,}")
    _told(undone=True)
    first = [_told(undone=True) for _ in range(rounds)]
    _told(undone=False)
    return first, [_told(undone=True) for _ in range(rounds)]


def _told(*, undone: bool) -> float:
    return timed(_pass(undone))


def _pass(undone: bool) -> Callable[[], object]:
    from predictions.mail.reminders import reminders_queue

    def act() -> None:
        with transaction.atomic():
            reminders_queue(now=NOW)
            transaction.set_rollback(undone)

    return act
