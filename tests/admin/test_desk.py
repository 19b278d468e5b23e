import datetime as dt
import html
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from predictions import services
from predictions.models import Message, Outcome, Sweep, User
from predictions.scorecards import scoreboard
from tests.admin.pages import Pages, text_of
from tests.making import Maker
from tests.making_mail import message


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
def test_the_desk_shows_outcomes_and_how_many_predictions_are_in_which_state(desk: Pages) -> None:
    response = desk.get("index")
    shown = text_of(response)
    standing = set(Outcome.objects.current())
    assert len(response.context["outcomes"]) == 6
    assert set(response.context["outcomes"]) <= standing
    total = scoreboard().total
    assert f"Predictions {total.predictions} Open {total.open} Scored {total.scored}" in shown
    assert f"Late {total.late} Void {total.void} Mean Brier" in shown


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
    looking: Pages, django_assert_max_num_queries: object
) -> None:
    looking.get("index")  # notes that the session was seen, as it does every few minutes
    with django_assert_max_num_queries(14):  # type: ignore[operator]
        looking.get("index")


def test_the_desk_tells_this_week_from_later_and_mine_from_others(
    desk: Pages, make: Maker, adjudicator: User, viewer: User
) -> None:
    today = timezone.now()
    due = make.question(key="due", reviewer=adjudicator, due_at=today - dt.timedelta(days=3))
    make.question(key="soon", reviewer=adjudicator, due_at=today + dt.timedelta(days=3))
    make.question(key="later", reviewer=viewer, due_at=today + dt.timedelta(days=30))
    make.outcome(make.question(key="settled", reviewer=viewer))
    everything = desk.get("index")
    assert [row.question for row in everything.context["due"]] == [due]
    assert everything.context["due"][0].overdue == "3 days"
    shown = text_of(everything)
    assert re.search(r"Due this week soon .* After that later ", shown)
    assert f"{adjudicator} 2 1 1 {viewer} 1 0 0" in shown
    mine = desk.get("index", whose="mine")
    assert (mine.context["due_count"], mine.context["week_count"]) == (1, 1)
    assert "1 question waits for you" in text_of(mine)
    assert [row.question.key for row in mine.context["due_next"]] == ["soon"]


def test_the_desk_tells_of_conditions_that_came_true(desk: Pages, make: Maker) -> None:
    met, failed = make.question(), make.question()
    make.conditional(met, "yes", key="now-it-counts")
    make.conditional(failed, "yes", key="void-by-itself")
    for condition, answer in ((met, "yes"), (failed, "no")):
        verdict = make.verdict(answer)
        services.outcome_enter(question=condition, verdict=verdict, by=None, now=timezone.now())
    shown = [question.key for question in desk.get("index").context["conditions_met"]]
    assert shown == ["now-it-counts"]


def test_the_desk_lists_the_newest_events_that_bear_on_nothing(desk: Pages, make: Maker) -> None:
    make.event(make.question(), title="It bears on something")
    make.event(happened_on=dt.date(2026, 3, 1), title="An older one")
    make.event(happened_on=dt.date(2026, 3, 2), title="A newer one")
    titles = [event.title for event in desk.get("index").context["unlinked"]]
    assert titles == ["A newer one", "An older one"]


def test_the_desk_tells_when_the_last_mail_went_out_and_when_one_is_stuck(desk: Pages) -> None:
    now = timezone.now()
    assert "Last mail none yet" in desk_text(desk)
    told = {"kind": "reminder", "recipient": "bo@example.org", "created_at": now}
    Message.objects.create(
        **told, subject="Out", message_id="<1@x>", state="sent", due_at=now, sent_at=now
    )
    assert "Last mail late" not in desk_text(desk)
    assert "UTC in time" in desk_text(desk)
    Message.objects.create(
        **told, subject="Stuck", message_id="<2@x>", due_at=now - dt.timedelta(hours=1)
    )
    shown = desk_text(desk)
    assert "Last mail: late. The last was" in shown
    assert "A message has waited since" in shown


def test_the_desk_is_red_though_neither_worker_nor_beat_runs(desk: Pages) -> None:
    before = timezone.now() - dt.timedelta(days=2)
    for name in ("reminders", "reports", "deliveries", "checkpoints"):
        Sweep.objects.create(name=name, ended_at=before)
    message(now=before)
    page = desk.get("index").content.decode()
    assert page.count('class="pl-error" role="status"') == 5
    assert page.count('<span class="pl-label pl-bad">late</span>') == 5
    for name in ("Reminders", "Reports", "Deliveries", "Checkpoints", "Last mail"):
        assert f"{name}: late. " in page


def test_the_desk_of_a_fresh_service_is_not_red(desk: Pages) -> None:
    assert "pl-error" not in desk.get("index").content.decode()
    for name in ("reminders", "reports", "deliveries", "checkpoints"):
        Sweep.objects.create(name=name, ended_at=timezone.now())
    page = desk.get("index")
    assert "pl-error" not in page.content.decode()
    assert "no pass has ended yet" not in text_of(page)


def test_the_desk_lists_proposals_for_who_may_confirm_them(
    desk: Pages, make: Maker, viewer: User
) -> None:
    question = make.question()
    proposal = make.proposal(question, by=viewer)
    page = desk.get("index")
    assert f"{question.key} {question.text[:20]}" in text_of(page)
    assert f"{viewer} proposes yes" in text_of(page)
    assert f"/outcome/?proposal={proposal.pk}" in page.content.decode()


def test_what_was_given_up_is_one_click_away(desk: Pages) -> None:
    told = {"kind": "reminder", "recipient": "bo@example.org", "created_at": timezone.now()}
    told |= {"due_at": timezone.now()}
    Message.objects.create(**told, subject="Lost", message_id="<1@x>", state="dead")
    Message.objects.create(**told, subject="Waits", message_id="<2@x>")
    [link] = re.findall(r'href="([^"]+)">See which', desk.get("index").content.decode())
    page: Any = desk.client.get(link)
    shown = text_of(page)
    assert "Lost" in shown
    assert "Waits" not in shown


def test_what_was_given_up_is_tried_again_all_at_once(desk: Pages) -> None:
    for _ in range(2):
        message(now=timezone.now() - dt.timedelta(days=5), state="dead", attempts=9)
    sent = message(now=timezone.now(), state="sent", sent_at=timezone.now())
    page = desk.get("index").content.decode()
    [address] = re.findall(r'action="([^"]+)">[^/]*/?>?<button[^>]*>Try all again', page)
    assert address == reverse("admin:predictions_message_retry")
    shown = text_of(desk.post("predictions_message_retry", data={}))
    assert "2 messages will be tried again." in shown
    assert "could not be delivered" not in shown
    states = dict(Message.objects.values_list("pk", "state"))
    assert states.pop(sent.pk) == "sent"
    assert set(states.values()) == {"waiting"}
    assert "There is no need" in text_of(desk.post("predictions_message_retry", data={}))


def test_one_that_was_given_up_is_tried_again_from_its_page(desk: Pages) -> None:
    one, other = (message(now=timezone.now(), state="dead") for _ in range(2))
    page = desk.get("predictions_message_change", one.pk).content.decode()
    assert "Try it again" in page
    [named] = re.findall(r'name="message" value="([^"]+)"', page)
    shown = desk.post("predictions_message_retry", data={"message": html.unescape(named)})
    assert "1 message will be tried again." in text_of(shown)
    assert Message.objects.get(state="dead") == other
    page = desk.get("predictions_message_change", one.pk).content.decode()
    assert "Try it again" not in page
    desk.post("predictions_message_retry", data={"message": "\N{SNOWMAN} or 1=1"})
    assert Message.objects.get(state="dead") == other


def test_looking_at_what_was_given_up_tries_nothing_again(desk: Pages, looking: Pages) -> None:
    message(now=timezone.now(), state="dead")
    assert desk.get("predictions_message_retry").url.endswith("/message/?state=dead")
    refused = looking.post("predictions_message_retry", data={})
    assert "Trying messages again is for superusers alone" in text_of(refused)
    assert "Try it again" not in desk_text(looking)
    assert Message.objects.get().state == "dead"
