import datetime as dt
from typing import Any

import psycopg
import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext

from predictions import services
from predictions.errors import Conflict, Invalid
from predictions.mail import links
from predictions.mail.reminders import reminders_queue
from predictions.models import Message, Question, Reminder, ReminderPolicy, Suspension, User
from predictions.models.choices import MessageState
from predictions.services.snoozes import question_snooze
from predictions.when import end_of
from tests.making import Maker

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
DUE = dt.datetime(2026, 10, 31, 12, tzinfo=dt.UTC)


def person(name: str, *roles: str, **given: Any) -> User:
    user = User.objects.create_user(name, f"{name}@example.org", **given)
    user.groups.set(Group.objects.filter(name__in=roles))
    return user


@pytest.fixture
def rita() -> User:
    return person("rita")


@pytest.fixture
def make(db: None) -> Maker:
    """A maker whose questions fall due on `DUE`, which is some time to come."""
    return Maker(DUE - 60 * DAY)


def at(days: float, hour: int = 9) -> dt.datetime:
    return DUE.replace(hour=hour) + days * DAY


def asked(make: Maker, reviewer: User | None, **given: Any) -> Question:
    return make.question(**{"reviewer": reviewer, "due_at": DUE, **given})


def queue(days: float, hour: int = 9) -> list[str]:
    """What a pass queues, by recipients; all of it goes out at once."""
    queued = unsent(days, hour)
    sent = Message.objects.filter(state=MessageState.WAITING)
    sent.update(state=MessageState.SENT, sent_at=at(days, hour))
    return queued


def unsent(days: float, hour: int = 9) -> list[str]:
    """The same, while the mail server is away."""
    count = reminders_queue(now=at(days, hour))
    new = Message.objects.order_by("-pk")[:count]
    return sorted(message.recipient.partition("@")[0] for message in new)


def last() -> Message:
    return Message.objects.latest("pk")


def stages(question: Question, who: User | None = None) -> list[int]:
    rows = Reminder.objects.filter(question=question, **({"recipient": who} if who else {}))
    return sorted(rows.values_list("stage", flat=True))


def states() -> list[str]:
    return list(Message.objects.order_by("pk").values_list("state", flat=True))


# -- stages ---------------------------------------------------------------------------------------


def test_a_reviewer_is_told_a_week_before_on_the_day_and_every_week_after(
    make: Maker, rita: User
) -> None:
    question = asked(make, rita)
    told = [days for days in range(-8, 15) if queue(days) == ["rita"]]
    assert told == [-7, 0, 7, 14]
    assert stages(question) == told


def test_each_is_told_at_eight_where_they_live(make: Maker) -> None:
    # New York is five hours behind by then: its clocks went back on 1 November.
    asked(make, person("nora", time_zone="America/New_York"))
    assert [queue(-7, hour) for hour in (11, 12)] == [[], ["nora"]]
    assert [queue(0, hour) for hour in (11, 12)] == [[], ["nora"]]
    assert [queue(7, hour) for hour in (12, 13)] == [[], ["nora"]]


def test_three_months_down_and_then_up_give_one_message_with_each_question_once(
    make: Maker, rita: User
) -> None:
    first, second = asked(make, rita), asked(make, rita, due_at=DUE + 30 * DAY)
    queue(-7)
    assert queue(90) == ["rita"]
    assert (stages(first), stages(second)) == ([-7, 84], [56])
    assert last().text.count(first.text) == 2  # one question each
    assert queue(90) == []


def test_what_is_overdue_when_first_seen_is_told_at_once_and_not_again_that_morning(
    make: Maker, rita: User
) -> None:
    question = asked(make, rita)
    assert [queue(7, hour) for hour in (2, 8, 12)] == [["rita"], [], []]
    assert stages(question) == [7]
    assert queue(14) == ["rita"]


def test_one_message_lists_what_is_new_and_what_else_is_still_due(make: Maker, rita: User) -> None:
    older, newer = asked(make, rita), asked(make, rita, due_at=DUE + 3 * DAY)
    soon = asked(make, rita, due_at=DUE + 10 * DAY)
    queue(0)
    queue(3)
    message = last()
    assert message.subject == (
        f"1 question is due for review, 1 falls due in 7 days: {newer.key}, {soon.key}"
    )
    order = ["DUE FOR REVIEW", f"\n{newer.key} ", "COMING UP", f"\n{soon.key} "]
    order += ["STILL DUE, TOLD BEFORE", f"\n{older.key} "]
    places = [message.text.index(part) for part in order]
    assert places == sorted(places)
    assert [stages(one) for one in (older, newer, soon)] == [[0], [-4 - 3, 0], [-7]]


def test_a_topic_has_a_policy_of_its_own(make: Maker, rita: User) -> None:
    topic = services.topic_record(key="harvest", name="Harvest", by=None)
    ReminderPolicy.objects.create(topic=topic, before=[20, 2], every=3, escalate_after=None)
    asked(make, rita, topic=topic)
    person("ada", "adjudicator")
    assert [days for days in (-21, -20, -7, -2, 0, 2, 3, 6) if queue(days)] == [-20, -2, 0, 3, 6]


def test_a_topic_may_be_reminded_of_once(make: Maker, rita: User) -> None:
    topic = services.topic_record(key="harvest", name="Harvest", by=None)
    ReminderPolicy.objects.create(topic=topic)
    asked(make, rita, topic=topic)
    assert [days for days in (-7, -1, 0, 1, 7, 14, 40) if queue(days)] == [0]


# -- who ------------------------------------------------------------------------------------------


def test_what_nobody_reviews_is_told_to_every_administrator(make: Maker, rita: User) -> None:
    User.objects.create_superuser("root", "root@example.org")
    User.objects.create_superuser("gone", "gone@example.org", is_active=False)
    User.objects.create_superuser("mute", "")
    asked(make, None)
    asked(make, rita)
    rita.is_active = False
    rita.save()
    assert queue(0) == ["root"]
    assert Reminder.objects.count() == 2


def test_a_reviewer_whose_mail_comes_back_is_no_silence(make: Maker, rita: User) -> None:
    User.objects.create_superuser("root", "root@example.org")
    asked(make, rita)
    Suspension.objects.create(email="RITA@example.org", reason="bounced", since=DUE)
    assert queue(0) == ["root"]


def test_adjudicators_are_told_of_what_nobody_answers_and_who_was_told_before(
    make: Maker, rita: User
) -> None:
    ada = person("ada", "adjudicator", "editor")
    person("gone", "adjudicator", is_active=False)
    person("ed", "editor")
    question = asked(make, rita)
    told = {days: who for days in (-7, 0, 7, 13, 14, 15, 21) if (who := queue(days))}
    both = ["ada", "rita"]
    assert told == {-7: ["rita"], 0: ["rita"], 7: ["rita"], 14: both, 21: both}
    assert stages(question, ada) == [14, 21]
    first = Message.objects.filter(recipient=ada.email).earliest("pk")
    assert first.subject == f"1 question has no answer yet: {question.key}"
    for body in (first.text, first.html):
        assert "rita 3 times" in body
        assert "escalated" in body.lower()


def test_what_is_escalated_stands_apart_from_ones_own(make: Maker, rita: User) -> None:
    ada = person("ada", "adjudicator")
    own, left = asked(make, ada, due_at=DUE + 14 * DAY), asked(make, rita)
    queue(14)
    message = Message.objects.get(recipient=ada.email)
    assert message.subject == (
        f"1 question is due for review, 1 has no answer yet: {own.key}, {left.key}"
    )
    for body in (message.text, message.html):
        assert body.lower().count("escalated.") == 1
        assert body.index(f"{own.key}") < body.index("No reminder of it has reached anybody")
    order = [f"\n{own.key} ", "LEFT WITHOUT AN ANSWER", f"\n{left.key} ", "ESCALATED."]
    places = [message.text.index(part) for part in order]
    assert places == sorted(places)


def test_an_escalation_waits_for_the_morning_and_tells_nobody_twice(make: Maker) -> None:
    ada = person("ada", "adjudicator")
    question = asked(make, ada)
    assert queue(20) == ["ada"]
    assert Message.objects.filter(text__contains="ESCALATED").count() == 0
    assert stages(question) == [14]
    jo = person("jo", "adjudicator")
    assert [queue(21, hour) for hour in (2, 8)] == [["jo"], ["ada", "jo"]]
    assert stages(question, jo) == [14, 21]


# -- moves ----------------------------------------------------------------------------------------


def test_a_due_date_that_moves_reminds_anew(make: Maker, rita: User) -> None:
    question = asked(make, rita)
    queue(0)
    services.question_amend(
        question=question,
        changes={"due_at": DUE + 30 * DAY},
        reason="Put off.",
        by=None,
        now=at(1),
    )
    assert [days for days in (1, 7, 22, 23, 30, 37) if queue(days)] == [23, 30, 37]


def test_who_sets_the_next_date_in_a_review_is_not_told_of_it_at_once(
    make: Maker, rita: User
) -> None:
    question = asked(make, rita)
    queue(0)
    services.review_record(
        question=question, note="Not yet.", next_at=at(6, 12), by=rita, now=at(1)
    )
    assert [days for days in range(1, 14) if queue(days)] == [6, 13]


def test_an_outcome_ends_reminders_and_one_that_is_withdrawn_begins_them_anew(
    make: Maker, rita: User
) -> None:
    question = asked(make, rita)
    queue(0)
    make.now = at(1)
    outcome = make.outcome(question, settled_at=DUE)
    assert [days for days in (1, 7, 14) if queue(days)] == []
    make.now = at(30)
    make.withdraw(outcome)
    assert queue(30) == ["rita"]


def test_a_new_reviewer_is_told_at_once_of_what_is_overdue_and_the_old_one_no_more(
    make: Maker, rita: User
) -> None:
    question = asked(make, rita)
    queue(0)
    bo = person("bo")
    services.question_amend(
        question=question, changes={"reviewer": bo}, reason="Away.", by=None, now=at(1)
    )
    assert queue(1, 22) == ["bo"]
    assert {days: who for days in range(2, 10) if (who := queue(days))} == {7: ["bo"]}


# -- messages that have not gone out --------------------------------------------------------------


def test_a_mail_server_that_was_away_gives_one_message_a_person(make: Maker, rita: User) -> None:
    first, second = asked(make, rita), asked(make, rita, due_at=DUE + 2 * DAY)
    queue(-8)
    for days in range(-7, 4):
        unsent(days)
    assert states() == ["withdrawn"] * 3 + ["waiting"]
    message = last()
    assert message.subject == f"2 questions are due for review: {first.key}, {second.key}"
    assert set(Reminder.objects.values_list("message_id", flat=True)) == {message.pk}
    assert (stages(first), stages(second)) == ([-7, 0], [-7, 0])
    assert "TOLD BEFORE" not in message.text


def test_a_waiting_message_of_which_nothing_holds_is_taken_back(make: Maker, rita: User) -> None:
    question = asked(make, rita)
    unsent(0)
    make.now = at(1)
    outcome = make.outcome(question, settled_at=DUE)
    assert unsent(1) == []
    assert states() == ["withdrawn"]
    assert stages(question) == []
    make.withdraw(outcome)
    assert queue(2) == ["rita"]


def test_a_waiting_message_of_which_a_part_holds_is_replaced(make: Maker, rita: User) -> None:
    gone, kept = asked(make, rita), asked(make, rita)
    unsent(0)
    make.now = at(1)
    make.outcome(gone, settled_at=DUE)
    assert unsent(1) == ["rita"]
    assert states() == ["withdrawn", "waiting"]
    assert last().subject == f"1 question is due for review: {kept.key}"
    assert unsent(2) == []
    assert stages(kept) == [0]


def test_a_message_for_somebody_who_reviews_it_no_more_is_taken_back(
    make: Maker, rita: User
) -> None:
    question = asked(make, rita)
    unsent(0)
    bo = person("bo")
    given: Any = {"reason": "Away.", "by": None, "now": at(1)}
    services.question_amend(question=question, changes={"reviewer": bo}, **given)
    assert unsent(1) == ["bo"]
    services.question_amend(question=question, changes={"reviewer": rita}, **given)
    assert unsent(2) == ["rita"]
    assert states() == ["withdrawn", "withdrawn", "waiting"]


@pytest.mark.parametrize("given", [{"state": "claimed"}, {"doubtful": True}, {"state": "dead"}])
def test_a_message_that_may_have_gone_out_is_left_alone(
    make: Maker, rita: User, given: dict[str, Any]
) -> None:
    asked(make, rita)
    unsent(0)
    Message.objects.update(**given)
    assert unsent(7) == ["rita"]
    assert Message.objects.earliest("pk").state == given.get("state", "waiting")
    assert set(Message.objects.values_list("reminders__stage", flat=True)) == {0, 7}


@pytest.mark.django_db(transaction=True)
def test_a_message_that_somebody_is_about_to_send_is_not_waited_for(
    make: Maker, rita: User
) -> None:
    asked(make, rita)
    unsent(0)
    with psycopg.connect(**connection.get_connection_params()) as other:
        other.execute("SELECT id FROM predictions_message FOR UPDATE")
        assert unsent(7) == ["rita"]
        assert states() == ["waiting", "waiting"]


# -- snoozes --------------------------------------------------------------------------------------


def snooze(question: Question, who: User, until: float, now: float = 1, version: int = 1) -> None:
    day = at(until).date()
    question_snooze(question=question, person=who, due_version=version, until=day, now=at(now))


def test_who_snoozes_is_left_alone_until_that_morning(make: Maker, rita: User) -> None:
    question = asked(make, rita)
    queue(0)
    snooze(question, rita, 20)
    snooze(question, rita, 9)
    assert [days for days in range(1, 16) if queue(days)] == [9, 14]
    assert stages(question) == [0, 9, 14]


def test_a_snooze_is_of_one_person_question_and_version(make: Maker, rita: User) -> None:
    ada = person("ada", "adjudicator")
    question, other = asked(make, rita), asked(make, rita)
    queue(0)
    snooze(question, rita, 30)
    assert queue(7) == ["rita"]
    assert last().subject == f"1 question is due for review: {other.key}"
    assert question.key not in last().text
    assert queue(14) == ["ada", "rita"]
    assert stages(question, ada) == [14]
    services.review_record(question=question, note="No.", next_at=at(16, 12), by=None, now=at(15))
    assert queue(17) == ["rita"]
    assert stages(question, rita) == [0, 0]


def test_a_waiting_message_about_what_was_snoozed_is_taken_back_and_told_that_morning(
    make: Maker, rita: User
) -> None:
    question = asked(make, rita)
    unsent(0)
    snooze(question, rita, 3)
    assert [days for days in range(1, 4) if unsent(days)] == [3]
    assert states() == ["withdrawn", "waiting"]


def test_a_snooze_of_a_settled_or_moved_question_is_refused(make: Maker, rita: User) -> None:
    question = asked(make, rita)
    with pytest.raises(Conflict, match="due version 1, not 2"):
        snooze(question, rita, 3, version=2)
    make.now = at(1)
    make.outcome(question, settled_at=DUE)
    with pytest.raises(Conflict, match="already has an outcome"):
        snooze(question, rita, 3)


@pytest.mark.parametrize(("until", "told"), [(-1, "give a later day"), (1, "give a later day")])
def test_a_snooze_until_a_day_that_has_come_is_refused(
    make: Maker, rita: User, until: int, told: str
) -> None:
    with pytest.raises(Invalid, match=told) as refused:
        snooze(asked(make, rita), rita, until)
    assert refused.value.field == "until"


def test_a_snooze_of_over_a_year_is_refused(make: Maker, rita: User) -> None:
    question = asked(make, rita)
    snooze(question, rita, 366)
    with pytest.raises(Invalid, match="over a year"):
        snooze(question, rita, 368)


# -- what it says ---------------------------------------------------------------------------------


def test_a_reminder_says_all_that_a_reviewer_has_to_know(make: Maker, rita: User) -> None:
    question = asked(make, rita)
    make.prediction("0.7", question=question)
    make.now = at(-40)
    make.event(question, title="The ministry counts")
    services.review_record(
        question=question, note="Nothing <yet>.", next_at=DUE, by=rita, now=at(-30)
    )
    make.now = at(-20)
    make.event(question, title="It rains & rains", bearing="yes")
    queue(2)
    message = last()
    what = {"question": str(question.pk), "person": rita.pk, "version": 2}
    for said in (
        question.key,
        question.text,
        question.criteria,
        "Due since 2026-10-31 12:00 UTC, 2 days ago",
        "The question closed on 2026-10-31 12:00 UTC.",
        "Last review 2026-10-01 09:00 UTC by rita",
        f"/admin/predictions/question/{question.pk}/change/",
        "/mail/snooze/",
        "/mail/propose/",
    ):
        assert said in message.text
        assert said in message.html
    assert "Nothing <yet>." in message.text
    assert "Nothing &lt;yet&gt;." in message.html
    assert "It rains & rains (for yes)" in message.text
    assert "It rains &amp; rains (for yes)" in message.html
    assert "The ministry counts" not in message.text + message.html
    for purpose in ("snooze", "propose"):
        token = message.text.partition(f"/mail/{purpose}/")[2].partition("/")[0]
        assert links.opened(purpose, token) == what


def test_dates_are_told_by_the_clocks_of_the_reader(make: Maker) -> None:
    question = asked(
        make,
        person("lou", time_zone="Australia/Lord_Howe"),
        due_at=end_of(dt.date(2026, 10, 31)),
    )
    queue(-7, 22)
    assert "Due on 2026-10-31 (2026-11-01 10:59 Australia/Lord_Howe), in 7 days" in last().text
    assert stages(question) == [-7]


def test_a_long_list_is_cut_and_leads_to_the_desk(make: Maker, rita: User) -> None:
    long = "Will “it” & <that> happen? " * 60
    for number in range(60):
        asked(make, rita, text=f"{number} {long}", criteria=long, due_at=DUE + number * DAY / 100)
    assert queue(1) == ["rita"]
    message = last()
    assert Reminder.objects.count() == 60
    assert len(message.html.encode()) < 100_000
    written = message.text.count("/mail/snooze/")
    assert 1 < written <= 50
    assert f"And {60 - written} more" in message.text
    assert message.html.count("/mail/snooze/") == written
    assert "/admin/?whose=mine" in message.html
    assert message.subject.endswith("and 54 more")


def test_a_pass_takes_as_many_queries_for_many_questions_as_for_few(
    make: Maker, rita: User
) -> None:
    def taken(count: int, days: int) -> int:
        for _ in range(count):
            make.event(asked(make, rita))
        with CaptureQueriesContext(connection) as queries:
            assert queue(days) == ["rita"]
        return len(queries)

    few = taken(2, 0)
    assert taken(20, 7) <= few + 1
