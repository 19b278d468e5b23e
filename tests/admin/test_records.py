"""The lists and pages of what is recorded: all can be read, none can be edited."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from ledger import journal, notes
from ledger.merkle import EMPTY_ROOT
from ledger.models import Checkpoint, Entry
from predictions import services
from predictions.models import (
    FACTS,
    ApiToken,
    ArticleText,
    Message,
    OutcomeEvidence,
    Report,
    Subscription,
    User,
    Verification,
)
from predictions.services import uploads
from tests.admin.pages import Pages, text_of
from tests.making import Maker

REGISTERED: dict[type[Model], Any] = dict(admin.site._registry)
_ALL: tuple[type[Model], ...] = (*FACTS, Entry, Checkpoint)
RECORDED = [model for model in _ALL if model is not OutcomeEvidence]
UNWRITABLE: list[type[Model]] = [*RECORDED, Message, Report, ApiToken]


# Those that have a page of their own on which they are recorded.
_RECORDED_HERE = {"article", "event", "forecaster", "outlet", "question", "topic"}

RAIN = b"question,forecaster,made_at,probability\nrain,almanac,2026-01-31,0.7\n"
NOTE = notes.sign(
    notes.checkpoint_text("example.org/ledger", 0, EMPTY_ROOT),
    [notes.Signer("example.org/ledger", bytes(32))],
)


def named(model: type[Model], page: str) -> str:
    return f"{model._meta.app_label}_{model._meta.model_name}_{page}"


@pytest.fixture
def filled(make: Maker, adjudicator: User) -> None:
    """A row of everything."""
    Checkpoint.objects.create(number=1, size=0, note=NOTE)
    now = timezone.now()
    _facts(make, adjudicator)
    make.proposal(make.question(), by=adjudicator)
    message = Message.objects.create(
        kind="report",
        recipient="bo@example.org",
        subject="The report",
        text="How it <stands>.",
        message_id="<1@example.org>",
        due_at=now,
        created_at=now,
    )
    subscription = Subscription.objects.create(user=adjudicator, created_at=now)
    Report.objects.create(
        subscription=subscription,
        period_end=now,
        message=message,
        ledger_size=1,
        ledger_root="0" * 64,
        created_at=now,
    )
    ApiToken.objects.create(
        name="reader", digest="d" * 64, user=adjudicator, scopes=["read"], created_at=now
    )
    Client().post(reverse("admin:login"), {"username": "nobody", "password": "a guess"})
    Client().force_login(adjudicator)
    Verification.objects.create(asked_at=now, asked_by=adjudicator, began_at=now, ended_at=now)
    Group.objects.create(name="Adjudicators")
    uploads.upload_preview(name="rain.csv", content=RAIN, by=adjudicator, now=make.now)
    journal.flush()


def _facts(make: Maker, by: User) -> None:
    outlet = services.outlet_record(key="almanac", name="The Almanac", by=by)
    topic = services.topic_record(key="harvest", name="Harvest", by=by)
    phrase = services.phrase_record(
        phrase="almost certain",
        low=Decimal("0.93"),
        point=Decimal("0.95"),
        high=Decimal("0.99"),
        source="icd-203",
        source_title="ICD 203",
        by=by,
    )
    article = make.article(outlet=outlet)
    ArticleText.objects.create(article=article, text="The harvest.", kept_at=make.now)
    passages = [{"offset": 0, "quote": "The harvest"}]
    question = make.question(topic=topic, reviewer=by)
    verbal = {"basis": "verbal", "phrase": phrase, "article": article, "passages": passages}
    for _ in range(3):
        make.prediction("0.95", low=phrase.low, high=phrase.high, question=question, **verbal)
    make.event(question)
    outcome = make.outcome(question, evidence=list(question.events.all()))
    services.outcome_correct(
        outcome=outcome, verdict=make.verdict("no"), reason="Misread.", by=by, now=make.now
    )
    still_open = make.question()
    make.prediction(question=still_open)
    next_at = make.now + dt.timedelta(days=90)
    services.review_record(question=still_open, note="No.", next_at=next_at, by=by, now=make.now)
    services.statement_record(
        article=article,
        forecaster=make.forecaster(),
        kind="unscorable",
        reason="maxim",
        passages=passages,
        by=by,
        now=make.now,
    )


def test_everything_recorded_has_a_page() -> None:
    assert set(UNWRITABLE) <= set(REGISTERED)


@pytest.mark.usefixtures("filled")
def test_every_list_and_every_page_opens_for_a_superuser(desk: Pages) -> None:
    for model, model_admin in REGISTERED.items():
        page = desk.get(named(model, "changelist"))
        assert page.status_code == 200, model
        assert desk.get(named(model, "changelist"), q="a").status_code == 200, model
        rows = list(model._default_manager.all()[:3])
        assert rows, f"the test has no row of {model}"
        for row in rows:
            shown = desk.get(named(model, "change"), row.pk)
            assert shown.status_code == 200, (model, model_admin)


def values_of(field: Any) -> list[str]:
    """Something to give a filter's field, and something that it cannot read."""
    if choices := getattr(field, "choices", None):
        return [str(value) for value, _ in choices if value]
    return ["2026-09-01", "0.5", "Q1"]


@pytest.mark.usefixtures("filled")
def test_every_filter_opens(desk: Pages) -> None:
    for model in REGISTERED:
        for filtering in desk.get(named(model, "changelist")).context["cl"].filter_specs:
            for name, field in filtering.form.fields.items():
                for given in values_of(field)[1:]:  # with the first: `test_bounds`
                    page = desk.get(named(model, "changelist"), **{name: given})
                    assert page.status_code == 200, (model, name, given)
                    [spec] = [
                        spec for spec in page.context["cl"].filter_specs if spec.used_parameters
                    ]
                    assert spec.used_parameters == {name: given}, (model, name)


@pytest.mark.usefixtures("filled")
def test_a_viewer_reads_facts_but_neither_mail_nor_people(looking: Pages) -> None:
    for model in RECORDED:
        assert looking.get(named(model, "changelist")).status_code == 200, model
        row = model._default_manager.all()[0]
        assert looking.get(named(model, "change"), row.pk).status_code == 200, model
    for model in (Message, Report, Subscription, ApiToken, User, Group):
        assert looking.get(named(model, "changelist")).status_code == 403, model


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("model", UNWRITABLE, ids=lambda model: model._meta.model_name)
def test_nobody_adds_changes_or_deletes_what_is_recorded(
    desk: Pages, rf: Any, adjudicator: User, model: type[Model]
) -> None:
    request = rf.get("/")
    request.user = adjudicator
    model_admin = REGISTERED[model]
    adds_through_a_service = model._meta.model_name in _RECORDED_HERE
    assert model_admin.has_add_permission(request) is adds_through_a_service
    assert model_admin.has_change_permission(request) is False
    assert model_admin.has_delete_permission(request) is False
    row = model._default_manager.all()[0]
    change = desk.post(named(model, "change"), row.pk, data={"key": "other"})
    assert change.status_code == (200 if model._meta.model_name == "question" else 403)
    assert desk.post(named(model, "delete"), row.pk, data={"post": "yes"}).status_code == 403
    if not adds_through_a_service:
        assert desk.get(named(model, "add")).status_code == 403
    assert type(row)._default_manager.get(pk=row.pk) == row


@pytest.mark.usefixtures("filled")
def test_nothing_is_deleted_in_bulk(desk: Pages, rf: Any, adjudicator: User) -> None:
    request = rf.get("/")
    request.user = adjudicator
    for model, model_admin in REGISTERED.items():
        assert "delete_selected" not in model_admin.get_actions(request), model


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("model", RECORDED, ids=lambda model: model._meta.model_name)
def test_a_list_takes_a_constant_number_of_queries(
    desk: Pages, django_assert_max_num_queries: Any, model: type[Model]
) -> None:
    with django_assert_max_num_queries(14):
        desk.get(named(model, "changelist"))


@pytest.mark.usefixtures("seeded")
def test_the_states_of_predictions_can_be_filtered(desk: Pages) -> None:
    for state, count in {"scored": 14, "void": 3, "open": 2, "late": 0}.items():
        page = desk.get("predictions_prediction_changelist", state=state)
        assert page.context["cl"].result_count == count


@pytest.mark.usefixtures("seeded")
def test_the_standings_lead_to_a_forecasters_predictions(desk: Pages) -> None:
    page = desk.get("predictions_prediction_changelist", forecaster__key="the-sun-analysis")
    assert page.status_code == 200
    assert page.context["cl"].result_count == 8


@pytest.mark.usefixtures("seeded")
def test_the_due_questions_can_be_listed(desk: Pages) -> None:
    page = desk.get("predictions_question_changelist", state="due")
    assert [row.key for row in page.context["cl"].result_list] == ["Q16", "Q17"]


@pytest.mark.usefixtures("filled")
def test_an_entry_shows_its_body_for_people(desk: Pages) -> None:
    entry = Entry.objects.filter(kind="outcome.corrected").get()
    page = desk.get("ledger_entry_change", entry.pk)
    assert '"kind": "outcome.corrected"' in text_of(page)
    assert journal.leaf_hash_of(entry) in text_of(page)
    found = desk.get("ledger_entry_changelist", q=entry.subject).context["cl"].result_list
    assert entry in found


@pytest.mark.usefixtures("filled")
def test_checkpoints_are_listed_found_by_their_root_and_shown(desk: Pages, looking: Pages) -> None:
    note = f"<unreadable>\n0\n{'A' * 44}\nmore"  # no more than the database looks at is right
    Checkpoint.objects.create(number=2, size=0, note=note)
    root = EMPTY_ROOT.hex()
    shown = text_of(looking.get("ledger_checkpoint_changelist"))
    assert root in shown
    assert "unreadable: a checkpoint has 3 lines" in shown
    found = desk.get("ledger_checkpoint_changelist", q=root).context["cl"].result_list
    assert [row.number for row in found] == [1]
    page = text_of(desk.get("ledger_checkpoint_change", 1))
    assert "— example.org/ledger " in page
    assert "Checkpoints" in page
    assert desk.get("ledger_checkpoint_add").status_code == 403
    assert desk.get("ledger_checkpoint_delete", 1).status_code == 403
    assert "<unreadable>" in text_of(desk.get("ledger_checkpoint_change", 2))


@pytest.mark.usefixtures("filled")
def test_a_message_shows_its_text_as_text(desk: Pages) -> None:
    page = desk.get("predictions_message_change", Message.objects.get().pk)
    assert "How it &lt;stands&gt;." in page.content.decode()


def test_a_message_that_was_given_up_can_be_tried_again(desk: Pages, now: dt.datetime) -> None:
    message = Message.objects.create(
        kind="reminder",
        recipient="rita@example.org",
        subject="Due",
        text="Look.",
        html="<p>Look.</p>",
        message_id="<1@example.org>",
        state="dead",
        due_at=now,
        created_at=now,
        attempts=8,
    )
    data = {"action": "retry", "_selected_action": [str(message.pk)]}
    desk.client.post("/admin/predictions/message/", data)
    message.refresh_from_db()
    assert (message.state, message.attempts) == ("waiting", 0)
