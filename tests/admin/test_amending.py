"""The pages on which what is recorded is amended, and the history that each page ends in."""

import base64
import io
import json
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ledger import journal
from ledger.checkpoints import checkpoint_make, verifier_keys
from predictions import services
from predictions.admin.amend_fields import PairsField, PassagesField
from predictions.models import Fact, Question, Score, User
from predictions.services.amending import AMENDABLE
from predictions.services.erasure import forecaster_erase
from tests.admin.conftest import allow
from tests.admin.pages import Pages, text_of
from tests.ledger.exports import verify
from tests.making import Maker
from tests.predictions.services.test_amending import rows

__all__ = ["rows"]  # the fixture
WHY = "It was written down wrongly."


def name_of(row: Fact, page: str) -> str:
    return f"predictions_{row._meta.model_name}_{page}"


def shown(page: Any) -> dict[str, Any]:
    """What a browser would send back from a form that nobody touched."""
    form = page.context["form"]
    return {field.html_name: field.value() or "" for field in form}


def _told_on(row: Fact) -> str:
    """On which page the history is; that of a question is fetched into its page."""
    return "history" if isinstance(row, Question) else "change"


def amend(desk: Pages, row: Fact, page: str = "amend", **given: Any) -> Any:
    """Fill in the form and confirm what it then shows."""
    data = {**shown(desk.get(name_of(row, page), row.pk)), "why": WHY, **given}
    preview = desk.post(name_of(row, page), row.pk, data=data)
    if not preview.context.get("changed"):
        return preview
    assert type(row)._default_manager.get(pk=row.pk).entry == row.entry
    return desk.post(
        name_of(row, page), row.pk, data={**data, "confirm": "1", "seen": preview.context["seen"]}
    )


GIVEN: dict[str, dict[str, str]] = {
    "topic": {"name": "Harvests"},
    "outlet": {"name": "Old Almanac"},
    "article": {"title": "The new almanac", "outlet": ""},
    "forecaster": {"kind": "byline"},
    "question": {"criteria": "As the ministry says.", "due_at": "2027-03-01"},
    "prediction": {"probability": "0.4", "passages": "0: The harvest\n\n4: harvest"},
    "statement": {"reason": "names_nobody"},
    "event": {"sources": "The paper https://example.org/paper"},
    "bearing": {"bearing": "context"},
}


@pytest.mark.parametrize("name", GIVEN)
def test_each_record_is_amended_on_its_page_after_old_and_new_were_seen(
    desk: Pages, rows: dict[str, Fact], name: str
) -> None:
    row = rows[name]
    page = desk.get(name_of(row, "change"), row.pk)
    assert f"/{name}/{row.pk}/amend/" in page.content.decode()
    done = amend(desk, row, **GIVEN[name])
    assert "Amended the " in text_of(done)
    assert type(row)._default_manager.get(pk=row.pk).entry != row.entry
    journal.flush()
    assert f"because: “{WHY}” ada" in text_of(desk.get(name_of(row, _told_on(row)), row.pk))


@pytest.mark.parametrize("name", GIVEN)
def test_a_form_that_nobody_touched_changes_nothing(
    desk: Pages, rows: dict[str, Fact], name: str
) -> None:
    answer = amend(desk, rows[name])
    assert "change nothing" in text_of(answer)


@pytest.mark.parametrize("name", GIVEN)
def test_amending_takes_the_permission_to_change_that_table(
    looking: Pages, viewer: User, rows: dict[str, Fact], name: str
) -> None:
    row = rows[name]
    refused = looking.get(name_of(row, "amend"), row.pk)
    assert refused.status_code == 403
    assert f"predictions.change_{name}" in refused.content.decode()
    data = {"why": WHY, "confirm": "1", "shown": str(row.entry), **GIVEN[name]}
    assert looking.post(name_of(row, "amend"), row.pk, data=data).status_code == 403
    assert "/amend/" not in looking.get(name_of(row, "change"), row.pk).content.decode()
    allow(viewer, f"change_{name}")
    assert looking.get(name_of(row, "amend"), row.pk).status_code == 200
    assert "/amend/" in looking.get(name_of(row, "change"), row.pk).content.decode()


@pytest.mark.usefixtures("db")
def test_every_form_has_a_field_for_each_column_that_may_change(
    desk: Pages, rows: dict[str, Fact]
) -> None:
    for model, columns in AMENDABLE.items():
        row = rows[str(model._meta.model_name)]
        fields = desk.get(name_of(row, "amend"), row.pk).context["form"].fields
        other_kinds = (
            {"distribution", "quantiles"} if row._meta.model_name == "prediction" else set()
        )
        assert set(fields) == {*columns, "shown", "why"} - other_kinds


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("question", {"why": ""}, "Is missing"),
        ("question", {"why": "x" * 1_001}, "shorten it"),
        ("question", {"due_at": "soon"}, "is not a date or time"),
        ("question", {"due_at": "2020-01-01"}, "is before it opens"),
        ("question", {"topic": "nowhere"}, "There is no “nowhere” here"),
        ("question", {"reviewer": "nobody"}, "There is no “nobody” here"),
        ("question", {"review_every_days": "-1"}, "Must be from 1 to"),
        ("question", {"shown": "x"}, "has lost which version it shows"),
        ("prediction", {"probability": "2"}, "is not a probability"),
        ("prediction", {"probability": "much"}, "Is not a number"),
        ("prediction", {"made_at": "2099-01-01"}, "is in the future"),
        ("prediction", {"passages": "The harvest"}, "needs the character it begins at"),
        ("prediction", {"phrase": "icd-203/no such"}, "There is no “icd-203/no such” here"),
        ("event", {"sources": "nothing"}, "needs a name and an address"),
        ("article", {"published_on": "x"}, "Is not a date"),
        ("statement", {"reason": "abstention"}, "fit"),
    ],
)
def test_bad_input_is_told_at_its_field_and_nothing_is_written(
    desk: Pages, rows: dict[str, Fact], name: str, given: dict[str, str], said: str
) -> None:
    row = rows[name]
    answer = amend(desk, row, **given)
    assert answer.status_code == 200
    assert said in text_of(answer)
    assert type(row)._default_manager.get(pk=row.pk).entry == row.entry


def test_a_question_is_extended_and_reassigned_by_forms_of_their_own(
    desk: Pages, make: Maker, adjudicator: User
) -> None:
    question = make.question()
    page = desk.question(question)
    assert "Extend" in page
    assert "Reassign" in page
    amend(desk, question, "extend", due_at="2027-03-01")
    question.refresh_from_db()
    assert str(question.due_at.date()) == "2027-03-01"  # type: ignore[union-attr]
    amend(desk, question, "reassign", reviewer="ada")
    question.refresh_from_db()
    assert question.reviewer == adjudicator


def test_who_saw_an_older_row_is_told_who_amended_it_and_what_it_is_now(
    desk: Pages, make: Maker, adjudicator: User
) -> None:
    question = make.question()
    seen = shown(desk.get("predictions_question_amend", question.pk))
    amend(desk, question, due_at="2027-03-01")
    journal.flush()
    data = {**seen, "notes": "Mine.", "why": WHY, "confirm": "1"}
    answer = desk.post("predictions_question_amend", question.pk, data=data)
    assert answer.status_code == 409
    told = text_of(answer)
    assert "changed meanwhile by ada" in told
    assert "the due date is now 2027-03-01" in told
    assert "Start again from how it stands now" in told
    question.refresh_from_db()
    assert question.notes == ""


def test_the_preview_shows_what_it_does_to_the_scores_and_does_nothing(
    desk: Pages, make: Maker
) -> None:
    question = make.question()
    prediction = make.prediction("0.7", question=question)
    make.outcome(question)
    page = desk.get("predictions_prediction_amend", prediction.pk)
    data = {**shown(page), "why": WHY, "probability": "0.9"}
    preview = desk.post("predictions_prediction_amend", prediction.pk, data=data)
    assert "Probability 70 % 90 %" in text_of(preview)
    assert "Brier score 0.090 0.010" in text_of(preview)
    assert Score.objects.filter(prediction=prediction).count() == 2
    back = desk.post("predictions_prediction_amend", prediction.pk, data={**data, "edit": "1"})
    assert back.context["form"]["probability"].value() == "0.9"
    amend(desk, prediction, probability="0.9")
    standing = Score.objects.standing().get(prediction=prediction, rule="brier")
    assert standing.value == Decimal("0.01")


def test_another_phrase_brings_its_figures(desk: Pages, make: Maker) -> None:
    prediction = make.prediction(None, basis="verbal", phrase=make.phrase())
    make.phrase("0.93", "0.95", "0.99", phrase="almost certain")
    amend(desk, prediction, phrase="test/almost certain")
    prediction.refresh_from_db()
    assert (prediction.phrase.phrase, prediction.probability) == (  # type: ignore[union-attr]
        "almost certain",
        Decimal("0.95"),
    )


def test_a_phrase_is_revised_on_its_page_and_read_anew(
    desk: Pages, looking: Pages, make: Maker
) -> None:
    phrase = make.phrase()
    prediction = make.prediction(None, basis="verbal", phrase=phrase)
    assert looking.get("predictions_phrase_amend", phrase.pk).status_code == 403
    page = desk.get("predictions_phrase_amend", phrase.pk)
    data = {**shown(page), "why": "A later survey.", "point": "0.75"}
    preview = text_of(desk.post("predictions_phrase_amend", phrase.pk, data=data))
    assert "Point 70 % 75 %" in preview
    assert "1 prediction takes the new figures" in preview
    for point, said in (("0.9", "does not lie between"), ("0.7", "has these figures already")):
        assert said in text_of(amend(desk, phrase, point=point))
    assert "version from 1 to 2" in text_of(amend(desk, phrase, point="0.75"))
    prediction.refresh_from_db()
    assert prediction.probability == Decimal("0.75")
    again = desk.post("predictions_phrase_amend", phrase.pk, data=data)
    assert again.status_code == 409
    assert "was revised already" in text_of(again)


def test_options_are_amended_a_line_each(desk: Pages, make: Maker) -> None:
    prediction = make.spread(make.choice("winter rye", "oats"), "0.4", "0.6")
    amend(desk, prediction, distribution="winter rye 0.3\noats 0.7")
    prediction.refresh_from_db()
    assert prediction.distribution == [["winter rye", "0.300000"], ["oats", "0.700000"]]
    twice = amend(desk, prediction, distribution="oats 0.3\noats 0.7")
    assert "Give a pair a line, each once" in text_of(twice)


def test_lists_are_written_and_read_back_alike() -> None:
    passages = [{"offset": 0, "quote": "One.\n\nTwo: 3"}, {"offset": 12, "quote": "12: three"}]
    field = PassagesField("Passages", help_text="")
    assert field.clean(field.prepare_value(passages).replace("\n", "\r\n")) == passages
    pairs = PairsField("Pairs", help_text="")
    assert pairs.clean(pairs.prepare_value([["a b", "0.5"]])) == {"a b": "0.5"}


def test_who_was_erased_is_not_amended(desk: Pages, make: Maker) -> None:
    forecaster = make.forecaster()
    forecaster_erase(forecaster=forecaster, reason="request", by=None, now=make.now)
    page: Any = desk.client.get(
        f"/admin/predictions/forecaster/{forecaster.pk}/amend/", follow=True
    )
    assert "It was erased, and stays as it is." in text_of(page)
    assert "/amend/" not in page.content.decode()


def test_the_old_history_address_leads_to_the_ledgers(desk: Pages, make: Maker) -> None:
    topic = services.topic_record(key="rain", name="Rain", by=None)
    answer = desk.get("predictions_topic_history", topic.pk)
    assert answer["Location"] == f"/admin/predictions/topic/{topic.pk}/change/#history"


def test_times_are_told_in_utc_and_in_the_readers_zone(
    desk: Pages, make: Maker, adjudicator: User
) -> None:
    question = make.question()
    journal.flush()
    assert "Europe/Berlin" not in desk.question(question)
    for zone, told in (("Europe/Berlin", True), ("no/where", False)):
        User.objects.filter(pk=adjudicator.pk).update(time_zone=zone)
        page = desk.question(question)
        assert " UTC " in page
        assert (f" {zone} " in page) is told


@pytest.mark.django_db(transaction=True)
def test_the_proofs_of_an_object_are_one_file_that_the_verifier_accepts(
    desk: Pages, make: Maker, tmp_path: Path
) -> None:
    prediction = make.prediction()
    amend(desk, prediction, probability="0.9")
    early: Any = desk.client.get(
        f"/admin/predictions/prediction/{prediction.pk}/proofs/", follow=True
    )
    assert "No checkpoint covers these entries yet" in text_of(early)
    checkpoint_make()
    answer = desk.get("predictions_prediction_proofs", prediction.pk)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        receipts = [name for name in packed.namelist() if name.endswith(".json")]
        packed.extractall(tmp_path)
    assert len(receipts) == 2
    for name in receipts:
        assert verify("--receipt", tmp_path / name, "--key", verifier_keys()[0]).code == 0
    forged = json.loads((tmp_path / receipts[0]).read_text())
    body = base64.b64decode(forged["body_base64"])
    assert b'"0.900000"' in body
    forged["body_base64"] = base64.b64encode(body.replace(b'"0.900000"', b'"0.800000"')).decode()
    (tmp_path / "forged").write_text(json.dumps(forged))
    assert verify("--receipt", tmp_path / "forged", "--key", verifier_keys()[0]).code != 0


def test_an_old_page_of_a_history_is_reached_and_strange_ones_do_no_harm(
    desk: Pages, make: Maker
) -> None:
    question = make.question()
    for number in range(51):
        question = services.question_amend(
            question=question,
            changes={"notes": f"Note {number}."},
            reason=WHY,
            by=None,
            now=make.now,
        )
    journal.flush()
    page = desk.get("predictions_question_history", question.pk)
    older = page.context["history_older"]
    assert "opened the question" not in text_of(page)
    assert "opened the question" in text_of(
        desk.get("predictions_question_history", question.pk, until=older)
    )
    for until in ("x", "-1", "9" * 40, "0", "٣"):
        assert desk.get("predictions_question_history", question.pk, until=until).status_code == 200


def test_the_pages_take_few_queries(
    desk: Pages, rows: dict[str, Fact], django_assert_max_num_queries: Any
) -> None:
    for name, row in rows.items():
        amend(desk, row, **GIVEN[name])
    journal.flush()
    desk.get("index")  # notes that the session was seen
    for row in rows.values():
        for page in ("amend", "change", _told_on(row)):
            with django_assert_max_num_queries(14):
                desk.get(name_of(row, page), row.pk)


def test_what_changed_since_it_was_seen_is_seen_again(desk: Pages, make: Maker) -> None:
    prediction = make.prediction("0.2")
    page = name_of(prediction, "amend")
    data = {**shown(desk.get(page, prediction.pk)), "why": WHY, "probability": "0.6"}
    seen = desk.post(page, prediction.pk, data=data).context["seen"]
    make.outcome(prediction.question)
    for given in (seen, "", "0" * 64):
        answer = desk.post(page, prediction.pk, data={**data, "confirm": "1", "seen": given})
        assert answer.status_code == 409
        assert "Something changed since you looked" in text_of(answer)
        assert "Brier score" in text_of(answer)
    prediction.refresh_from_db()
    assert prediction.probability == Decimal("0.2")
    data |= {"confirm": "1", "seen": answer.context["seen"]}
    assert "Amended the probability" in text_of(desk.post(page, prediction.pk, data=data))


def test_a_due_date_that_was_seen_a_moment_ago_is_moved(desk: Pages, make: Maker) -> None:
    question = make.question(review_every_days=90)
    page = name_of(question, "extend")
    data = {**shown(desk.get(page, question.pk)), "why": WHY, "due_at": "2099-03-01"}
    seen = [desk.post(page, question.pk, data=data).context["seen"] for _ in range(2)]
    assert seen[0] == seen[1]
    told = text_of(desk.post(page, question.pk, data={**data, "confirm": "1", "seen": seen[0]}))
    assert "Amended the due date" in told
