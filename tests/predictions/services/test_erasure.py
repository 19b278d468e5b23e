"""Erasing who somebody is: nothing of it is left, and the log still verifies."""

import datetime as dt
import gzip
import io
import json
import re
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils.html import escape
from django_otp.plugins.otp_totp.models import TOTPDevice
from qsessions.models import Session
from rest_framework.test import APIClient

from ledger import journal, replay
from ledger.models import Entry, Part
from predictions.errors import Conflict, Invalid, NotFound
from predictions.mail.reports import reports_queue
from predictions.models import (
    ApiToken,
    Article,
    Forecaster,
    IdempotencyKey,
    Message,
    Prediction,
    Report,
    Subscription,
    Upload,
    User,
)
from predictions.models.choices import UploadState
from predictions.scorecards import scoreboard
from predictions.services.erasure import (
    Erasure,
    article_byline_erase,
    erasure_preview,
    forecaster_erase,
    user_erase,
    user_erasure_preview,
)
from predictions.services.packing import ZIP, packed, unpacked
from predictions.services.posting import post
from predictions.services.scrubbing import Words
from predictions.services.tokens import token_create
from seeds.loader import load
from tests.conftest import NOW
from tests.dump import places_of
from tests.guards import as_owner
from tests.ledger.exports import verify
from tests.making import Maker

pytestmark = pytest.mark.django_db(transaction=True)

NAME = "Zoë O'Quill & Daughters"
KEY = "zoe-quill"
NOTE = "Writes from Inverquharity."
SPELLINGS = (NAME, escape(NAME), "Zoë O\\u0027Quill", "Quill &", KEY, "Inverquharity")


@pytest.fixture
def zoe(make: Maker) -> Forecaster:
    """A forecaster with a scored, an open and a late prediction."""
    row = make.forecaster(key=KEY, name=NAME, note=NOTE)
    for answer in ("yes", "no", None):
        question = make.question()
        make.prediction(question=question, forecaster=row)
        make.outcome(question, answer, **({} if answer else {"void_reason": "ambiguous"}))
    make.prediction(forecaster=row)
    make.prediction("0.4")
    return row


def erase(forecaster: Forecaster, **given: Any) -> Erasure:
    return forecaster_erase(
        **{"forecaster": forecaster, "reason": "request", "by": None, "now": NOW, **given}
    )


def subscribe(username: str = "bo") -> User:
    user = User.objects.create_user(username, f"{username}@example.org")
    Subscription.objects.create(user=user, created_at=NOW, confirmed_at=NOW)
    return user


def test_after_an_erasure_the_name_is_nowhere_in_the_database(
    zoe: Forecaster, adjudicator: User
) -> None:
    subscribe()
    assert reports_queue(now=NOW) == 1
    token = token_create(name="t", scopes=["record"], user=adjudicator, now=NOW)
    predict_over_http(token.secret)
    note_in_the_admins_log(adjudicator)
    upload_of_theirs(adjudicator)
    assert "predictions_upload.preview" in places_of(KEY)
    assert {place.split(".")[0] for place in places_of(NAME)} == {
        *("predictions_forecaster", "ledger_part", "predictions_message", "django_admin_log")
    }
    assert "predictions_idempotencykey.body" in places_of(KEY)
    erase(zoe)
    for spelling in SPELLINGS:
        assert places_of(spelling) == [], spelling
    assert replay.verify().intact


def predict_over_http(secret: str) -> None:
    client = APIClient(headers={"Authorization": f"Bearer {secret}"})
    body = {
        "question": Prediction.objects.filter(question__outcomes=None)[0].question.key,
        "forecaster": KEY,
        "made_at": "2026-01-31",
        "basis": "stated",
        "probability": 0.5,
    }
    headers = {"Idempotency-Key": f"for {KEY}"}
    answer = client.post("/api/v1/predictions/", body, format="json", headers=headers)
    assert answer.status_code == 201


def upload_of_theirs(user: User) -> None:
    """As it stays once the file is recorded."""
    Upload.objects.create(
        name=f"{KEY}.csv",
        content=b"",
        sha256="0" * 64,
        by=user,
        at=NOW,
        state=UploadState.RECORDED,
        preview={"new_forecasters": [KEY]},
        digest="0" * 64,
    )


def note_in_the_admins_log(user: User, text: str = NAME) -> None:
    LogEntry.objects.create(
        user=user,
        content_type=ContentType.objects.get_for_model(Forecaster),
        object_id="1",
        object_repr=text,
        action_flag=CHANGE,
        change_message=json.dumps([{"changed": {"name": text}}]),
    )


def test_an_answer_that_named_the_erased_is_not_given_nor_done_again(
    zoe: Forecaster, adjudicator: User
) -> None:
    token = token_create(name="t", scopes=["record"], user=adjudicator, now=NOW)
    predict_over_http(token.secret)
    erase(zoe)
    [kept] = IdempotencyKey.objects.all()
    assert json.loads(kept.body["text"])["forecaster"] == f"erased-{zoe.pk.hex[:8]}"
    # Its digest could have confirmed a guess at who was named.
    assert (kept.request_digest, kept.key) == ("", f"erased-{kept.pk}")


def test_the_entry_says_that_somebody_was_erased_and_why_but_not_who(
    zoe: Forecaster, adjudicator: User
) -> None:
    done = erase(zoe, by=adjudicator, reason="court_order")
    entry = Entry.objects.get(uuid=str(done.entry))
    assert (entry.kind, entry.actor) == ("forecaster.erased", f"user:{adjudicator.pk}")
    facts = journal.body_of(entry)["facts"]
    assert facts["reason"] == "court_order"
    [row] = facts["forecaster"]
    assert (row["name"], row["note"], row["kind"]) == ("(erased)", "", "person")
    assert row["key"] == f"erased-{zoe.pk.hex[:8]}"
    assert done.parts == 3
    assert not Part.objects.filter(owner=zoe.pk).exists()


def test_names_that_were_held_before_are_erased_as_well(zoe: Forecaster) -> None:
    with transaction.atomic():
        zoe.name = "Zoë Newname"
        post(kind="forecaster.amended", by=None, rows=[zoe])
    assert erase(zoe).parts == 4
    assert places_of("O'Quill") == places_of("Newname") == []
    assert replay.verify().intact


def test_the_figures_are_the_same_before_and_after(zoe: Forecaster) -> None:
    before = scoreboard()
    erase(zoe)
    after = scoreboard()
    assert after.total == before.total
    totals = {row.forecaster: row.totals for row in before.forecasters}
    new_key = f"erased-{zoe.pk.hex[:8]}"
    totals[new_key] = totals.pop(KEY)
    assert {row.forecaster: row.totals for row in after.forecasters} == totals
    assert [row.name for row in after.forecasters if row.forecaster == new_key] == [
        f"(erased) {new_key.removeprefix('erased-')}"
    ]


def test_an_export_verifies_before_and_after_and_its_earlier_part_is_the_same(
    zoe: Forecaster, tmp_path: Path
) -> None:
    assert replay.verify().intact
    before = exported(tmp_path / "before")
    erase(zoe)
    after = exported(tmp_path / "after")
    assert after[1 : len(before) - 1] == before[1:-1]
    assert len(after) == len(before) + 1
    assert replay.verify().intact


def exported(path: Path) -> list[bytes]:
    call_command("export_ledger", "--output", str(path), "--gzip", verbosity=0)
    told = verify(path)
    assert (told.code, told.findings) == (5, [])  # intact, as far as an unsigned one can be
    return gzip.decompress(path.read_bytes()).splitlines()


def test_nobody_is_erased_twice(zoe: Forecaster) -> None:
    erase(zoe)
    with pytest.raises(Conflict, match="was erased already"):
        erase(zoe)
    with pytest.raises(Conflict, match="was erased already"):
        erase(Forecaster.objects.get(pk=zoe.pk))
    assert Entry.objects.filter(kind="forecaster.erased").count() == 1


def test_who_was_erased_cannot_be_amended(zoe: Forecaster) -> None:
    erase(zoe)
    with pytest.raises(Conflict, match="was erased and stays as it is"), transaction.atomic():
        post(kind="forecaster.amended", by=None, rows=[zoe])  # as loaded before the erasure
    zoe.refresh_from_db()
    zoe.name = NAME
    with pytest.raises(Conflict), transaction.atomic():
        post(kind="forecaster.amended", by=None, rows=[zoe])
    with pytest.raises(DatabaseError, match="is refused"):
        Forecaster.objects.filter(pk=zoe.pk).update(name=NAME)
    assert places_of(NAME) == []


@pytest.mark.parametrize("reason", ["", "because Zoë asked", "Request"])
def test_a_reason_is_one_of_a_closed_list(zoe: Forecaster, reason: str) -> None:
    with pytest.raises(Invalid, match=r"^reason: .* is not one of request, court_order, mistake"):
        erase(zoe, reason=reason)
    assert Part.objects.filter(owner=zoe.pk).count() == 3


def test_a_forecaster_who_is_not_there_is_not_found() -> None:
    with pytest.raises(NotFound):
        erase(Forecaster(key="nobody", name="Nobody", kind="person"))


def test_a_taken_key_makes_the_next_one_longer(zoe: Forecaster, make: Maker) -> None:
    make.forecaster(key=f"erased-{zoe.pk.hex[:8]}", name="A joker")
    erase(zoe)
    zoe.refresh_from_db()
    assert zoe.key == f"erased-{zoe.pk.hex[:9]}"
    assert zoe.is_erased
    assert not Forecaster.objects.get(name="A joker").is_erased
    assert replay.verify().intact


def test_of_two_erasures_at_once_one_wins(zoe: Forecaster) -> None:
    told: list[str] = []
    start = threading.Barrier(2)

    def run() -> None:
        start.wait()
        try:
            erase(zoe)
            told.append("erased")
        except Conflict as error:
            told.append(str(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["erased", f"forecaster:{zoe.pk} was erased already"]
    assert replay.verify().intact


@pytest.fixture
def no_part_can_be_deleted() -> Iterator[None]:
    """The last step of an erasure fails."""
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(
            "CREATE TRIGGER fault BEFORE DELETE ON ledger_part"
            " FOR EACH ROW EXECUTE FUNCTION ledger_refuse()"
        )
    yield
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER fault ON ledger_part")


@pytest.mark.usefixtures("no_part_can_be_deleted")
def test_an_erasure_that_fails_midway_leaves_everything(zoe: Forecaster) -> None:
    subscribe()
    reports_queue(now=NOW)
    before, size = places_of(NAME), journal.head().size
    with pytest.raises(DatabaseError):
        erase(zoe)
    assert places_of(NAME) == before
    assert journal.head().size == size
    assert not Forecaster.objects.get(pk=zoe.pk).is_erased
    assert [one.problem for one in replay.verify().findings] == [
        "the trigger fault is not one of ours"
    ]


def test_without_the_salt_no_guess_can_be_tried(zoe: Forecaster) -> None:
    salts = [bytes(part.salt) for part in Part.objects.filter(owner=zoe.pk)]
    erase(zoe)
    for salt in salts:
        assert places_of(salt.decode("latin-1")) == []
        assert not [e for e in Entry.objects.all() if salt in bytes(e.body)]
    with connection.cursor() as cursor:
        for salt in salts:
            cursor.execute("SELECT count(*) FROM ledger_part WHERE salt = %s", [salt])
            assert cursor.fetchone() == (0,)


def test_an_erased_forecaster_can_still_have_outcomes_scored(zoe: Forecaster, make: Maker) -> None:
    erase(zoe)
    still_open = Prediction.objects.get(forecaster=zoe, question__outcomes=None)
    make.outcome(still_open.question)
    assert still_open.scores.count() == 2
    assert replay.verify().intact


def test_a_byline_is_erased_and_the_rest_of_the_article_stays(make: Maker) -> None:
    article = make.article(byline="Zoë O'Quill")
    done = article_byline_erase(article=article, reason="mistake", by=None, now=NOW)
    article.refresh_from_db()
    assert (article.byline, article.title) == ("(erased)", "The almanac")
    assert journal.body_of(Entry.objects.get(uuid=str(done.entry)))["kind"] == "article.erased"
    assert places_of("O'Quill") == []
    with pytest.raises(Conflict):
        article_byline_erase(article=article, reason="mistake", by=None, now=NOW)
    assert replay.verify().intact


def test_the_preview_counts_and_changes_nothing(zoe: Forecaster) -> None:
    subscribe()
    reports_queue(now=NOW)
    preview = erasure_preview(row=zoe, now=NOW)
    assert (preview.parts, preview.copies, preview.in_clear) == (3, 1, ())
    assert places_of(NAME)
    done = erase(zoe)
    assert (done.parts, done.copies) == (3, 1)


def test_what_was_recorded_in_clear_is_named_as_beyond_reach() -> None:
    row = Forecaster(kind="person", key=KEY, name=NAME)
    with transaction.atomic():
        row.entry = uuid.uuid4()
        row.save(force_insert=True)
        facts = {"forecaster": [row.facts()]}
        journal.append(
            kind="forecaster.recorded",
            subject=f"forecaster:{KEY}",
            actor="system",
            facts=facts,
            uuid=row.entry,
        )
    assert erasure_preview(row=row, now=NOW).in_clear == ("key", "name")
    assert erase(row).in_clear == ("key", "name")
    assert places_of(NAME) == ["ledger_entry.body"]
    assert replay.verify().intact


def test_mail_keeps_the_rest_of_its_text_and_a_waiting_one_still_goes_out(
    zoe: Forecaster,
) -> None:
    subscribe()
    reports_queue(now=NOW)
    erase(zoe)
    message = Message.objects.get()
    assert message.state == "waiting"
    assert "(erased)" in message.text
    assert "(erased)" in message.html
    assert Report.objects.get().ledger_root in message.text


def test_a_name_is_taken_out_of_what_is_attached_packed_or_not(zoe: Forecaster) -> None:
    subscribe()
    reports_queue(now=NOW)
    message = Message.objects.get()
    _, sheet, picture = message.attachments
    assert NAME in sheet["text"]
    packed_one = {
        "name": "scores.csv.zip",
        "type": ZIP,
        "base64": packed("scores.csv", f"1,{NAME}"),
    }
    Message.objects.filter(pk=message.pk).update(attachments=[sheet, packed_one, picture])
    erase(zoe)
    message.refresh_from_db()
    plain, unpacked_one, kept = message.attachments
    assert NAME not in plain["text"]
    assert "(erased)" in plain["text"]
    assert unpacked(unpacked_one["base64"]) == ("scores.csv", "1,(erased)")
    assert kept == picture


def test_a_picture_in_which_letters_spell_a_name_by_chance_stays_whole() -> None:
    picture = {"name": "calibration.png", "type": "image/png", "base64": "aGk+Ann/aGk="}
    assert Words({"Ann": "(erased)"}).within(picture) == picture


def test_a_file_without_the_name_keeps_its_bytes() -> None:
    file = {"name": "scores.csv.zip", "type": ZIP, "base64": packed("scores.csv", "1,Bo")}
    assert Words({"Ann": "(erased)"}).within(file) == file


def test_a_message_on_its_way_is_told_of(zoe: Forecaster) -> None:
    subscribe()
    reports_queue(now=NOW)
    lease = {"state": "claimed", "due_at": NOW + dt.timedelta(minutes=5)}
    Message.objects.update(**lease)
    assert erasure_preview(row=zoe, now=NOW).in_delivery == 1
    assert erase(zoe).in_delivery == 1
    assert Message.objects.filter(**lease).count() == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ann said", "# said"),
        ("Anna said, and Joann", "Anna said, and Joann"),
        ("Ann's; (Ann)", "#'s; (#)"),
        ("Ann Bo-Lee said", "* said"),
        ("wrapped: Ann\n    Bo-Lee", "wrapped: *"),
        ("ann", "ann"),
        ("R&amp;D and R&D", "+ and +"),
        ('1,"Bo ""Li"" Ann",2', '1,"%",2'),
    ],
)
def test_words_are_replaced_whole_and_in_every_spelling(text: str, expected: str) -> None:
    words = Words(
        {"Ann": "#", "Ann Bo-Lee": "*", "R&D": "+", 'Bo "Li" Ann': "%", "": "!", "  ": "!"}
    )
    assert words.replaced(text) == expected
    assert words.within([{"a": text}, 1, None]) == [{"a": expected}, 1, None]


def test_nothing_to_replace_replaces_nothing() -> None:
    assert Words({"": "!"}).replaced("as it is") == "as it is"


def test_an_erased_forecaster_shows_decently_everywhere(
    zoe: Forecaster, make: Maker, adjudicator: User, client: Client
) -> None:
    make.article(byline="Zoë")
    article_byline_erase(article=Article.objects.get(), reason="request", by=adjudicator, now=NOW)
    erase(zoe)
    zoe.refresh_from_db()
    client.force_login(adjudicator)
    row = Prediction.objects.filter(forecaster=zoe)[0]
    pages: list[tuple[str, list[Any]]] = [
        *((f"predictions_{name}_changelist", []) for name in ("forecaster", "article", "score")),
        *((f"predictions_{name}_changelist", []) for name in ("prediction", "statement")),
        ("predictions_forecaster_change", [zoe.pk]),
        ("predictions_prediction_change", [row.pk]),
        ("predictions_question_change", [row.question.pk]),
        ("ledger_entry_changelist", []),
        *(("ledger_entry_change", [entry.pk]) for entry in Entry.objects.all()),
        ("index", []),
    ]
    for name, arguments in pages:
        page = client.get(reverse(f"admin:{name}", args=arguments))
        assert page.status_code == 200, name
        assert "Quill" not in page.content.decode(), name
    found = client.get(
        reverse("admin:predictions_prediction_changelist"), {"forecaster__key": zoe.key}
    )
    assert found.context["cl"].result_count == 4
    assert "(erased)" in client.get("/").content.decode()
    api = APIClient()
    assert api.get(f"/api/v1/forecasters/{zoe.key}/").json()["name"] == "(erased)"
    assert api.get(f"/api/v1/forecasters/{KEY}/").status_code == 404
    assert len(api.get(f"/api/v1/predictions/?forecaster={zoe.key}").json()["results"]) == 4


def test_loading_the_seeds_again_records_nobody_anew() -> None:
    load(now=NOW)
    columnist = Forecaster.objects.get(key="columnist-seed-000")
    erase(columnist)
    size = journal.head().size
    loaded = load(now=NOW)
    assert journal.head().size == size
    assert "forecaster:columnist-seed-000" in loaded.erased
    assert Forecaster.objects.count() == 2


def test_the_files_are_said_to_name_a_forecaster_and_a_byline_still() -> None:
    load(now=NOW)
    article = Article.objects.exclude(byline="").earliest("key")
    article_byline_erase(article=article, reason="request", by=None, now=NOW)
    erase(Forecaster.objects.get(key="columnist-seed-000"))
    told = io.StringIO()
    call_command("load_seeds", stdout=io.StringIO(), stderr=told)
    assert told.getvalue().splitlines() == [
        f"article:{article.key}: byline was erased; take it out of the files",
        "forecaster:columnist-seed-000 was erased; take it out of the files",
    ]


def test_two_who_were_erased_are_told_apart(make: Maker) -> None:
    for name in ("zoe", "ada"):
        forecaster_erase(forecaster=make.forecaster(key=name), reason="request", by=None, now=NOW)
    names = [row.name for row in scoreboard().forecasters]
    assert len(set(names)) == 2
    assert all(re.fullmatch(r"\(erased\) [0-9a-f]{8}", name) for name in names)


class TestAUser:
    @pytest.fixture
    def mo(self, adjudicator: User) -> User:
        user = User.objects.create_superuser(
            "mo.quixley",
            "mo@quixley.example",
            "a long enough secret",
            first_name="Mo",
            last_name="Quixley",
        )
        Subscription.objects.create(user=user, created_at=NOW, confirmed_at=NOW)
        token_create(name="mo.quixley's", scopes=["read"], user=user, now=NOW)
        note_in_the_admins_log(adjudicator, "weekly report for mo.quixley")
        return user

    def test_nothing_of_who_they_are_is_left(self, mo: User, client: Client, make: Maker) -> None:
        client.force_login(mo)
        client.post(reverse("admin:login"), {"username": mo.username, "password": "a guess"})
        reports_queue(now=NOW)
        Message.objects.update(last_error="550 mo@quixley.example unknown")
        question = make.question(reviewer=mo)
        done = user_erase(user=mo, by=None, now=NOW)
        for word in ("quixley", "Quixley", "Mo "):
            assert places_of(word) == [], word
        assert done.entry is None
        mo.refresh_from_db()
        assert (mo.is_active, mo.is_staff, mo.is_superuser) == (False, False, False)
        assert not mo.has_usable_password()
        assert question.reviewer_id == mo.pk
        assert replay.verify().intact

    def test_all_that_they_may_do_ends(self, mo: User, client: Client) -> None:
        client.force_login(mo)
        Client().force_login(User.objects.get(username="ada"))
        for_app = TOTPDevice.objects.create(user=mo, name="app")
        user_erase(user=mo, by=None, now=NOW)
        assert not TOTPDevice.objects.filter(pk=for_app.pk).exists()
        assert Session.objects.count() == 1
        assert client.get(reverse("admin:index")).status_code == 302
        assert ApiToken.objects.get().revoked_at == NOW
        assert Subscription.objects.get().ended_at == NOW
        assert reports_queue(now=NOW) == 0

    def test_their_waiting_mail_is_given_up_also_to_an_earlier_address(self, mo: User) -> None:
        reports_queue(now=NOW)
        User.objects.filter(pk=mo.pk).update(email="new@quixley.example")
        mo.refresh_from_db()
        assert user_erasure_preview(user=mo, now=NOW).copies == 1
        user_erase(user=mo, by=None, now=NOW)
        [message] = Message.objects.all()
        assert (message.state, message.attempts) == ("withdrawn", 0)
        assert message.recipient == f"erased-{mo.pk}@erased.invalid"

    def test_who_shares_the_address_keeps_their_mail(self, mo: User) -> None:
        other = User.objects.create_user("other", mo.email)
        Subscription.objects.create(user=other, created_at=NOW, confirmed_at=NOW)
        reports_queue(now=NOW)
        user_erase(user=mo, by=None, now=NOW)
        [kept] = Message.objects.filter(state="waiting")
        assert (kept.recipient, kept.report.subscription.user) == (other.email, other)

    def test_what_was_sent_stays_marked_as_sent(self, mo: User) -> None:
        reports_queue(now=NOW)
        Message.objects.update(state="sent", sent_at=NOW)
        user_erase(user=mo, by=None, now=NOW)
        assert Message.objects.get().state == "sent"

    def test_nobody_is_erased_twice(self, mo: User) -> None:
        user_erase(user=mo, by=None, now=NOW)
        with pytest.raises(Conflict, match="was erased already"):
            user_erase(user=mo, by=None, now=NOW)

    def test_the_last_active_superuser_stays(self, mo: User) -> None:
        ada = User.objects.get(username="ada")
        user_erase(user=ada, by=None, now=NOW)
        with pytest.raises(Conflict, match="is the last active superuser"):
            user_erase(user=mo, by=None, now=NOW)
        assert User.objects.get(pk=mo.pk).username == "mo.quixley"

    def test_of_the_last_two_superusers_erased_at_once_one_stays(self, mo: User) -> None:
        start = threading.Barrier(2)

        def run(user: User) -> None:
            start.wait()
            try:
                user_erase(user=user, by=None, now=NOW)
            except Conflict:
                pass
            finally:
                connection.close()

        threads = [threading.Thread(target=run, args=[user]) for user in User.objects.all()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert User.objects.filter(is_superuser=True, is_active=True).count() == 1

    def test_who_did_it_stands_in_the_admins_log(self, mo: User) -> None:
        ada = User.objects.get(username="ada")
        user_erase(user=mo, by=ada, now=NOW)
        noted = LogEntry.objects.get(change_message="Erased.")
        assert (noted.user, noted.object_id) == (ada, str(mo.pk))

    def test_a_taken_name_makes_another(self, mo: User) -> None:
        User.objects.create_user(f"erased-{mo.pk}", "x@example.org")
        user_erase(user=mo, by=None, now=NOW)
        mo.refresh_from_db()
        assert mo.username == f"erased-{mo.pk}-"

    def test_a_user_who_is_not_there_is_not_found(self) -> None:
        with pytest.raises(NotFound):
            user_erase(user=User(pk=999), by=None, now=NOW)
