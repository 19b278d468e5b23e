"""Every page of the admin takes as many queries among many rows as among few, and not many;
and none offers a choice of all rows there are."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import connection
from django.db.models import Model
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from ledger import journal
from ledger.models import Checkpoint
from predictions import services
from predictions.models import (
    ApiToken,
    ArticleText,
    Message,
    Outcome,
    Proposal,
    Question,
    ReminderPolicy,
    Report,
    Subscription,
    Suspension,
    User,
    Verification,
)
from predictions.services import uploads
from tests.admin.pages import Pages
from tests.admin.test_records import NOTE, RAIN, values_of
from tests.making import Maker

# Few are fewer than what a page shows here, and many are more, and more than a choice may offer.
FEW, PAGE, MANY = 10, 50, 70
QUERIES = 15
# What makes a whole report takes what a report takes (`test_reports`).
QUERIES_OF = {"predictions_subscription_preview": 41}
# One query more tells about how many rows there are where they are more than can be paged through.
ESTIMATE = 1

# What the parts of an address are called, and what stands for them here: a row that much refers to.
PARTS: Mapping[str, Callable[[], object]] = {
    "outcome": lambda: Outcome.objects.filter(question=_crowded()).latest("entered_at").pk,
    "sequence": lambda: 1,
    "form": lambda: "csv",
    "what": lambda: "question",
}
# Where the same name stands for something else.
PARTS_OF: Mapping[str, Mapping[str, Callable[[], object]]] = {
    "predictions_question_decline": {
        "pk": lambda: Proposal.objects.latest("pk").question_id,
        "proposal": lambda: Proposal.objects.latest("pk").pk,
    },
    "auth_user_password_change": {"id": lambda: User.objects.earliest("date_joined").pk},
}
# Which is no page of ours, or no page at all.
NO_PAGES = {
    "app_list": "has a part for each app, and shows what the side bar shows",
    "autocomplete": "answers to a field of a form",
    "jsi18n": "is a script",
    "logout": "is posted to",
    "view_on_site": "leads elsewhere",
    "password_change_done": "says that all is well",
    "predictions_verification_ledger": "is a file of the whole log, of a moment of its own",
    None: "leads elsewhere",
}


# Of people who may sign in, at most so many are offered.
LONGEST_CHOICE = 50
# Forms that offer more, though not all.
OFFERS_SOME = {
    "predictions_question_link",
    "predictions_question_reassign",
    "predictions_event_add",
    *(f"predictions_{model}_amend" for model in ("article", "prediction", "question", "statement")),
}


def _crowded() -> Question:
    return Question.objects.get(key="CROWDED")


@pytest.fixture
def fill(make: Maker, adjudicator: User) -> Callable[[int], None]:
    """Makes so many rows of everything, all of them about one question, forecaster and article."""
    outlet = services.outlet_record(key="almanac", name="The Almanac", by=adjudicator)
    topic = services.topic_record(key="harvest", name="Harvest", by=adjudicator)
    article = make.article(key="crowded", outlet=outlet)
    phrase = make.phrase()
    ArticleText.objects.create(article=article, text="The harvest.", kept_at=make.now)
    forecaster = make.forecaster(key="crowded")
    crowded = make.question(key="CROWDED", topic=topic, reviewer=adjudicator)
    passages = [{"offset": 0, "quote": "The harvest"}]
    said: dict[str, Any] = {"article": article, "passages": passages}
    read: dict[str, Any] = {"phrase": phrase, "low": phrase.low, "high": phrase.high}
    verbal: dict[str, Any] = {**said, **read, "basis": "verbal", "forecaster": forecaster}
    numbers = iter(range(1, 1_000_000))

    def one(number: int) -> None:
        make.prediction(question=crowded, **said)
        question = make.question(condition_question=crowded, condition_answer="yes")
        make.prediction("0.7", question=question, **verbal)
        make.event(crowded)
        services.statement_record(
            article=article,
            forecaster=forecaster,
            kind="unscorable",
            reason="maxim",
            by=adjudicator,
            now=make.now,
            passages=passages,
        )
        next_at = make.now + dt.timedelta(days=90)
        services.review_record(
            question=question, note="No.", next_at=next_at, by=adjudicator, now=make.now
        )
        make.proposal(question, by=adjudicator)
        other = make.question(topic=topic, reviewer=adjudicator)
        make.prediction(question=other)
        make.correct(make.outcome(other, evidence=[make.event(other)]), "no")
        make.article(outlet=outlet)
        services.outlet_record(key=f"outlet-{number}", name="The Almanac", by=adjudicator)
        named = services.topic_record(key=f"topic-{number}", name="Harvest", by=adjudicator)
        ReminderPolicy.objects.create(topic=named, before=[7])
        make.phrase(phrase=f"likely {number}")
        _operational(number, adjudicator)

    def fill(count: int) -> None:
        for _ in range(count):
            one(next(numbers))
        if outcome := crowded.outcome:
            make.correct(outcome, "yes")
        else:
            make.outcome(crowded, "yes")
        journal.flush()

    return fill


def _operational(number: int, by: User) -> None:
    now = timezone.now()
    user = User.objects.create_user(f"user-{number}", is_staff=True)
    user.groups.add(Group.objects.create(name=f"Group {number}"))
    ApiToken.objects.create(
        name=f"reader-{number}", digest=f"{number:064}", user=user, scopes=["read"], created_at=now
    )
    subscription = Subscription.objects.create(user=user, created_at=now)
    Checkpoint.objects.create(number=number, size=0, note=NOTE)
    message = Message.objects.create(
        kind="report",
        recipient="bo@example.org",
        subject="The report",
        text="How it stands.",
        message_id=f"<{number}@example.org>",
        due_at=now,
        created_at=now,
    )
    Report.objects.create(
        subscription=subscription,
        period_end=now,
        message=message,
        ledger_size=1,
        ledger_root="0" * 64,
        created_at=now,
    )
    Suspension.objects.create(email=f"{number}@example.org", reason="bounced", since=now)
    uploads.upload_preview(name="rain.csv", content=RAIN, by=by, now=now)
    Verification.objects.create(asked_at=now, asked_by=by, began_at=now, ended_at=now)
    tried = {"username": f"user-{number}", "ip_address": "192.0.2.1", "path_info": "/admin/login/"}
    AccessAttempt.objects.create(**tried, failures_since_start=1)
    AccessFailureLog.objects.create(**tried)
    AccessLog.objects.create(**tried)


# -- all addresses --------------------------------------------------------------------------------


def addresses() -> Iterator[tuple[str, str]]:
    """The name and the address of each page that there is."""
    every: list[Any] = get_resolver().url_patterns
    [site] = [found for found in every if getattr(found, "namespace", "") == "admin"]
    for pattern, models in _patterns(site):
        if pattern.name not in NO_PAGES:
            yield (
                str(pattern.name),
                reverse(f"admin:{pattern.name}", kwargs=_parts(pattern, models)),
            )


def _patterns(under: URLResolver, prefix: str = "") -> Iterator[tuple[URLPattern, str]]:
    for found in under.url_patterns:
        if isinstance(found, URLResolver):
            yield from _patterns(found, f"{prefix}{found.pattern}")
        else:
            yield found, prefix


def _parts(pattern: URLPattern, prefix: str) -> dict[str, object]:
    own = PARTS_OF.get(str(pattern.name), {})
    parts: dict[str, object] = {}
    for name in pattern.pattern.converters:
        make = own.get(name) or PARTS.get(name)
        if make is None and name in ("object_id", "pk"):
            parts[name] = _row_of(prefix).pk
            continue
        assert make, f"say in PARTS or PARTS_OF what `{name}` is in the address of {pattern.name}"
        parts[name] = make()
    return parts


def _row_of(prefix: str) -> Model:
    """The row to which most refers, of the model that `predictions/question/` is about."""
    [model] = [
        model
        for model in admin.site._registry
        if prefix.endswith(f"{model._meta.app_label}/{model._meta.model_name}/")
    ]
    rows = model._default_manager
    names = {field.name for field in model._meta.get_fields()}
    crowded = rows.filter(key__iexact="crowded").first() if "key" in names else None
    row = crowded or rows.order_by("pk").first()
    assert row, f"`fill` makes no {model.__name__}"
    return row


def filtered(desk: Pages) -> Iterator[tuple[str, str]]:
    """Each list with each of its filters, and with a search."""
    for model in admin.site._registry:
        name = f"{model._meta.app_label}_{model._meta.model_name}_changelist"
        address = reverse(f"admin:{name}")
        yield f"{name} searched", f"{address}?q=harvest"
        for spec in desk.client.get(address).context["cl"].filter_specs:
            for field, asked in spec.form.fields.items():
                yield f"{name} by {field}", f"{address}?{field}={values_of(asked)[0]}"


@dataclass(frozen=True)
class Taken:
    """What a page takes: its queries, and the options of its choices."""

    queries: int
    options: int


def _taken(desk: Pages, address: str) -> Taken:
    with CaptureQueriesContext(connection) as queries:
        answer: Any = desk.client.get(address)
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    assert answer.status_code in (200, 302, 403, 405), (address, answer.status_code)
    return Taken(len(queries), content.count(b"<option"))


def test_no_page_takes_or_offers_more_among_many_rows(
    desk: Pages, fill: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admin.ModelAdmin, "list_per_page", PAGE)
    fill(FEW)
    desk.get("index")  # the first visit of a session is noted
    pages = list(addresses())
    few = {name: _taken(desk, address) for name, address in pages}
    fill(MANY - FEW)
    many = {name: _taken(desk, address) for name, address in (*pages, *filtered(desk))}
    more = {name: (few[name], many[name]) for name in few}
    grown = {
        name: both for name, both in more.items() if both[1].queries > both[0].queries + ESTIMATE
    }
    assert grown == {}
    assert {
        name: taken
        for name, taken in many.items()
        if taken.queries >= QUERIES_OF.get(name, QUERIES)
    } == {}
    offering = {
        name: both
        for name, both in more.items()
        if name not in OFFERS_SOME and both[1].options - both[0].options > LONGEST_CHOICE
    }
    assert offering == {}
