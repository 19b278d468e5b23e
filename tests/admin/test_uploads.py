"""Importing a CSV file in the admin: a preview, a yes to just that, and all of it or nothing."""

import datetime as dt
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from predictions.importing import read
from predictions.importing.rows import COLUMNS
from predictions.models import Forecaster, Outcome, Prediction, Question, Upload, User
from predictions.services.imports import predictions_import
from predictions.services.uploads import uploads_forget, uploads_record
from tests.admin.conftest import allow, member
from tests.admin.pages import Pages, text_of

HEAD = "question,forecaster,made_at,probability"
RAIN = f"{HEAD}\nrain,almanac,2026-01-31,0.7\nrain,station,2026-02-01,0.4\n"
SETTLED = f"{HEAD},due_at,outcome\nrain,almanac,2026-01-31,0.7,2026-05-01,yes\n"


def upload(pages: Pages, content: str | bytes, name: str = "rain.csv") -> Any:
    data = content if isinstance(content, bytes) else content.encode()
    return pages.post("predictions_upload_add", data={"file": SimpleUploadedFile(name, data)})


def confirm(pages: Pages, waiting: Upload, digest: str | None = None) -> Any:
    data = {"digest": waiting.digest if digest is None else digest}
    return pages.post("predictions_upload_change", waiting.pk, data=data)


def one() -> Upload:
    return Upload.objects.get()


def nothing_is_recorded() -> bool:
    return not (Question.objects.exists() or Prediction.objects.exists())


def test_a_file_is_previewed_and_then_recorded(desk: Pages, adjudicator: User) -> None:
    said = text_of(upload(desk, RAIN))
    assert "rain.csv waits for a yes" in said
    assert "New predictions 2" in said
    assert "New questions 1" in said
    assert "New forecasters 2" in said
    assert nothing_is_recorded()
    said = text_of(confirm(desk, one()))
    assert "Recorded: rain.csv." in said
    assert "rain.csv was recorded" in said
    assert Prediction.objects.filter(recorded_by=adjudicator).count() == 2
    assert bytes(one().content) == b""


def test_each_bad_cell_is_named_and_nothing_is_kept(desk: Pages) -> None:
    bad = f"{RAIN}rain,almanac,someday,0.7\nrain,almanac,2026-03-01,1.7\n"
    page = text_of(upload(desk, bad))
    assert "Nothing was recorded: 2 problems in rain.csv." in page
    assert re.search(r"4 made_at .*someday", page)
    assert re.search(r"5 probability .*1\.7", page)
    assert nothing_is_recorded()
    assert not Upload.objects.exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "Is empty; begin it with a line of headings."),
        (b"question;forecaster\n", "cells are separated by semicolons; save it with commas"),
        (f"{HEAD}\nrain,caf\xe9,2026-01-31,0.7\n".encode("latin-1"), "byte 0xe9 is not UTF-8"),
        (RAIN.encode("utf-16"), "the file is not UTF-8 (UTF-16, it seems); save it as UTF-8"),
        (b"PK\x03\x04 and more", "Is a workbook (XLSX, ODS); save it as CSV, in UTF-8 with commas"),
        (f"{HEAD}\n".encode(), "There is nothing new in this file."),
    ],
)
def test_what_is_no_such_file_is_refused_in_words(desk: Pages, content: bytes, said: str) -> None:
    page = upload(desk, content)
    assert page.status_code == 200
    assert said in text_of(page)
    assert nothing_is_recorded()


def test_without_a_file_the_fix_is_said(desk: Pages) -> None:
    page = desk.post("predictions_upload_add", data={})
    assert "Is missing; choose a CSV file." in text_of(page)


def test_a_byte_order_mark_is_no_letter(desk: Pages) -> None:
    assert "waits for a yes" in text_of(upload(desk, RAIN.encode("utf-8-sig")))


def test_a_file_that_is_too_long_is_refused(desk: Pages, settings: Any) -> None:
    settings.UPLOAD_ROWS = 1
    assert "Has 3 lines, and 1 are the most; split it." in text_of(upload(desk, RAIN))
    settings.UPLOAD_ROWS, settings.UPLOAD_MEGABYTES = 10, 0
    assert "Is larger than 0 MB; split it." in text_of(upload(desk, RAIN))
    assert not Upload.objects.exists()


def test_a_second_yes_does_nothing(desk: Pages) -> None:
    upload(desk, RAIN)
    waiting = one()
    confirm(desk, waiting)
    again = confirm(desk, waiting)
    assert again.status_code == 409
    assert "Rain.csv was recorded already." in text_of(again)
    assert Prediction.objects.count() == 2


def test_a_yes_holds_only_for_what_was_previewed(desk: Pages, now: dt.datetime) -> None:
    upload(desk, RAIN)
    waiting = one()
    first = f"{HEAD}\nrain,almanac,2026-01-31,0.7\n"
    predictions_import(read=read(first.encode()), by=None, now=now)
    page = confirm(desk, waiting)
    assert page.status_code == 409
    assert "has changed since the preview" in text_of(page)
    assert "New predictions 1" in text_of(page)
    assert Prediction.objects.count() == 1
    assert confirm(desk, waiting, digest="0" * 64).status_code == 409
    confirm(desk, one())
    assert Prediction.objects.count() == 2


def test_what_became_impossible_since_is_refused_cell_by_cell(
    desk: Pages, now: dt.datetime
) -> None:
    upload(desk, SETTLED)
    otherwise = SETTLED.replace("yes", "no")
    predictions_import(read=read(otherwise.encode()), by=None, now=now)
    page = confirm(desk, one())
    assert page.status_code == 409
    assert "recorded as no; correct that outcome instead" in text_of(page)
    assert Outcome.objects.get().answer == "no"


def test_outcomes_take_an_adjudicator(looking: Pages, viewer: User) -> None:
    allow(viewer, "add_upload", "view_upload")
    assert "have one say yes to it here" in text_of(upload(looking, SETTLED))
    page = confirm(looking, one())
    assert page.status_code == 403
    assert nothing_is_recorded()
    allow(viewer, "add_outcome")
    fresh = User.objects.get(pk=viewer.pk)
    looking.client.force_login(fresh)
    confirm(looking, one())
    assert Outcome.objects.get().entered_by == viewer


def test_who_may_not_import_is_refused_everywhere(desk: Pages, looking: Pages) -> None:
    upload(desk, RAIN)
    pk = one().pk
    assert looking.get("predictions_upload_add").status_code == 403
    assert upload(looking, RAIN).status_code == 403
    assert looking.get("predictions_upload_change", pk).status_code == 403
    assert confirm(looking, one()).status_code == 403
    assert looking.post("predictions_upload_cancel", pk, data={}).status_code == 403
    assert looking.get("predictions_upload_changelist").status_code == 403
    assert Upload.objects.count() == 1


def test_a_file_that_waits_can_be_forgotten(desk: Pages) -> None:
    upload(desk, RAIN)
    waiting = one()
    said = text_of(desk.post("predictions_upload_cancel", waiting.pk, data={}))
    assert "Nothing was recorded; rain.csv is forgotten." in said
    assert confirm(desk, waiting).status_code == 404
    assert nothing_is_recorded()


def test_after_a_day_a_file_is_forgotten_by_itself(desk: Pages) -> None:
    upload(desk, RAIN)
    assert uploads_forget(now=timezone.now() + dt.timedelta(hours=23)) == 0
    assert uploads_forget(now=timezone.now() + dt.timedelta(hours=25)) == 1
    assert not Upload.objects.exists()


def test_a_long_file_is_left_to_the_worker(desk: Pages, settings: Any, adjudicator: User) -> None:
    settings.UPLOAD_AT_ONCE = 1
    upload(desk, RAIN)
    said = text_of(confirm(desk, one()))
    assert "rain.csv is being recorded" in said
    assert "0 of 2 predictions" in said
    assert nothing_is_recorded()
    assert confirm(desk, one()).status_code == 409
    assert uploads_record(clock=timezone.now) == 1
    assert one().state == "recorded"
    assert Prediction.objects.filter(recorded_by=adjudicator).count() == 2
    assert uploads_record(clock=timezone.now) == 0


def test_what_the_worker_refuses_is_told_on_the_page(
    desk: Pages, settings: Any, now: dt.datetime
) -> None:
    settings.UPLOAD_AT_ONCE = 0
    upload(desk, RAIN)
    confirm(desk, one())
    predictions_import(read=read(RAIN.encode()), by=None, now=now)
    uploads_record(clock=timezone.now)
    page = text_of(desk.get("predictions_upload_change", one().pk))
    assert "rain.csv was not recorded" in page
    assert "has changed since the preview" in page
    assert Prediction.objects.count() == 2
    assert bytes(one().content) == b""


def test_a_second_import_of_the_same_file_records_nothing(desk: Pages) -> None:
    upload(desk, RAIN)
    confirm(desk, one())
    said = text_of(upload(desk, RAIN))
    assert "There is nothing new in this file." in said
    assert "2 predictions of the file are recorded already" in said


def test_the_file_to_begin_with_can_be_imported(desk: Pages) -> None:
    begun = desk.get("predictions_upload_template")
    assert begun.content.decode().splitlines()[0] == ",".join(COLUMNS)
    upload(desk, begun.content)
    confirm(desk, one())
    assert Forecaster.objects.get().key == "almanac"


def test_a_page_of_no_upload_is_not_found(desk: Pages) -> None:
    assert desk.get("predictions_upload_change", 12345).status_code == 404
    assert desk.client.get("/admin/predictions/upload/none/change/").status_code == 302


def test_an_adjudicator_says_yes_to_the_outcomes_of_an_editors_file(
    looking: Pages, desk: Pages, viewer: User, adjudicator: User, settings: Any
) -> None:
    settings.FOUR_EYES = True
    allow(viewer, "add_upload", "view_upload")
    upload(looking, SETTLED)
    confirm(desk, one())
    assert Prediction.objects.get().recorded_by == viewer
    assert Outcome.objects.get().entered_by == adjudicator


def test_nobody_records_or_forgets_what_another_has_uploaded(
    looking: Pages, desk: Pages, viewer: User
) -> None:
    allow(viewer, "add_upload", "view_upload")
    upload(looking, RAIN)
    for page in (
        confirm(desk, one()),
        desk.post("predictions_upload_cancel", one().pk, data={}),
    ):
        assert page.status_code == 403
        assert "vera's upload; upload it yourself" in text_of(page)
    assert nothing_is_recorded()
    assert one().state == "previewed"


def test_who_may_look_at_imports_sees_one_and_is_offered_nothing(desk: Pages) -> None:
    upload(desk, RAIN)
    waiting = one()
    auditing = Pages(Client())
    auditing.client.force_login(member("otto", "auditor"))
    shown = auditing.get("predictions_upload_change", waiting.pk)
    assert "rain.csv waits for a yes" in text_of(shown)
    assert b"Record all of it" not in shown.content
    assert b"Forget the file" not in shown.content
    refused = confirm(auditing, waiting)
    assert "Importing predictions needs the role editor" in text_of(refused)
    assert nothing_is_recorded()


def test_an_adjudicator_says_yes_on_the_page_to_a_file_with_outcomes(desk: Pages) -> None:
    upload(desk, SETTLED)
    waiting = one()
    judging = Pages(Client())
    judging.client.force_login(member("cy", "adjudicator"))
    shown = judging.get("predictions_upload_change", waiting.pk)
    assert b"Record all of it" in shown.content
    assert b"Forget the file" not in shown.content
    confirm(judging, waiting)
    assert one().state == "recorded"
