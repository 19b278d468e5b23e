import datetime as dt
import re
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ledger import checkpoints, notes
from ledger.errors import WillNotSign
from predictions import services
from predictions.mail import links
from predictions.mail.periods import Span
from predictions.mail.reporting import Calendar, Stretch, content_of, edition_of
from predictions.mail.reports import reports_queue
from predictions.models import Message, Question, Report, Subscription, User
from predictions.scorecards import Scope
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
    assert "OPEN AGAIN." in second
    assert "TAKEN BACK: it said no before." in " ".join(second.split())
    assert "Too early." in second
    assert "YES, settled 1 September 2026" in third
    assert "it said no before" in third


def test_a_report_tells_what_followed_by_itself(make: Maker, subscription: Subscription) -> None:
    condition = make.question(key="C")
    make.prediction(question=make.conditional(condition, key="D"))
    make.outcome(condition, "no")
    reports_queue(now=make.now)
    text = Report.objects.get().message.text
    assert "VOID (CONDITION NOT MET), settled 1 September 2026" in text
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
    with django_assert_max_num_queries(52):
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
    attached = report.message.attachments[0]
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
        "1. The Sun, analysis said 10 % yes: Brier 0.010 (0.00 to 0.04), log 0.11",
        "2. Columnist, seed article 000 said 95 % yes: Brier 0.902 (0.64 to 0.98), log 3.00",
        "16 questions have been resolved so far; Columnist, seed article 000 had the best call:",
        "VOID (CONDITION NOT MET), settled 23 August 2023",
        "overdue since 23 September 2023",
        report.ledger_root,
    ):
        assert words in " ".join(text.split())
    lines = text.partition("\n-- \n")[0].splitlines()
    assert [line for line in lines if len(line) > 78] == []


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


def test_a_report_opens_with_the_week_in_a_sentence(
    make: Maker, subscription: Subscription
) -> None:
    reports_queue(now=make.now)
    ada = make.forecaster(name="Ada")
    for probability in ("0.9", "0.6"):
        make.outcome(make.prediction(probability, forecaster=ada).question, "yes")
    question = Question.objects.earliest("key").key
    reports_queue(now=make.now + 7 * DAY)
    make.question(key="NEXT", due_at=make.now + 60 * DAY)
    reports_queue(now=make.now + 14 * DAY)
    first, second, third = (
        " ".join(report.message.text.split()) for report in Report.objects.order_by("period_end")
    )
    assert "No question was resolved so far. Nothing is open with a date to come." in first
    assert (
        f"Two questions were resolved; Ada had the best call: 90 % yes on {question}, which came"
        " out yes (Brier 0.010)." in second
    )
    assert "was resolved this time. The next to fall due is NEXT, on 22 January 2027." in third


def test_what_has_changed_comes_first(make: Maker, subscription: Subscription) -> None:
    outcome = make.outcome(make.prediction().question, "no")
    reports_queue(now=make.now)
    make.outcome(make.prediction().question, "yes")
    make.correct(outcome, "yes")
    reports_queue(now=make.now + 7 * DAY)
    text = Report.objects.latest("period_end").message.text
    assert "One earlier answer has changed; that comes first." in " ".join(text.split())
    titles = re.findall(r"^[A-Z ,]{3,}$", text, re.MULTILINE)
    assert titles[:3] == ["CORRECTED OR TAKEN BACK", "BEST CALLS", "WHAT HAPPENED"]


def test_two_who_read_the_same_share_what_was_read_and_printed_once(
    make: Maker, subscription: Subscription, reviewer: User, adjudicator: User
) -> None:
    make.outcome(make.prediction().question, "yes")
    with CaptureQueriesContext(connection) as alone:
        reports_queue(now=make.now)
    same = {"created_at": make.now, "confirmed_at": make.now}
    readers = [User.objects.create_user(f"r{i}", f"r{i}@example.org") for i in range(6)]
    for user in readers:
        Subscription.objects.create(user=user, **same)
    with CaptureQueriesContext(connection) as together:
        assert reports_queue(now=make.now) == 6
    # Of each: two looks for the report before it, and two rows.
    assert len(together) <= len(alone) + 5 * 4
    ours = [report.message for report in Report.objects.order_by("pk")][1:]
    assert len({shared(message.text, message.html) for message in ours}) == 1
    assert all(message.attachments == ours[0].attachments for message in ours)
    assert len({message.text for message in ours}) == 6


def test_who_reads_in_another_zone_or_language_has_another_report(
    make: Maker, subscription: Subscription, reviewer: User
) -> None:
    make.outcome(make.prediction().question, "yes")
    fields = {"created_at": make.now, "confirmed_at": make.now}
    Subscription.objects.create(
        user=reviewer, language="de", time_zone="Pacific/Auckland", **fields
    )
    evening = make.now + dt.timedelta(hours=6)
    reports_queue(now=evening)
    english, german = (report.message.text for report in Report.objects.order_by("pk"))
    assert "up to 23 November 2026, days in UTC" in english
    assert "up to 24. November 2026, days in Pacific/Auckland" in german
    assert "settled 1. September 2026" in german


def test_a_week_ends_at_midnight_of_where_the_subscriber_lives(
    make: Maker, subscription: Subscription
) -> None:
    subscription.time_zone = "America/New_York"
    subscription.save()
    reports_queue(now=make.now)
    midnight = dt.datetime(2026, 11, 30, 5, tzinfo=dt.UTC)
    assert reports_queue(now=midnight - dt.timedelta(seconds=1)) == 0
    assert reports_queue(now=midnight) == 1
    assert periods()[-1] == (make.now, midnight)


def test_what_was_sent_stays_as_it_was_sent_and_is_printed_again_to_the_byte(
    make: Maker, subscription: Subscription
) -> None:
    make.outcome(make.prediction().question, "yes")
    reports_queue(now=make.now)
    archived = Report.objects.get()
    told = {
        name: getattr(archived.message, name) for name in ("text", "html", "attachments", "headers")
    }
    checkpoint = checkpoints.latest()
    assert checkpoint
    again = edition_of(
        content_of(
            Stretch(Scope(), after=0, until=archived.ledger_size),
            since=None,
            checkpoint=checkpoint,
            now=make.now,
        ),
        about=None,
        calendar=Calendar.of(language="en", time_zone="UTC"),
        span=Span(None, archived.period_end),
    )
    assert shared(again.text, again.html) == shared(told["text"], told["html"])
    assert list(again.attachments) == told["attachments"]
    make.outcome(make.prediction().question, "no")
    assert reports_queue(now=make.now) == 0
    message = Report.objects.get().message
    assert {name: getattr(message, name) for name in told} == told


def shared(text: str, html: str) -> tuple[str, str]:
    """Both without what is one reader's alone, which must be all that tells them apart."""
    cut = re.sub(r"<!-- personal -->.*<!-- /personal -->", "", html, flags=re.DOTALL)
    return text.partition("\n-- \n")[0], cut


def test_what_is_personal_can_be_cut_out_and_ends_the_subscription(
    make: Maker, subscription: Subscription, settings: Any
) -> None:
    reports_queue(now=make.now)
    report = Report.objects.get()
    message = report.message
    unsubscribe = message.headers["List-Unsubscribe"].strip("<>")
    assert message.headers == {
        "List-Unsubscribe": f"<{unsubscribe}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    token = unsubscribe.removeprefix(f"{settings.SITE_URL}/mail/unsubscribe/").rstrip("/")
    assert links.opened("unsubscribe", token) == {"subscription": subscription.pk}
    page = f"{settings.SITE_URL}/reports/{report.key}/"
    for whole, rest in zip(
        (message.text, message.html), shared(message.text, message.html), strict=True
    ):
        for personal in (unsubscribe, page, message.recipient):
            assert personal in whole
            assert personal not in rest


@pytest.mark.parametrize("about", ["forecaster", "outlet", "topic"])
def test_a_report_about_somebody_or_something_tells_of_nothing_else(
    make: Maker, adjudicator: User, about: str
) -> None:
    told, other = (scoped(make, name) for name in ("Rye", "Oats"))
    Subscription.objects.create(
        user=adjudicator,
        about=about,
        created_at=make.now,
        confirmed_at=make.now,
        **{about: told[about]},
    )
    reports_queue(now=make.now)
    message = Report.objects.get().message
    assert message.subject == f"Scored report on Rye {about}, everything so far: 1 outcome"
    which = {
        "forecaster": "that Rye forecaster had forecast",
        "outlet": "forecast in Rye outlet",
        "topic": "on Rye topic",
    }[about]
    text = " ".join(message.text.split())
    assert f"One question {which} has been resolved so far" in text
    sheet = message.attachments[1]["text"]
    for body in (text, sheet):
        assert told["settled"].key in body
        assert other["settled"].key not in body
    assert told["open"].key in text
    assert other["open"].key not in text
    # A forecaster is seen among all of them.
    assert ("Oats forecaster: Brier" in text) == (about == "forecaster")
    assert text.index("Rye forecaster: Brier") > 0


def scoped(make: Maker, name: str) -> dict[str, Any]:
    """A settled and an open question with predictions of one forecaster, outlet and topic."""
    topic = services.topic_record(key=f"{name}-t", name=f"{name} topic", by=None)
    outlet = services.outlet_record(key=f"{name}-o", name=f"{name} outlet", by=None)
    forecaster = make.forecaster(name=f"{name} forecaster")
    article = make.article(outlet=outlet)
    settled, pending = (make.question(topic=topic, key=f"{name}-{i}") for i in ("a", "b"))
    for question in (settled, pending):
        make.prediction(question=question, forecaster=forecaster, article=article)
    make.outcome(settled, "yes")
    return {
        "forecaster": forecaster,
        "outlet": outlet,
        "topic": topic,
        "settled": settled,
        "open": pending,
    }


def test_a_zone_that_has_gone_stops_nobody(
    make: Maker, subscription: Subscription, reviewer: User
) -> None:
    Subscription.objects.create(
        user=reviewer, time_zone="Mars/Olympus", created_at=make.now, confirmed_at=make.now
    )
    assert reports_queue(now=make.now) == 2
