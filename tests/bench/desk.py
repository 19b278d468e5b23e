"""Pages of the admin among many predictions, against the same pages among few."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.bench import logs
from tests.bench.harness import Row, Target, duration, progress, rounds_for, seconds
from tests.bench.rescoring import answered, filled
from tests.guards import lifted

FEW = 1_000
ROUNDS = 7
QUERIES = 15
LARGE_QUESTION, LARGE_FORECASTER, LARGE_ARTICLE = "large-1", "large", "large-article"

# One question with a tenth of all predictions, one forecaster with half of them, one article with a
# tenth; and what else there is to list.
_CROWDED = """
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
VALUES (gen_random_uuid(), gen_random_uuid(), 'large-1', 'binary', 'Will it hail?', 'Yes if so.',
    '[]', false, false, '', '2025-01-01', '2025-12-31', '', 'stated', '', '', '', '', 1,
    '2025-12-31');
UPDATE predictions_prediction p
SET question_id = (SELECT id FROM predictions_question WHERE key = 'large-1'),
    revision = r.number
FROM (SELECT id, 2000000 + row_number() OVER () AS number FROM predictions_prediction
      ORDER BY id DESC LIMIT {size} / 10) r
WHERE r.id = p.id;
INSERT INTO predictions_event (id, entry, key, happened_on, title, text, sources, recorded_at)
SELECT gen_random_uuid(), gen_random_uuid(), 'event-' || i, date '2025-01-01' + i % 365,
    'It rained', '', '[]', now() FROM generate_series(1, {size} / 10) i;
INSERT INTO predictions_bearing (id, entry, event_id, question_id, bearing, note)
SELECT gen_random_uuid(), gen_random_uuid(), e.id, q.id, 'context', ''
FROM predictions_event e, (SELECT id FROM predictions_question LIMIT 1) q;
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


@dataclass(frozen=True)
class Page:
    """A page by the words for it, and where it is."""

    name: str
    address: Callable[[], str]


def listed(model: str, words: str = "", **query: str) -> Page:
    name = f"{model}s {words}".strip()
    return Page(name, lambda: reverse(f"admin:predictions_{model}_changelist", query=query))


def shown(model: str, key: str) -> Page:
    def address() -> str:
        from django.apps import apps

        row = apps.get_model("predictions", model).objects.get(key=key)
        return reverse(f"admin:predictions_{model}_change", args=[row.pk])

    return Page(f"a large {model}", address)


# What other pages there are is measured by being added here.
PAGES: tuple[Page, ...] = (
    listed("prediction"),
    listed("prediction", "by probability", o="3"),
    listed("prediction", "on page 20", p="20"),
    listed("prediction", "scored", state="scored"),
    listed("prediction", "open", state="open"),
    listed("prediction", "late", state="late"),
    listed("prediction", "of a large forecaster", forecaster__key=LARGE_FORECASTER),
    listed("prediction", "on a large question", question__key=LARGE_QUESTION),
    listed("prediction", "of a large article", article__key=LARGE_ARTICLE),
    listed("prediction", "of a probability", probability__from="0.5", probability__to="0.500001"),
    listed("prediction", "of a day", made_at__from="2025-03-10", made_at__to="2025-03-10"),
    listed("prediction", "of no outlet", basis="verbal"),
    listed("prediction", "found by a forecaster", q="large"),
    listed("prediction", "found by nothing", q="nothing"),
    listed("question"),
    listed("question", "settled", state="settled"),
    listed("question", "open", state="open"),
    listed("question", "due", state="due"),
    listed("question", "without predictions", predicted="no"),
    listed("question", "found", q="hail"),
    listed("score"),
    listed("score", "that count", posting="counts"),
    listed("score", "of a large forecaster", prediction__forecaster__key=LARGE_FORECASTER),
    listed("outcome"),
    listed("outcome", "answered", answer="yes"),
    listed("event"),
    listed("event", "linked", linked="yes"),
    listed("bearing"),
    listed("forecaster"),
    listed("article"),
    listed("topic"),
    shown("question", LARGE_QUESTION),
    shown("forecaster", LARGE_FORECASTER),
    shown("article", LARGE_ARTICLE),
)


@dataclass(frozen=True)
class Taken:
    """The shortest time of a page, and its queries."""

    seconds: float
    queries: int


def rows(size: int) -> Iterator[Row]:
    rounds = rounds_for(size, ROUNDS)
    few = _among("few", FEW, rounds)
    many = _among("many", size, rounds)
    slowest = max(PAGES, key=lambda page: many[page.name].seconds / few[page.name].seconds)
    for page in PAGES:
        ours, floor = many[page.name], few[page.name]
        yield _row(page.name, ours, floor, size, target=None)
    ours, floor = many[slowest.name], few[slowest.name]
    yield _row("the slowest of these pages", ours, floor, size, target=Target("<=", 2.0))
    yield Row(
        "queries for a page of the desk, at most",
        ours=str(max(taken.queries for taken in many.values())),
        floor=str(max(taken.queries for taken in few.values())),
        figure=max(taken.queries for taken in many.values()),
        unit="queries",
        target=Target("<=", QUERIES),
    )


def _row(name: str, ours: Taken, floor: Taken, size: int, target: Target | None) -> Row:
    return Row(
        f"{name} among {size:,} predictions against among {FEW:,}",
        ours=duration(ours.seconds),
        floor=duration(floor.seconds),
        figure=ours.seconds / floor.seconds,
        unit="times as long",
        target=target,
    )


def _among(key: str, size: int, rounds: int) -> dict[str, Taken]:
    logs.clear()
    progress(f"making {size:,} predictions")
    filled(f"{key}-", size)
    answered(f"{key}-")
    with lifted():
        logs.run(_CROWDED.format(size=size))
    logs.run_as_owner("VACUUM ANALYZE")
    client = _client()
    return {page.name: _taken(client, page, rounds) for page in PAGES}


def _client() -> Client:
    from predictions.models import User

    person = User.objects.create_superuser("bench", "bench@example.org", "a long enough secret")
    client = Client(SERVER_NAME="localhost")
    client.force_login(person)
    return client


def _taken(client: Client, page: Page, rounds: int) -> Taken:
    progress(f"opening {page.name}")
    address = page.address()

    def act() -> Any:
        answer = client.get(address)
        assert answer.status_code == 200, (page.name, answer.status_code)
        return answer

    with CaptureQueriesContext(connection) as queries:
        act()
    count = len(queries)  # now: the next request forgets them
    return Taken(min(seconds(act) for _ in range(rounds)), count)
