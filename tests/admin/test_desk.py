import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from ledger import journal
from predictions.models import Message, Sweep
from tests.admin.pages import Pages, text_of


def desk_text(pages: Pages) -> str:
    return text_of(pages.get("index"))


def test_the_desk_asks_strangers_to_sign_in(client: Client, db: None) -> None:
    response = client.get(reverse("admin:index"))
    assert response.status_code == 302
    assert response.headers["Location"].startswith(reverse("admin:login"))


@pytest.mark.usefixtures("seeded")
def test_the_desk_lists_the_open_seed_questions_as_due(desk: Pages) -> None:
    response = desk.get("index")
    due = [row.question.key for row in response.context["due"]]
    assert due == ["Q16", "Q17"]
    assert "Q16 Will a ceasefire" in text_of(response)
    assert response.context["due"][0].overdue.endswith(" days")


@pytest.mark.usefixtures("seeded")
def test_the_desk_shows_standings_outcomes_and_the_head_of_the_ledger(desk: Pages) -> None:
    journal.flush()
    shown = desk_text(desk)
    assert "The Sun, analysis 8 6 0" in shown
    assert "void (condition not met)" in shown
    assert journal.head().root[:16] in shown


def test_the_desk_of_an_empty_database_says_what_is_missing(desk: Pages) -> None:
    shown = desk_text(desk)
    assert "Nothing is due" in shown
    assert "no pass has ended yet" in shown


def test_the_desk_tells_of_messages_given_up_and_of_late_sweeps(desk: Pages) -> None:
    now = timezone.now()
    Sweep.objects.create(name="reminders", ended_at=now - dt.timedelta(hours=1))
    Sweep.objects.create(name="deliveries", ended_at=now)
    # Heads are signed less often than the others come round.
    Sweep.objects.create(name="checkpoints", ended_at=now - dt.timedelta(minutes=10))
    Message.objects.create(
        kind="reminder",
        recipient="bo@example.org",
        subject="Due",
        message_id="<1@example.org>",
        state="dead",
        due_at=now,
        created_at=now,
    )
    shown = desk_text(desk)
    assert "1 message could not be delivered and was given up" in shown
    assert shown.count("UTC late") == 1


@pytest.mark.usefixtures("seeded")
def test_a_viewer_sees_the_desk_without_buttons(looking: Pages) -> None:
    shown = desk_text(looking)
    assert "Q16" in shown
    assert "Enter outcome" not in shown
    assert "Still open" not in shown
    assert "Users" not in shown


@pytest.mark.usefixtures("seeded")
def test_the_desk_takes_a_constant_number_of_queries(
    desk: Pages, django_assert_max_num_queries: object
) -> None:
    with django_assert_max_num_queries(18):  # type: ignore[operator]
        desk.get("index")
