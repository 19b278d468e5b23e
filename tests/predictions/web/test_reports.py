"""The archive: a report as it was sent, and nothing of whom it was sent to."""

import datetime as dt
import html
import re
import uuid
from typing import Any

import pytest
from django.test import Client

from ledger import checkpoints
from predictions.mail import links
from predictions.mail.archived import public_html, public_text
from predictions.mail.reports import reports_queue
from predictions.models import Message, Report, Subscription, User
from tests.making import Maker

pytestmark = pytest.mark.django_db

DOT = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
    "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
SCORES = "forecaster,brier\nalmanac,0.25\n"
HTML = """<!doctype html><html lang="en"><body class="page"><p>Standings</p>
<!-- personal --><p>Dear Rita, you follow three questions.</p><!-- /personal -->
<img src="cid:standings" alt="The standings"><img src='cid:lost' alt="">
<p>What happened</p>
<!-- personal --><p>For rita@example.org. <a href="{end}">End it</a></p><!-- /personal -->
</body></html>"""
TEXT = """STANDINGS

What happened

-- \nFor rita@example.org. End it:
{end}
"""


@pytest.fixture
def end(settings: Any) -> str:
    return links.address("unsubscribe", {"subscription": 1})


@pytest.fixture
def report(now: dt.datetime, end: str) -> Report:
    return archived(now, HTML.replace("{end}", end), TEXT.replace("{end}", end))


def archived(now: dt.datetime, body: str, text: str = "Standings\n") -> Report:
    subscription = Subscription.objects.create(
        email="rita@example.org", created_at=now, confirmed_at=now
    )
    message = Message.objects.create(
        kind="report",
        recipient="rita@example.org",
        subject="Scored report",
        text=text,
        html=body,
        message_id="<1@example.org>",
        attachments=[
            {"name": "checkpoint.txt", "type": "text/plain", "text": "a note\r\n"},
            {"name": "scores.csv", "type": "text/csv", "text": SCORES},
            {"name": "standings.png", "type": "image/png", "base64": DOT, "cid": "standings"},
        ],
        due_at=now,
        created_at=now,
    )
    return Report.objects.create(
        subscription=subscription,
        period_end=now,
        message=message,
        ledger_size=1,
        ledger_root="0" * 64,
        created_at=now,
    )


def read(client: Client, address: str) -> Any:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer


def assert_tells_nothing_of_its_reader(page: str, end: str) -> None:
    told = html.unescape(page).lower()
    for personal in ("rita", "personal", end.lower(), "/mail/unsubscribe"):
        assert personal not in told


def test_the_page_shows_all_but_what_is_personal(client: Client, report: Report, end: str) -> None:
    page = read(client, f"/reports/{report.key}/").content.decode()
    assert "<p>Standings</p>" in page
    assert "<p>What happened</p>" in page
    assert_tells_nothing_of_its_reader(page, end)


def test_the_text_ends_before_the_signature(client: Client, report: Report, end: str) -> None:
    answer = read(client, f"/reports/{report.key}.txt")
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.content.decode() == "STANDINGS\n\nWhat happened\n"


def test_pictures_of_the_mail_stand_in_the_page(client: Client, report: Report) -> None:
    page = read(client, f"/reports/{report.key}/").content.decode()
    assert f'<img src="data:image/png;base64,{DOT}" alt="The standings">' in page
    assert "cid:" not in page


def test_the_page_leads_to_its_text_and_files_to_the_byte(client: Client, report: Report) -> None:
    page = read(client, f"/reports/{report.key}/").content.decode()
    found = re.findall(r'href="(/reports/[^"]*)"', page)
    assert found == [
        f"/reports/{report.key}.txt",
        f"/reports/{report.key}/checkpoint.txt",
        f"/reports/{report.key}/scores.csv",
    ]
    note = read(client, found[1])
    assert note.content == b"a note\r\n"
    assert note["Content-Disposition"] == 'attachment; filename="checkpoint.txt"'
    scores = read(client, found[2])
    assert (scores.content.decode(), scores["Content-Type"]) == (SCORES, "text/csv; charset=utf-8")
    for other in ("standings.png", "other.txt", "..%2Fcheckpoint.txt"):
        assert client.get(f"/reports/{report.key}/{other}").status_code == 404


def test_a_file_that_is_no_text_is_given_as_it_is(client: Client, report: Report) -> None:
    packed = {"name": "scores.csv.zip", "type": "application/zip", "base64": "UEsFBg=="}
    Message.objects.update(attachments=[packed])
    answer = read(client, f"/reports/{report.key}/scores.csv.zip")
    assert (answer.content, answer["Content-Type"]) == (b"PK\x05\x06", "application/zip")


def test_nothing_in_a_report_runs_or_is_fetched(client: Client, report: Report) -> None:
    answer = read(client, f"/reports/{report.key}/")
    policy = dict(
        part.strip().split(" ", 1) for part in answer["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["img-src"] == "data:"
    assert policy["form-action"] == policy["base-uri"] == "'none'"
    assert "script-src" not in policy
    assert answer["Referrer-Policy"] == "no-referrer"
    assert answer["X-Robots-Tag"] == "noindex, nofollow"


def test_a_key_that_is_guessed_finds_nothing(client: Client, report: Report) -> None:
    for key in (uuid.uuid4(), report.pk):
        assert client.get(f"/reports/{key}/").status_code == 404
    assert client.get(f"/reports/{uuid.uuid4()}.txt").status_code == 404


def test_a_report_that_was_taken_back_is_not_shown(client: Client, report: Report) -> None:
    Message.objects.update(state="withdrawn")
    assert client.get(f"/reports/{report.key}/").status_code == 404


def test_where_reading_is_not_public_nor_is_the_archive(
    client: Client, report: Report, settings: Any, adjudicator: User
) -> None:
    settings.PUBLIC_READ = False
    for address in ("/", ".txt", "/scores.csv"):
        answer = client.get(f"/reports/{report.key}{address}")
        assert answer["Location"].startswith("/admin/login/")
    client.force_login(adjudicator)
    read(client, f"/reports/{report.key}/")


def test_the_archive_is_read_only(client: Client, report: Report) -> None:
    assert client.post(f"/reports/{report.key}/").status_code == 405


@pytest.mark.parametrize(
    "body",
    [
        "<body><p>Standings</p><!-- personal -->rita, and no end of it {end}</body>",
        "<body><p>Standings</p><p>For rita@example.org: {end}</p></body>",
        "<body><p>Standings</p><!--personal-->rita<!--/personal--> {end} RITA@EXAMPLE.ORG</body>",
        '<body><p>Standings</p><p>R&amp;D</p><a href="{end}">x</a><p>The last</p></body>',
    ],
)
def test_what_was_marked_badly_or_not_at_all_is_not_shown_either(
    client: Client, now: dt.datetime, end: str, body: str
) -> None:
    report = archived(now, body.replace("{end}", end), f"Standings\nrita@example.org {end}\n")
    page = read(client, f"/reports/{report.key}/").content.decode()
    assert "<p>Standings</p>" in page
    assert_tells_nothing_of_its_reader(page, end)
    text = read(client, f"/reports/{report.key}.txt").content.decode()
    assert_tells_nothing_of_its_reader(text, end)


def test_an_address_that_html_escapes_is_blotted_out_too(now: dt.datetime) -> None:
    report = archived(
        now, "<body><!-- personal --><!-- /personal -->o&#x27;hara@example.org</body>"
    )
    message = report.message
    message.recipient, message.text = "o'hara@example.org", "To O'Hara@example.org\n"
    assert public_html(message) == "<body>…</body>"
    assert public_text(message) == "To …\n"


@pytest.mark.django_db(transaction=True)
def test_a_report_that_was_really_queued_is_shown_without_its_footer(
    client: Client, make: Maker
) -> None:
    make.outcome(make.prediction(question=make.question(key="RYE")).question, "yes")
    Subscription.objects.create(
        email="rita@example.org", created_at=make.now, confirmed_at=make.now
    )
    reports_queue(now=make.now)
    report = Report.objects.get()
    page = read(client, f"/reports/{report.key}/").content.decode()
    text = read(client, f"/reports/{report.key}.txt").content.decode()
    for shown in (page, text):
        assert "RYE" in shown
        assert report.ledger_root in shown
        assert "You get this because" not in shown
        assert "rita" not in shown.lower()
    note = read(client, f"/reports/{report.key}/checkpoint.txt")
    signed = checkpoints.latest()
    assert signed
    assert note.content.decode() == signed.note
