import datetime as dt
import re
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from ledger import checkpoints, notes
from ledger.errors import WillNotSign
from predictions import services
from predictions.mail.reports import reports_queue
from predictions.models import Message, Report, Subscription, User
from tests.making import Maker

# What is signed must be committed.
pytestmark = pytest.mark.django_db(transaction=True)
DAY = dt.timedelta(days=1)


@pytest.fixture
def reviewer() -> User:
    return User.objects.create_user("rita", "rita@example.org", "a long enough secret")


@pytest.fixture
def subscription(adjudicator: User, now: dt.datetime) -> Subscription:
    return Subscription.objects.create(user=adjudicator, created_at=now, confirmed_at=now)


def periods() -> list[tuple[dt.datetime | None, dt.datetime]]:
    reports = Report.objects.order_by("period_end")
    return list(reports.values_list("period_start", "period_end"))


def test_a_new_subscription_gets_its_first_report_at_once_over_everything(
    make: Maker, subscription: Subscription
) -> None:
    make.outcome(make.prediction().question, "yes")
    assert reports_queue(now=make.now) == 1
    assert periods() == [(None, make.now)]
    message = Message.objects.get()
    assert message.subject == "Scored report, everything so far: 1 outcome"
    assert "Brier 0.090" in message.text


def test_reports_follow_each_other_without_gap_or_overlap(
    make: Maker, subscription: Subscription
) -> None:
    for day in range(20):
        reports_queue(now=make.now + day * DAY)
    monday = dt.datetime(2026, 11, 30, tzinfo=dt.UTC)
    assert periods() == [
        (None, make.now),
        (make.now, monday),
        (monday, monday + 7 * DAY),
    ]


def test_a_missed_period_is_caught_up_in_one_report(
    make: Maker, subscription: Subscription
) -> None:
    reports_queue(now=make.now)
    assert reports_queue(now=make.now + 30 * DAY) == 1
    assert periods()[-1] == (make.now, dt.datetime(2026, 12, 21, tzinfo=dt.UTC))


def test_a_report_tells_of_a_correction(make: Maker, subscription: Subscription) -> None:
    outcome = make.outcome(make.prediction().question, "no")
    reports_queue(now=make.now)
    services.outcome_correct(
        outcome=outcome,
        verdict=make.verdict("yes"),
        reason="The ministry had been misread.",
        by=None,
        now=make.now + DAY,
    )
    reports_queue(now=make.now + 7 * DAY)
    report = Report.objects.latest("period_end")
    for body in (report.message.text, report.message.html):
        assert "no before" in body
        assert "The ministry had been misread." in body


def test_a_report_tells_of_a_withdrawal_and_what_the_next_answer_replaces(
    make: Maker, subscription: Subscription
) -> None:
    question = make.prediction().question
    outcome = make.outcome(question, "no")
    reports_queue(now=make.now)
    make.withdraw(outcome)
    reports_queue(now=make.now + 7 * DAY)
    make.outcome(question, "yes")
    reports_queue(now=make.now + 14 * DAY)
    _, second, third = (report.message.text for report in Report.objects.order_by("period_end"))
    assert "OPEN AGAIN.\n" in second
    assert "it said no before" in second
    assert "Too early." in second
    assert "YES, settled 2026-09-01" in third
    assert "it said no before" in third


def test_a_report_tells_what_followed_by_itself(make: Maker, subscription: Subscription) -> None:
    condition = make.question(key="C")
    make.prediction(question=make.conditional(condition, key="D"))
    make.outcome(condition, "no")
    reports_queue(now=make.now)
    text = Report.objects.get().message.text
    assert "VOID (CONDITION NOT MET), settled 2026-09-01" in text
    assert "C is no, so the condition was not met." in " ".join(text.split())


def test_what_is_committed_late_is_in_the_next_report(
    make: Maker, subscription: Subscription
) -> None:
    question = make.prediction().question
    reports_queue(now=make.now + DAY)
    make.outcome(question, "yes")  # entered a day before the report, and appended after it
    reports_queue(now=make.now + 7 * DAY)
    reports_queue(now=make.now + 14 * DAY)
    reports = Report.objects.order_by("period_end")
    silent = ["NO NEW OUTCOMES" in report.message.text for report in reports]
    assert silent == [True, False, True]


def test_the_report_takes_a_fixed_number_of_queries(
    make: Maker, subscription: Subscription, django_assert_max_num_queries: Any
) -> None:
    for _ in range(12):
        make.outcome(make.prediction().question, "yes")
    with django_assert_max_num_queries(41):
        reports_queue(now=make.now)


@pytest.mark.parametrize("field", ["confirmed_at", "ended_at"])
def test_nothing_is_sent_before_confirmation_nor_after_the_end(
    subscription: Subscription, now: dt.datetime, field: str
) -> None:
    setattr(subscription, field, None if field == "confirmed_at" else now)
    subscription.save()
    assert reports_queue(now=now) == 0


def test_the_report_shows_the_head_that_its_attachment_signs(
    make: Maker, subscription: Subscription, settings: Any
) -> None:
    make.outcome(make.prediction().question, "yes")
    reports_queue(now=make.now)
    report = Report.objects.get()
    [attached] = report.message.attachments
    assert (attached["name"], attached["type"]) == ("checkpoint.txt", "text/plain")
    opened = notes.open_note(attached["text"], checkpoints.verifier_keys())
    said = notes.parse_checkpoint(opened.text)
    assert (said.size, said.root.hex()) == (report.ledger_size, report.ledger_root)
    assert checkpoints.latest() == checkpoints.Signed(1, said.size, attached["text"])
    for body in (report.message.text, report.message.html):
        assert str(said.size) in body
        assert said.root.hex() in body
        assert f"{settings.SITE_URL}/ledger/" in body


def test_the_report_on_an_empty_ledger_is_signed_too(
    subscription: Subscription, now: dt.datetime
) -> None:
    assert reports_queue(now=now) == 1
    assert Report.objects.get().ledger_size == 1  # the key's entry


def test_reports_of_one_pass_show_one_checkpoint(
    make: Maker, subscription: Subscription, reviewer: User
) -> None:
    Subscription.objects.create(user=reviewer, created_at=make.now, confirmed_at=make.now)
    assert reports_queue(now=make.now) == 2
    first, second = Message.objects.all()
    assert first.attachments == second.attachments
    assert len(list(checkpoints.all_checkpoints())) == 1


def test_when_the_signer_refuses_no_report_is_queued(
    make: Maker, subscription: Subscription, settings: Any
) -> None:
    make.prediction()
    checkpoints.checkpoint_make()
    settings.LEDGER_STATE_FILE.write_text("damaged")
    with pytest.raises(WillNotSign):
        reports_queue(now=make.now)
    with pytest.raises(CommandError) as refused:
        call_command("send_reports")
    assert refused.value.returncode == 2
    assert not Report.objects.exists()
    assert not Message.objects.exists()


def test_without_a_report_that_is_due_nothing_is_signed(make: Maker) -> None:
    make.prediction()
    assert reports_queue(now=make.now) == 0
    assert checkpoints.latest() is None


@pytest.mark.usefixtures("seeded")
def test_the_report_of_the_seed_articles(subscription: Subscription, now: dt.datetime) -> None:
    reports_queue(now=now)
    report = Report.objects.get()
    text = report.message.text
    for words in (
        "The Sun, analysis",
        "Columnist, seed article 000",
        "1. The Sun, analysis said 10 % yes: Brier 0.010",
        "2. Columnist, seed article 000 said 95 % yes: Brier 0.902",
        "VOID (CONDITION NOT MET), settled 2023-08-23",
        "overdue since 2023-09-23",
        report.ledger_root,
    ):
        assert words in text
    assert max(map(len, text.splitlines())) <= 90
    assert len(report.message.html.encode()) < 100_000


def test_a_report_tells_of_options_and_numbers_what_was_said_and_earned(
    make: Maker, subscription: Subscription
) -> None:
    crop, ordered = make.choice("wheat", "rye"), make.choice("low", "high", ordered=True)
    yields = make.numeric(unit="tonnes")
    make.spread(crop, "0.6", "0.4")
    make.spread(ordered, "0.6", "0.4")
    make.range(yields, {"0.25": "8", "0.75": "10.5"})
    for question, answer in ((crop, "rye"), (ordered, "low"), (yields, "12.5")):
        make.outcome(question, answer)
    reports_queue(now=make.now)
    message = Message.objects.get()
    for body in (message.text, re.sub(r"<[^>]*>", "", message.html)):
        told = " ".join(body.split())
        assert "said wheat 60 %, rye 40 %: Brier 0.720, log 0.92" in told
        assert "said low 60 %, high 40 %: RPS 0.160, log 0.51" in told
        assert "said 25 %: 8, 75 %: 10.5 tonnes: CRPS 2.625" in told


def test_what_people_wrote_is_escaped_in_html_and_not_in_text(
    make: Maker, subscription: Subscription
) -> None:
    make.outcome(make.question(text="Is 1 < 2 & <b>bold</b>?"), "yes")
    reports_queue(now=make.now)
    message = Message.objects.get()
    assert "Is 1 &lt; 2 &amp; &lt;b&gt;bold&lt;/b&gt;?" in message.html
    assert "Is 1 < 2 & <b>bold</b>?" in message.text
