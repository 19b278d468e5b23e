"""Pages of the admin among many predictions, against the same pages among few."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.bench import logs
from tests.bench.crowd import (
    LARGE_ANSWERED,
    LARGE_ARTICLE,
    LARGE_EVENT,
    LARGE_FORECASTER,
    LARGE_QUESTION,
    PERSON,
    crowd,
)
from tests.bench.harness import Row, Target, duration, progress, rounds_for, seconds
from tests.bench.rescoring import answered, filled

FEW = 1_000
ROUNDS = 7
QUERIES = 15


@dataclass(frozen=True)
class Page:
    """A page by the words for it, and where it is."""

    name: str
    address: Callable[[], str]
    # What it asks for is given up after a while, so it is not held against few.
    limited: bool = False


def listed(model: str, words: str = "", **query: str) -> Page:
    name = f"{model}s {words}".strip()
    return Page(name, lambda: reverse(f"admin:predictions_{model}_changelist", query=query))


def shown(model: str, key: str) -> Page:
    def address() -> str:
        row = apps.get_model("predictions", model).objects.get(key=key)
        return reverse(f"admin:predictions_{model}_change", args=[row.pk])

    return Page(f"a large {model}", address)


def of_large(name: str, model: str, act: str, key: str = LARGE_QUESTION) -> Page:
    """A page of an act on something with much around it."""

    def address() -> str:
        row = apps.get_model("predictions", model).objects.get(key=key)
        return reverse(f"admin:predictions_{model}_{act}", args=[row.pk])

    return Page(name, address)


def of_outcome(name: str, act: str) -> Page:
    def address() -> str:
        outcome = _outcome()
        args = [outcome.question_id, outcome.pk]
        return reverse(f"admin:predictions_question_{act}", args=args)

    return Page(name, address)


def of_one(name: str, model: str, act: str, **narrowed: str) -> Page:
    def address() -> str:
        row = apps.get_model("predictions", model).objects.filter(**narrowed).first()
        return reverse(f"admin:predictions_{model}_{act}", args=[row.pk])

    return Page(name, address)


def desk(words: str, **query: str) -> Page:
    return Page(words, lambda: reverse("admin:index", query=query))


def on_several(name: str, act: str) -> Page:
    """Of as many open questions as are taken at once."""

    def address() -> str:
        from predictions.admin.chosen import MOST

        named = "key" if act == "outcomes" else "pk"
        questions = _open().order_by("key").values_list(named, flat=True)[:MOST]
        chosen = [str(one) for one in questions]
        return reverse(f"admin:predictions_question_{act}", query={"question": chosen})

    return Page(name, address)


def added(model: str) -> Page:
    return Page(f"recording {model}s", lambda: reverse(f"admin:predictions_{model}_add"))


def found(what: str, asked: str) -> Page:
    name = f"{what}s that are offered for {asked}"
    return Page(name, lambda: reverse("admin:find", args=[what], query={"q": asked}))


def alike(words: str, text: str) -> Page:
    def address() -> str:
        return reverse("admin:find", args=["alike"], query={"q": text})

    return Page(f"questions {words} to one that is typed", address, limited=True)


def _outcome() -> Any:
    from predictions.models import Outcome

    return Outcome.objects.get(question__key=LARGE_ANSWERED)


def _open() -> Any:
    from predictions.models import Question

    return Question.objects.open().filter(key__startswith="Q")


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
    shown("event", LARGE_EVENT),
    of_one("a large outcome", "outcome", "change", question__key=LARGE_ANSWERED),
    of_one("a prediction", "prediction", "change", question__key=LARGE_ANSWERED),
    of_one("a proposal", "proposal", "change"),
    listed("statement"),
    listed("review"),
    listed("review", "on a large question", question__key=LARGE_QUESTION),
    listed("proposal"),
    listed("message"),
    listed("user"),
    listed("question", "of a reviewer", reviewer="me"),
    listed("question", "due within a week", state="week"),
    listed("outcome", "of nobody", entered_by="nobody"),
    listed("event", "not linked", linked="no"),
    desk("the first page"),
    desk("the first page, of one's own", whose="mine"),
    of_large("entering an outcome", "question", "outcome"),
    of_large("proposing an outcome", "question", "propose"),
    of_large("a review", "question", "review"),
    of_large("predicting", "question", "predict"),
    of_large("linking an event", "question", "link"),
    of_large("amending a question", "question", "amend"),
    of_large("extending a question", "question", "extend"),
    of_large("reassigning a question", "question", "reassign"),
    of_large("amending a forecaster", "forecaster", "amend", LARGE_FORECASTER),
    of_large("amending an article", "article", "amend", LARGE_ARTICLE),
    of_large("amending an event", "event", "amend", LARGE_EVENT),
    of_one("amending a prediction", "prediction", "amend", question__key=LARGE_QUESTION),
    of_large("recording more of an article", "article", "record", LARGE_ARTICLE),
    of_outcome("correcting an outcome", "correct"),
    of_outcome("withdrawing an outcome", "withdraw"),
    on_several("several outcomes", "outcomes"),
    on_several("several reviews", "reviews"),
    added("article"),
    added("question"),
    added("event"),
    found("question", "harvest town"),
    found("question", "Q1"),
    found("forecaster", "almanac"),
    found("article", "almanac"),
    found("topic", "harvest"),
    found("user", "re"),
    found("phrase", "almost"),
    found("hedge", "almost certain"),
    alike("much alike", "Will the harvest of town 7 fail in the end?"),
    alike("a little alike", "Will the town of the harvest fail?"),
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
    measured = [page for page in PAGES if not page.limited]
    slowest = max(measured, key=lambda page: many[page.name].seconds / few[page.name].seconds)
    for page in PAGES:
        ours, floor = many[page.name], few[page.name]
        yield _row(page.name, ours, floor, size, target=None)
    ours, floor = many[slowest.name], few[slowest.name]
    yield _row("the slowest of these pages", ours, floor, size, target=Target("<=", 2.0))
    yield _limited(few, many, size)
    yield Row(
        "queries for a page of the desk, at most",
        ours=str(max(taken.queries for taken in many.values())),
        floor=str(max(taken.queries for taken in few.values())),
        figure=max(taken.queries for taken in many.values()),
        unit="queries",
        target=Target("<=", QUERIES),
    )


def _limited(few: dict[str, Taken], many: dict[str, Taken], size: int) -> Row:
    names = [page.name for page in PAGES if page.limited]
    ours, floor = (max(taken[name].seconds for name in names) for taken in (many, few))
    return Row(
        f"looking for near-duplicates among {size:,} predictions, at most",
        ours=duration(ours),
        floor=duration(floor),
        figure=ours,
        unit="seconds",
        target=Target("<=", 0.4),
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
    crowd(size)
    client = _client()
    return {page.name: _taken(client, page, rounds) for page in PAGES}


def _client() -> Client:
    from predictions.models import User

    client = Client(SERVER_NAME="localhost")
    client.force_login(User.objects.get(username=PERSON))
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
